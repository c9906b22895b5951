"""A sealed auction from the commitments to the seed."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from brownie import ZERO_ADDRESS, chain, reverts, web3

from helpers import DAY, TOKEN, wait_until

Buy = Callable[[Any, int], Any]
PROMPT = web3.keccak(text="a prompt")


@pytest.fixture
def auction(org: SimpleNamespace, buy: Buy) -> SimpleNamespace:
    """Alice and Bob hold tokens, the setter has put in collateral, and the commit phase of an epoch runs."""
    for account in (org.alice, org.bob, org.setter):
        buy(account, 100)
    wait_until(chain[-1].timestamp + DAY + 1)
    for account in (org.alice, org.bob, org.setter):
        org.BToken.approve(org.PromptUpdate, 100 * TOKEN, {"from": account})
        org.PromptUpdate.depositCollateral(10 * TOKEN, {"from": account})
    epoch = org.PromptUpdate.currentEpoch() + 2
    windows = org.PromptUpdate.windowsOf(epoch).dict()
    wait_until(windows["commitStart"])
    return SimpleNamespace(epoch=epoch, **windows)


def opening(org: SimpleNamespace, amount: int, salt: str) -> tuple[Any, ...]:
    return (amount, org.model, PROMPT, web3.keccak(text=salt))


def commit(org: SimpleNamespace, epoch: int, bidder: Any, bid: tuple[Any, ...]) -> None:
    commitment = org.PromptUpdate.commitmentOf(epoch, bidder, bid)
    org.PromptUpdate.commitBid(epoch, commitment, 20 * TOKEN, {"from": bidder})


def test_two_bidders_settle_at_the_second_price_and_the_chain_gives_the_seed(
    org: SimpleNamespace, auction: SimpleNamespace
) -> None:
    epoch = auction.epoch
    bids = {org.alice: opening(org, 9 * TOKEN, "a"), org.bob: opening(org, 4 * TOKEN, "b")}
    for bidder, bid in bids.items():
        commit(org, epoch, bidder, bid)
    wait_until(auction.revealStart)
    for bidder, bid in bids.items():
        org.PromptUpdate.revealBid(epoch, bidder, bid, {"from": org.stranger})
    wait_until(auction.start)
    org.PromptUpdate.settleAuction(epoch, {"from": org.stranger})
    settled = org.PromptUpdate.auction(epoch).dict()
    assert (settled["winner"], settled["price"]) == (org.alice, 4 * TOKEN)

    with reverts(revert_pattern="SeedTooEarly: .*"):
        org.PromptUpdate.fixSeed(epoch, {"from": org.stranger})
    chain.mine(settled["seedBlock"] + 1 - chain.height)
    block_hash = chain[settled["seedBlock"]].hash
    org.PromptUpdate.fixSeed(epoch, {"from": org.stranger})
    kinds = ["string", "uint256", "address", "uint256", "address", "bytes32", "bytes32", "bytes32"]
    model = bytes.fromhex(org.model[2:])
    parts = ["gengov/seed/v1", chain.id, org.PromptUpdate.address, epoch, org.alice.address, PROMPT, model, block_hash]
    assert org.PromptUpdate.auction(epoch).dict()["seed"] == web3.to_hex(web3.keccak(web3.codec.encode(kinds, parts)))


def test_an_opening_that_was_not_sealed_is_refused(org: SimpleNamespace, auction: SimpleNamespace) -> None:
    commit(org, auction.epoch, org.alice, opening(org, 9 * TOKEN, "a"))
    wait_until(auction.revealStart)
    with reverts(revert_pattern="WrongOpening: .*"):
        org.PromptUpdate.revealBid(auction.epoch, org.alice, opening(org, 8 * TOKEN, "a"), {"from": org.alice})


def test_a_bid_after_the_commit_phase_is_refused(org: SimpleNamespace, auction: SimpleNamespace) -> None:
    wait_until(auction.revealStart)
    with reverts(revert_pattern="OutsideWindow: .*"):
        commit(org, auction.epoch, org.alice, opening(org, 9 * TOKEN, "a"))


def test_nobody_posts_for_a_slot_that_nobody_won(org: SimpleNamespace, auction: SimpleNamespace) -> None:
    wait_until(auction.start)
    none = b"\0" * 32
    generation = (none, none, org.model, none, 0, 0, 0, none)
    actions = ([ZERO_ADDRESS], [0], ["0x"])
    with reverts(revert_pattern="WrongStage: .*"):
        org.PromptUpdate.updatePrompt(
            auction.epoch, generation, (none, none, none, []), actions, "", "0x", {"from": org.stranger}
        )

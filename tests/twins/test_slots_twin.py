"""Weeks of slots: PromptUpdate among the real contracts against its model, to the last base unit and refusal."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from oracle.mechanism import auction, reward
from tests.support.slots_walk import SlotsWalk

STEPS = 250
VARIANTS: dict[str, dict[str, int]] = {
    "executed": {},
    "any": {"rewardRequiresExecution": 0},
    "vault": {"rewardRequiresExecution": 0, "rewardSource": 1, "minBid": 10**20},
}


def walk(seed: int, **changes: int) -> Counter[str]:
    """Raises AssertionError at the first difference; returns how often each thing happened or was refused."""
    pair = SlotsWalk(seed, **changes)
    for _ in range(STEPS):
        pair.step()
    return pair.seen


@pytest.fixture(scope="module")
def seen() -> Counter[str]:
    """Everything met on four walks of each variant, all of them equal to the model at every step."""
    walks = (walk(seed, **changes) for changes in VARIANTS.values() for seed in range(4))
    return sum(walks, Counter())


WANTED = {
    "commitBid": "done OutsideWindow AuctionLive PreviousProposalPending AlreadyCommitted DepositTooLow",
    "revealBid": "done OutsideWindow NoSealedBid DepositTooLow BidBelowReserve InsufficientCollateral",
    "settleAuction": "done WrongStage",
    "fixSeed": "done WrongStage SeedTooEarly",
    "updatePrompt": "done WrongStage",
    "abstain": "done WrongStage",
    "forfeit": "done WrongStage",
    "withdrawBid": "done WrongStage BidAtStake NothingToWithdraw",
    "rollSlot": "done NoOpenSlot NotRollable PreviousProposalPending",
    "exitSlot": "done NoOpenSlot OnlySetter PreviousProposalPending",
    "settleReward": "done UnknownSlot SlotStillOpen NotMature RewardAlreadySettled",
    "delta": "1 -1",
}


@pytest.mark.parametrize("function", WANTED)
def test_slots__random_weeks__equal_the_model_in_all_that_can_happen(seen: Counter[str], function: str) -> None:
    missing = {ending for ending in WANTED[function].split() if not seen[f"{function} {ending}"]}
    assert not missing, seen


def test_slots__random_weeks__proposals_are_executed(seen: Counter[str]) -> None:
    assert seen["executed"] > 5


SETTLEMENT = reward.settlement


def price_lost(*arguments: Any) -> Any:
    return replace(SETTLEMENT(*arguments), price_to_treasury=0)


@pytest.mark.parametrize(
    ("module", "rule", "wrong"),
    [
        (auction, "rank", lambda bid: (bid.amount, bid.committed_at)),
        (auction, "reserve_price", lambda least, last, n: max(least, last // n)),
        (auction, "required_collateral", lambda supply, bps, least: least),
        (auction, "unrevealed_penalty", lambda deposit: 0),
        (reward, "settlement", price_lost),
        (reward, "median", lambda a, b, c: c),
    ],
)
def test_slots__a_wrong_rule_in_the_model__is_caught(
    monkeypatch: pytest.MonkeyPatch, module: Any, rule: str, wrong: Any
) -> None:
    monkeypatch.setattr(module, rule, wrong)
    with pytest.raises(AssertionError):
        for seed in range(3):
            walk(seed, **VARIANTS["any"])

"""AuctionMath.sol and auction.py: reserve price, order of bids, clearing price, penalty, collateral, commitment."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from oracle.domain.slot import Bid, Opening
from oracle.mechanism import auction
from oracle.mechanism.seed import bid_commitment
from tests.support.evm import Contract, Evm, account
from tests.support.twins import EDGES, WORD, Case, cases, differences, grid, number

HIGHEST = WORD - 1


@pytest.fixture(scope="module")
def chain() -> Contract:
    return Evm().deploy("AuctionMathHarness")


def reserve_price(last_price: int, epochs_since: int, min_bid: int) -> int | str:
    """The contract never asks for 0 epochs; the library then divides by zero."""
    if epochs_since == 0:
        return "Panic"
    value = auction.reserve_price(min_bid, last_price, epochs_since)
    return value if last_price // epochs_since + 1 < WORD else "Panic"


def reserve_case(rnd: random.Random) -> Case:
    return number(rnd, 0, HIGHEST), number(rnd, 0, rnd.choice((5, 1000, HIGHEST))), number(rnd, 0, 1 << 128)


def penalty(deposit: int) -> int | str:
    return auction.unrevealed_penalty(deposit) if deposit * 500 < WORD else "Panic"


def collateral(supply: int, cap_bps: int, least: int) -> int | str:
    value = auction.required_collateral(supply, cap_bps, least)
    return value if supply * cap_bps < WORD else "Panic"


def collateral_case(rnd: random.Random) -> Case:
    return number(rnd, 0, HIGHEST), rnd.randrange(201), number(rnd, 0, 1 << 128)


def beats(amount: int, at: int, bidder: str, other: int, other_at: int, other_bidder: str) -> bool:
    return auction.rank(Bid(bidder, amount, at)) < auction.rank(Bid(other_bidder, other, other_at))


def duel(rnd: random.Random) -> Case:
    """Two bids that often tie in amount, in time, or in both."""
    first = (number(rnd, 0, HIGHEST), number(rnd, 0, 1 << 48), account(rnd.randrange(1 << 30)))
    second = [rnd.choice((first[0], number(rnd, 0, HIGHEST))), rnd.choice((first[1], number(rnd, 0, 1 << 48)))]
    return *first, *second, account(rnd.randrange(1 << 30))


def commitment(chain_id: int, to: str, epoch: int, bidder: str, *opening: Any) -> bytes:
    return bid_commitment(chain_id, to, epoch, bidder, Opening(*opening))


def sealed(rnd: random.Random) -> Case:
    words = [rnd.randbytes(32) for _ in range(3)]
    accounts = [account(rnd.randrange(1 << 30)) for _ in range(2)]
    numbers = [number(rnd, 0, HIGHEST) for _ in range(3)]
    return numbers[0], accounts[0], numbers[1], accounts[1], numbers[2], *words


TWINS: dict[str, tuple[Callable[..., Any], Callable[[random.Random], Case], list[Case]]] = {
    "reservePrice": (reserve_price, reserve_case, grid(EDGES, EDGES, EDGES)),
    "unrevealedPenalty": (penalty, lambda rnd: (number(rnd, 0, HIGHEST),), grid(EDGES)),
    "requiredCollateral": (collateral, collateral_case, grid(EDGES, (0, 1, 50, 200), EDGES)),
    "clearingPrice": (max, lambda rnd: (number(rnd, 0, HIGHEST), number(rnd, 0, HIGHEST)), grid(EDGES, EDGES)),
    "beats": (beats, duel, []),
    "commitmentOf": (commitment, sealed, []),
}


@pytest.mark.parametrize("function", TWINS)
def test_auction__random_cases__equal_on_chain(chain: Contract, function: str) -> None:
    twin, draw, edges = TWINS[function]
    assert differences(chain, function, twin, cases(draw, *edges)) == []


def test_settle__bids_revealed_in_any_order__as_the_contract_ranks_them(chain: Contract) -> None:
    """The contract keeps the leading bid and the best of the others; the twin sees all bids at once."""
    rnd = random.Random(5)
    for _ in range(2_000):
        reserve = rnd.randrange(1, 6)
        bids = [
            Bid(account(rnd.randrange(1 << 30)), rnd.randrange(8), rnd.randrange(3)) for _ in range(rnd.randrange(6))
        ]
        leader, second = None, 0
        for bid in bids:
            if bid.amount < reserve:
                continue
            if leader is None or chain("beats", *on_chain(bid), *on_chain(leader)):
                second = leader.amount if leader else 0
                leader = bid
            else:
                second = max(second, bid.amount)
        won = auction.settle(bids, reserve)
        assert (won and won.winner) == (leader and leader.bidder)
        if won:
            assert won.price == chain("clearingPrice", second, reserve)
            assert reserve <= won.price <= won.bid


def on_chain(bid: Bid) -> tuple[int, int, str]:
    return bid.amount, bid.committed_at, bid.bidder


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("reservePrice", lambda last, n, least: max(least, last // n) if n else "Panic"),
    ("reservePrice", lambda last, n, least: last // n + 1 if n else "Panic"),
    ("reservePrice", lambda last, n, least: max(least, last + 1) if n else "Panic"),
    ("unrevealedPenalty", lambda deposit: -(-deposit * 500 // 10_000)),
    ("requiredCollateral", lambda supply, bps, least: max(least, supply * bps // 10_000)),
    ("clearingPrice", lambda second, reserve: second or reserve),
    ("beats", lambda amount, at, who, other, other_at, other_who: (amount, -at) >= (other, -other_at)),
    ("commitmentOf", lambda chain, to, e, who, *rest: commitment(chain, to, e ^ 1, who, *rest)),
]


@pytest.mark.parametrize(("function", "wrong"), WRONG)
def test_auction__a_wrong_twin__is_caught(chain: Contract, function: str, wrong: Callable[..., Any]) -> None:
    _, draw, _ = TWINS[function]
    assert differences(chain, function, wrong, cases(draw, count=500))

"""Tracks.sol and tracks.py: what is fast to the byte, the budget, the price nobody can pump, repairs."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from eth_hash.auto import keccak

from oracle.domain.action import Actions
from oracle.domain.errors import Refused
from oracle.domain.proposal import Track
from oracle.mechanism import tracks
from tests.support.evm import Contract, Evm, account
from tests.support.twins import EDGES, Case, cases, differences, grid, number

TOKEN, RESERVE, RESOLVER, GOVERNANCE, STRANGER = (account(place) for place in range(1, 6))
HIGHEST = (1 << 256) - 1
AMOUNT = (1 << 128) - 1
SUPPLIES = (0, 1, 10**18, (1 << 96) - 1, AMOUNT)
SIGNATURES = (
    "transfer(address,uint256)",
    "governanceMint(address,uint256)",
    "approve(address,uint256)",
    "setArbitrator(address)",
    "setPromptUpdate(address)",
    "setModelRegistry(address)",
    "setDisputeResolver(address)",
)


@pytest.fixture(scope="module")
def chain() -> Contract:
    return Evm().deploy("TracksHarness")


def call(rnd: random.Random) -> tuple[str, int, bytes]:
    """Mostly a well-formed call; sometimes dirty, too long, too short, with value, or to a stranger."""
    signature = rnd.choice((*SIGNATURES[:2], *SIGNATURES))
    data = keccak(signature.encode())[:4] + bytes(12) + rnd.randbytes(20)
    if "uint256" in signature:
        data += number(rnd, 0, rnd.choice((10**24, HIGHEST))).to_bytes(32, "big")
    target = (
        RESOLVER if "Arbitrator" in signature else GOVERNANCE if "set" in signature else rnd.choice((TOKEN, RESERVE))
    )
    spoiled = rnd.random()
    if spoiled < 0.03:
        data = data[:4] + rnd.randbytes(12) + data[16:]
    elif spoiled < 0.06:
        data = data[: rnd.randrange(len(data))]
    elif spoiled < 0.09:
        data += bytes(rnd.choice((1, 32)))
    elif spoiled < 0.12:
        target = STRANGER
    return target, 1 if 0.12 < spoiled < 0.14 else 0, data


def calls(rnd: random.Random) -> tuple[list[str], list[int], list[bytes]]:
    drawn = [call(rnd) for _ in range(rnd.choice((0, 1, 1, 1, 2, 3)))]
    return [target for target, _, _ in drawn], [value for _, value, _ in drawn], [data for _, _, data in drawn]


def actions(targets: list[str], values: list[int], calldatas: list[bytes]) -> Actions:
    return Actions(tuple(targets), tuple(values), tuple(calldatas))


def fast_amount(*case: Any) -> tuple[bool, int]:
    amount = tracks.fast_amount(actions(*case[:3]), *case[3:])
    return amount is not None, amount or 0


def replaces(targets: list[str], values: list[int], calldatas: list[bytes], resolver: str) -> bool:
    return tracks.replaces_arbitrator(actions(targets, values, calldatas), resolver)


def price_case(rnd: random.Random) -> Case:
    return number(rnd, 0, AMOUNT), number(rnd, 0, AMOUNT), number(rnd, 0, AMOUNT), number(rnd, 0, AMOUNT)


def budget_case(rnd: random.Random) -> Case:
    return number(rnd, 0, AMOUNT), number(rnd, 0, AMOUNT), rnd.randrange(10_001), number(rnd, 0, HIGHEST)


TWINS: dict[str, tuple[Callable[..., Any], Callable[[random.Random], Case], list[Case]]] = {
    "fastAmount": (
        fast_amount,
        lambda rnd: (*calls(rnd), TOKEN, RESERVE, rnd.choice((0, 1, number(rnd, 0, AMOUNT)))),
        [],
    ),
    "floorPrice": (tracks.floor_price, price_case, grid(*[(0, 1, 10**18, AMOUNT)] * 4)),
    "budgetLeft": (tracks.budget_left, budget_case, grid(SUPPLIES, SUPPLIES, (0, 500, 2000, 10_000), EDGES)),
    "replacesArbitrator": (replaces, lambda rnd: (*calls(rnd), RESOLVER), []),
    "repairs": (tracks.repairs, lambda rnd: (*call(rnd), GOVERNANCE), []),
}


@pytest.mark.parametrize("function", TWINS)
def test_tracks__random_cases__equal_on_chain(chain: Contract, function: str) -> None:
    twin, draw, edges = TWINS[function]
    assert differences(chain, function, twin, cases(draw, *edges)) == []


@pytest.mark.parametrize("function", ["fastAmount", "replacesArbitrator", "repairs"])
def test_tracks__random_cases__say_yes_and_no_often(function: str) -> None:
    twin, draw, _ = TWINS[function]
    answers = [twin(*case) for case in cases(draw, count=2_000)]
    yes = sum(answer[0] if isinstance(answer, tuple) else answer for answer in answers)
    assert 50 < yes < 1_950


@pytest.mark.parametrize(
    ("gamma_bps", "amount", "expected"),
    [
        (1_000, 100, Track.FAST),
        (999, 100, Track.SLOW),
        (200, 0, Track.SLOW),
        (10_000, 101, Track.SLOW),
        (10_000, None, Track.SLOW),
        (1_000, 0, Track.FAST),
    ],
)
def test_track__margin_and_budget__choose_the_speed(gamma_bps: int, amount: int | None, expected: Track) -> None:
    assert tracks.track(gamma_bps, amount, 100) is expected


def test_track__margin_below_consensus__refused() -> None:
    with pytest.raises(Refused, match="199 bps"):
        tracks.track(199, 0, 100)


def test_votes__rented_for_a_block__weigh_nothing() -> None:
    assert tracks.vote_weight(9 * 10**24, 0) == 0
    assert tracks.quorum(10 * 10**24, 10**24, 400) == 4 * 10**22
    assert tracks.passes(3, 2, 1, 4) and not tracks.passes(3, 3, 1, 4) and not tracks.passes(3, 2, 0, 4)


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("fastAmount", lambda *case: fast_amount(*case[:3], case[4], case[3], case[5])),
    ("fastAmount", lambda *case: fast_amount(case[0], [0] * len(case[0]), *case[2:])),
    ("fastAmount", lambda t, v, data, *rest: fast_amount(t, v, [part[:68] for part in data], *rest)),
    ("floorPrice", lambda spot, cap, now, before: tracks.floor_price(spot, cap, before, before)),
    ("budgetLeft", lambda now, before, bps, spent: tracks.budget_left(now, now, bps, spent)),
    (
        "replacesArbitrator",
        lambda t, v, data, resolver: any(replaces([a], [b], [c], resolver) for a, b, c in zip(t, v, data, strict=True)),
    ),
    ("repairs", lambda target, value, data, governance: tracks.repairs(target, 0, data[:36], governance)),
]


@pytest.mark.parametrize(("function", "wrong"), WRONG)
def test_tracks__a_wrong_twin__is_caught(chain: Contract, function: str, wrong: Callable[..., Any]) -> None:
    _, draw, _ = TWINS[function]
    assert differences(chain, function, wrong, cases(draw, count=3_000))

"""RewardMath.sol and reward.py: the median of three windows, the signed change, shares, caps and conversion."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from oracle.domain.reward import CapWindows, RewardTerms
from oracle.mechanism import reward
from tests.support.evm import Contract, Evm
from tests.support.twins import EDGES, Case, cases, differences, grid, number

CAP = (1 << 128) - 1
"""Far above any market cap of the token (2^97)."""

SUPPLY = (1 << 96) - 1
CAPS = (0, 1, 2, 10**12, (1 << 97) - 2, CAP)


@pytest.fixture(scope="module")
def chain() -> Contract:
    return Evm().deploy("RewardMathHarness")


def windows(rnd: random.Random) -> tuple[int, int, int]:
    """Three caps: often near each other, sometimes pumped, dumped or equal."""
    base = number(rnd, 0, CAP)
    near = [base, min(base + base * rnd.randrange(2_000) // 10_000, CAP), base - base * rnd.randrange(2_000) // 10_000]
    return rnd.choice(near), rnd.choice((*near, number(rnd, 0, CAP))), rnd.choice((*near, number(rnd, 0, CAP)))


def split(
    m0: int, m1: int, m2: int, prompter: int, setter: int, cap_bps: int, supply: int, now: int
) -> tuple[int, ...]:
    got = reward.split(CapWindows(m0, m1, m2), RewardTerms(prompter, setter, cap_bps), supply, now)
    return got.delta, got.cap, got.prompter_tokens, got.setter_tokens


def slot(rnd: random.Random) -> Case:
    terms = (rnd.randrange(1_001), rnd.randrange(1_001), rnd.randrange(201))
    return *windows(rnd), *terms, number(rnd, 10**18, SUPPLY), number(rnd, 0, CAP)


def share(m0: int, change: int, share_bps: int, cap_bps: int) -> int:
    """The library takes the size of the change, the rule takes it from the windows: a rise by that much."""
    return reward.share(CapWindows(m0, m0 + change, m0 + change), share_bps, cap_bps)


TWINS: dict[str, tuple[Callable[..., Any], Callable[[random.Random], Case], list[Case]]] = {
    "median": (reward.median, windows, grid(EDGES, EDGES, EDGES)),
    "delta": (lambda *caps: reward.delta(CapWindows(*caps)), windows, grid(CAPS, CAPS, CAPS)),
    "share": (
        share,
        lambda rnd: (number(rnd, 0, CAP), number(rnd, 0, CAP), rnd.randrange(1_001), rnd.randrange(201)),
        grid(CAPS, CAPS, (0, 1, 250, 1000), (0, 1, 50, 200)),
    ),
    "toTokens": (
        reward.to_tokens,
        lambda rnd: (number(rnd, 0, CAP), number(rnd, 0, SUPPLY), number(rnd, 0, CAP)),
        grid((0, 1, SUPPLY), (0, 1, SUPPLY), CAPS),
    ),
    "split": (split, slot, grid(CAPS, CAPS, CAPS, (0, 250), (1000,), (50,), (10**18, SUPPLY), CAPS)),
    "within": (
        reward.within,
        lambda rnd: (number(rnd, 0, CAP), number(rnd, 0, CAP), number(rnd, 0, CAP)),
        grid(CAPS, CAPS, CAPS),
    ),
}


@pytest.mark.parametrize("function", TWINS)
def test_reward__random_cases__equal_on_chain(chain: Contract, function: str) -> None:
    twin, draw, edges = TWINS[function]
    assert differences(chain, function, twin, cases(draw, *edges)) == []


def test_split__one_pumped_window__pays_nothing() -> None:
    for pumped in (CapWindows(10**12, 10**15, 10**12), CapWindows(10**12, 10**12, 10**15)):
        got = reward.split(pumped, RewardTerms(), 10**24, 10**15)
        assert (got.delta, got.prompter_tokens, got.setter_tokens, got.burns) == (0, 0, 0, False)


def test_split__patient_pump__is_bounded_by_the_cap() -> None:
    got = reward.split(CapWindows(10**12, 10**15, 10**15), RewardTerms(), 10**24, 10**15)
    assert got.prompter_tokens * got.cap <= 50 * 10**12 * 10**24 // 10_000
    assert not got.burns


def test_split__cap_fell__burns_the_same_shares() -> None:
    got = reward.split(CapWindows(10**12, 9 * 10**11, 9 * 10**11), RewardTerms(), 10**24, 9 * 10**11)
    assert got.burns and got.delta == -(10**11)
    assert got.prompter_tokens == 25 * 10**8 * 10**24 // (9 * 10**11)


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("median", lambda a, b, c: max(min(a, b), c)),
    ("delta", lambda a, b, c: c - a),
    ("share", lambda m0, change, bps, cap: change * bps // 10_000),
    ("share", lambda m0, change, bps, cap: min(change * bps, m0 * cap) // 10_000 + 1),
    ("toTokens", lambda value, supply, cap: -(-value * supply // cap) if cap else 0),
    ("split", lambda *case: split(*case[:-1], 0)),
    ("split", lambda *case: split(case[0], case[2], case[2], *case[3:])),
    ("within", lambda available, p, s: (min(p, available), min(s, max(available - p, 0)))),
]


@pytest.mark.parametrize(("function", "wrong"), WRONG)
def test_reward__a_wrong_twin__is_caught(chain: Contract, function: str, wrong: Callable[..., Any]) -> None:
    _, draw, _ = TWINS[function]
    assert differences(chain, function, wrong, cases(draw, count=500))

"""CurveMath.sol and curve.py: the same numbers, overflow included, on random and extreme states of the curve."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from oracle.mechanism import curve
from tests.support.evm import Contract, Evm
from tests.support.twins import CASES, WORD, Case, Twin, cases, differences, grid, number

LIMIT = (1 << 96) - 1
"""Largest supply and reserve of the contract; the library is also tried far beyond."""

STATES = (1, 2, 10**18, LIMIT, 1 << 127, 1 << 128)


@pytest.fixture(scope="module")
def chain() -> Contract:
    return Evm().deploy("CurveMathHarness")


def fits(*values: int) -> bool:
    return all(0 <= value < WORD for value in values)


def cost(reserve: int, supply: int, tokens: int) -> int | str:
    value = curve.cost_to_mint(reserve, supply, tokens)
    return value if fits(tokens * (2 * supply + tokens), supply**2, value) else "Panic"


def worth(reserve: int, supply: int, tokens: int) -> int | str:
    if tokens > supply or not fits(tokens * (2 * supply - tokens), supply**2):
        return "Panic"
    return curve.worth(reserve, supply, tokens)


def bought(reserve: int, supply: int, paid: int) -> int | str:
    if not fits(supply**2, reserve + paid, supply**2 * (reserve + paid) // reserve):
        return "Panic"
    return curve.tokens_for_cost(reserve, supply, paid)


def price(reserve: int, supply: int) -> int | str:
    value = curve.price(reserve, supply)
    return value if fits(2 * reserve, value) else "Panic"


def state(rnd: random.Random, high: int = LIMIT) -> Case:
    """(R, T, x): x mostly below T, as a purchase or a sale would be."""
    supply = number(rnd, 1, high)
    return number(rnd, 1, high), supply, number(rnd, 0, rnd.choice((supply, high)))


def wide(rnd: random.Random) -> Case:
    return state(rnd, 1 << 128)


TWINS: dict[str, Twin] = {"costToMint": cost, "rewardForBurn": worth, "tokensForCost": bought}


@pytest.mark.parametrize("function", TWINS)
@pytest.mark.parametrize("draw", [state, wide])
def test_curve__random_states__equal_on_chain(chain: Contract, function: str, draw: Callable[..., Case]) -> None:
    tried = list(cases(draw, *grid(STATES, STATES, (0, *STATES))))
    assert len(tried) > CASES
    assert differences(chain, function, TWINS[function], tried) == []


def test_price__random_states__equal_on_chain(chain: Contract) -> None:
    assert differences(chain, "price", price, cases(lambda rnd: wide(rnd)[:2], *grid(STATES, STATES))) == []


def test_market_cap__random_reserves__equal_on_chain(chain: Contract) -> None:
    assert differences(chain, "marketCap", curve.market_cap, cases(lambda rnd: wide(rnd)[:1], *grid(STATES))) == []


def test_reward_for_burn__above_the_minimum_supply__equal_on_chain(chain: Contract) -> None:
    def with_minimum(rnd: random.Random) -> Case:
        supply = number(rnd, curve.TOKEN, LIMIT)
        return number(rnd, 1, LIMIT), supply, number(rnd, 0, supply - curve.TOKEN)

    assert differences(chain, "rewardForBurn", curve.reward_for_burn, cases(with_minimum)) == []


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("costToMint", lambda r, t, x: r * x * (2 * t + x) // t**2),
    ("costToMint", lambda r, t, x: -(-r * x * (2 * t + x + 1) // t**2)),
    ("costToMint", lambda r, t, x: -(-r * x * (2 * t - x) // t**2)),
    ("rewardForBurn", lambda r, t, x: -(-r * x * (2 * t - x) // t**2)),
    ("rewardForBurn", lambda r, t, x: r * x * 2 // t),
    ("tokensForCost", lambda r, t, c: curve.tokens_for_cost(r, t, c) + 1),
    ("tokensForCost", lambda r, t, c: curve.tokens_for_cost(r, t, max(c - 1, 0))),
]


@pytest.mark.parametrize(("function", "wrong"), WRONG)
def test_curve__a_wrong_twin__is_caught(chain: Contract, function: str, wrong: Callable[..., Any]) -> None:
    assert differences(chain, function, wrong, cases(state, count=500))

"""The market maker against 50-digit decimals, published vectors, and what it may lose."""

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism import lmsr

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data/futarchy/lmsr_vectors.json").read_text())
WAD = lmsr.WAD
HAIR = Fraction(1, 2**50)
"""Arithmetic of 160 bits may be off by this part of a unit."""


def decimal_cost(q, b) -> Decimal:
    """C(q) to 60 digits beyond what cancels; call within a context."""
    top = max(q)
    return Decimal(top) + b * sum(((Decimal(x) - top) / b).exp() for x in q).ln()


def decimal_purchase(q, outcome: int, amount, b, digits: int = 120) -> Decimal:
    with localcontext() as context:
        context.prec = digits
        after = [Decimal(x) + (Decimal(amount) if i == outcome else 0) for i, x in enumerate(q)]
        return decimal_cost(after, Decimal(b)) - decimal_cost([Decimal(x) for x in q], Decimal(b))


def bought(vector) -> tuple[int, int]:
    [(outcome, amount)] = [(i, d) for i, d in enumerate(vector["delta"]) if d]
    return outcome, amount


@pytest.mark.parametrize("vector", VECTORS)
def test_purchase__published_vectors__to_1e_12_relative(vector) -> None:
    outcome, amount = bought(vector)
    assert lmsr.purchase(vector["q"], outcome, amount, vector["b"]) == pytest.approx(float(vector["cost"]), rel=1e-14)
    assert lmsr.prices(vector["q"], vector["b"]) == pytest.approx([float(p) for p in vector["prices"]], rel=1e-14)


@pytest.mark.parametrize("vector", VECTORS)
def test_cost_of__published_vectors__to_1e_12_relative_and_never_against_the_maker(vector) -> None:
    outcome, amount = bought(vector)
    q, b = [x * WAD for x in vector["q"]], vector["b"] * WAD
    found, want = Decimal(lmsr.cost_of(q, outcome, amount * WAD, b)), Decimal(vector["cost"]) * WAD
    assert want <= found <= want * (1 + Decimal("1e-12")) + 1  # a unit of 1e-18 is what it is rounded up to
    for price, exact in zip(lmsr.prices_of(q, b), vector["prices"], strict=True):
        assert abs(price - Decimal(exact) * WAD) <= 1


markets = st.tuples(
    st.lists(st.integers(0, 10**24), min_size=2, max_size=5), st.integers(10**15, 10**24), st.integers(0, 10**24)
)


@settings(max_examples=100, deadline=None)
@given(markets, st.data())
def test_cost_of__any_market__is_the_true_cost_rounded_up(market, data) -> None:
    q, b, amount = market
    outcome = data.draw(st.integers(0, len(q) - 1))
    exact = Fraction(decimal_purchase(q, outcome, amount, b))
    assert ceil(exact) <= lmsr.cost_of(q, outcome, amount, b) <= ceil(exact + HAIR * (amount > 0))


@settings(max_examples=100, deadline=None)
@given(markets, st.data())
def test_proceeds_of__any_market__is_the_true_payment_rounded_down(market, data) -> None:
    q, b, amount = market
    outcome = data.draw(st.integers(0, len(q) - 1))
    exact = -Fraction(decimal_purchase(q, outcome, -amount, b))
    assert floor(exact - HAIR) <= lmsr.proceeds_of(q, outcome, amount, b) <= floor(exact)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-200, 200), min_size=2, max_size=5),
    st.floats(-300, 1_500),
    st.floats(1e-3, 1e6),
    st.data(),
)
def test_purchase__any_market__keeps_its_relative_precision(ratios, x: float, b: float, data) -> None:
    """Small purchases too, and prices of e^-400: where the difference of two costs would be noise."""
    q, amount = [ratio * b for ratio in ratios], x * b
    outcome = data.draw(st.integers(0, len(q) - 1))
    exact = decimal_purchase(q, outcome, amount, b, digits=320)
    found = lmsr.purchase(q, outcome, amount, b)
    assert abs(Fraction(found) - Fraction(exact)) <= abs(Fraction(exact)) / 10**11 + Fraction(1, 10**300)


def test_purchase__of_a_sliver__where_differencing_loses_everything() -> None:
    q, b = [3.0e5, 2.9e5, 1.0e5], 1.0e5
    exact = decimal_purchase(q, 1, 1e-9, b)
    assert float(exact) == pytest.approx(lmsr.purchase(q, 1, 1e-9, b), rel=1e-14)
    differenced = lmsr.cost([q[0], q[1] + 1e-9, q[2]], b) - lmsr.cost(q, b)
    assert abs(differenced - float(exact)) > 0.01 * float(exact)


@settings(max_examples=60)
@given(
    st.integers(2, 4),
    st.integers(10**16, 10**21),
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(1, 10**22)), max_size=12),
)
def test_any_trades__whoever_wins__the_maker_loses_at_most_b_ln_n(outcomes: int, b: int, trades) -> None:
    q, till = [0] * outcomes, lmsr.worst_loss(outcomes, b)
    for buys, which, amount in trades:
        outcome = which % outcomes
        if buys:
            till += lmsr.cost_of(q, outcome, amount, b)
            q[outcome] += amount
        elif q[outcome]:
            sold = 1 + amount % q[outcome]
            till -= lmsr.proceeds_of(q, outcome, sold, b)
            q[outcome] -= sold
        assert till >= max(q)


@settings(max_examples=60)
@given(markets, st.integers(1, 5))
def test_cost_of__in_parts__never_cheaper_than_at_once(market, parts: int) -> None:
    q, b, amount = market
    whole, held, paid = lmsr.cost_of(q, 0, amount, b), list(q), 0
    for part in range(parts):
        size = amount // parts + (amount % parts if part == 0 else 0)
        paid += lmsr.cost_of(held, 0, size, b)
        held[0] += size
    assert whole - 1 <= paid <= whole + parts
    assert lmsr.proceeds_of(held, 0, amount, b) <= paid  # buying and selling back earns nothing


def test_proceeds_of__a_price_of_nearly_one__still_a_unit_below_the_amount() -> None:
    """The true payment is less than the amount by less than any fixed point shows: rounding down must see it."""
    assert lmsr.proceeds_of([10**24, 0], 0, WAD, 10**15) == WAD - 1
    assert lmsr.cost_of([10**24, 0], 0, WAD, 10**15) in (WAD, WAD + 1)


def test_nothing_bought_or_sold__costs_and_pays_nothing() -> None:
    assert lmsr.cost_of([5, 7], 0, 0, WAD) == 0 and lmsr.proceeds_of([5, 7], 0, 0, WAD) == 0


def test_purchase__the_published_vectors_by_differencing__lose_digits_that_this_keeps() -> None:
    worst = ours = 0.0
    for vector in VECTORS:
        (outcome, amount), q, b, cost = bought(vector), vector["q"], vector["b"], float(vector["cost"])
        after = [x + amount * (i == outcome) for i, x in enumerate(q)]
        worst = max(worst, abs(lmsr.cost(after, b) - lmsr.cost(q, b) - cost) / cost)
        ours = max(ours, abs(lmsr.purchase(q, outcome, amount, b) - cost) / cost)
    assert ours < 3e-15 and worst > 1e-2


def test_prices_of__empty_market__all_alike() -> None:
    assert lmsr.prices_of([0, 0, 0, 0], WAD) == [WAD // 4] * 4
    assert lmsr.prices([0, 0], 1) == [0.5, 0.5]


def test_worst_loss__two_outcomes__is_b_ln_2_rounded_up() -> None:
    assert lmsr.worst_loss(2, WAD) == 693_147_180_559_945_310
    assert lmsr.cost([0, 0], 1.0) == pytest.approx(0.6931471805599453)


@pytest.mark.parametrize(
    ("q", "outcome", "amount", "b", "words"),
    [
        ([0, 0], 0, 1, 0, "liquidity b = 0"),
        ([0, 0], 0, 1, -5, "liquidity b = -5"),
        ([0], 0, 1, WAD, "1 outcomes"),
        ([0, 0], 2, 1, WAD, "outcome 2 of 2"),
        ([0, 0], -1, 1, WAD, "outcome -1 of 2"),
        ([0, 0], 0, -1, WAD, "amount of -1"),
        ([0, 1 << 127], 0, 1, WAD, "2\\^127"),
    ],
)
def test_integers__nonsense__is_refused(q, outcome: int, amount: int, b: int, words: str) -> None:
    for trade in (lmsr.cost_of, lmsr.proceeds_of):
        with pytest.raises(BadInput, match=words):
            trade(q, outcome, amount, b)


@pytest.mark.parametrize(("q", "b", "words"), [([0.0, 1.0], 0.0, "b = 0"), ([1.0], 1.0, "1 outcomes")])
def test_floats__nonsense__is_refused(q, b: float, words: str) -> None:
    for work in (lmsr.cost, lmsr.prices, lambda q, b: lmsr.purchase(q, 0, 1.0, b)):
        with pytest.raises(BadInput, match=words):
            work(q, b)
    with pytest.raises(BadInput, match="outcome 7"):
        lmsr.purchase([0.0, 0.0], 7, 1.0, 1.0)

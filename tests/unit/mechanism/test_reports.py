"""Payments for reports: exact sums, every rule against its formula, warnings, and terms that cannot be kept."""

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import permutations
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import reports, xor6
from oracle.mechanism.reports import LOG_FLOOR, Loss, Rule, Terms

ALPHA = 1_000_000
TERMS = Terms(alpha=ALPHA, deposit=ALPHA)
NAMES = ("alice", "bob", "carol")
SEED = bytes(32)
chances = st.integers(0, 1_000).map(lambda n: Fraction(n, 1_000))
tables = st.lists(chances, min_size=8, max_size=8)


def settled(table, outcome=1, **changes):
    options = {key: changes.pop(key) for key in ("seed", "consistency") if key in changes}
    return reports.settle(replace(TERMS, **changes), NAMES, table.__getitem__, outcome, **options)


@given(tables, st.integers(0, 1))
def test_shapley__any_posteriors__sums_to_alpha_times_the_loss_taken_away(table, outcome: int) -> None:
    found = settled(table, outcome)
    value = (table[0] - outcome) ** 2 - (table[-1] - outcome) ** 2
    assert found.value == value and found.total == ALPHA * value
    assert sum(found.payouts.values()) == ALPHA * value // 1


@given(tables, st.integers(0, 1))
def test_shapley__any_posteriors__equals_the_average_over_orders_in_decimals(table, outcome: int) -> None:
    losses = [(Decimal(q.numerator) / q.denominator - outcome) ** 2 for q in table]
    found = settled(table, outcome).payments
    for place, name in enumerate(NAMES):
        total = Decimal(0)
        for order in permutations(range(3)):
            before = sum(1 << player for player in order[: order.index(place)])
            total += losses[before] - losses[before | 1 << place]
        assert float(found[name]) == pytest.approx(float(ALPHA * total / factorial(3)), abs=1e-9)


@given(tables, st.integers(0, 1), st.sampled_from(list(Rule)), chances)
def test_any_rule__no_payment_costs_more_than_the_deposit(table, outcome: int, rule: Rule, consistency) -> None:
    found = settled(table, outcome, rule=rule, beta=ALPHA, rho=Fraction(1, 5), consistency=consistency)
    assert min(found.payouts.values()) >= (-ALPHA if rule is not Rule.SHARED else 0)


def test_loo__each__what_the_forecast_loses_without_them() -> None:
    table = [Fraction(n, 10) for n in (5, 6, 5, 7, 5, 8, 6, 9)]
    found = settled(table, rule=Rule.LOO).payments
    loss = [(1 - q) ** 2 for q in table]
    assert found == {n: ALPHA * (loss[7 - (1 << i)] - loss[7]) for i, n in enumerate(NAMES)}


def test_shared__each__alpha_times_k_minus_the_loss() -> None:
    found = settled([None] * 7 + [Fraction(9, 10)], rule=Rule.SHARED, k=Fraction(3, 2), deposit=0)
    assert found.payments == dict.fromkeys(NAMES, ALPHA * (Fraction(3, 2) - Fraction(1, 100)))
    assert any("copies" in line for line in found.warnings)


def test_shared__a_copy_of_a_report__is_paid_again() -> None:
    """The same forecast, one more identity: its owner earns twice."""
    terms = replace(TERMS, rule=Rule.SHARED)
    alone = reports.settle(terms, ("ann", "bob"), lambda mask: Fraction(3, 4), 1)
    copied = reports.settle(terms, ("ann", "bob", "ann2"), lambda mask: Fraction(3, 4), 1)
    assert copied.payments["ann"] + copied.payments["ann2"] == 2 * alone.payments["ann"]


def test_shapley__six_players_of_the_example__mean_payment_is_the_published_one() -> None:
    """Every world settled through the same door as a real round."""
    names = tuple("abcdef")
    mean = Fraction(0)
    for chance, z, signals in xor6.worlds():
        if signals[0] != 0:  # the other half of the worlds is this one with X, Z and their signals turned
            continue

        def q(mask: int, signals=signals) -> Fraction:
            members = [i for i in range(6) if mask >> i & 1]
            return xor6.posterior([signals[i] for i in members], [i < 3 for i in members])

        mean += 2 * chance * reports.settle(TERMS, names, q, z).payments["a"]
    assert mean == ALPHA * xor6.shapley_payments()[0]


def test_zero_shot__outcome_known__mixes_at_most_a_fifth_of_consistency() -> None:
    table = [Fraction(n, 10) for n in (5, 6, 5, 7, 5, 8, 6, 9)]
    base = settled(table).payments
    found = settled(table, rule=Rule.ZERO_SHOT, beta=ALPHA // 2, rho=Fraction(1, 5), consistency=Fraction(3, 5))
    want = {n: Fraction(4, 5) * base[n] + Fraction(1, 5) * (ALPHA // 2) * Fraction(3, 5) for n in NAMES}
    assert found.payments == want and found.payouts is not None
    assert any("16 strict equilibria" in line for line in found.warnings)


def test_zero_shot__outcome_open__scores_without_a_payout() -> None:
    found = settled([], None, rule=Rule.ZERO_SHOT, beta=ALPHA, rho=Fraction(1, 5), consistency=Fraction(3, 5))
    assert found.payouts is None and found.payments["bob"] == ALPHA * Fraction(3, 5)
    assert any("nothing is paid by consistency alone" in line for line in found.warnings)


def test_zero_shot__everyone_says_1__is_warned_about() -> None:
    table = [Fraction(1, 2)] + [Fraction(9, 10)] * 7
    found = settled(table, rule=Rule.ZERO_SHOT, beta=ALPHA, rho=Fraction(1, 5), consistency=Fraction(98, 100))
    assert any("all say the same" in line for line in found.warnings)
    varied = [Fraction(1, 2), Fraction(9, 10), Fraction(2, 10)] + [Fraction(9, 10)] * 5
    found = settled(varied, rule=Rule.ZERO_SHOT, beta=ALPHA, rho=Fraction(1, 5), consistency=Fraction(98, 100))
    assert not any("all say the same" in line for line in found.warnings)


@pytest.mark.parametrize("consistency", [None, Fraction(-1, 9), Fraction(10, 9)])
def test_zero_shot__consistency_missing_or_out_of_range__is_refused(consistency) -> None:
    with pytest.raises(BadInput, match="consistency"):
        settled([], None, rule=Rule.ZERO_SHOT, consistency=consistency)


@pytest.mark.parametrize("rule", [Rule.SHAPLEY, Rule.LOO, Rule.SHARED])
def test_outcome_open__rules_that_pay_by_it__are_refused(rule: Rule) -> None:
    with pytest.raises(Refused, match="not known yet"):
        settled([], None, rule=rule)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rho": Fraction(21, 100)}, "rho: 0.21"),
        ({"rule": Rule.ZERO_SHOT, "beta": ALPHA + 1}, "beta: 1000001 is above alpha"),
        ({"deposit": ALPHA - 1}, "deposit: 999999 .* at least 1000000"),
        ({"loss": Loss.LOG}, "deposit: 1000000 .* at least 6907756"),
        ({"rule": Rule.SHARED, "k": Fraction(1, 2)}, "k: 0.5"),
    ],
)
def test_terms_that_cannot_be_kept__are_refused_by_name(changes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        settled([Fraction(1, 2)] * 8, **changes)


def test_log_loss__posterior__is_the_logarithm_to_40_digits() -> None:
    found = reports.log_loss(Fraction(3, 10), 1)
    with localcontext() as context:
        context.prec = 60
        want = -(Decimal(3) / 10).ln()
        assert abs(Decimal(found.numerator) / Decimal(found.denominator) - want) < Decimal("1e-40")
    assert reports.log_loss(Fraction(3, 10), 0) == reports.log_loss(Fraction(7, 10), 1)


@pytest.mark.parametrize("q", [LOG_FLOOR / 2, 1 - LOG_FLOOR / 2])
def test_log_loss__posterior_too_sure__is_refused(q: Fraction) -> None:
    with pytest.raises(BadInput, match="log loss"):
        settled([q] * 8, loss=Loss.LOG, deposit=10 * ALPHA)


def test_more_than_eight__sampled__sums_exactly_with_standard_errors() -> None:
    names = tuple(f"p{i}" for i in range(10))
    found = reports.settle(
        replace(TERMS, permutations=60), names, lambda m: Fraction(50 + 4 * m.bit_count(), 100), 1, seed=SEED
    )
    assert found.total == ALPHA * (Fraction(1, 4) - Fraction(1, 100))
    assert found.standard_errors is not None and set(found.standard_errors) == set(names)
    again = reports.coalitions(replace(TERMS, permutations=60), 10, SEED)
    assert found.coalitions == len(again) < 1024


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.fractions(-50, 50, max_denominator=60), min_size=1))
def test_whole__any_amounts__each_within_one_and_never_more_than_owed(amounts: dict[str, Fraction]) -> None:
    found = reports.whole(amounts)
    assert sum(found.values()) == sum(amounts.values()) // 1
    assert all(-1 < amounts[key] - found[key] < 1 for key in amounts)


def test_whole__equal_remainders__the_smaller_key_first() -> None:
    assert reports.whole({"b": Fraction(1, 2), "a": Fraction(1, 2), "c": Fraction(0)}) == {"b": 0, "a": 1, "c": 0}

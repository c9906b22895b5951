"""The best mix of lists: published figures, second implementations, exact conditions, copies, and wrong claims."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import minimize

from oracle.domain.errors import BadInput
from oracle.mechanism import quadratic, simplex_fit
from oracle.mechanism.exact_gram import MAX_ROWS
from oracle.mechanism.log_units import UNIT
from tests.support import judging

small = arrays.arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=st.integers(-(2**34), 2**34))


@given(small)
@settings(max_examples=150)
def test_fit__small__equals_trying_every_support_in_fractions(misses) -> None:
    assert simplex_fit.fit(misses).weights == judging.exhaustive(misses)


@given(arrays.arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.integers(-3, 3)))
@settings(max_examples=100)
def test_fit__many_ties_and_zeros__equals_trying_every_support(misses) -> None:
    assert simplex_fit.fit(misses * UNIT).weights == judging.exhaustive(misses * UNIT)


@pytest.mark.parametrize("delta", [None, UNIT // 3, UNIT, 5 * UNIT])
@pytest.mark.parametrize(("lists", "answers"), [(1, 1), (3, 40), (12, 90), (40, 30)])
def test_fit__any_panel__meets_the_conditions_of_a_minimum_exactly(lists: int, answers: int, delta: int | None) -> None:
    misses = judging.panel(lists, answers, seed=lists)
    fit = simplex_fit.fit(misses, delta)
    slopes = judging.slopes(misses, fit.weights, delta)
    level = sum(weight * slope for weight, slope in zip(fit.weights, slopes, strict=True))
    assert sum(fit.weights) == 1 and min(fit.weights) >= 0
    assert min(slopes) == level
    assert fit.support == tuple(k for k, weight in enumerate(fit.weights) if weight)


scales = st.sampled_from([1, 2**16, UNIT, 2**36])


@given(small, scales, scales, st.integers(1, 3))
@settings(max_examples=100)
def test_fit__huber_on_hostile_scales__exact_and_the_same_from_an_empty_claim(misses, size, delta, times) -> None:
    misses, delta = misses % (18 * size) - 9 * size, delta * times
    fit = simplex_fit.fit(misses, delta)
    slopes = judging.slopes(misses, fit.weights, delta)
    assert min(slopes) == sum(weight * slope for weight, slope in zip(fit.weights, slopes, strict=True))
    assert simplex_fit.confirm(misses, delta, (), ()) == fit


@pytest.mark.parametrize("delta", [None, UNIT])
def test_fit__peer__no_better_point_than_ours(delta: int | None) -> None:
    misses = judging.panel(6, 80, seed=5)
    rows = misses / UNIT

    def loss(w):
        size = np.abs(rows @ w)
        return float((size**2 if delta is None else np.where(size <= 1, size**2, 2 * size - 1)).sum())

    start = np.full(6, 1 / 6)
    one = {"type": "eq", "fun": lambda w: w.sum() - 1}
    peer = minimize(loss, start, method="SLSQP", bounds=[(0, 1)] * 6, constraints=one, options={"ftol": 1e-14})
    fit = simplex_fit.fit(misses, delta)
    assert float(fit.score) == pytest.approx(loss(np.array([float(w) for w in fit.weights])), rel=1e-12)
    assert float(fit.score) <= peer.fun + 1e-9
    assert [float(w) for w in fit.weights] == pytest.approx(peer.x, abs=1e-4)


@pytest.mark.parametrize("delta", [None, UNIT // 2])
def test_confirm__any_claim__the_same_result(delta: int | None) -> None:
    misses = judging.panel(8, 60, seed=2)
    right = simplex_fit.fit(misses, delta)
    for support, outliers in [((), ()), ((7,), (1, -2, 60)), (range(8), (5, 99, -99)), ((-3, 100), ()), ((0, 0), (3,))]:
        assert simplex_fit.confirm(misses, delta, support, outliers) == right


@pytest.mark.parametrize("copies", [2, 50])
def test_fit__exact_copies__gain_nothing_and_split_evenly(copies: int) -> None:
    misses = judging.panel(5, 70, seed=9)
    alone = simplex_fit.fit(misses)
    best = max(range(5), key=lambda k: alone.weights[k])
    fit = simplex_fit.fit(np.column_stack([misses, *[misses[:, best]] * (copies - 1)]))
    same = [fit.weights[best], *fit.weights[5:]]
    assert len(set(same)) == 1
    assert abs(sum(same) - alone.weights[best]) < Fraction(1, 10**6)


def test_guess__large_panel__gap_below_a_billionth_and_the_exact_support() -> None:
    misses = judging.panel(64, 1_000, items=300, seed=1)
    guess = simplex_fit.guess(misses)
    assert 0 <= guess.gap <= 1e-9
    fit = simplex_fit.confirm(misses, None, np.flatnonzero(guess.weights > 0), ())
    assert [float(w) for w in fit.weights] == pytest.approx(guess.weights, abs=1e-9)
    assert float(fit.score) == pytest.approx(guess.score, rel=1e-9)


def test_minimise__more_variables_than_the_warm_start_needs__same_minimum_as_without(monkeypatch) -> None:
    rows = judging.panel(120, 400, seed=3) / UNIT
    matrix, zero = rows.T @ rows + 1e-6 * np.eye(120), np.zeros(120)
    cold = quadratic.minimise(matrix, zero)
    monkeypatch.setattr(quadratic, "_WARM", 10)
    warm = quadratic.minimise(matrix, zero)
    assert warm == pytest.approx(cold, abs=1e-9)
    assert quadratic.gap(matrix, zero, warm) < 1e-9 * float(cold @ matrix @ cold)


def test_minimise__starting_anywhere__the_same_minimum() -> None:
    rows = judging.panel(30, 100, seed=4) / UNIT
    matrix, linear = rows.T @ rows + 1e-6 * np.eye(30), np.linspace(-5, 5, 30)
    cold = quadratic.minimise(matrix, linear)
    for start in (np.full(30, 1 / 30), np.eye(30)[29], np.eye(30)[0] * 0.5 + np.eye(30)[1] * 0.5):
        assert quadratic.minimise(matrix, linear, start) == pytest.approx(cold, abs=1e-9)


@pytest.mark.parametrize("delta", [None, UNIT // 2])
def test_scores__of_each_list_alone__from_the_definition(delta: int | None) -> None:
    misses = judging.panel(4, 30)
    for k, score in enumerate(simplex_fit.scores(misses, delta)):
        loss = 0
        for miss in map(abs, misses[:, k].tolist()):
            loss += miss**2 if delta is None or miss <= delta else 2 * delta * miss - delta**2
        assert score == Fraction(loss, UNIT**2)


@pytest.mark.parametrize(
    ("misses", "delta", "words"),
    [
        (np.zeros((0, 2), dtype=np.int64), None, "nothing to fit"),
        (np.zeros((2, 0), dtype=np.int64), None, "nothing to fit"),
        (np.full((1, 1), 2**44), None, "beyond"),
        (np.zeros((1, 1), dtype=np.int64), 0, "delta is 0"),
        (np.zeros((MAX_ROWS + 1, 1), dtype=np.int64), None, "more than"),
    ],
)
def test_impossible__refused(misses, delta: int | None, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        simplex_fit.fit(misses, delta)
    assert caught.value.hint

"""Losses lie in [0, 1] and are what their names say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism.anchoring import Forecasts, Rule, anchor
from oracle.mechanism.losses import Loss, losses


def one(kind: Loss, belief: list[float], outcome: float) -> float:
    return float(losses(kind, np.array([[belief]]), np.array([outcome]))[0, 0])


def test_brier_and_classes__by_hand() -> None:
    assert one(Loss.BRIER, [0.7], 1.0) == pytest.approx(0.09)
    assert one(Loss.CLASSES, [0.2, 0.5, 0.3], 1.0) == pytest.approx((0.04 + 0.25 + 0.09) / 2)
    assert one(Loss.CLASSES, [1.0, 0.0], 1.0) == 1.0
    assert one(Loss.CLASSES, [0.7, 0.3], 1.0) == pytest.approx(one(Loss.BRIER, [0.3], 1.0))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9).map(sorted), st.floats(0, 1))
def test_numbers__is_the_crps_of_the_empirical_distribution(quantiles: list[float], outcome: float) -> None:
    """E|X - y| - E|X - X'| / 2 (Gneiting, Raftery 2007, eq. 21)."""
    x = np.array(quantiles)
    crps = np.abs(x - outcome).mean() - np.abs(x[:, None] - x).mean() / 2
    found = one(Loss.NUMBERS, quantiles, outcome)
    assert found == pytest.approx(crps, abs=1e-12)
    assert -1e-12 <= found <= 1 + 1e-12


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=6), st.data())
def test_classes__in_bounds_and_truthful(raw: list[float], data: st.DataObject) -> None:
    belief = [value / sum(raw) for value in raw]
    other = data.draw(st.lists(st.floats(0.001, 1), min_size=len(raw), max_size=len(raw)))
    lie = [value / sum(other) for value in other]
    both = [[one(Loss.CLASSES, said, float(k)) for k in range(len(raw))] for said in (belief, lie)]
    assert min(map(min, both)) >= 0 and max(map(max, both)) <= 1
    truth, lied = (sum(p * loss for p, loss in zip(belief, each, strict=True)) for each in both)
    assert truth <= lied + 1e-12


def test_anchor__classes_and_numbers__better_forecaster_gains() -> None:
    classes = np.array([[[0.8, 0.1, 0.1], [0.3, 0.3, 0.4]]] * 5)
    numbers = np.array([[[0.4, 0.5, 0.6], [0.0, 0.5, 1.0]]] * 5)
    for beliefs, outcome, kind in ((classes, 0.0, Loss.CLASSES), (numbers, 0.5, Loss.NUMBERS)):
        forecasts = Forecasts(("a", "b"), beliefs, np.full(5, outcome), kind)
        for rule in (Rule.WSU, Rule.HEDGE, Rule.SMALLEST, Rule.SIMPLEX):
            found = anchor(forecasts, rule)
            assert found.weights[-1, 0] > 0.5, (kind, rule)
            assert found.aggregate.shape == (5, 3)
        with pytest.raises(BadInput, match="Brier"):
            anchor(forecasts, Rule.AA)

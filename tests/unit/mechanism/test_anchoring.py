"""Anchoring: published weights, plain loops, truthfulness, who is absent or new, and the integer twin."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from oracle.domain.errors import BadInput
from oracle.mechanism.anchoring import Anchored, Rule, anchor
from oracle.mechanism.anchoring_exact import WAD, Weights, brier
from tests.support import plain_anchoring as plain
from tests.support.plain_anchoring import DATA, equal, markets, of

EXPECTED = json.loads((DATA / "anchoring" / "expected_equal.json").read_text())
STEPS = {
    Rule.WSU: plain.wsu(0.5),
    Rule.HEDGE: plain.hedge(0.5),
    Rule.AA: plain.hedge(2.0),
    Rule.SMALLEST: plain.smallest(),
}


# Real forecasts.


@pytest.mark.parametrize(
    ("rule", "name"),
    [(Rule.WSU, "wsu eta=.5"), (Rule.HEDGE, "hedge eta=.5"), (Rule.AA, "aggregating algorithm eta=2")],
)
def test_real_stream__weights_and_loss__as_expected(rule: Rule, name: str) -> None:
    found = anchor(of(*equal()), rule)
    assert found.weights[-1].tolist() == pytest.approx(EXPECTED[name]["final_weights"], abs=1e-11)
    assert found.total == pytest.approx(EXPECTED[name]["total_brier_of_aggregate"], abs=1e-9)
    assert found.uniform == pytest.approx(EXPECTED["equal_weights_total_brier"], abs=1e-9)
    assert found.own.tolist() == pytest.approx(EXPECTED["per_forecaster_total_brier"], abs=1e-9)


@pytest.mark.parametrize("stream", [equal, markets])
def test_real_streams__smallest_loss__is_the_worst_rule(
    stream: Callable[[], tuple[list[list[float]], list[float]]],
) -> None:
    forecasts = of(*stream())
    totals = {rule: anchor(forecasts, rule).total for rule in Rule}
    assert max(totals, key=totals.__getitem__) is Rule.SMALLEST, totals


@pytest.mark.parametrize("rule", list(STEPS))
@pytest.mark.parametrize("stream", [equal, markets])
def test_plain_loops__agree(rule: Rule, stream: Callable[[], tuple[list[list[float]], list[float]]]) -> None:
    beliefs, outcomes = stream()
    history, said = plain.walk(beliefs, outcomes, STEPS[rule])
    found = anchor(of(beliefs, outcomes), rule)
    assert np.allclose(found.weights, history, atol=1e-12)
    if rule is not Rule.AA:
        assert np.allclose(found.aggregate[:, 0], said, atol=1e-12)


def test_aggregating_algorithm__never_above_the_best_by_more_than_its_bound() -> None:
    """V. Vovk: loss <= min_i L_i + ln(N) / 2, for the square loss and eta = 2."""
    for stream in (equal, markets):
        found = anchor(of(*stream()), Rule.AA)
        assert found.total <= found.own.min() + np.log(found.weights.shape[1]) / 2


# Truth is the best report, under the weighted-score update alone.

OTHERS = (0.3, 0.4, 0.5, 0.7)


def best_report(share: Callable[[float, float], float]) -> float:
    """The report that gives most expected weight to somebody who believes .7."""
    reports = np.arange(0.001, 1.0, 0.001)
    return float(reports[np.argmax([0.7 * share(r, 1.0) + 0.3 * share(r, 0.0) for r in reports])])


@pytest.mark.parametrize(("rule", "best"), [(Rule.WSU, 0.700), (Rule.HEDGE, 0.732), (Rule.AA, 0.868)])
def test_belief_of_point_seven__is_best_reported_as(rule: Rule, best: float) -> None:
    def share(report: float, outcome: float) -> float:
        return float(anchor(of([[report, *OTHERS]], [outcome]), rule).weights[-1, 0])

    assert best_report(share) == pytest.approx(best, abs=1e-9)


def test_belief_of_point_seven__under_bayes__is_best_reported_as_certain() -> None:
    def share(report: float, outcome: float) -> float:
        likely = [r if outcome else 1 - r for r in (report, *OTHERS)]
        return likely[0] / sum(likely)

    assert best_report(share) == pytest.approx(0.999, abs=1e-9)


@given(st.floats(0.02, 0.98), st.lists(st.floats(0, 1), min_size=1, max_size=5), st.floats(0, 1))
def test_wsu__no_other_report_gives_more_expected_weight(belief: float, others: list[float], other: float) -> None:
    def expected(report: float) -> float:
        weights = [anchor(of([[report, *others]], [o]), Rule.WSU).weights[-1, 0] for o in (1.0, 0.0)]
        return float(belief * weights[0] + (1 - belief) * weights[1])

    assert expected(belief) >= expected(other) - 1e-12


# Online mix on the simplex.


def test_simplex__every_fit__is_the_minimum_of_its_objective() -> None:
    beliefs, outcomes = (np.array(part) for part in equal())
    found = anchor(of(beliefs.tolist(), outcomes.tolist()), Rule.SIMPLEX, 10.0).weights
    assert found[0] == pytest.approx([0.2] * 5)
    for t in (1, 40, 150):

        def objective(w: np.ndarray, t: int = t) -> float:
            return float(((beliefs[:t] @ w - outcomes[:t]) ** 2).sum() + 10 * ((w - 0.2) ** 2).sum())

        other = minimize(
            objective,
            np.full(5, 0.2),
            bounds=[(0, 1)] * 5,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            tol=1e-14,
        )
        assert objective(found[t]) <= other.fun + 1e-9
        assert found[t] == pytest.approx(other.x, abs=1e-4)


@pytest.mark.parametrize("ridge", [5.0, 20.0])
def test_simplex__real_stream__better_than_every_forecaster_and_the_leader(ridge: float) -> None:
    found = anchor(of(*equal()), Rule.SIMPLEX, ridge)
    assert found.total < found.own.min()
    assert found.total < anchor(of(*equal()), Rule.SMALLEST).total


# Absent and new.


@pytest.mark.parametrize("rule", list(Rule))
def test_absent__keeps_the_mean_loss(rule: Rule) -> None:
    rows = [[0.9, 0.6, 0.2], [0.8, None, 0.3], [0.7, 0.5, 0.4]]
    found = anchor(of(rows, [1.0, 1.0, 0.0]), rule).weights
    assert np.allclose(found.sum(axis=1), 1)
    if rule is Rule.WSU:
        assert found[2, 1] == pytest.approx(found[1, 1])
    present = found[1, [0, 2]] / found[1, [0, 2]].sum()
    if rule in (Rule.WSU, Rule.HEDGE):
        aggregate = anchor(of(rows, [1.0, 1.0, 0.0]), rule).aggregate[1, 0]
        assert aggregate == pytest.approx(present @ [0.8, 0.3])


@pytest.mark.parametrize("rule", [Rule.WSU, Rule.HEDGE, Rule.AA])
def test_newcomer__enters_with_an_equal_share__the_others_give_in_proportion(rule: Rule) -> None:
    rows = [[0.9, 0.6, None], [0.9, 0.6, None], [0.9, 0.6, 0.8]]
    found = anchor(of(rows, [1.0, 1.0, 1.0]), rule).weights
    assert found[1, 2] == 0 and found[2, 2] == pytest.approx(1 / 3)
    before = anchor(of([row[:2] for row in rows[:2]], [1.0, 1.0]), rule).weights[-1]
    assert found[2, :2] == pytest.approx(before * 2 / 3)


def test_newcomer__under_smallest__starts_at_the_mean_not_at_zero() -> None:
    rows = [[0.9, 0.1, None]] * 3 + [[0.9, 0.1, 0.8]]
    assert anchor(of(rows, [1.0] * 4), Rule.SMALLEST).weights[-1].tolist() == [1, 0, 0]


def test_all_weight_is_absent__plain_mean_of_who_is_there() -> None:
    found = anchor(of([[0.9, 0.2, 0.3], [None, 0.2, 0.4]], [1.0, 0.0]), Rule.SMALLEST)
    assert found.aggregate[1, 0] == pytest.approx(0.3)


def test_fixed_share__the_beaten_recovers_sooner() -> None:
    rows, outcomes = [[0.99, 0.01]] * 40 + [[0.01, 0.99]] * 10, [1.0] * 50
    without, shared = (anchor(of(rows, outcomes), Rule.WSU, share=share).weights[-1, 1] for share in (0.0, 0.01))
    assert shared > 10 * without


@pytest.mark.parametrize(
    ("rule", "eta", "share", "word"),
    [
        (Rule.WSU, 0.6, 0.0, "eta 0.6"),
        (Rule.WSU, -0.1, 0.0, "eta -0.1"),
        (Rule.AA, 2.5, 0.0, "eta 2.5"),
        (Rule.WSU, None, 1.0, "fixed share"),
        (Rule.HEDGE, float("nan"), 0.0, "eta nan"),
    ],
)
def test_parameters_out_of_range__refused(rule: Rule, eta: float | None, share: float, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        anchor(of([[0.5, 0.5]], [1.0]), rule, eta, share=share)


def test_question_that_nobody_forecast__refused() -> None:
    with pytest.raises(BadInput, match="no forecast"):
        anchor(of([[0.5], [None]], [1.0, 1.0]))


# What holds for all forecasts.

probability = st.floats(0, 1)
streams = st.integers(1, 5).flatmap(
    lambda size: st.lists(
        st.tuples(st.lists(probability, min_size=size, max_size=size), st.sampled_from([0.0, 1.0])),
        min_size=1,
        max_size=30,
    )
)


@settings(deadline=None)
@given(streams, st.sampled_from(list(Rule)))
def test_any_stream__weights_are_shares_and_order_of_forecasters_does_not_matter(
    stream: list[tuple[list[float], float]], rule: Rule
) -> None:
    rows, outcomes = zip(*stream, strict=True)
    found = anchor(of(rows, outcomes), rule).weights
    assert np.allclose(found.sum(axis=1), 1) and (found >= 0).all()
    turned = anchor(of([row[::-1] for row in rows], outcomes), rule).weights[:, ::-1]
    assert np.allclose(found, turned, atol=1e-6)


@settings(deadline=None)
@given(streams)
def test_any_stream__less_loss_in_every_question__more_weight(stream: list[tuple[list[float], float]]) -> None:
    rows, outcomes = zip(*stream, strict=True)
    better = [[*row, row[0] + (o - row[0]) / 2] for row, o in zip(rows, outcomes, strict=True)]
    for rule in (Rule.WSU, Rule.HEDGE, Rule.AA, Rule.SMALLEST):
        last = anchor(of(better, outcomes), rule).weights[-1]
        assert last[-1] >= last[0] - 1e-12


# The twin in integers.


def units(rows: list[list[float]], outcomes: list[float], eta: int = WAD // 2) -> Weights:
    weights = Weights(eta)
    for row, outcome in zip(rows, outcomes, strict=True):
        losses = {f"f{k}": brier(round(p * WAD), round(outcome * WAD)) for k, p in enumerate(row)}
        weights.update(losses)
        assert sum(weights.units.values()) == WAD and min(weights.units.values()) >= 0
    return weights


@pytest.mark.parametrize("stream", [equal, markets])
def test_twin__real_streams__sums_exactly_and_agrees(
    stream: Callable[[], tuple[list[list[float]], list[float]]],
) -> None:
    rows, outcomes = stream()
    found: Anchored = anchor(of(rows, outcomes))
    exact = units(rows, outcomes).units
    assert [exact[f"f{k}"] / WAD for k in range(len(rows[0]))] == pytest.approx(found.weights[-1].tolist(), abs=1e-12)


@settings(deadline=None)
@given(streams, st.integers(0, WAD // 2))
def test_twin__any_stream_and_rate__sums_exactly(stream: list[tuple[list[float], float]], eta: int) -> None:
    rows, outcomes = zip(*stream, strict=True)
    units(list(rows), list(outcomes), eta)


def test_twin__newcomers_and_absent__as_in_floats() -> None:
    rows = [[0.9, 0.6, None], [0.9, None, 0.8], [0.1, 0.6, 0.8]]
    weights = Weights()
    for row, outcome in zip(rows, (1, 1, 0), strict=True):
        weights.update({f"f{k}": brier(round(p * WAD), outcome * WAD) for k, p in enumerate(row) if p is not None})
        assert sum(weights.units.values()) == WAD
    found = anchor(of(rows, [1.0, 1.0, 0.0])).weights[-1]
    assert [weights.units[f"f{k}"] / WAD for k in range(3)] == pytest.approx(found.tolist(), abs=1e-15)


def test_twin__bad_rate_or_loss__refused() -> None:
    with pytest.raises(BadInput, match="eta"):
        Weights(WAD)
    with pytest.raises(BadInput, match="loss of b"):
        Weights().update({"a": 0, "b": WAD + 1})


def test_twin__all_of_the_present_weigh_nothing__nothing_changes() -> None:
    weights = Weights(units={"a": WAD, "b": 0})
    weights.update({"b": WAD})
    assert weights.units == {"a": WAD, "b": 0}

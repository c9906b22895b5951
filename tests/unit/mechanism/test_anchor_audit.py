"""The audit tells whether prediction goes with judgement, and says nothing on too little."""

import pytest
from scipy.stats import spearmanr

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism.anchor_audit import audit

LOSSES = [(f"m{place}", 0.1 + 0.02 * place) for place in range(8)]


def appeals(upheld: list[int], each: int = 10) -> list[tuple[str, bool]]:
    """`each` appeals against each forecaster, so many of them upheld."""
    return [(f"m{place}", number < count) for place, count in enumerate(upheld) for number in range(each)]


def test_audit__good_predictors_judge_well__low_p() -> None:
    found = audit(LOSSES, appeals([10, 9, 8, 7, 5, 4, 2, 0]))
    assert found.correlation == pytest.approx(-1) and found.p_value < 0.001
    assert found.quality == (1.0, 0.9, 0.8, 0.7, 0.5, 0.4, 0.2, 0.0)


def test_audit__they_judge_badly__correlation_of_the_other_sign() -> None:
    found = audit(LOSSES, appeals([0, 2, 4, 5, 7, 8, 9, 10]))
    assert found.correlation == pytest.approx(1) and found.p_value > 0.99


def test_audit__mixed_with_ties__spearman_of_scipy() -> None:
    upheld = [5, 7, 7, 3, 6, 7, 2, 5]
    found = audit(LOSSES, appeals(upheld))
    assert found.correlation == pytest.approx(spearmanr([loss for _, loss in LOSSES], upheld).statistic)


def test_audit__no_relation__p_values_are_spread_evenly() -> None:
    import random

    rnd = random.Random(3)
    drawn = []
    for _ in range(200):
        verdicts = [(f"m{place}", rnd.random() < 0.7) for place in range(8) for _ in range(6)]
        drawn.append(audit(LOSSES, verdicts, permutations=200).p_value)
    assert 0.02 < sum(p < 0.05 for p in drawn) / 200 + 0.02 < 0.13
    assert 0.4 < sum(drawn) / 200 < 0.6


def test_audit__again__same_p_value() -> None:
    assert audit(LOSSES, appeals([5, 7, 7, 3, 6, 7, 2, 5])) == audit(LOSSES, appeals([5, 7, 7, 3, 6, 7, 2, 5]))


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        ([("m0", True)] * 10 + [("m1", False)] * 9, "19 appeals"),
        ([("m0", True)] * 10 + [("m1", False)] * 10, "fewer than three"),
        (appeals([10] * 8), "all alike"),
    ],
)
def test_audit__too_little_to_tell__refused(verdicts: list[tuple[str, bool]], word: str) -> None:
    with pytest.raises(Refused, match=word):
        audit(LOSSES, verdicts)


def test_audit__all_predict_alike__refused() -> None:
    with pytest.raises(Refused, match="same loss"):
        audit([(name, 0.2) for name, _ in LOSSES], appeals([5, 7, 7, 3, 6, 7, 2, 5]))


def test_audit__stranger__refused_by_name() -> None:
    with pytest.raises(BadInput, match="'m9'"):
        audit(LOSSES, [*appeals([5] * 8), ("m9", True)])

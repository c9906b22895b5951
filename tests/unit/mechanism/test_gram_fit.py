"""The fit from sums equals the fit from answers, exactly; and sums that nobody's answers can have are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from oracle.domain.errors import BadInput
from oracle.mechanism import gram_fit, private_jury, simplex_fit
from oracle.mechanism.log_units import UNIT

shapes = st.tuples(st.integers(1, 12), st.integers(1, 6))
misses = shapes.flatmap(lambda shape: arrays(np.int64, shape, elements=st.integers(-3 * UNIT, 3 * UNIT)))


@settings(max_examples=60, deadline=None)
@given(misses)
def test_fit__from_sums__is_the_fit_from_answers_to_the_last_digit(rows) -> None:
    answers, sums = private_jury.sums(private_jury.contribution(rows), rows.shape[1])
    assert answers == len(rows)
    assert gram_fit.fit(sums) == simplex_fit.fit(rows)
    assert gram_fit.scores(sums) == simplex_fit.scores(rows)


@settings(max_examples=40, deadline=None)
@given(misses, st.integers(0, 12))
def test_contribution__of_parts__sums_to_that_of_all_answers(rows, cut: int) -> None:
    parts = [part for part in (rows[:cut], rows[cut:]) if len(part)]
    totals = [sum(column) for column in zip(*map(private_jury.contribution, parts), strict=True)]
    assert totals == private_jury.contribution(rows)


@pytest.mark.parametrize(
    ("values", "lists", "words"),
    [([1, 4], 2, "2 sums for 2 lists"), ([0, 4], 1, "no sums of squares"), ([1, -4], 1, "no sums of squares"),
     ([3, 4, 7, 4], 2, "no sums of squares"), ([-1, 4, 1, 4], 2, "no sums of squares")],
)  # fmt: skip
def test_sums__that_no_answers_have__are_refused(values: list[int], lists: int, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        private_jury.sums(values, lists)


def test_fit__no_list__is_refused() -> None:
    with pytest.raises(BadInput, match="no list"):
        gram_fit.fit([])

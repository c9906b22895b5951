"""Flags: the reward if the jury agrees, the deposit lost if not, nothing where it is silent, even, or told before."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism.flags import Flag, settle


def test_settle__each_way_a_flag_can_end() -> None:
    flags = [
        Flag("ada", "x", "y", "b"),
        Flag("ben", "y", "x", "b"),
        Flag("cyd", "y", "x", "a"),
        Flag("dan", "x", "z", "a"),
        Flag("eve", "y", "z", "a"),
        Flag("ada", "z", "w", "a"),
    ]
    verdicts = {("x", "y"): [5, -1], ("y", "x"): [-3], ("y", "z"): [2, -2], ("w", "z"): [4]}
    found = settle(flags, verdicts, 100, 30)
    assert found.amounts == {"ada": 200, "ben": -30, "cyd": 0, "dan": 0, "eve": 0}
    assert (found.agreed, found.refuted, found.open) == ((0, 5), (1,), (2, 3, 4))


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9), st.booleans())
def test_settle__any_jury__by_the_median_and_against_its_mirror(heard: list[int], turned: bool) -> None:
    verdicts = {("y", "x"): [-value for value in heard]} if turned else {("x", "y"): heard}
    up = settle([Flag("u", "x", "y", "b")], verdicts, 7, 3).amounts["u"]
    down = settle([Flag("d", "x", "y", "a")], verdicts, 7, 3).amounts["d"]
    assert {up, down} in ({7, -3}, {0})
    if len(heard) % 2 and median(heard):
        assert (up == 7) == (median(heard) > 0)


def test_settle__negative_amounts__refused() -> None:
    with pytest.raises(BadInput, match="negative"):
        settle([], {}, -1, 0)

"""The combined list: the same exponential everywhere, mixed in log space, normalised per group."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oracle.mechanism.log_units import log_units
from oracle.mechanism.mix import Mix, portable_exp


@given(st.floats(-700, 0))
def test_portable_exp__any_exponent__within_two_units_in_the_last_place(x: float) -> None:
    assert math.isclose(float(portable_exp(np.array([x]))[0]), math.exp(x), rel_tol=5e-16)


def test_portable_exp__far_below__next_to_nothing() -> None:
    assert portable_exp(np.array([-1e6, 0.0])).tolist() == [portable_exp(np.array([-700.0]))[0], 1.0]


@given(st.lists(st.tuples(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9)), min_size=2, max_size=9), st.integers(0, 10))
def test_shares__two_lists__weighted_geometric_mean_per_group(rows, tenths: int) -> None:
    one, other = np.array(rows).T
    weights = (Fraction(tenths, 10), Fraction(10 - tenths, 10))
    mix = Mix(len(rows))
    mix.add(log_units(one), weights[0])
    mix.add(log_units(other), weights[1])
    groups = (np.array([0]), np.arange(1, len(rows)))
    found = mix.shares(groups)
    plain = one ** float(weights[0]) * other ** float(weights[1])
    for group in groups:
        assert math.isclose(found[group].sum(), 1, rel_tol=1e-12)
        assert np.allclose(found[group], plain[group] / plain[group].sum(), rtol=1e-7)


def test_shares__one_list_alone__its_own_weights() -> None:
    weights = np.array([5.0, 3.0, 2.0])
    mix = Mix(3)
    mix.add(log_units(weights), Fraction(1))
    assert np.allclose(mix.shares((np.arange(3),)), weights / 10, rtol=1e-8)

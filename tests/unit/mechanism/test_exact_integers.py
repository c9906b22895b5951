"""The exact parts under the fit: integer products by limbs, linear systems by lifting, logarithms rounded correctly."""

import math
from decimal import ROUND_HALF_EVEN, Decimal, getcontext, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from oracle.mechanism import exact_solve
from oracle.mechanism.exact_gram import MAX_MISS, column_sums, gram
from oracle.mechanism.log_units import UNIT, log_units
from tests.support.judging import eliminate

entries = st.integers(-MAX_MISS + 1, MAX_MISS - 1)


@given(arrays.arrays(np.int64, st.tuples(st.integers(1, 7), st.integers(1, 4)), elements=entries))
def test_gram__any_integers__as_python_multiplies(left) -> None:
    right = left[:, ::-1]
    plain = [[sum(a * b for a, b in zip(x, y, strict=True)) for x in left.T.tolist()] for y in right.T.tolist()]
    assert gram(left, right) == plain
    assert column_sums(left, right) == [plain[k][k] for k in range(len(plain))]
    assert gram(left, left) == [
        [sum(a * b for a, b in zip(x, y, strict=True)) for x in left.T.tolist()] for y in left.T.tolist()
    ]


def test_gram__largest_entries_in_many_rows__no_sum_is_rounded() -> None:
    left = np.full((5_000, 2), MAX_MISS - 1)
    left[::3, 1] = 1 - MAX_MISS
    ones, mixed = 5_000 * (MAX_MISS - 1) ** 2, (5_000 - 2 * 1_667) * (MAX_MISS - 1) ** 2
    assert gram(left, left) == [[ones, mixed], [mixed, ones]]


@given(st.integers(1, 6), st.integers(0, 90), st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_solve__random_system__as_elimination_in_fractions(size: int, bits: int, rnd) -> None:
    matrix = [[rnd.randrange(-(2**bits), 2**bits + 1) for _ in range(size)] for _ in range(size)]
    right = [rnd.randrange(-9, 10) for _ in range(size)]
    try:
        expected = eliminate(matrix, right)
    except StopIteration:
        if any(right):
            with pytest.raises(ValueError, match="singular"):
                exact_solve.solve(matrix, right)
        return
    numerators, denominator = exact_solve.solve(matrix, right)
    assert [Fraction(x, denominator) for x in numerators] == expected
    assert denominator > 0 and math.gcd(denominator, *numerators) == 1


def test_solve__determinant_divisible_by_the_first_prime__another_is_used() -> None:
    assert exact_solve.solve([[2147483647, 0], [0, 3]], [1, 1]) == ([3, 2147483647], 3 * 2147483647)


def test_solve__large_system__multiplied_back() -> None:
    rng = np.random.default_rng(0)
    matrix = [[int(x) << 40 for x in row] for row in rng.integers(-(2**35), 2**35, (60, 60))]
    numerators, denominator = exact_solve.solve(matrix, [1] * 60)
    assert all(sum(a * x for a, x in zip(row, numerators, strict=True)) == denominator for row in matrix)


def by_decimal(value: float) -> int:
    """The same logarithm by Python's decimal arithmetic with 60 digits."""
    with localcontext() as context:
        context.prec = 60
        return int((Decimal(value).ln() * UNIT).to_integral_value(ROUND_HALF_EVEN))


@given(st.floats(min_value=5e-324, max_value=1.7e308))
def test_log_units__any_float__correctly_rounded(value: float) -> None:
    assert log_units([value]).tolist() == [by_decimal(value)]


def test_log_units__next_to_the_middle_of_two_integers__still_correct() -> None:
    getcontext().prec = 60
    middles = [float((Decimal(k) + Decimal("0.5")) / UNIT) for k in range(-5 * 10**11, 5 * 10**11, 10**9)]
    values = [math.exp(middle) for middle in middles]
    assert log_units(values).tolist() == [by_decimal(value) for value in values]


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_log_units__no_logarithm__refused(value: float) -> None:
    with pytest.raises(ValueError, match="positive finite"):
        log_units([1.0, value])

"""Each integer function against the same definition in Python integers (equal) and against the reals (close)."""

import random
from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from oracle.mechanism import fixed_point as fp

TABLES = "da79d15ddc52a3ea112f7a089924c778bf18340d53e059797a0d888306957a23"


def nearest_even(value: Fraction) -> int:
    return round(value)  # Python rounds fractions half to even


def whole(rng: np.random.Generator, shape: tuple[int, ...], bits: int) -> fp.Whole:
    return np.rint(rng.normal(size=shape) * (1 << bits))


# -- logarithm --------------------------------------------------------------------------------------------------------


def test_neg_log__integers_of_every_length__relative_error_below_2_pow_minus_24() -> None:
    rng = random.Random(1)
    values = [rng.randrange(1 << bits, 2 << bits) for bits in range(62) for _ in range(20)]
    values += [(1 << bits) - 1 for bits in range(2, 63)] + [1 << bits for bits in range(62)]
    found = fp.neg_log(np.array(values), 33)
    with localcontext() as context:
        context.prec = 50
        for value, result in zip(values, found.tolist(), strict=True):
            exact = -(Decimal(value) / Decimal(1 << 33)).ln() * (1 << fp.LOG_BITS)
            assert abs(exact - result) <= max(abs(exact), Decimal(1 << 50)) / (1 << 24)


def test_bit_length__around_every_power_of_two__equals_python() -> None:
    values = [value for bits in range(1, 63) for value in ((1 << bits) - 1, 1 << bits, (1 << bits) + 1)]
    assert fp.bit_length(np.array(values)).tolist() == [value.bit_length() for value in values]


@pytest.mark.parametrize("bits", [0, 1, 7, 30])
def test_round_shift__either_sign_and_ties__rounds_half_to_even(bits: int) -> None:
    rng = random.Random(2)
    values = [rng.randrange(-(1 << 40), 1 << 40) for _ in range(500)] + [k << max(bits - 1, 0) for k in range(-9, 9)]
    expected = [nearest_even(Fraction(value, 1 << bits)) for value in values]
    assert fp.round_shift(np.array(values), bits).tolist() == expected


# -- division and root ------------------------------------------------------------------------------------------------


def test_divide__random_and_tight_quotients__equals_integer_division() -> None:
    rng = random.Random(3)
    pairs = [(rng.randrange(-(1 << 52), 1 << 52), rng.randrange(1, 1 << 40)) for _ in range(3_000)]
    for _ in range(3_000):  # numerators next to a multiple, where a rounded quotient would be one off
        denominator = rng.randrange(1 << 20, 1 << 33)
        pairs.append(
            (denominator * rng.randrange(-(1 << 18), 1 << 18) - denominator // 2 + rng.choice([-1, 0, 1]), denominator)
        )
    numerators, denominators = (np.array(side, dtype=np.float64) for side in zip(*pairs, strict=True))
    expected = [(numerator + denominator // 2) // denominator for numerator, denominator in pairs]
    assert fp.divide(numerators, denominators).tolist() == expected


def unit_row_slowly(row: list[int], rows: fp.UnitRows) -> list[int]:
    """The definition of UnitRows in Python integers and fractions."""
    keep = (52 - (rows.width - 1).bit_length()) // 2
    epsilon = rows.width * rows.epsilon * (1 << (2 * rows.bits))
    drop_min = max(0, (int(epsilon).bit_length() - 49) // 2)
    drop = max(max(abs(value) for value in row).bit_length() - keep, drop_min)
    short = [nearest_even(Fraction(value, 1 << drop)) for value in row]
    least = round(epsilon / (1 << (2 * drop_min)))
    total = sum(value * value for value in short)
    total += max(1, nearest_even(Fraction(least, 1 << (2 * (drop - drop_min)))))
    lift = (52 - total.bit_length()) // 2
    root = isqrt(nearest_even(total * Fraction(4) ** lift))
    bits = 52 - isqrt(rows.width).bit_length()
    inverse = isqrt(rows.width << (2 * bits)) // root
    return [nearest_even(value * inverse * Fraction(2) ** (lift + 24 - bits)) for value in short]


@pytest.mark.parametrize("width", [2, 8, 48, 192, 4096])
@pytest.mark.parametrize("bits", [0, 8, 24, 34, 48])
def test_unit_rows__small_to_huge_rows__equals_python_integers_and_is_near_the_reals(width: int, bits: int) -> None:
    rng = np.random.default_rng(width + bits)
    rows = fp.UnitRows(width, 30, Fraction(1, 100_000))
    x = whole(rng, (3, width), bits)
    found = rows(x.copy())
    assert found[0].tolist() == unit_row_slowly([int(value) for value in x[0]], rows)
    real = np.ldexp(x, -30)
    expected = real / np.sqrt(np.square(real).mean(axis=1, keepdims=True) + 1e-5)
    assert np.abs(np.ldexp(found, -24) - expected).max() < 6e-6
    assert np.abs(found).max() <= rows.bound


def test_unit_rows__one_value_stands_out__stays_within_its_bound() -> None:
    rows = fp.UnitRows(192, 30, Fraction(1, 10**12))
    x = np.zeros((1, 192))
    x[0, 5] = float(1 << 50)
    assert 0 < rows(x)[0, 5] <= rows.bound


def test_unit_rows__nothing_but_zeros__is_zero() -> None:
    assert not fp.UnitRows(16, 30, Fraction(1, 10**30))(np.zeros((2, 16))).any()


# -- exponential and softmax ------------------------------------------------------------------------------------------


def test_exp_table__every_entry__rounds_the_real_value() -> None:
    table = fp.exp_table()
    real = np.exp(-np.arange(table.size) / (1 << 16)) * (1 << 20)
    assert np.abs(table - real).max() < 0.501
    assert table[0] == 1 << 20
    assert table[-1] == 0
    assert np.all(np.diff(table) <= 0)


def test_softmax_weights__scores_in_fractions_of_a_unit__looks_up_the_floored_distance() -> None:
    rng = np.random.default_rng(4)
    scores = np.rint(rng.normal(size=(20, 50)) * (1 << 30)) / (1 << 13)
    table = fp.exp_table()
    distances = [[int(max(row) - score) for score in row] for row in scores.tolist()]
    expected = [[table[min(distance, table.size - 1)] for distance in row] for row in distances]
    totals = fp.softmax_weights(scores)
    assert scores.tolist() == expected
    assert totals[:, 0].tolist() == [sum(row) for row in expected]


def test_softmax_weights__ordinary_scores__close_to_the_real_softmax() -> None:
    rng = np.random.default_rng(5)
    real = 2 * rng.normal(size=(10, 700))
    scores = np.rint(real * (1 << 16))
    totals = fp.softmax_weights(scores)
    expected = np.exp(real) / np.exp(real).sum(axis=1, keepdims=True)
    assert np.abs(scores / totals - expected).max() < 2e-6


def test_softmax_weights__masked_key__weighs_nothing_even_beside_the_lowest_score() -> None:
    scores = np.array([[-float(1 << 40), fp.MASKED, -float(1 << 40)]])
    fp.softmax_weights(scores)
    assert scores.tolist() == [[1 << 20, 0, 1 << 20]]


# -- sigmoid ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [9, 14, 20])
def test_silu__range_of_inputs__equals_python_integers_and_is_near_the_reals(bits: int) -> None:
    values, steps = fp.sigmoid_table()
    rng = random.Random(6)
    inputs = [rng.randrange(-20 << bits, 20 << bits) for _ in range(2_000)]
    inputs += [-16 << bits, (-16 << bits) - 1, 16 << bits, (16 << bits) - 1, 0, (1 << 27) - 1, 1 - (1 << 27)]
    found = fp.silu(np.array(inputs, dtype=np.float64), bits)
    for x, result in zip(inputs, found.tolist(), strict=True):
        index, rest = divmod(min(max(x + (16 << bits), 0), 32 << bits), 1 << (bits - 9))
        sigmoid = int(values[index]) + nearest_even(Fraction(int(steps[index]) * rest, 1 << (bits - 9)))
        assert result == nearest_even(Fraction(x * sigmoid, 1 << 24))
    real = np.array([x for x in inputs if abs(x) < 15 << bits]) / (1 << bits)
    close = np.array([y for x, y in zip(inputs, found, strict=True) if abs(x) < 15 << bits]) / (1 << bits)
    assert np.abs(close - real / (1 + np.exp(-real))).max() < 1.5e-6 + 0.5 / (1 << bits)


def test_tables_digest__on_every_machine__is_this() -> None:
    """Committed in manifests of class E; another value means that the tables were changed."""
    assert fp.tables_digest().hex() == TABLES


def test_sigmoid_table__mirror_images__sum_to_one() -> None:
    values, _ = fp.sigmoid_table()
    assert np.all(values + values[::-1] == 1 << fp.SIGMOID_BITS)
    assert np.all(np.diff(values) >= 0)

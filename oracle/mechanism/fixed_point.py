"""Integer logarithm, exponential, root and sigmoid on arrays: functions of integers alone, alike on every machine.

Two kinds of array hold the integers: int64, and float64 with whole values (or multiples of a power of two) below 2^53.
On the second, sums and products below 2^53, scaling by powers of two, `rint`, `floor` and comparisons are exact, so
order, threads, vector width and library cannot change a bit; square root and division are IEEE-rounded, then floored.
"""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isqrt
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from oracle.mechanism import high_precision as hp

Int64 = npt.NDArray[np.int64]
Whole = npt.NDArray[np.float64]
"""Float64 array of whole numbers below 2^53, or of multiples of a power of two: exact under +, - and * so bounded."""

# -- logarithm (int64) ------------------------------------------------------------------------------------------------

LOG_BITS = 58  # fractional bits of a logarithm: |ln| < 2^5 leaves the sign bit free
_MANTISSA = 33  # a mantissa M in [2^32, 2^33) stands for M / 2^33 in [1/2, 1)
_RECIPROCAL = 12
_INTERVALS = 64

# r_j ~ 1 / midpoint of interval j; the last is exactly 1, so that ln u keeps its relative precision as u nears 1.
_R = np.array(
    [round(Fraction(1 << (_RECIPROCAL + 8), 2 * (_INTERVALS + j) + 1)) for j in range(_INTERVALS - 1)]
    + [1 << _RECIPROCAL],
    dtype=np.int64,
)
_LN_R = np.array([hp.round_to(hp.ln(Fraction(int(r), 1 << _RECIPROCAL)), LOG_BITS) for r in _R], dtype=np.int64)
_LN2 = hp.round_to(hp.ln2(), LOG_BITS)
_SERIES = [(1 << 28) // k for k in (5, 4, 3, 2)]


def bit_length(x: Int64) -> Int64:
    """Bits of each positive int64. Clearing the bit below the top one keeps the conversion from rounding up a power."""
    return np.frexp((x & ~(x >> 1)).astype(np.float64))[1].astype(np.int64)


def neg_log(x: Int64, exponent: int) -> Int64:
    """-ln(x / 2^exponent) for positive int64 x, in units of 2^-58; relative error below 2^-24.

    x = M 2^(b - 33) with b its bit length; M r_j = 2^45 (1 + z) with |z| <= 2^-7; ln(1 + z) = z - z^2/2 + z^3/3 - ...
    """
    bits = bit_length(x)
    shift = bits - _MANTISSA
    mantissa = (x >> np.maximum(shift, 0)) << np.maximum(-shift, 0)
    interval = (mantissa >> (_MANTISSA - 7)) - _INTERVALS
    z = mantissa * _R.take(interval) - (1 << (_MANTISSA + _RECIPROCAL))
    z28 = z >> 17
    series = np.full_like(z, _SERIES[0])
    for coefficient in _SERIES[1:]:
        series = coefficient - (series * z28 >> 28)
    series = (1 << 28) - (series * z28 >> 28)
    result: Int64 = (exponent - bits) * _LN2 + _LN_R.take(interval) - (z * (series >> 4) >> 11)
    return result


def round_shift(x: Int64, bits: int) -> Int64:
    """x / 2^bits rounded to the nearest integer, ties to even, as `rint` does; bits >= 0."""
    if bits == 0:
        return x
    quotient, half = x >> bits, 1 << (bits - 1)
    rest = x - (quotient << bits)
    rounded: Int64 = quotient + ((rest > half) | ((rest == half) & (quotient & 1 == 1)))
    return rounded


# -- division and root (float64 integers) -----------------------------------------------------------------------------


def divide(numerator: Whole, denominator: Whole) -> Whole:
    """Nearest integer to numerator / denominator, ties upwards; |numerator| + denominator < 2^53, denominator > 0."""
    shifted = numerator + np.floor(denominator * 0.5)
    quotient = np.floor(shifted / denominator)
    rest = shifted - quotient * denominator  # the quotient may be one off where the true one is nearly whole
    quotient -= rest < 0
    quotient += rest >= denominator
    return quotient


@dataclass(frozen=True, slots=True)
class UnitRows:
    """Division of each row by its root mean square: x sqrt(n) / sqrt(sum x^2 + n epsilon), 24 fractional bits out.

    Rows of `width` = n integers with `bits` fractional bits, |x| < 2^52. `epsilon` is in real units.
    """

    width: int
    bits: int
    epsilon: Fraction

    OUT_BITS: ClassVar[int] = 24

    @property
    def bound(self) -> int:
        """No result exceeds this: sqrt(n), and a little for the floored root."""
        return (isqrt(self.width) + 2) << self.OUT_BITS

    def __call__(self, x: Whole) -> Whole:
        """Normalised rows. Each is first brought to `keep` bits, so that its sum of squares stays below 2^52."""
        keep, drop_min, epsilon, numerator, numerator_bits = _unit_rows_constants(self)
        drop = np.maximum(np.frexp(np.abs(x).max(axis=-1, keepdims=True))[1] - keep, drop_min)
        x = np.rint(np.ldexp(x, -drop))
        total = np.einsum("...i,...i->...", x, x)[..., None]
        total += np.maximum(np.rint(np.ldexp(epsilon, 2 * (drop_min - drop))), 1)
        lift = (52 - np.frexp(total)[1]) // 2  # total * 4^lift is in [2^50, 2^52), where floor(sqrt) is exact
        root = np.floor(np.sqrt(np.rint(np.ldexp(total, 2 * lift))))
        inverse = np.floor(numerator / root)
        x *= np.ldexp(inverse, lift + self.OUT_BITS - numerator_bits)
        return np.rint(x, out=x)


@cache
def _unit_rows_constants(rows: UnitRows) -> tuple[int, int, float, float, int]:
    """Bits kept, least bits dropped, n epsilon in those units, sqrt(n) as an integer in [2^51, 2^52) and its bits."""
    keep = (52 - (rows.width - 1).bit_length()) // 2
    total = rows.width * rows.epsilon * (1 << (2 * rows.bits))
    drop_min = max(0, (int(total).bit_length() - 49) // 2)
    numerator_bits = 52 - (isqrt(rows.width).bit_length())
    numerator = isqrt(rows.width << (2 * numerator_bits))
    return keep, drop_min, float(round(total / (1 << (2 * drop_min)))), float(numerator), numerator_bits


# -- exponential and softmax ------------------------------------------------------------------------------------------

SCORE_BITS = 16  # a score is in units of 2^-16
WEIGHT_BITS = 20  # a softmax weight is in units of 2^-20, the largest of a row is 1
MASKED = -float(1 << 44)  # a score so low that its weight is zero next to any other
_FINE = 10


@cache
def exp_table() -> Whole:
    """round(2^20 e^(-d / 2^16)) for d = 0, 1, ... up to the first zero."""
    fine = _powers(Fraction(-1, 1 << SCORE_BITS), 1 << _FINE, 31)
    coarse = _powers(Fraction(-1, 1 << (SCORE_BITS - _FINE)), 1 << _FINE, 31)
    table = (np.multiply.outer(coarse, fine).ravel() + (1 << 41)) >> 42
    return table[: int(np.argmin(table)) + 1].astype(np.float64)


def softmax_weights(scores: Whole) -> Whole:
    """Overwrites each row of scores (last axis, units 2^-16, |score| < 2^52) by weights e^(score - max) in 2^-20.

    Returns the row sums, shape (..., 1): dividing by them is left to whoever averages.
    """
    top = scores.max(axis=-1, keepdims=True)
    np.subtract(top, scores, out=scores)
    exp_table().take(scores.astype(np.int64), out=scores, mode="clip")
    total: Whole = scores.sum(axis=-1, keepdims=True)
    return total


def _powers(exponent: Fraction, count: int, bits: int) -> Int64:
    """e^(k exponent) for k = 0 .. count - 1 at `bits` fractional bits."""
    base, value, powers = hp.exp(hp.from_fraction(exponent)), hp.ONE, []
    for _ in range(count):
        powers.append(hp.round_to(value, bits))
        value = value * base >> hp.PRECISION
    return np.array(powers, dtype=np.int64)


# -- sigmoid ----------------------------------------------------------------------------------------------------------

SIGMOID_BITS = 24
_SIGMOID_STEP = 9  # table step 2^-9, linear between: error below 2^-24
_SIGMOID_RANGE = 16  # beyond, the sigmoid is 0 or 1


@cache
def sigmoid_table() -> tuple[Whole, Whole]:
    """Sigmoid at -16, -16 + 2^-9, ..., 16 in units of 2^-24 (0 and 1 at the ends), and the steps between."""
    half = _powers(Fraction(-1, 1 << _SIGMOID_STEP), _SIGMOID_RANGE << _SIGMOID_STEP, 60)
    upper = [(1 << (60 + SIGMOID_BITS)) // ((1 << 60) + int(power)) for power in half] + [1 << SIGMOID_BITS]
    values = np.array([(1 << SIGMOID_BITS) - value for value in upper[:0:-1]] + upper, dtype=np.float64)
    return values, np.append(np.diff(values), 0.0)


@cache
def tables_digest() -> bytes:
    """sha256 over all tables of this module as little-endian 64-bit integers: what a manifest of class E commits to."""
    values, _ = sigmoid_table()
    whole = hashlib.sha256()
    for table in (_R, _LN_R, np.array([_LN2]), exp_table(), values):
        whole.update(table.astype("<i8").tobytes())
    return whole.digest()


def silu(x: Whole, bits: int) -> Whole:
    """x sigmoid(x) at the `bits` fractional bits of x; bits >= 9, |x| < 2^28."""
    values, steps = sigmoid_table()
    shifted = np.clip(x + float(_SIGMOID_RANGE << bits), 0, float(2 * _SIGMOID_RANGE << bits))
    shifted *= 2.0 ** (_SIGMOID_STEP - bits)
    index = shifted.astype(np.int64)
    shifted -= index  # a fraction with bits - 9 binary places
    sigmoid = steps.take(index)
    sigmoid *= shifted
    np.rint(sigmoid, out=sigmoid)
    sigmoid += values.take(index)
    sigmoid *= x
    sigmoid *= 2.0**-SIGMOID_BITS
    return np.rint(sigmoid, out=sigmoid)

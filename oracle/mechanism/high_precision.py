"""Big-integer exp, log, cosine and sine: the tables of the exact engine are rounded from these, alike on every machine.

A real x is an int X with x = X / 2^PRECISION. Every function is a Taylor series with truncated terms;
its absolute error is below 2^-(PRECISION - 16) on the ranges used here.
"""

from fractions import Fraction
from functools import cache

PRECISION = 160
ONE = 1 << PRECISION


def from_fraction(value: Fraction) -> int:
    """The fixed-point number just below `value`."""
    return value.numerator * ONE // value.denominator


def round_to(value: int, bits: int) -> int:
    """`value` at `bits` fractional bits, ties upwards."""
    drop = PRECISION - bits
    return (value + (1 << (drop - 1))) >> drop


def _atanh_inverse(n: int) -> int:
    """atanh(1/n) for an integer n >= 2."""
    term, total, square, k = ONE // n, 0, n * n, 1
    while term:
        total += term // k
        term //= square
        k += 2
    return total


@cache
def ln2() -> int:
    """ln 2 = 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749)."""
    return 18 * _atanh_inverse(26) - 2 * _atanh_inverse(4801) + 8 * _atanh_inverse(8749)


@cache
def pi() -> int:
    """pi by Machin's formula, 16 atan(1/5) - 4 atan(1/239)."""

    def atan_inverse(n: int) -> int:
        term, total, k, sign = ONE // n, 0, 1, 1
        while term:
            total += sign * (term // k)
            term //= n * n
            k, sign = k + 2, -sign
        return total

    return 16 * atan_inverse(5) - 4 * atan_inverse(239)


def ln(value: Fraction) -> int:
    """ln(value) for a positive fraction: exponent times ln 2 plus 2 atanh((m - 1) / (m + 1)) with m in [2/3, 4/3]."""
    if value <= 0:
        raise ValueError(f"logarithm of {value}: it must be positive")
    exponent = 0
    while value > Fraction(4, 3):
        value, exponent = value / 2, exponent + 1
    while value < Fraction(2, 3):
        value, exponent = value * 2, exponent - 1
    z = from_fraction((value - 1) / (value + 1))
    square, term, total, k = z * z >> PRECISION, z, 0, 1
    while abs(term) > 1:
        total += term // k
        term = term * square >> PRECISION
        k += 2
    return exponent * ln2() + 2 * total


def ln_of_integer(value: int) -> int:
    """ln(value) for a whole number >= 1."""
    return ln(Fraction(value))


def ln_of_fixed(x: int) -> int:
    """ln of the fixed-point number X > 0: for sums of exponentials, without a fraction's greatest common divisor."""
    if x <= 0:
        raise ValueError(f"logarithm of {x}: it must be positive")
    exponent = x.bit_length() - PRECISION
    mantissa = x >> exponent if exponent >= 0 else x << -exponent  # in [1/2, 1)
    if 3 * mantissa < 2 * ONE:
        mantissa, exponent = 2 * mantissa, exponent - 1
    z = ((mantissa - ONE) << PRECISION) // (mantissa + ONE)
    square, term, total, k = z * z >> PRECISION, z, 0, 1
    while abs(term) > 1:
        total += term // k
        term = term * square >> PRECISION
        k += 2
    return exponent * ln2() + 2 * total


def exp(x: int) -> int:
    """e^x: x = n ln 2 + r, the Taylor series of e^r, times 2^n."""
    n, r = divmod(x, ln2())
    term, total, k = ONE, 0, 1
    while term:
        total += term
        term = (term * r >> PRECISION) // k
        k += 1
    return total << n if n >= 0 else total >> -n


def cos_sin(x: int) -> tuple[int, int]:
    """(cos x, sin x) for any x, after reduction by a whole number of turns."""
    r = x % (2 * pi())
    cosine, sine, term, k = 0, 0, ONE, 0
    while abs(term) > 1 or k < 2:
        if k % 2 == 0:
            cosine += term if k % 4 == 0 else -term
        else:
            sine += term if k % 4 == 1 else -term
        k += 1
        term = (term * r >> PRECISION) // k
    return cosine, sine

"""Exact solution of integer linear systems by p-adic lifting (J. D. Dixon, 1982), checked by multiplication."""

from collections.abc import Sequence
from math import gcd, isqrt

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Rows = Sequence[Sequence[int]]

_PRIMES = (2147483647, 2147483629, 2147483587, 2147483579, 2147483563, 2147483549)
_LIMB = 20  # limb x residue x 2^11 columns stays below 2^63


def solve(matrix: Rows, right: Sequence[int]) -> tuple[list[int], int]:
    """Numerators x and denominator d > 0, in lowest terms together, with matrix x = d right; n x n, n <= 2048.

    Raises ValueError for a singular matrix.
    """
    size = len(matrix)
    if not any(right):
        return [0] * size, 1
    for prime in _PRIMES:
        inverse = _inverse(np.array([[entry % prime for entry in row] for row in matrix], dtype=np.int64), prime)
        if inverse is not None:
            numerators, denominator = _lift(matrix, right, inverse, prime)
            if _multiply(matrix, numerators) == [denominator * entry for entry in right]:
                common = gcd(denominator, *numerators)
                return [entry // common for entry in numerators], denominator // common
    raise ValueError("the matrix is singular")


def _inverse(matrix: Whole, prime: int) -> Whole | None:
    """Inverse modulo a prime below 2^31 by Gauss-Jordan; None where there is none."""
    size = len(matrix)
    work = np.concatenate([matrix, np.eye(size, dtype=np.int64)], axis=1)
    for place in range(size):
        pivots = np.flatnonzero(work[place:, place])
        if not len(pivots):
            return None
        pivot = place + int(pivots[0])
        work[[place, pivot]] = work[[pivot, place]]
        work[place] = work[place] * pow(int(work[place, place]), -1, prime) % prime
        factors = work[:, place].copy()
        factors[place] = 0
        work = (work - factors[:, None] * work[place] % prime) % prime
    return np.ascontiguousarray(work[:, size:])


def _lift(matrix: Rows, right: Sequence[int], inverse: Whole, prime: int) -> tuple[list[int], int]:
    """The solution modulo prime^steps, then as fractions with one denominator (right if `right` is small enough)."""
    bound = _bound_bits(matrix, right)
    steps = (2 * bound + 2) // (prime.bit_length() - 1) + 1
    limbs = _limbs(matrix)
    high, low = inverse >> 16, inverse & 0xFFFF
    rest, digits = list(right), []
    for _ in range(steps):
        residue = np.array([entry % prime for entry in rest], dtype=np.int64)
        digit = ((high @ residue % prime << 16) + low @ residue) % prime
        digits.append(digit)
        products = [[int(entry) for entry in limb @ digit] for limb in limbs]
        for place in range(len(rest)):
            total = sum(product[place] << (_LIMB * power) for power, product in enumerate(products))
            rest[place] = (rest[place] - total) // prime
    return _fractions(_assemble(digits, prime), prime**steps, bound)


def _assemble(digits: Sequence[Whole], prime: int) -> list[int]:
    """sum_k digits[k] prime^k of each entry, by halves: products of like size are what long integers are fast at."""
    rows = [[int(entry) for entry in digit] for digit in digits]
    base = prime
    while len(rows) > 1:
        if len(rows) % 2:
            rows.append([0] * len(rows[0]))
        rows = [
            [low + base * high for low, high in zip(rows[place], rows[place + 1], strict=True)]
            for place in range(0, len(rows), 2)
        ]
        base *= base
    return rows[0]


def _fractions(values: Sequence[int], modulus: int, bound: int) -> tuple[list[int], int]:
    """Rational reconstruction of all entries over one denominator."""
    denominator = 1
    for value in values:
        value = value * denominator % modulus
        if min(value, modulus - value).bit_length() > bound:
            denominator *= _denominator(value, modulus, bound)
    return [_signed(value * denominator % modulus, modulus) for value in values], denominator


def _denominator(value: int, modulus: int, bound: int) -> int:
    """The d with value d = n modulo the modulus and |n| < 2^bound, by Euclid's algorithm stopped half-way."""
    old, new, factor_old, factor_new = modulus, value, 0, 1
    while new.bit_length() > bound:
        quotient = old // new
        old, new = new, old - quotient * new
        factor_old, factor_new = factor_new, factor_old - quotient * factor_new
    return abs(factor_new)


def _signed(value: int, modulus: int) -> int:
    return value if 2 * value <= modulus else value - modulus


def _bound_bits(matrix: Rows, right: Sequence[int]) -> int:
    """Bits of any numerator or denominator: the product of the row lengths of (matrix, right), after Hadamard."""
    rows = zip(matrix, right, strict=True)
    return sum((isqrt(sum(entry * entry for entry in row) + last * last) + 1).bit_length() for row, last in rows) + 1


def _limbs(matrix: Rows) -> list[Whole]:
    """The matrix in signed limbs: sum_k limb_k 2^(20 k), all but the last in [0, 2^20)."""
    bits = max(abs(entry) for row in matrix for entry in row).bit_length() + 1
    mask = (1 << _LIMB) - 1
    count = -(-bits // _LIMB)
    return [
        np.array(
            [[(e >> (_LIMB * k)) & mask if k < count - 1 else e >> (_LIMB * k) for e in row] for row in matrix],
            dtype=np.int64,
        )
        for k in range(count)
    ]


def _multiply(matrix: Rows, values: Sequence[int]) -> list[int]:
    return [sum(entry * value for entry, value in zip(row, values, strict=True)) for row in matrix]

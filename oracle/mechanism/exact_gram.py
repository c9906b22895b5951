"""Products of integer matrices as integers, at the speed of float matrix products: limbs that no sum can round."""

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]

_LIMB = 22
_ROWS = 512  # 512 products of two 22-bit limbs sum to at most 2^53: exact in any order, on any number of threads
MAX_MISS = 1 << (2 * _LIMB)
"""Entries must be below this."""
MAX_ROWS = 1 << 17
"""Sums of products of limbs stay below 2^63."""


def gram(left: Whole, right: Whole) -> list[list[int]]:
    """right' left (m lists of n integers) of left (J, n) and right (J, m), all |entries| < 2^44, J <= 2^17."""
    high, middle, low = (np.zeros((right.shape[1], left.shape[1]), dtype=np.int64) for _ in range(3))
    for first in range(0, len(left), _ROWS):
        upper_a, lower_a = _split(left[first : first + _ROWS])
        upper_b, lower_b = (upper_a, lower_a) if left is right else _split(right[first : first + _ROWS])
        high += (upper_b.T @ upper_a).astype(np.int64)
        middle += (upper_b.T @ lower_a).astype(np.int64)
        middle += (lower_b.T @ upper_a).astype(np.int64)
        low += (lower_b.T @ lower_a).astype(np.int64)
    rows = zip(high.tolist(), middle.tolist(), low.tolist(), strict=True)
    return [[(h << (2 * _LIMB)) + (m << _LIMB) + v for h, m, v in zip(*three, strict=True)] for three in rows]


def column_sums(left: Whole, right: Whole) -> list[int]:
    """sum_j left[j, k] right[j, k] of each column k, under the bounds of `gram`."""
    upper_a, lower_a = left >> _LIMB, left & ((1 << _LIMB) - 1)
    upper_b, lower_b = right >> _LIMB, right & ((1 << _LIMB) - 1)
    high, low = (upper_a * upper_b).sum(axis=0), (lower_a * lower_b).sum(axis=0)
    middle = (upper_a * lower_b + lower_a * upper_b).sum(axis=0)
    three = zip(high.tolist(), middle.tolist(), low.tolist(), strict=True)
    return [(h << (2 * _LIMB)) + (m << _LIMB) + v for h, m, v in three]


def _split(whole: Whole) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """whole = upper 2^22 + lower with 0 <= lower < 2^22, as floats."""
    upper = whole >> _LIMB
    return upper.astype(np.float64), (whole - (upper << _LIMB)).astype(np.float64)

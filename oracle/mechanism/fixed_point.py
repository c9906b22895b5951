"""Integer logarithm, exponential, root and sigmoid on arrays: functions of integers alone, alike on every machine."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from oracle.mechanism import high_precision as hp

Int64 = npt.NDArray[np.int64]

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

"""The combined list: exp(sum_k w_k ln x_k), normalised in each group of siblings; the same bytes on any machine.

Only operations that IEEE 754 rounds correctly are used (+, *, and an exact sum), one array pass each, in a fixed order:
neither the library's exp nor its vector width can change a bit. Relative error below 1e-14.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import factorial, fsum

import numpy as np
import numpy.typing as npt

from oracle.mechanism import high_precision
from oracle.mechanism.log_units import UNIT

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LN2 = high_precision.ln2() / high_precision.ONE
_LN2_HIGH = float(np.float64(round(Fraction(high_precision.ln2(), high_precision.ONE) * 2**32)) / 2**32)
"""ln 2 with 32 fractional bits, so that multiples of it are exact."""
_LN2_LOW = float(Fraction(high_precision.ln2(), high_precision.ONE) - Fraction(_LN2_HIGH))
_SERIES = [1 / factorial(power) for power in range(13, -1, -1)]
_LEAST = -700.0  # e^-700 next to the largest of a group is nothing


def portable_exp(x: Floats) -> Floats:
    """e^x for -700 <= x <= 0 (below, e^-700), the same bits everywhere."""
    x = np.maximum(x, _LEAST)
    turns = np.rint(x * (1 / _LN2))
    rest = x - turns * _LN2_HIGH
    rest = rest - turns * _LN2_LOW
    value = np.full_like(rest, _SERIES[0])
    for coefficient in _SERIES[1:]:
        value = value * rest
        value = value + coefficient
    found: Floats = np.ldexp(value, turns.astype(np.int32))
    return found


class Mix:
    """Adds up weighted logarithms of n items list by list, so that one list at a time is in memory."""

    def __init__(self, items: int) -> None:
        self._sum = np.zeros(items)

    def add(self, logs: Whole, weight: Fraction) -> None:
        """One list: logarithms (n,) in units of 2^-32 nats, and its weight."""
        self._sum = self._sum + logs.astype(np.float64) * (float(weight) / UNIT)

    def shares(self, groups: Sequence[Whole]) -> Floats:
        """The mix (n,); the items of each group, given by their places, sum to 1."""
        found = np.zeros(len(self._sum))
        for places in groups:
            part = self._sum[places]
            value = portable_exp(part - part.max())
            found[places] = value / fsum(value)
        return found

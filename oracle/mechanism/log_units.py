"""Natural logarithms as integers, rounded correctly: the nearest multiple of 2^-32, whichever machine computes it.

The definition is mathematical, so any implementation that carries enough digits gets the same integers. Floats answer
where the answer is beyond doubt; where a value lies next to the middle of two integers, 160-bit integers decide.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from oracle.mechanism import high_precision

BITS = 32
UNIT = 1 << BITS
"""One nat."""

_DOUBT = 2.0**-17
"""Times (1 + |ln x|): 8 units in the last place of a float64 logarithm, in units of 2^-32. Libraries err by up to 4."""


def log_units(values: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """round(2^32 ln x) of each x, a positive finite float64 taken exactly. Raises ValueError for any other x."""
    x = np.asarray(values, dtype=np.float64)
    if not (np.isfinite(x) & (x > 0)).all():
        raise ValueError("a logarithm needs positive finite numbers")
    log = np.log(x)
    scaled = log * UNIT
    nearest = np.rint(scaled)
    found: npt.NDArray[np.int64] = nearest.astype(np.int64)
    doubtful = np.abs(np.abs(scaled - nearest) - 0.5) < _DOUBT * (1 + np.abs(log))
    for place in np.flatnonzero(doubtful):
        exact = high_precision.ln(Fraction(float(x.flat[place])))
        found.flat[place] = high_precision.round_to(exact, BITS)
    return found

"""The exact fit of `simplex_fit` from the sums R'R alone: what a private jury reveals, and the same result."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from oracle.domain.errors import BadInput
from oracle.mechanism import quadratic
from oracle.mechanism.log_units import UNIT
from oracle.mechanism.simplex_fit import RIDGE, Fit, Problem, square_fit

Sums = Sequence[Sequence[int]]


class _Summed(Problem):
    """A problem whose matrix is known as a whole, in units of 2^-64 nats^2."""

    def __init__(self, sums: Sums) -> None:
        super().__init__(np.zeros((0, len(sums)), dtype=np.int64), 0, ())
        self._columns = {k: [entry + RIDGE * (i == k) for i, entry in enumerate(row)] for k, row in enumerate(sums)}


def fit(sums: Sums) -> Fit:
    """The best mix under the square loss, from R'R (K lists of K integers). Raises BadInput for no list.

    The minimiser is unique, so this equals `simplex_fit.fit` on the answers themselves, to the last digit.
    """
    if not sums:
        raise BadInput("no list: nothing to fit", hint="Give at least one.")
    matrix = np.array([[entry / (UNIT * UNIT) for entry in row] for row in sums])
    matrix.flat[:: len(matrix) + 1] += 1e-6
    guess = quadratic.minimise(matrix, np.zeros(len(matrix)))
    parts, total, level = _Summed(sums).minimise([int(k) for k in np.flatnonzero(guess > 0)] or [0])
    return square_fit(parts, total, level, len(sums))


def scores(sums: Sums) -> list[Fraction]:
    """The loss of each list alone, in nats^2."""
    return [Fraction(row[k], UNIT * UNIT) for k, row in enumerate(sums)]

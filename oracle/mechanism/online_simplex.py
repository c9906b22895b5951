"""Aggregation online: before each question the mix on the simplex that would have been best so far, with a ridge.

w_t = argmin sum over s < t of |B_s w - y_s|^2 + lambda |w - u|^2, w >= 0, sum w = 1, u equal weights: only the Gram
matrix is kept, and each fit begins at the last one's support.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from oracle.mechanism import quadratic

Floats = npt.NDArray[np.float64]


def online_simplex(
    beliefs: Floats,
    targets: Floats,
    present: npt.NDArray[np.bool_],
    ridge: float,
    progress: Callable[[int], None] = lambda done: None,
) -> Floats:
    """Weights before every question and after the last, [T + 1, N], for beliefs [T, N, K] and targets [T, K].

    An absent forecaster counts as having said what the mix of the present says. ridge: lambda > 0, 5 to 20 is good.
    """
    count, size, _ = beliefs.shape
    known = np.cumsum(present, axis=0) > 0
    matrix = max(ridge, 1e-9) * np.eye(size)
    linear = np.zeros(size)  # - sum of B'y, without the ridge's part
    weights = np.empty((count + 1, size))
    w = np.zeros(size)
    for t in range(count + 1):
        inside = known[min(t, count - 1)]
        w = _fit(matrix, linear, ridge, inside, w)
        weights[t] = w
        if t == count:
            break
        said = beliefs[t]
        if not present[t].all():
            here = present[t]
            mass = w[here].sum()
            mean = w[here] @ said[here] / mass if mass > 0 else said[here].mean(axis=0)
            said = np.where(here[:, None], said, mean)
        matrix += said @ said.T
        linear -= said @ targets[t]
        if not t % 256:
            progress(t)
    return weights


def _fit(matrix: Floats, linear: Floats, ridge: float, inside: npt.NDArray[np.bool_], start: Floats) -> Floats:
    """The best mix of those who are in."""
    every = bool(inside.all())
    places = slice(None) if every else np.flatnonzero(inside)
    part = matrix if every else matrix[np.ix_(inside, inside)]
    pull = linear[places] - max(ridge, 1e-9) / part.shape[0]
    begin = start[places]
    begin = begin / begin.sum() if begin.sum() > 0 else np.full(len(begin), 1.0 / len(begin))
    found = quadratic.minimise(part, pull, begin)
    w = np.zeros(len(start))
    w[places] = found
    return w

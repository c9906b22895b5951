"""The best mix of lists in floats, for the square loss and Huber's: the guess that `simplex_fit` proves or corrects."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from oracle.mechanism import quadratic

Floats = npt.NDArray[np.float64]

_SWEEPS = 30
_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Guess:
    """What floats find. `gap` bounds how far the objective is above the minimum, relative to it (Frank and Wolfe)."""

    weights: Floats
    outliers: tuple[int, ...]
    gap: float
    score: float


def square(rows: Floats) -> Guess:
    """The best mix for misses in nats (J, K) under the square loss."""
    matrix = rows.T @ rows
    matrix.flat[:: len(matrix) + 1] += 1e-6
    zero = np.zeros(len(matrix))
    w = quadratic.minimise(matrix, zero)
    score = float(w @ matrix @ w)
    return Guess(w, (), quadratic.gap(matrix, zero, w) / max(score, 1e-300), score - 1e-6 * float(w @ w))


def huber(rows: Floats, delta: float) -> Guess:
    """Some reweighted squares to come near, then Newton's steps with an exact line search, until the outliers rest.

    Near answers count by squares, far ones by lines: where that local problem has its minimum, or on the way there, the
    loss falls (K. Madsen, H. B. Nielsen, Finite algorithms for robust linear regression, 1990).
    """
    count = rows.shape[1]
    zero = np.zeros(count)
    w = np.full(count, 1.0 / count)
    for _ in range(_SWEEPS):
        weight = np.minimum(1.0, delta / np.maximum(np.abs(rows @ w), delta))
        matrix = (rows * weight[:, None]).T @ rows
        matrix.flat[:: count + 1] += 1e-6
        moved = quadratic.minimise(matrix, zero, w)
        change, w = float(np.abs(moved - w).max()), moved
        if change < 1e-8:
            break
    far = _beyond(rows @ w, delta)
    for _ in range(_ROUNDS):
        matrix, linear = _newton(rows, delta, far)
        target = quadratic.minimise(matrix, linear, w)
        reached = _beyond(rows @ target, delta)
        if reached == far:
            w = target
            break
        step = _line_search(rows, delta, w, target - w)
        if step * float(np.abs(target - w).max()) < 1e-15:
            break
        w = w + step * (target - w)
        far = _beyond(rows @ w, delta) if step < 1 else reached
    size = np.abs(rows @ w)
    score = float(np.where(size <= delta, size * size, 2 * delta * size - delta * delta).sum())
    return Guess(w, far, quadratic.gap(matrix, linear, w) / max(score, 1e-300), score)


def _beyond(miss: Floats, delta: float) -> tuple[int, ...]:
    return tuple(int((j + 1) * np.sign(miss[j])) for j in np.flatnonzero(np.abs(miss) > delta))


def _line_search(rows: Floats, delta: float, w: Floats, way: Floats) -> float:
    """How much of the way, 0 to 1, makes Huber's loss smallest: where its slope, which rises, passes 0."""
    miss, change, ridge = rows @ w, rows @ way, 1e-6 * float(way @ way)

    def slope(step: float) -> float:
        bent = np.clip(miss + step * change, -delta, delta)
        return float(bent @ change) + 1e-6 * float(w @ way) + step * ridge

    low, high = 0.0, 1.0
    if slope(high) <= 0:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return high


def _newton(rows: Floats, delta: float, far: tuple[int, ...]) -> tuple[Floats, Floats]:
    near = rows.copy()
    linear = np.zeros(rows.shape[1])
    for mark in far:
        linear += np.sign(mark) * delta * rows[abs(mark) - 1]
        near[abs(mark) - 1] = 0
    matrix = near.T @ near
    matrix.flat[:: len(matrix) + 1] += 1e-6
    return matrix, linear

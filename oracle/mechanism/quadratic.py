"""Minimise w'Mw + 2 b'w over the simplex (w >= 0, sum w = 1) in floats: an active set, warm-started when it is large.

C. L. Lawson, R. J. Hanson, Solving Least Squares Problems (1974), ch. 23, with the sum as one more equation.
"""

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dposv

Floats = npt.NDArray[np.float64]

_WARM = 512  # from this many variables on, accelerated gradient steps find most of the support first
_STEPS = 400


def minimise(matrix: Floats, linear: Floats, start: Floats | None = None) -> Floats:
    """The minimiser w (K,) for a positive definite matrix (K, K); `start` is a point of the simplex to begin from."""
    size = len(matrix)
    if start is None:
        start = np.zeros(size)
        start[int(np.argmin(np.diag(matrix) + 2 * linear))] = 1.0
        if size >= _WARM:
            start = _descend(matrix, linear, start)
    support, w = [int(k) for k in np.flatnonzero(start > 0)], start.copy()
    tolerance = 1e-13 * (float(np.abs(np.diag(matrix)).max()) + float(np.abs(linear).max()))
    refused: set[int] = set()
    for _ in range(40 * size + 100):
        target = _on_support(matrix, linear, support)
        if target.min() > 0:
            w = np.zeros(size)
            w[support] = target
            slope = matrix[:, support] @ target + linear
            slope -= slope[support] @ target
            slope[support] = 0
            slope[list(refused)] = 0
            worst = int(np.argmin(slope))
            if slope[worst] >= -tolerance:
                break
            support.append(worst)
            continue
        now = w[support]
        falling = target <= 0
        step = float((now[falling] / (now[falling] - target[falling])).min())
        now = now + step * (target - now)
        gone = falling & (now <= 1e-15)
        gone[np.flatnonzero(falling)[np.argmin(now[falling])]] = True
        if step == 0:
            refused.update(k for k, left in zip(support, gone, strict=True) if left)  # only rounding let it in
        else:
            refused.clear()
        w = np.zeros(size)
        support = [k for k, left in zip(support, gone, strict=True) if not left]
        w[support] = now[~gone]
    return w


def gap(matrix: Floats, linear: Floats, w: Floats) -> float:
    """The Frank-Wolfe gap: the objective at w is at most this much above the minimum."""
    slope = matrix @ w + linear
    return max(0.0, 2.0 * float(slope @ w - slope.min()))


def _on_support(matrix: Floats, linear: Floats, support: list[int]) -> Floats:
    """The minimiser with sum 1 and zeros outside the support, signs free."""
    part = matrix[np.ix_(support, support)]
    right = np.column_stack([np.ones(len(support)), -linear[support]])
    _, solved, info = dposv(part, right)
    if info != 0:  # not positive definite in floats: what the exact stage mends needs no more than a guess
        solved = np.linalg.lstsq(part, right, rcond=None)[0]
    y, x = solved[:, 0], solved[:, 1]
    found: Floats = x + (1.0 - x.sum()) / y.sum() * y
    return found


def _descend(matrix: Floats, linear: Floats, start: Floats) -> Floats:
    """Accelerated projected gradient with restarts; what is below 1e-7 of the sum is cut."""
    rate = 1.0 / _largest_eigenvalue(matrix)
    w, ahead, momentum = start, start, 1.0
    for _ in range(_STEPS):
        moved = _project(ahead - rate * (matrix @ ahead + linear))
        if (ahead - moved) @ (moved - w) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        change = moved - w
        ahead = moved + (momentum - 1) / following * change
        w, momentum = moved, following
        if np.abs(change).max() < 1e-9:
            break
    w = np.where(w > 1e-7, w, 0.0)
    found: Floats = w / w.sum()
    return found


def _largest_eigenvalue(matrix: Floats) -> float:
    """From above by a little: power iteration, with room for what it has not reached."""
    vector = np.ones(len(matrix))
    value = 0.0
    for _ in range(30):
        vector = matrix @ vector
        value = float(np.linalg.norm(vector))
        vector /= value
    return 1.1 * value


def _project(v: Floats) -> Floats:
    """The nearest point of the simplex."""
    down = np.sort(v)[::-1]
    level = (np.cumsum(down) - 1) / np.arange(1, len(v) + 1)
    theta = level[int(np.flatnonzero(down > level)[-1])]
    found: Floats = np.maximum(v - theta, 0.0)
    return found

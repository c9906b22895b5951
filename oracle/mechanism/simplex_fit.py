"""Which mix of lists fits the answers best: min |A w - c|^2 on the simplex, exactly, with a certificate.

The numbers are `misses`: integers R[j, k] = A[j, k] - c[j] in units of 2^-32 nats, how far list k is from answer j. As
sum w = 1, A w - c = R w: the loss is w'R'Rw. A ridge of 1e-6 |w|^2 makes the minimiser unique, so that the result is a
mathematical object: floats may only guess the support and the outliers, an exact solve and the exact conditions of
Karush, Kuhn and Tucker confirm or correct the guess. Whoever has the support needs no floats at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import simplex_guess
from oracle.mechanism.exact_gram import MAX_MISS, MAX_ROWS, column_sums, gram
from oracle.mechanism.exact_solve import solve
from oracle.mechanism.log_units import BITS, UNIT
from oracle.mechanism.simplex_guess import Guess

Misses = npt.NDArray[np.int64]

RIDGE = UNIT * UNIT // 10**6
"""1e-6 in units of 2^-64 nats^2."""

_ROUNDS = 200
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Fit:
    """The exact minimiser. Its certificate is `support` and `outliers`: with them `confirm` finds the rest anew."""

    weights: tuple[Fraction, ...]
    """One per list; they sum to 1."""
    support: tuple[int, ...]
    """Lists with a positive weight."""
    outliers: tuple[int, ...]
    """Answers that are missed by more than delta (Huber): j + 1 if the mix is too high, -(j + 1) if too low."""
    score: Fraction
    """The loss in nats^2, without the ridge."""


def fit(misses: Misses, delta: int | None = None) -> Fit:
    """The best mix of K lists for J answers, misses (J, K). `delta` (units of 2^-32 nats) makes the loss Huber's.

    Huber's loss of a miss r is r^2 up to delta and 2 delta |r| - delta^2 beyond. Raises BadInput for no list, no
    answer or too many; Refused where the outliers do not settle.
    """
    found = guess(misses, delta)
    return confirm(misses, delta, np.flatnonzero(found.weights > 0), found.outliers)


def guess(misses: Misses, delta: int | None = None) -> Guess:
    """The best mix in floats. Raises BadInput as `fit` does."""
    _check(misses, delta)
    rows = misses / float(UNIT)
    return simplex_guess.square(rows) if delta is None else simplex_guess.huber(rows, delta / UNIT)


def confirm(misses: Misses, delta: int | None, support: Iterable[int], outliers: Iterable[int]) -> Fit:
    """The exact minimiser, from a claimed support and claimed outliers; a wrong claim costs time, never the result.

    Raises BadInput as `fit` does, Refused where the outliers do not settle.
    """
    _check(misses, delta)
    found = _settle(misses, delta, support, outliers, _TRIES)
    if found is None:
        own = guess(misses, delta)
        found = _settle(misses, delta, np.flatnonzero(own.weights > 0), own.outliers, _ROUNDS)
    if found is None:
        raise Refused("the outliers of this fit do not settle", hint="Use the square loss, or another delta.")
    return found


def _settle(
    misses: Misses, delta: int | None, support: Iterable[int], outliers: Iterable[int], tries: int
) -> Fit | None:
    """The exact minimiser by solving for given outliers, and for those that follow, until they are the same."""
    answers, lists = misses.shape
    active = sorted({int(k) for k in support if 0 <= k < lists}) or [0]
    far = _valid(outliers, answers) if delta is not None else ()
    for _ in range(tries):
        parts, total, level = Problem(misses, delta or 0, far).minimise(active)
        if delta is None:
            return square_fit(parts, total, level, lists)
        active, limit = sorted(parts), delta * total
        missed = _missed(misses, parts)
        beyond = _outliers(missed, limit)
        if beyond == far:
            score = Fraction(_huber(missed, limit), total * total << (2 * BITS))
            return Fit(_weights(parts, total, lists), tuple(active), far, score)
        far = beyond
    return None


def square_fit(parts: dict[int, int], total: int, level: int, lists: int) -> Fit:
    """What `Problem.minimise` found for the square loss, among so many lists.

    M w is level / total on the whole support, so that is w'Mw; what it holds of the ridge is no loss.
    """
    ridge = RIDGE * sum(part * part for part in parts.values())
    score = Fraction(level * total - ridge, total * total << (2 * BITS))
    return Fit(_weights(parts, total, lists), tuple(sorted(parts)), (), score)


def _weights(parts: dict[int, int], total: int, lists: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(parts.get(k, 0), total) for k in range(lists))


def scores(misses: Misses, delta: int | None = None) -> list[Fraction]:
    """The loss of each list alone, in nats^2."""
    if delta is None:
        return [Fraction(total, UNIT * UNIT) for total in column_sums(misses, misses)]
    size = np.abs(misses)
    near = np.where(size <= delta, misses, 0)
    far = np.where(size > delta, 2 * size - delta, 0)
    squares, lines = column_sums(near, near), far.sum(axis=0, dtype=np.int64)
    return [Fraction(total + delta * int(line), UNIT * UNIT) for total, line in zip(squares, lines, strict=True)]


def _check(misses: Misses, delta: int | None) -> None:
    answers, lists = misses.shape
    if not lists or not answers:
        raise BadInput(f"{lists} lists and {answers} answers: nothing to fit", hint="Give at least one of each.")
    if answers > MAX_ROWS:
        raise BadInput(f"{answers:,} answers are more than {MAX_ROWS:,}", hint="Fit a sample of them.")
    if int(np.abs(misses).max()) >= MAX_MISS:
        raise BadInput("a list misses an answer by a factor beyond e^4000", hint="Mend that list.")
    if delta is not None and not 0 < delta < MAX_MISS:
        raise BadInput(f"delta is {delta / UNIT} nats", hint="Use a number above 0, such as 1.")


def _valid(outliers: Iterable[int], answers: int) -> tuple[int, ...]:
    signs = {abs(int(mark)): int(mark) for mark in outliers if 0 < abs(int(mark)) <= answers}
    return tuple(signs[place] for place in sorted(signs))


class Problem:
    """w'Mw + 2 b'w in units of 2^-64 nats^2, for given outliers: M from the near answers, b from the far ones."""

    def __init__(self, misses: Misses, delta: int, far: tuple[int, ...]) -> None:
        near = misses
        self.linear = [0] * misses.shape[1]
        if far:
            places = np.array([abs(mark) - 1 for mark in far])
            signs = np.sign(np.array(far))
            self.linear = [delta * int(total) for total in (misses[places] * signs[:, None]).sum(axis=0)]
            near = misses.copy()
            near[places] = 0
        self.near = near
        self._columns: dict[int, list[int]] = {}

    def columns(self, support: list[int]) -> list[list[int]]:
        """Columns of M, ridge included, each computed once."""
        if new := [k for k in support if k not in self._columns]:
            for k, column in zip(new, gram(self.near, self.near[:, new]), strict=True):
                column[k] += RIDGE
                self._columns[k] = column
        return [self._columns[k] for k in support]

    def minimise(self, support: list[int]) -> tuple[dict[int, int], int, int]:
        """The minimiser as parts of a total, by list, and its slope there times the total.

        An exact active set that begins with a claimed support.
        """
        now: dict[int, Fraction] | None = None
        while True:
            parts, total = self._on_support(support)
            if all(part > 0 for part in parts):
                worst, level = self._violation(support, parts, total)
                if worst is None:
                    return dict(zip(support, parts, strict=True)), total, level
                now = {k: Fraction(part, total) for k, part in zip(support, parts, strict=True)}
                support = sorted([*support, worst])
            elif now is None:
                support = [k for k, part in zip(support, parts, strict=True) if part > 0]
            else:
                target = {k: Fraction(part, total) for k, part in zip(support, parts, strict=True)}
                now = _step(now, target)
                support = sorted(now)

    def _on_support(self, support: list[int]) -> tuple[list[int], int]:
        """Zeros outside the support, signs free: M y = 1, M x = -b, w = x + y (1 - sum x) / sum y."""
        columns = self.columns(support)
        matrix = [[column[k] for k in support] for column in columns]
        y, _ = solve(matrix, [1] * len(support))
        x, scale = solve(matrix, [-self.linear[k] for k in support])
        sum_y, rest = sum(y), scale - sum(x)
        return [one * sum_y + rest * other for one, other in zip(x, y, strict=True)], scale * sum_y

    def _violation(self, support: list[int], parts: list[int], total: int) -> tuple[int | None, int]:
        """The list outside the support with the steepest descent, or None: then w is the minimiser (KKT); the slope."""
        slopes = [total * entry for entry in self.linear]
        for part, column in zip(parts, self.columns(support), strict=True):
            slopes = [slope + part * entry for slope, entry in zip(slopes, column, strict=True)]
        level = slopes[support[0]]
        assert all(slopes[k] == level for k in support), "an exact solution has one slope on its support"
        worst = min(range(len(slopes)), key=slopes.__getitem__)
        return (worst if slopes[worst] < level else None), level


def _step(now: dict[int, Fraction], target: dict[int, Fraction]) -> dict[int, Fraction]:
    """As far towards the target as no weight falls below 0; what reaches 0 is dropped."""
    zero = Fraction(0)
    share = min(now.get(k, zero) / (now.get(k, zero) - value) for k, value in target.items() if value <= 0)
    moved = {k: now.get(k, zero) + share * (value - now.get(k, zero)) for k, value in target.items()}
    return {k: value for k, value in moved.items() if value > 0}


def _missed(misses: Misses, parts: dict[int, int]) -> list[int]:
    """R w of each answer, times the total of the parts."""
    found = [0] * len(misses)
    for k, part in parts.items():
        found = [so_far + part * int(miss) for so_far, miss in zip(found, misses[:, k].tolist(), strict=True)]
    return found


def _outliers(missed: list[int], limit: int) -> tuple[int, ...]:
    return tuple((place if miss > 0 else -place) for place, miss in enumerate(missed, 1) if abs(miss) > limit)


def _huber(missed: list[int], limit: int) -> int:
    return sum(miss * miss if miss <= limit else 2 * limit * miss - limit * limit for miss in map(abs, missed))

"""How far a median answer is from falling: the fewest samples, added or changed, that make another answer the pick.

Works on distinct answers: `distances[i][j]` is D between answers i and j in units of 1/Q, `members[i]` the indices of
the samples that gave answer i, ascending. An answer without members is one that nobody gave, placed after all samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp

from oracle.mechanism.distance import Q

Ints = npt.NDArray[Any]

_SLACK = 1e-3
"""More than what rounding of distances (2 / Q a change) could take from an answer that lost all its samples."""


@dataclass(frozen=True)
class Standing:
    """Distinct answers with who gave them; `distances` is a symmetric integer matrix (int64) with a zero diagonal."""

    distances: Ints
    members: tuple[tuple[int, ...], ...]

    @cached_property
    def counts(self) -> Ints:
        """How many samples gave each answer."""
        return np.array([len(indices) for indices in self.members], dtype=np.int64)

    @cached_property
    def sums(self) -> Ints:
        """S of each answer: the sum of its distances to all samples."""
        return np.asarray(self.distances @ self.counts)

    @cached_property
    def firsts(self) -> tuple[int, ...]:
        """The first sample with each answer: the lower one wins a tie."""
        after = 1 + max((index for indices in self.members for index in indices), default=-1)
        return tuple(indices[0] if indices else after for indices in self.members)

    @cached_property
    def winner(self) -> int:
        """The answer with the least S among those given; tie -> seen first. ValueError if there is none."""
        given = [answer for answer, indices in enumerate(self.members) if indices]
        return min(given, key=lambda answer: (self.sums[answer], self.firsts[answer]))

    def rivals(self, answer: int) -> list[int]:
        """The other answers that somebody gave."""
        return [other for other, indices in enumerate(self.members) if indices and other != answer]

    def lead(self, one: int, other: int) -> int:
        """By how much S of `one` must fall, or that of `other` rise, until `one` is picked before `other`."""
        return int(self.sums[one] - self.sums[other]) + (self.firsts[one] > self.firsts[other])


def copies_bound(standing: Standing, answer: int) -> int | None:
    """k below which copies of `answer`, added to the m samples, cannot win: k/m >= (d_e - D_h) / d(h, e).

    From the pick alone (`verification.md` section 2). None if they never win: the two are at distance 0.
    """
    pick = standing.winner
    gap, apart = int(standing.sums[answer] - standing.sums[pick]), int(standing.distances[pick, answer])
    return _ceil(gap, apart) if gap > 0 else 0


def copies_to_win(standing: Standing, answer: int) -> int | None:
    """The fewest copies of `answer` that win when added after all samples, exactly; None if no number does.

    k copies leave S(e) as it is and add k D(i, e) to every other S(i).
    """
    needed = 0 if standing.members[answer] else 1
    for rival in standing.rivals(answer):
        lead = standing.lead(answer, rival)
        if lead > 0:
            copies = _ceil(lead, int(standing.distances[rival, answer]))
            if copies is None:
                return None
            needed = max(needed, copies)
    return needed


def copies_to_move(standing: Standing, answer: int) -> tuple[int, int] | None:
    """The fewest copies of `answer` that make the pick another one, and which; None if no number does.

    Copies of an extreme answer may drag the pick to one in between before they win themselves.
    """
    pick = standing.winner
    found: list[tuple[int, int, int]] = []
    for rival in {*standing.rivals(pick), answer} - {pick}:
        slope = int(standing.distances[pick, answer] - standing.distances[rival, answer])
        copies = _ceil(standing.lead(rival, pick), slope) if slope > 0 else None
        if copies is not None:
            at = int(standing.sums[rival]) + copies * int(standing.distances[rival, answer])
            found.append((copies, at, rival))
    if not found:
        return None
    fewest = min(copies for copies, _, _ in found)
    _, _, rival = min(
        (entry for entry in found if entry[0] == fewest), key=lambda entry: (entry[1], standing.firsts[entry[2]])
    )
    return fewest, rival


def changes(standing: Standing, answer: int) -> tuple[int, tuple[int, ...]]:
    """(bound, samples): no fewer than `bound` changed to `answer` make it the pick; these samples do, in this order.

    Two greedy searches against a bound by counting; where they do not meet, an integer program closes the gap (if it
    does not within its limit of nodes, the two numbers differ).
    """
    found = min((_search(standing, answer, remove=remove) for remove in (False, True)), key=len)
    bound = max(1, _counted_bound(standing, answer))
    if bound < len(found):
        least, chosen = _program(standing, answer)
        bound = max(bound, least)
        if len(chosen) < len(found) and changed_to(standing, chosen, answer).winner == answer:
            found = chosen
    return bound, found


def _counted_bound(standing: Standing, answer: int) -> int:
    """A number of samples below which no choice of them, changed to `answer`, makes it the pick.

    Changing a sample j moves S(i) - S(e) by D(e, j) - D(i, j) + D(i, e). With k changes every other answer i must
    either be overtaken by its k largest moves or lose all its samples; those that can only be lost need k of them.
    """
    gains = _gains(standing, answer)
    needs = []
    for rival in standing.rivals(answer):
        gap = int(standing.sums[answer] - standing.sums[rival])
        needs.append((_moves_needed(gains[rival], _movable(standing, answer), gap), int(standing.counts[rival])))
    most = sum(count for _, count in needs)
    return next(k for k in range(most + 1) if sum(count for moves, count in needs if moves > k) <= k)


def _program(standing: Standing, answer: int) -> tuple[int, tuple[int, ...]]:
    """The fewest changes by an integer program: (a bound below, the samples of its solution, or none).

    Minimise sum r_j, r_j of the samples with answer j changed, so that every other answer i is overtaken or lost:
    sum_j gain(i, j) r_j >= S(e) - S(i), unless y_i = 1 and r_i is all of i. In units of whole distances; tolerances
    and ties only weaken it, and a bound is rounded up only past a hundredth, so it never claims too much.
    """
    rivals, size = standing.rivals(answer), len(standing.members)
    counts = _movable(standing, answer)
    gaps = (standing.sums[answer] - standing.sums[rivals]) / Q
    overtaken = np.hstack([_gains(standing, answer)[rivals] / Q, np.diag(np.maximum(gaps, 0) + _SLACK)])
    lost = np.zeros((len(rivals), size + len(rivals)))
    for place, rival in enumerate(rivals):
        lost[place, [rival, size + place]] = 1, -counts[rival]
    solved = milp(
        np.repeat([1, 0], [size, len(rivals)]),
        constraints=[LinearConstraint(overtaken, gaps), LinearConstraint(lost, 0)],
        integrality=np.ones(size + len(rivals)),
        bounds=Bounds(0, np.concatenate([counts, np.ones(len(rivals))])),
        options={"node_limit": 20},
    )
    bound = 0 if solved.mip_dual_bound is None else math.ceil(solved.mip_dual_bound - 0.01)
    if solved.x is None:
        return bound, ()
    taken = (indices[: round(solved.x[at])] for at, indices in enumerate(standing.members) if at != answer)
    return bound, tuple(index for indices in taken for index in indices)


def _search(standing: Standing, answer: int, *, remove: bool) -> tuple[int, ...]:
    """Changes one sample after another until `answer` wins; all of them at worst.

    Each time the one whose change gains most against the answers still in front, no more than is missing; or, with
    `remove`, one of the leading answer itself.
    """
    gains = _gains(standing, answer)
    changed: list[int] = []
    while standing.winner != answer:
        ahead = [rival for rival in standing.rivals(answer) if standing.lead(answer, rival) > 0]
        if remove:
            source = standing.winner
        else:
            missing = np.array([standing.lead(answer, rival) for rival in ahead])[:, None]
            worth = np.minimum(gains[ahead], missing).sum(axis=0)
            source = max(standing.rivals(answer), key=lambda rival: (worth[rival], -standing.firsts[rival]))
        changed.append(standing.members[source][0])
        standing = changed_to(standing, [changed[-1]], answer)
    return tuple(changed)


def changed_to(standing: Standing, samples: Sequence[int], answer: int) -> Standing:
    """The standing after these samples gave `answer` instead of their own."""
    gone = set(samples)
    members = [tuple(index for index in indices if index not in gone) for indices in standing.members]
    members[answer] = tuple(sorted({*standing.members[answer], *gone}))
    return Standing(standing.distances, tuple(members))


def _gains(standing: Standing, answer: int) -> Ints:
    """[i, j]: by how much S(i) - S(answer) rises when a sample with answer j gives `answer` instead."""
    away = standing.distances[answer]
    return np.asarray(away[None, :] - standing.distances + away[:, None])


def _movable(standing: Standing, answer: int) -> Ints:
    counts = standing.counts.copy()
    counts[answer] = 0
    return counts


def _moves_needed(gains: Ints, counts: Ints, gap: int) -> int:
    """How many of the largest gains, each there `counts` times, add up to `gap`; more than there are if never."""
    if gap <= 0:
        return 0
    order = np.argsort(-gains, kind="stable")
    reached = np.cumsum(np.repeat(gains[order], counts[order])) >= gap
    return int(np.argmax(reached)) + 1 if reached.any() else len(reached) + 1


def _ceil(part: int, whole: int) -> int | None:
    """ceil(part / whole), None if whole is 0."""
    return -(-part // whole) if whole else None

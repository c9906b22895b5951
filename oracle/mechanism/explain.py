"""Why the median is what it is: equal and near answers together, what another would have needed, what poison could do.

Everything is exact and in integers, from the same distances as the selection (`verification.md` section 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from oracle.domain.action import Payload
from oracle.domain.errors import Refused
from oracle.domain.sample import DistanceRules, Sample
from oracle.mechanism import robustness
from oracle.mechanism.distance import Q, payload_tile
from oracle.mechanism.median import Selection, group, select
from oracle.mechanism.robustness import Ints, Standing

NEAR = Q // 8
"""Answers this near to a cluster's example belong to it: for amounts, three quarters or more are shared."""

STRONGEST = 5
"""How many single answers are looked at besides the best one of each other action."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Answers (by number) within NEAR of the first of them, its example, and all their samples."""

    answers: tuple[int, ...]
    samples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another answer, and what would make it the pick. `answer` is None for an action that no sample chose.

    `distance` is D to the pick, `margin` (S - S(pick)) / (mQ). Added copies: none win below `copies_bound`, exactly
    `copies` do (None: never); from `moving` copies on the pick changes, to answer `moved_to`. Changed samples: no
    fewer than `changes_bound`; `changes` is a set that was found to do it.
    """

    answer: int | None
    action: str
    distance: int
    margin: Fraction
    copies_bound: int | None
    copies: int | None
    moving: int | None
    moved_to: int | None
    changes_bound: int
    changes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The selection with its grounds.

    `payloads[i]` is the i-th distinct answer in the order first seen, `standing` who gave it and how far apart they
    are, `pick` the chosen answer. `clusters`: the pick's first, then by size. `second`: the best answer of another
    action. `alternatives`: the best of every other action, the strongest single answers, and an action nobody chose.
    `withstands`: as many added copies of any one answer, given by somebody or of a new action, leave the pick.
    """

    selection: Selection
    payloads: tuple[Payload, ...]
    standing: Standing
    pick: int
    clusters: tuple[Cluster, ...]
    second: Alternative
    alternatives: tuple[Alternative, ...]
    withstands: int


def explain(samples: Sequence[Sample], rules: DistanceRules, min_valid: int | None = None) -> Explanation:
    """Selects as `select` does and says why. Takes g^2 integers for g distinct answers: meant for hundreds.

    Raises Refused if no sample is valid, BadInput as `select` does.
    """
    selection = select(samples, rules, min_valid=min_valid)
    if selection.pick is None:
        raise Refused(f"there is no pick to explain: {selection.reason}")
    groups = list(group(samples).values())
    payloads = tuple(payload for indices in groups if (payload := samples[indices[0]].payload) is not None)
    standing = Standing(distances(payloads, rules), tuple(map(tuple, groups)))
    pick = standing.winner
    alternatives = _alternatives(payloads, standing)
    second = min(
        (one for one in alternatives if one.action != payloads[pick].action),
        key=lambda one: (one.margin, one.answer is None),
    )
    return Explanation(
        selection, payloads, standing, pick, _clusters(standing), second, alternatives, _withstands(standing)
    )


def distances(payloads: Sequence[Payload], rules: DistanceRules) -> Ints:
    """D between all pairs, an int64 matrix."""
    table = np.full((len(payloads), len(payloads)), Q, dtype=np.int64)
    for action in {payload.action for payload in payloads}:
        mine = [place for place, payload in enumerate(payloads) if payload.action == action]
        whole = slice(0, len(mine))
        block = payload_tile([payloads[place].fields for place in mine], rules[action])(whole, whole)
        table[np.ix_(mine, mine)] = block.astype(np.int64)
    return table


def matrix(found: Explanation) -> tuple[list[int], Ints]:
    """Samples in order of their clusters, and D between all of them in that order."""
    order = [index for cluster in found.clusters for index in cluster.samples]
    answer_of = {index: answer for answer, indices in enumerate(found.standing.members) for index in indices}
    places = [answer_of[index] for index in order]
    return order, found.standing.distances[np.ix_(places, places)]


def _clusters(standing: Standing) -> tuple[Cluster, ...]:
    """Leaders in turn - the pick, then the most frequent answers - take every free answer within NEAR."""
    rank = sorted(range(len(standing.members)), key=lambda at: (at != standing.winner, -standing.counts[at], at))
    free, made = dict.fromkeys(rank), []
    for leader in rank:
        if leader not in free:
            continue
        taken = [answer for answer in free if standing.distances[leader, answer] <= NEAR]
        for answer in taken:
            del free[answer]
        made.append(Cluster(tuple(taken), tuple(index for at in taken for index in standing.members[at])))
    return (made[0], *sorted(made[1:], key=lambda cluster: (-len(cluster.samples), cluster.samples[0])))


def _alternatives(payloads: Sequence[Payload], standing: Standing) -> tuple[Alternative, ...]:
    """What is looked at, in order of what it takes to win by added copies."""
    others = standing.rivals(standing.winner)
    by_sum = sorted(others, key=lambda answer: (standing.sums[answer], standing.firsts[answer]))
    best = {payloads[answer].action: answer for answer in reversed(by_sum)}
    best.pop(payloads[standing.winner].action, None)
    never = len(standing.members) + sum(map(len, standing.members)) * Q
    effort = {answer: _or(robustness.copies_to_win(standing, answer), never) for answer in others}
    strongest = sorted(others, key=lambda answer: (effort[answer], standing.firsts[answer]))[:STRONGEST]
    chosen = sorted({*best.values(), *strongest}, key=lambda answer: (effort[answer], standing.firsts[answer]))
    known = [_alternative(standing, answer, payloads[answer].action) for answer in chosen]
    outsider = _alternative(_with_outsider(standing), len(payloads), "an action nobody chose")
    return (*known, outsider)


def _withstands(standing: Standing) -> int:
    """One less than the fewest copies of any answer that move the pick."""
    wider = _with_outsider(standing)
    moves = (robustness.copies_to_move(wider, answer) for answer in range(len(wider.members)))
    return min(copies for copies, _ in filter(None, moves)) - 1


def _alternative(standing: Standing, answer: int, action: str) -> Alternative:
    pick, valid = standing.winner, int(standing.counts.sum())
    moving, moved_to = robustness.copies_to_move(standing, answer) or (None, None)
    bound, changes = robustness.changes(standing, answer)
    return Alternative(
        answer=answer if standing.members[answer] else None,
        action=action,
        distance=int(standing.distances[pick, answer]),
        margin=Fraction(int(standing.sums[answer] - standing.sums[pick]), valid * Q),
        copies_bound=robustness.copies_bound(standing, answer),
        copies=robustness.copies_to_win(standing, answer),
        moving=moving,
        moved_to=moved_to if moved_to is None or standing.members[moved_to] else None,
        changes_bound=bound,
        changes=changes,
    )


def _with_outsider(standing: Standing) -> Standing:
    """With one more answer, Q away from all, that nobody gave."""
    size = len(standing.members)
    wider = np.full((size + 1, size + 1), Q, dtype=np.int64)
    wider[:size, :size] = standing.distances
    wider[size, size] = 0
    return Standing(wider, (*standing.members, ()))


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value

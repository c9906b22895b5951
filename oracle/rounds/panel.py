"""Lists and answers brought together from files: the fit, the mix of whole lists, and what to ask next."""

import csv
import math
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput
from oracle.mechanism import judgement, simplex_fit
from oracle.mechanism.log_units import UNIT, log_units
from oracle.mechanism.mix import Mix
from oracle.rounds import lists
from oracle.rounds.kind import Progress, silent

Sources = Mapping[str, Path]
HOUSE = "house"
_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class Panel:
    """K lists at the asked items, in order of commitment, and the jury's answers about them."""

    names: tuple[str, ...]
    logs: npt.NDArray[np.int64]
    jury: lists.Jury
    warnings: tuple[str, ...]

    @property
    def misses(self) -> npt.NDArray[np.int64]:
        """(J, K) in units of 2^-32 nats."""
        return judgement.misses(self.logs, self.jury.answers)


@dataclass(frozen=True, slots=True)
class Found:
    """A fit: exact weights (or floats as fractions), losses in nats^2, and the relative gap (0 if it is exact)."""

    weights: dict[str, Fraction]
    score: float
    scores: dict[str, float]
    gap: float
    exact: bool


def read(
    sources: Sources, answers: Path, *, items: Path | None = None, house: bool = False, progress: Progress = silent
) -> Panel:
    """Read everything; lists need the asked items, or with `items` exactly those. Raises BadInput by row."""
    groups = lists.read_items(items) if items else None
    jury = lists.read_answers(answers, groups=groups)
    index = {item: place for place, item in enumerate(groups)} if groups else lists.asked_index(jury)
    asked = np.array([index[item] for item in jury.answers.items], dtype=np.int64)
    weights, counts = [], {}
    for done, (name, path) in enumerate(sources.items()):
        progress("reading lists", done, len(sources))
        found = lists.read_list(path, index, complete=groups is not None)
        if wrong := lists.missing(jury, found.weights[asked], name):
            raise wrong
        weights.append(found.weights[asked])
        counts[name] = found.count
    return _panel(sources, lists.logs(weights), counts, jury, house)


def _panel(
    sources: Sources, logs: npt.NDArray[np.int64], counts: Mapping[str, int], jury: lists.Jury, house: bool
) -> Panel:
    names = list(sources)
    if house:
        if HOUSE in names:
            raise BadInput(f"a list is called {HOUSE!r} already", hint="Call it otherwise, or leave out --house.")
        names, logs = [*names, HOUSE], np.vstack([logs, np.zeros(logs.shape[1], dtype=np.int64)])
    return Panel(tuple(names), logs, jury, tuple(_warnings(counts, logs, jury)))


def _warnings(counts: Mapping[str, int], logs: npt.NDArray[np.int64], jury: lists.Jury) -> list[str]:
    found = []
    answers = len(jury.answers)
    if 10 * len(logs) > answers:
        found.append(
            f"{len(logs)} list{'s' * (len(logs) > 1)} for {answers} answers: ask at least 10 answers for each list"
        )
    if len(set(counts.values())) > 1:
        least, most = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
        found.append(f"the lists differ in length: {least} has {counts[least]} items, {most} has {counts[most]}")
    if all(np.ptp(row) for row in logs):
        found.append("no list of equal weights takes part: add one with --house, against overfitting")
    return found


def fit(panel: Panel, delta: Fraction | None = None, *, exactly: bool = True) -> Found:
    """The best mix; `delta` in nats makes the loss Huber's; not `exactly` leaves out the proof. BadInput, Refused."""
    units = None if delta is None else int(delta * UNIT)
    missed = panel.misses
    alone = dict(zip(panel.names, map(float, simplex_fit.scores(missed, units)), strict=True))
    if exactly:
        best = simplex_fit.fit(missed, units)
        return Found(dict(zip(panel.names, best.weights, strict=True)), float(best.score), alone, 0.0, True)
    near = simplex_fit.guess(missed, units)
    weights = dict(zip(panel.names, map(Fraction, near.weights.tolist()), strict=True))
    return Found(weights, near.score, alone, near.gap, False)


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole lists over the same items, as logarithms (n,) each in units of 2^-32 nats."""

    index: Mapping[str, int]
    """item -> place"""
    items: tuple[str, ...]
    groups: tuple[npt.NDArray[np.int64], ...]
    logs: dict[str, npt.NDArray[np.int64]]

    def group_of(self) -> dict[str, str]:
        """item -> its group, by number."""
        return {self.items[place]: str(k) for k, group in enumerate(self.groups) for place in group}


def read_whole(sources: Sources, items: Path | None = None, progress: Progress = silent) -> Whole:
    """All lists whole; the items are those of `items`, or of the first list. Raises BadInput by row."""
    logs, rest = {}, dict(sources)
    if items is None:
        name, path = next(iter(sources.items()))
        progress("reading lists", 0, len(sources))
        index, weights = lists.read_first(path)
        logs[name] = log_units(weights)
        del rest[name]
        groups: tuple[npt.NDArray[np.int64], ...] = (np.arange(len(index), dtype=np.int64),)
    else:
        known = lists.read_items(items)
        index = {item: place for place, item in enumerate(known)}
        groups = _groups(known)
    for name, path in rest.items():
        progress("reading lists", len(logs), len(sources))
        logs[name] = log_units(lists.read_list(path, index, complete=True).weights)
    return Whole(index, tuple(index), groups, logs)


def _groups(known: Mapping[str, str]) -> tuple[npt.NDArray[np.int64], ...]:
    """The places of the items of each group."""
    places: dict[str, list[int]] = {}
    for place, group in enumerate(known.values()):
        places.setdefault(group, []).append(place)
    return tuple(np.array(group, dtype=np.int64) for group in places.values())


def panel_of(whole: Whole, answers: Path, sources: Sources, items: Path | None, house: bool) -> Panel:
    """The lists at the asked items only. Raises BadInput by row."""
    jury = lists.read_answers(answers, groups=lists.read_items(items) if items else None)
    places = np.array([whole.index.get(item, -1) for item in jury.answers.items])
    if (places < 0).any():
        absent = np.where(places < 0, np.nan, 1.0)
        wrong = lists.missing(jury, absent, next(iter(sources)))
        assert wrong is not None
        raise wrong
    return _panel(sources, np.stack([whole.logs[name][places] for name in sources]), {}, jury, house)


def write_mix(whole: Whole, weights: Mapping[str, Fraction], out: Path) -> None:
    """The combined list as `item,weight`, each group summing to 1; the same bytes on any machine. Raises BadInput."""
    mix = Mix(len(whole.items))
    for name, logs in whole.logs.items():
        if weights[name]:
            mix.add(logs, weights[name])
    shares = mix.shares(whole.groups)
    beside = out.with_name(out.name + ".part")
    try:
        with beside.open("w", newline="", encoding="utf-8") as file:
            file.write("item,weight\n")
            for first in range(0, len(whole.items), _ROWS):
                items, values = whole.items[first : first + _ROWS], shares[first : first + _ROWS].tolist()
                if any(mark in "".join(items) for mark in ',"'):
                    csv.writer(file, lineterminator="\n").writerows(zip(items, map(repr, values), strict=True))
                else:
                    file.write("".join([f"{item},{value!r}\n" for item, value in zip(items, values, strict=True)]))
        os.replace(beside, out)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadInput(f"cannot write {out}: {error.strerror}", hint="Name another file.") from None


@dataclass(frozen=True, slots=True)
class Question:
    """A pair to ask the jury about, and why: flagged by somebody, or drawn."""

    a: str
    b: str
    stratum: Literal["flagged", "drawn"]
    disagreement: float


def questions(
    whole: Whole, count: int, *, by: str, seed: int, flagged: Sequence[tuple[str, str]] = ()
) -> list[Question]:
    """`count` pairs without repetition; flagged ones first, the others drawn by a seeded generator.

    by "disagreement": in proportion to the variance of ln(x_b / x_a) over the lists, with 10 % uniform mass, so that no
    pair is beyond asking; by "uniform": all alike. Raises BadInput if there are not so many pairs.
    """
    index = whole.index
    logs = np.stack(list(whole.logs.values())) / float(UNIT)
    rng = random.Random(seed)
    first, second = _candidates(whole.groups, 200 * count, rng)
    asked = {tuple(sorted((index[a], index[b]))) for a, b in flagged}
    fresh = np.array([(a, b) not in asked for a, b in zip(first.tolist(), second.tolist(), strict=True)], dtype=bool)
    first, second = first[fresh], second[fresh]
    spread = judgement.disagreement(logs, first, second)
    wanted = count - len(flagged)
    if wanted > len(first):
        raise BadInput(
            f"there are only {len(first) + len(flagged)} pairs", hint=f"Ask at most so many with -n, not {count}."
        )
    chance = np.full(len(first), 1.0 / max(len(first), 1))
    if by == "disagreement" and spread.sum() > 0:
        chance = 0.9 * spread / spread.sum() + 0.1 * chance
    keys = [-math.log(1 - rng.random()) / share for share in chance.tolist()]
    drawn = sorted(range(len(keys)), key=keys.__getitem__)[: max(wanted, 0)]
    ends = np.array([(index[a], index[b]) for a, b in flagged], dtype=np.int64).reshape(-1, 2).T
    given = judgement.disagreement(logs, ends[0], ends[1])
    found = [Question(a, b, "flagged", float(value)) for (a, b), value in zip(flagged, given, strict=True)]
    items = whole.items
    return found + [Question(items[first[k]], items[second[k]], "drawn", float(spread[k])) for k in drawn]


def _candidates(
    groups: Sequence[npt.NDArray[np.int64]], most: int, rng: random.Random
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All pairs within groups, or where they are more than `most`, so many different ones drawn evenly."""
    sizes = [len(group) for group in groups]
    pairs = [size * (size - 1) // 2 for size in sizes]
    if sum(pairs) <= max(most, 200_000):
        found = [group[np.array(np.triu_indices(len(group), 1))] for group in groups]
        first, second = np.concatenate(found, axis=1)
        return first, second
    chosen: set[tuple[int, int]] = set()
    ends = np.cumsum(pairs)
    while len(chosen) < most:
        group = groups[int(np.searchsorted(ends, rng.randrange(int(ends[-1])), side="right"))]
        a, b = rng.randrange(len(group)), rng.randrange(len(group))
        if a != b:
            chosen.add((int(group[min(a, b)]), int(group[max(a, b)])))
    first, second = np.array(sorted(chosen)).T
    return first, second

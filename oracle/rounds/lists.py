"""The files of distilled judgement: items with their groups, lists of weights, and the jury's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput
from oracle.mechanism.flags import Flag
from oracle.mechanism.judgement import Answers
from oracle.mechanism.log_units import log_units
from oracle.rounds.cells import BadCell, Column, Kind
from oracle.rounds.parse import Mistakes, read_batches, read_rows

Floats = npt.NDArray[np.float64]

ITEM = Column("item", aliases=("repo",), unique=True)
LIST = (ITEM, Column("weight", Kind.FLOAT, above=0))
ONCE = (replace(ITEM, unique=False), LIST[1])
ITEMS = (ITEM, Column("group", default="all"))
ANSWERS = (
    Column("a", aliases=("repo_a",)),
    Column("b", aliases=("repo_b",)),
    Column("better", aliases=("choice",), choices=("a", "b", "1", "2")),
    Column("times", Kind.FLOAT, aliases=("multiplier",), least=1),
    Column("juror", default="-"),
)
FLAGS = (*ANSWERS[:3], Column("flagger"))
PAIRS = (Column("a", aliases=("repo_a",)), Column("b", aliases=("repo_b",)))


@dataclass(frozen=True, slots=True)
class Jury:
    """The answers, who gave each ("-" where the file does not say), and in which row each stands."""

    answers: Answers
    jurors: tuple[str, ...]
    rows: tuple[int, ...]
    file: str


@dataclass(frozen=True, slots=True)
class ReadList:
    """One list: its weights at the places of an index (NaN where it has none), and how many items it has in all."""

    weights: Floats
    count: int


@dataclass(slots=True)
class _Told:
    """Mistakes are gathered, or the first is raised."""

    mistakes: Mistakes

    def __call__(self, mistake: BadCell) -> None:
        if self.mistakes is None:
            raise mistake
        self.mistakes.append(mistake)


def read_items(path: Path, *, name: str = "", mistakes: Mistakes = None) -> dict[str, str]:
    """item -> group ("all" for a file without groups), in the file's order. Raises BadInput."""
    found: dict[str, str] = {}
    for batch in read_batches(path, ITEMS, name=name, mistakes=mistakes):
        found.update(zip(batch.columns["item"], batch.columns["group"], strict=True))
    if not found:
        raise BadInput(f"{name or path} has no items", hint="Add rows.")
    return found


def read_first(path: Path) -> tuple[dict[str, int], Floats]:
    """A list that says which items there are: item -> place, and the weights in that order. Raises BadInput."""
    found, weights = list[str](), list[Floats]()
    for batch in read_batches(path, ONCE):
        found.extend(batch.columns["item"])
        weights.append(np.array(batch.columns["weight"]))
    if not found:
        raise BadInput(f"{path} has no items", hint="Add rows.")
    index = {item: place for place, item in enumerate(found)}
    if len(index) < len(found):
        for _ in read_batches(path, LIST):  # names the row that stands twice
            pass
    return index, np.concatenate(weights)


def read_answers(
    path: Path, *, groups: Mapping[str, str] | None = None, name: str = "", mistakes: Mistakes = None
) -> Jury:
    """Comparisons `a,b,better,times` or `repo_a,repo_b,choice,multiplier`; other columns are ignored.

    With `groups`, items that have none and comparisons between two are refused. Raises BadInput.
    """
    name, told = name or str(path), _Told(mistakes)
    rows, asked, pairs, signs, times, jurors = [], dict[str, int](), [], [], [], []
    for row in read_rows(path, ANSWERS, extra=True, name=name, mistakes=mistakes):
        a, b, better, ratio, juror = row.values
        if wrong := _wrong_pair(name, row.number, a, b, groups):
            told(wrong)
            continue
        pairs.append((asked.setdefault(a, len(asked)), asked.setdefault(b, len(asked))))
        signs.append(1 if better in ("b", "2") else -1)
        times.append(ratio)
        jurors.append(juror)
        rows.append(row.number)
    if not rows:
        raise BadInput(f"{name} has no answers", hint="Add rows.")
    first, second = np.array(pairs, dtype=np.int64).T
    ratio = log_units(times) * np.array(signs, dtype=np.int64)
    return Jury(Answers(tuple(asked), first, second, ratio), tuple(jurors), tuple(rows), name)


def _wrong_pair(name: str, row: int, a: str, b: str, groups: Mapping[str, str] | None) -> BadCell | None:
    if a == b:
        return BadCell(name, row, "is compared with itself", column="b", value=b, hint="Compare two items.")
    if groups is None:
        return None
    for column, item in (("a", a), ("b", b)):
        if item not in groups:
            return BadCell(name, row, "is not among the items", column=column, value=item, hint="Mend its name.")
    if groups[a] != groups[b]:
        why = f"is of group {groups[b]!r}, {a!r} is of group {groups[a]!r}"
        return BadCell(name, row, why, column="b", value=b, hint="Compare items of one group: shares are per group.")
    return None


def read_pairs(path: Path, groups: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Pairs `a,b` to ask about; other columns are ignored. Raises BadInput."""
    found = []
    for row in read_rows(path, PAIRS, extra=True):
        if wrong := _wrong_pair(str(path), row.number, row.values[0], row.values[1], groups):
            raise wrong
        found.append((row.values[0], row.values[1]))
    return found


def read_flags(path: Path) -> list[Flag]:
    """Flags `a,b,better,flagger` in order of flagging; other columns are ignored. Raises BadInput."""
    found = []
    for row in read_rows(path, FLAGS, extra=True):
        a, b, better, flagger = row.values
        if wrong := _wrong_pair(str(path), row.number, a, b, None):
            raise wrong
        found.append(Flag(flagger, a, b, "b" if better in ("b", "2") else "a"))
    return found


def verdicts(answers: Answers) -> dict[tuple[str, str], list[int]]:
    """ln(x_b / x_a) in units of 2^-32 nats that the jury gave each pair (a, b)."""
    found: dict[tuple[str, str], list[int]] = {}
    for a, b, ratio in zip(answers.first, answers.second, answers.ratio.tolist(), strict=True):
        found.setdefault((answers.items[a], answers.items[b]), []).append(ratio)
    return found


def read_list(
    path: Path, index: Mapping[str, int], *, complete: bool = False, name: str = "", mistakes: Mistakes = None
) -> ReadList:
    """A list `item,weight` at the places that `index` gives its items.

    `complete` refuses items that are not in the index, by row, and a list that lacks one, by item. Raises BadInput.
    """
    name, told = name or str(path), _Told(mistakes)
    weights, count, strange = np.full(len(index), np.nan), 0, 0
    order = list(index)
    # With a whole index a duplicate shows in the count: no second memory of all items is needed.
    for batch in read_batches(path, ONCE if complete else LIST, name=name, mistakes=mistakes):
        items, values = batch.columns["item"], batch.columns["weight"]
        count += len(items)
        if order[count - len(items) : count] == items:  # in the same order: nothing to look up
            weights[count - len(items) : count] = values
            continue
        places = list(map(index.get, items))
        if None in places:
            if complete and not strange:
                row = places.index(None)
                why, hint = "is not among the items", "Leave it out, or mend its name."
                told(BadCell(name, batch.row + row, why, column="item", value=items[row], hint=hint))
            strange += places.count(None)
            kept = [(place, value) for place, value in zip(places, values, strict=True) if place is not None]
            places, values = [place for place, _ in kept], [value for _, value in kept]
        weights[np.array(places, dtype=np.int64)] = values
    absent = np.flatnonzero(np.isnan(weights))
    if complete and count - strange > len(index) - absent.size:
        for _ in read_batches(path, LIST, name=name, mistakes=mistakes):
            pass
    if complete and absent.size:
        more = f" (and {absent.size - 1} more)" if absent.size > 1 else ""
        told(BadCell(name, 1 + count, f"the list ends without {order[absent[0]]!r}{more}", hint="Add it."))
    return ReadList(weights, count)


def missing(jury: Jury, weights: Floats, name: str) -> BadCell | None:
    """The first answer about an item that a list (its weights at the asked items) does not have."""
    absent = np.isnan(weights)
    if not absent.any():
        return None
    answers = jury.answers
    for column, places in (("a", answers.first), ("b", answers.second)):
        for row in np.flatnonzero(absent[places]):
            item = answers.items[places[row]]
            why = f"is not in list {name}"
            return BadCell(jury.file, jury.rows[row], why, column=column, value=item, hint="Add it to that list.")
    return None


def asked_index(jury: Jury) -> dict[str, int]:
    """item -> place among the asked items."""
    return {item: place for place, item in enumerate(jury.answers.items)}


def logs(lists: Sequence[Floats]) -> npt.NDArray[np.int64]:
    """Logarithms (K, items) in units of 2^-32 nats of weights that are all there."""
    return np.stack([log_units(weights) for weights in lists])

"""The tables of a credit round: edges with accounts, lists of edge weights, and jurors' comparisons of siblings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput
from oracle.mechanism.judgement import Answers
from oracle.mechanism.log_units import log_units
from oracle.rounds.cells import BadCell, Column, Kind
from oracle.rounds.folder import ACCOUNT
from oracle.rounds.parse import read_rows

Edge = tuple[str, str]
NOBODY = "0x" + "00" * 20
"""Nodes without an account of their own: nobody can claim what is theirs, so it stays in escrow."""

_EDGE = (Column("parent"), Column("dependency"))
_ITEMS = (*_EDGE, Column("account", default="-"))
_LIST = (*_EDGE, Column("weight", Kind.FLOAT, above=0))
_ANSWERS = (
    Column("parent"),
    Column("a"),
    Column("b"),
    Column("better", choices=("a", "b")),
    Column("times", Kind.FLOAT, least=1),
    Column("juror", default="-"),
)


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges of a round by their place, in lower case, and the account of each node that has one."""

    places: Mapping[Edge, int]
    accounts: Mapping[str, str]


def read_edges(path: Path, mistakes: list[BadInput]) -> Edges:
    """`items.csv`: parent,dependency[,account]; account is the dependency's, "-" or none if it has none."""
    places: dict[Edge, int] = {}
    accounts: dict[str, str] = {}
    for row in read_rows(path, _ITEMS, name=path.name, mistakes=mistakes):
        parent, dependency, account = row.values[0].lower(), row.values[1].lower(), row.values[2].lower()
        if parent == dependency:
            mistakes.append(_bad(path.name, row.number, "dependency", dependency, "depends on itself", "Leave it out."))
        elif (parent, dependency) in places:
            mistakes.append(_bad(path.name, row.number, "dependency", dependency, "stands twice", "Leave one out."))
        elif account != "-" and not ACCOUNT.fullmatch(account):
            mistakes.append(_bad(path.name, row.number, "account", account, "is no address", "Write 0x and 40 digits."))
        elif account != "-" and accounts.setdefault(dependency, account) != account:
            why = f"is not the account {accounts[dependency]} that {dependency!r} has above"
            mistakes.append(_bad(path.name, row.number, "account", account, why, "Give a node one account."))
        else:
            places[parent, dependency] = len(places)
    if not places and not mistakes:
        mistakes.append(BadInput(f"{path.name} has no edges", hint="Add rows parent,dependency."))
    return Edges(places, accounts)


def read_list(path: Path, name: str, edges: Edges, mistakes: list[BadInput]) -> npt.NDArray[np.float64]:
    """A list parent,dependency,weight at the places of all edges; a missing, strange or second one is a mistake."""
    weights = np.full(len(edges.places), np.nan)
    last = 1
    for row in read_rows(path, _LIST, name=name, mistakes=mistakes):
        last = row.number
        parent, dependency, weight = row.values
        place = edges.places.get((parent.lower(), dependency.lower()))
        if place is None:
            mistakes.append(
                _bad(
                    name, last, "dependency", dependency, f"is no dependency of {parent!r}", "Leave it out, or mend it."
                )
            )
        elif not np.isnan(weights[place]):
            mistakes.append(
                _bad(name, last, "dependency", dependency, "stands twice", "Leave one of the two rows out.")
            )
        else:
            weights[place] = weight
    absent = [edge for edge, place in edges.places.items() if np.isnan(weights[place])]
    if absent:
        more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
        why = f"the list ends without {absent[0][0]} -> {absent[0][1]}{more}"
        mistakes.append(BadCell(name, last + 1, why, hint="Add it."))
    return weights


def read_answers(path: Path, edges: Edges, mistakes: list[BadInput]) -> Answers:
    """`answers.csv`: parent,a,b,better,times[,juror] - which of two dependencies deserves more, and how many times.

    The items of the answers are edges, written "parent -> dependency".
    """
    asked: dict[Edge, int] = {}
    pairs, signs, times = [], [], []
    for row in read_rows(path, _ANSWERS, name=path.name, mistakes=mistakes):
        parent, a, b, better, ratio, _ = row.values
        both = [(parent.lower(), name.lower()) for name in (a, b)]
        if both[0] == both[1]:
            mistakes.append(_bad(path.name, row.number, "b", b, "is compared with itself", "Compare two."))
            continue
        strange = next((place for place, edge in enumerate(both) if edge not in edges.places), None)
        if strange is not None:
            why = f"is no dependency of {parent!r}"
            mistakes.append(_bad(path.name, row.number, "ab"[strange], (a, b)[strange], why, "Compare siblings."))
            continue
        pairs.append([asked.setdefault(edge, len(asked)) for edge in both])
        signs.append(1 if better == "b" else -1)
        times.append(ratio)
    if not pairs:
        raise BadInput(f"{path.name} has no answers", hint="Add rows.")
    first, second = np.array(pairs, dtype=np.int64).T
    ratio = log_units(times) * np.array(signs, dtype=np.int64)
    return Answers(tuple(" -> ".join(edge) for edge in asked), first, second, ratio)


def _bad(file: str, row: int, column: str, value: str, why: str, hint: str) -> BadCell:
    return BadCell(file, row, why, column=column, value=value, hint=hint)

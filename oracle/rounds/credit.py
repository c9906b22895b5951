"""Rounds of deep funding: lists of edge weights compete to match a jury, their mix carries credit through a graph."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism.canonical import Json
from oracle.mechanism.credit import propagate
from oracle.mechanism.credit_graph import Graph, build
from oracle.mechanism.judgement import Answers
from oracle.mechanism.log_units import log_units
from oracle.mechanism.mix import Mix
from oracle.rounds import credit_tables as tables
from oracle.rounds import judgement
from oracle.rounds.cells import exact
from oracle.rounds.folder import Folder
from oracle.rounds.kind import Outcome, Tools
from oracle.rounds.lists import Jury

WEIGHT = 10**18
"""Posted weights, and posted shares of nodes, sum to this."""


class CreditRule(judgement.JudgementRule):
    """How lists are admitted and fitted (as in a judgement round), and how credit flows."""

    self_share: str = "0.5"
    """What a node with dependencies keeps, 0 to 1."""
    self_shares: dict[str, str] = Field(default_factory=dict)
    """Nodes that keep another share."""
    seeds: dict[str, str] = Field(default_factory=dict)
    """Node -> weight of the credit that enters there; if empty, all enters at the only node that nobody depends on."""
    submitters: str = "0.1"
    """Share of the prize for those whose lists match the jury; the nodes share the rest."""

    @field_validator("self_share", "submitters")
    @classmethod
    def _share(cls, text: str) -> str:
        if not 0 <= exact(text) <= 1:
            raise ValueError("must be between 0 and 1")
        return text

    @field_validator("self_shares", "seeds")
    @classmethod
    def _decimals(cls, values: dict[str, str]) -> dict[str, str]:
        if any(exact(text) < 0 for text in values.values()):
            raise ValueError("must be 0 or above")
        return values


@dataclass(frozen=True, slots=True)
class Inputs:
    """Edges, and lists (earliest first) with their weights at all edges and their logarithms at the asked ones."""

    edges: tables.Edges
    seeds: Mapping[str, float]
    weights: npt.NDArray[np.float64]
    judged: judgement.Inputs


class Credit(judgement.Judgement):
    """`lists/<address>.csv` (parent,dependency,weight) against `answers.csv` about the edges of `items.csv`."""

    name = "credit"
    about = "lists of edge weights compete to match a jury; credit flows through the graph along their mix"
    rule = CreditRule

    def skeleton(self) -> Mapping[str, str]:
        """A wallet with two libraries that share a third, two lists, a small jury."""
        account = {name: "0x" + digit * 40 for name, digit in (("lib/keys", "a"), ("lib/net", "b"), ("lib/math", "c"))}
        edges = {
            ("app/wallet", "lib/keys"): (50, 40),
            ("app/wallet", "lib/net"): (30, 40),
            ("app/wallet", "lib/log"): (20, 20),
            ("lib/keys", "lib/math"): (80, 60),
            ("lib/keys", "lib/log"): (20, 40),
            ("lib/net", "lib/math"): (10, 30),
            ("lib/net", "lib/log"): (90, 70),
        }
        items = [f"{a},{b},{account.get(b, '-')}" for a, b in edges]
        lists = {
            f"lists/{'0x' + digit * 40}.csv": _rows(
                "parent,dependency,weight", [f"{a},{b},{weights[place]}" for (a, b), weights in edges.items()]
            )
            for place, digit in enumerate("12")
        }
        answers = [
            f"app/wallet,{a},{b},a,{times},{juror}"
            for juror, times in (("ada", "1.5"), ("ben", "1.7"), ("cy", "2"))
            for a, b in (("lib/keys", "lib/net"), ("lib/net", "lib/log"), ("lib/keys", "lib/log"))
        ]
        answers += [f"lib/keys,lib/math,lib/log,a,{times},{juror}" for juror, times in (("ada", "3"), ("ben", "4"))]
        answers += [f"lib/net,lib/math,lib/log,b,{times},{juror}" for juror, times in (("ada", "8"), ("ben", "5"))]
        return {
            "items.csv": _rows("parent,dependency,account", items),
            **lists,
            "answers.csv": _rows("parent,a,b,better,times,juror", answers * 2),
        }

    def parse(self, folder: Folder, rule: Any, mistakes: list[BadInput]) -> Any:
        """All files and the graph; None where there are mistakes."""
        edges = tables.read_edges(folder.file("items.csv"), mistakes)
        if mistakes:
            return None
        answers = tables.read_answers(folder.file("answers.csv"), edges, mistakes)
        files = folder.accounts("lists")
        read = {account: tables.read_list(folder.file(name), name, edges, mistakes) for account, name in files.items()}
        if not files:
            mistakes.append(BadInput("there is no list", hint="Add lists/ADDRESS.csv: parent,dependency,weight."))
        order = judgement.order_of(tuple(files), rule.commitments, mistakes)
        if mistakes:
            return None
        seeds = _seeds(edges, rule)
        weights = np.stack([read[account] for account in order])
        _graph(edges, weights[0], seeds, rule)  # cycles and strange names show before anybody solves
        asked = _asked(edges, answers)
        logs = np.stack([log_units(row[asked]) for row in weights])
        jury = Jury(answers, (), (), "answers.csv")
        return Inputs(edges, seeds, weights, judgement.Inputs(order, logs, jury))

    def solve(self, inputs: Any, rule: Any, tools: Tools) -> Outcome:
        """Fit, mix, flow."""
        return _with_credit(inputs, rule, super().solve(inputs.judged, rule, tools), tools)

    def confirm(self, inputs: Any, rule: Any, claimed: Mapping[str, Json], tools: Tools) -> Outcome:
        """As `solve`, with the posted support and outliers instead of floats."""
        return _with_credit(inputs, rule, super().confirm(inputs.judged, rule, claimed, tools), tools)


def _asked(edges: tables.Edges, answers: Answers) -> npt.NDArray[np.int64]:
    places = {" -> ".join(edge): place for edge, place in edges.places.items()}
    return np.array([places[name] for name in answers.items], dtype=np.int64)


def _seeds(edges: tables.Edges, rule: CreditRule) -> Mapping[str, float]:
    if rule.seeds:
        return {name: float(exact(text)) for name, text in rule.seeds.items()}
    tops = sorted({parent for parent, _ in edges.places} - {dependency for _, dependency in edges.places})
    if len(tops) != 1:
        told = "every node is a dependency" if not tops else f"nobody depends on {', '.join(tops[:3])}"
        raise BadInput(
            f"round.json: rule: seeds: it is not clear where credit enters: {told}", hint="Name seeds with weights."
        )
    return {tops[0]: 1.0}


def _graph(
    edges: tables.Edges, weights: npt.NDArray[np.float64], seeds: Mapping[str, float], rule: CreditRule
) -> Graph:
    parents, dependencies = zip(*edges.places, strict=True)
    return build(
        parents,
        dependencies,
        weights.tolist(),
        seeds,
        self_share=float(exact(rule.self_share)),
        self_shares={name: float(exact(text)) for name, text in rule.self_shares.items()},
    )


def _with_credit(inputs: Inputs, rule: CreditRule, fitted: Outcome, tools: Tools) -> Outcome:
    """The fit's outcome with the shares of the nodes; submitters get their part, nodes the rest."""
    weights = fitted.result["weights"]
    assert isinstance(weights, dict)
    mix = Mix(len(inputs.edges.places))
    for account, row in zip(inputs.judged.accounts, inputs.weights, strict=True):
        if weight := weights.get(account):
            mix.add(log_units(row), Fraction(int(str(weight)), WEIGHT))
    groups: dict[str, list[int]] = {}
    for (parent, _), place in inputs.edges.places.items():
        groups.setdefault(parent, []).append(place)
    mixed = mix.shares([np.array(places, dtype=np.int64) for places in groups.values()])
    tools.progress("following the credit", 0, 1)
    credit = propagate(_graph(inputs.edges, mixed, inputs.seeds, rule))
    tools.progress("following the credit", 1, 1)
    posted = credit.amounts(WEIGHT)
    nodes: dict[str, Json] = {node: share for node, share in posted.items() if share}
    result: dict[str, Json] = {**fitted.result, "credit": nodes}
    return Outcome(result, _shares(posted, inputs.edges, fitted.shares, exact(rule.submitters)))


def _shares(
    posted: Mapping[str, int], edges: tables.Edges, submitters: Mapping[str, int | Fraction], part: Fraction
) -> dict[str, int | Fraction]:
    """Who is paid: `part` by weight of the lists, the rest by node; nodes without an account count as nobody's."""
    total = sum(submitters.values())
    if not total:
        raise Refused("no list has a weight", hint="Relax the gate.")
    shares: dict[str, int | Fraction] = {account: part * share / total for account, share in submitters.items()}
    for node, share in posted.items():
        account = edges.accounts.get(node, tables.NOBODY)
        shares[account] = shares.get(account, 0) + (1 - part) * Fraction(share, WEIGHT)
    return {account: share for account, share in shares.items() if share}


def _rows(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"

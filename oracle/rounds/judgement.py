"""Rounds of distilled judgement: lists compete to match a jury; the prize is split by their weights in the best mix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from eth_hash.auto import keccak
from pydantic import Field, field_validator

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import judgement, simplex_fit
from oracle.mechanism.canonical import Json
from oracle.mechanism.log_units import UNIT
from oracle.mechanism.payouts import largest_remainder
from oracle.rounds import lists
from oracle.rounds.cells import exact
from oracle.rounds.folder import Folder
from oracle.rounds.kind import Kind, Outcome, Rule, Tools

HOUSE = "0x" + "00" * 20
WEIGHT = 10**18
"""Posted weights sum to this."""

Account = Annotated[str, Field(pattern=r"^0x[0-9a-f]{40}$")]


class JudgementRule(Rule):
    """How lists are admitted and fitted."""

    loss: Literal["square", "huber"] = "square"
    delta: str = "1"
    """Huber: misses beyond this many nats count in proportion, not squared."""
    tau: str = "0.1"
    """Lists within this many nats (root mean square over the answers) are copies of the earliest; 0 for none."""
    gate: str = "0.1"
    """Share of the squared error that a list must explain on each half of the answers; 0 lets all in."""
    answers_per_list: Annotated[int, Field(ge=0, le=10**6)] = 10
    """At most one list for so many answers, by order of commitment; 0 for no cap."""
    house: bool = True
    """Whether a list of equal weights takes part: what it earns is nobody's merit."""
    house_account: Account = HOUSE
    """Who gets the share of the house; nobody can claim that of the zero account, so it stays in escrow."""
    commitments: list[Account] = Field(default_factory=list)
    """Accounts by order of commitment, earliest first; by address if empty."""

    @field_validator("delta", "tau", "gate")
    @classmethod
    def _decimal(cls, text: str) -> str:
        if exact(text) < 0:
            raise ValueError("must be 0 or above")
        return text


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a judgement round is solved from: K lists, earliest first, at the asked items."""

    accounts: tuple[str, ...]
    logs: npt.NDArray[np.int64]
    jury: lists.Jury


@dataclass(frozen=True, slots=True)
class Admitted:
    """Which lists are fitted, and why the others are not."""

    names: tuple[str, ...]
    misses: npt.NDArray[np.int64]
    copies: Mapping[str, str]
    gated: tuple[str, ...]
    over_cap: tuple[str, ...]


class Judgement(Kind):
    """`lists/<address>.csv` (item,weight) against `answers.csv` (a,b,better,times) about `items.csv` (item[,group])."""

    name = "judgement"
    about = "lists of weights compete to match a jury's comparisons; pay by weight in the best mix"
    rule = JudgementRule

    def skeleton(self) -> Mapping[str, str]:
        """Six items, three lists of which one is noise, thirty answers."""
        true = {"apples": 30, "bread": 25, "cheese": 20, "dates": 12, "eggs": 8, "figs": 5}
        made = {
            "0x" + "11" * 20: {"apples": 33, "bread": 22, "cheese": 18, "dates": 15, "eggs": 8, "figs": 4},
            "0x" + "22" * 20: {"apples": 26, "bread": 30, "cheese": 22, "dates": 9, "eggs": 7, "figs": 6},
            "0x" + "33" * 20: {"apples": 9, "bread": 4, "cheese": 31, "dates": 30, "eggs": 6, "figs": 20},
        }
        answers = ["juror,a,b,better,times"]
        for juror, noise in (("ada", 1.0), ("ben", 1.2)):
            for a, b in combinations(true, 2):
                ratio = noise * true[a] / true[b]
                answers.append(f"{juror},{a},{b},a,{ratio:.2f}")
        tables = {f"lists/{account}.csv": _table("item,weight", own.items()) for account, own in made.items()}
        items = _table("item,group", ((item, "food") for item in true))
        return {"items.csv": items, **tables, "answers.csv": "\n".join(answers) + "\n"}

    def parse(self, folder: Folder, rule: Any, mistakes: list[BadInput]) -> Inputs | None:
        """All files; None where there are mistakes."""
        groups = lists.read_items(folder.file("items.csv"), name="items.csv", mistakes=mistakes)
        jury = lists.read_answers(folder.file("answers.csv"), groups=groups, name="answers.csv", mistakes=mistakes)
        index = {item: place for place, item in enumerate(groups)}
        asked = np.array([index[item] for item in jury.answers.items], dtype=np.int64)
        files, weights = folder.accounts("lists"), {}
        for account, name in files.items():
            read = lists.read_list(folder.file(name), index, complete=True, name=name, mistakes=mistakes)
            weights[account] = read.weights[asked]
        order = order_of(tuple(files), rule.commitments, mistakes)
        if not files:
            mistakes.append(BadInput("there is no list", hint="Add lists/ADDRESS.csv with columns item,weight."))
        return None if mistakes else Inputs(order, lists.logs([weights[account] for account in order]), jury)

    def solve(self, inputs: Inputs, rule: Any, tools: Tools) -> Outcome:
        """Copies, gate and cap, then the exact fit."""
        admitted = admit(inputs, rule)
        tools.progress("fitting lists", 0, 1)
        fitted = simplex_fit.fit(admitted.misses, _delta(rule))
        tools.progress("fitting lists", 1, 1)
        return _outcome(admitted, fitted, rule)

    def confirm(self, inputs: Inputs, rule: Any, claimed: Mapping[str, Json], tools: Tools) -> Outcome:
        """As `solve`, with the posted support and outliers instead of floats."""
        admitted = admit(inputs, rule)
        place = {name: k for k, name in enumerate(admitted.names)}
        support = [place[name] for name in _list(claimed, "support") if isinstance(name, str) and name in place]
        outliers = [mark for mark in _list(claimed, "outliers") if isinstance(mark, int)]
        tools.progress("confirming the fit", 0, 1)
        fitted = simplex_fit.confirm(admitted.misses, _delta(rule), support, outliers)
        tools.progress("confirming the fit", 1, 1)
        return _outcome(admitted, fitted, rule)


def admit(inputs: Inputs, rule: JudgementRule) -> Admitted:
    """The lists that are fitted, the house among them. Raises Refused if none is left."""
    answers = inputs.jury.answers
    said = judgement.claims(inputs.logs, answers)
    leaders = judgement.near_copies(said, exact(rule.tau))
    copies = {inputs.accounts[k]: inputs.accounts[one] for k, one in enumerate(leaders) if one != k}
    kept = [k for k, one in enumerate(leaders) if one == k]
    least = exact(rule.gate)
    passed = judgement.split_half(said, answers.ratio, halves(answers), least) if least else [True] * len(leaders)
    gated = tuple(inputs.accounts[k] for k in kept if not passed[k])
    kept = [k for k in kept if passed[k]]
    most = max(1, len(answers) // rule.answers_per_list) if rule.answers_per_list else len(kept)
    over_cap, kept = tuple(inputs.accounts[k] for k in kept[most:]), kept[:most]
    missed = said[:, kept] - answers.ratio[:, None]
    names = [inputs.accounts[k] for k in kept]
    if rule.house:
        missed = np.column_stack([missed, -answers.ratio])
        names.append("house")
    if not names:
        raise Refused("no list passes the gate and there is no house list", hint='Set "house": true in the rule.')
    return Admitted(tuple(names), missed, copies, gated, over_cap)


def halves(answers: judgement.Answers) -> npt.NDArray[np.bool_]:
    """The half of each answer: a bit of keccak256 of its two items, so that a pair asked twice stays together."""
    items = answers.items
    pairs = zip(answers.first.tolist(), answers.second.tolist(), strict=True)
    texts = ("\n".join(sorted((items[a], items[b]))) for a, b in pairs)
    return np.array([keccak(text.encode())[0] & 1 == 1 for text in texts])


def _delta(rule: JudgementRule) -> int | None:
    return None if rule.loss == "square" else int(exact(rule.delta) * UNIT)


def order_of(files: tuple[str, ...], commitments: Sequence[str], mistakes: list[BadInput]) -> tuple[str, ...]:
    """The accounts with lists by order of commitment; a mistake if these are not the same accounts."""
    if not commitments:
        return files
    if sorted(commitments) != sorted(files):
        strange = sorted(set(commitments) ^ set(files)) or list(commitments)
        why = f"round.json: rule: commitments and lists/ differ: {strange[0]}"
        mistakes.append(BadInput(why, hint="Name every account with a list once, earliest first."))
        return files
    return tuple(commitments)


def _outcome(admitted: Admitted, fitted: simplex_fit.Fit, rule: JudgementRule) -> Outcome:
    weights = dict(zip(admitted.names, fitted.weights, strict=True))
    shares: dict[str, int | Fraction] = {name: weight for name, weight in weights.items() if weight and name != "house"}
    if weights.get("house"):
        shares[rule.house_account] = shares.get(rule.house_account, 0) + weights["house"]
    result: dict[str, Json] = {
        "weights": dict(largest_remainder(weights, WEIGHT)),
        "support": [admitted.names[k] for k in fitted.support],
        "outliers": list(fitted.outliers),
        "score_e18": int(fitted.score * WEIGHT),
        "answers": len(admitted.misses),
        "copies": dict(admitted.copies),
        "gated": list(admitted.gated),
        "over_cap": list(admitted.over_cap),
    }
    return Outcome(result, shares)


def _list(claimed: Mapping[str, Json], key: str) -> list[Json]:
    value = claimed.get(key)
    return value if isinstance(value, list) else []


def _table(header: str, rows: Any) -> str:
    return "\n".join([header, *(f"{key},{value}" for key, value in rows)]) + "\n"

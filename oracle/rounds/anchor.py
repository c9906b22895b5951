"""Rounds of epistemic anchoring: forecasts against outcomes; influence and pay follow the weighted-score weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator

from oracle.domain.errors import BadInput
from oracle.mechanism.anchoring_exact import WAD, Weights, exact_loss
from oracle.mechanism.canonical import Json
from oracle.mechanism.losses import Loss
from oracle.rounds.cells import BadCell, Column, Kind, exact
from oracle.rounds.folder import Folder
from oracle.rounds.kind import Kind as RoundKind
from oracle.rounds.kind import Outcome, Rule, Tools
from oracle.rounds.parse import read_rows

_TOLD = 1_000


class AnchorRule(Rule):
    """Rate and loss of the weighted-score update."""

    eta: str = "0.5"
    """Learning rate, at most 1/2."""
    loss: Literal["brier", "classes", "numbers"] = "brier"
    """What beliefs are: a probability; probabilities a|b|c of classes; rising quantiles a|b|c of a number."""
    low: str = "0"
    """With numbers: the least that can happen."""
    high: str = "1"
    """With numbers: the most."""

    @property
    def kind(self) -> Loss:
        """The loss by its name."""
        return Loss(self.loss)

    @field_validator("eta")
    @classmethod
    def _rate(cls, text: str) -> str:
        if not 0 <= exact(text) <= Fraction(1, 2):
            raise ValueError("must be between 0 and 0.5")
        return text

    @field_validator("low", "high")
    @classmethod
    def _decimal(cls, text: str) -> str:
        exact(text)
        return text


@dataclass(frozen=True, slots=True)
class Inputs:
    """Questions in the order of outcomes.csv; beliefs by account and question."""

    outcomes: Mapping[str, Fraction]
    beliefs: Mapping[str, Mapping[str, tuple[Fraction, ...]]]


class Anchor(RoundKind):
    """`forecasts/<address>.csv` (question,belief) against `outcomes.csv` (question,outcome), in the latter's order."""

    name = "anchor"
    about = "forecasts against outcomes; weights by the weighted-score update, pay by final weight"
    rule = AnchorRule

    def skeleton(self) -> Mapping[str, str]:
        """Four questions, two forecasters and one that came later."""
        outcomes = {"rain-monday": 1, "rain-tuesday": 0, "bridge-open": 1, "strike-ends": 0}
        said = {
            "1": {"rain-monday": "0.8", "rain-tuesday": "0.3", "bridge-open": "0.9", "strike-ends": "0.4"},
            "2": {"rain-monday": "0.5", "rain-tuesday": "0.5", "bridge-open": "0.5", "strike-ends": "0.5"},
            "3": {"bridge-open": "0.7", "strike-ends": "0.1"},
        }
        tables = {
            f"forecasts/{'0x' + digit * 40}.csv": _rows("question,belief", own.items()) for digit, own in said.items()
        }
        return {"outcomes.csv": _rows("question,outcome", outcomes.items()), **tables}

    def parse(self, folder: Folder, rule: Any, mistakes: list[BadInput]) -> Inputs | None:
        """All files; None where there are mistakes."""
        if rule.kind is Loss.NUMBERS and exact(rule.low) >= exact(rule.high):
            raise BadInput(f"round.json: rule: low {rule.low} is not below high {rule.high}", hint="Mend the range.")
        outcomes = _read_outcomes(folder.file("outcomes.csv"), rule, mistakes)
        beliefs, size = {}, 0
        for account, name in folder.accounts("forecasts").items():
            beliefs[account], size = _read_beliefs(folder.file(name), name, outcomes, rule, size, mistakes)
        if not beliefs:
            mistakes.append(BadInput("there is no forecast", hint="Add forecasts/ADDRESS.csv: question,belief."))
        if rule.kind is Loss.CLASSES and not mistakes and max(outcomes.values(), default=0) >= size:
            mistakes.append(BadInput(f"an outcome is none of the {size} classes", hint="Classes count from 0."))
        return None if mistakes else Inputs(outcomes, beliefs)

    def solve(self, inputs: Inputs, rule: Any, tools: Tools) -> Outcome:
        """Question by question in whole units of 1e-18."""
        weights = Weights(int(exact(rule.eta) * WAD))
        totals = dict.fromkeys(inputs.beliefs, 0)
        for done, (question, outcome) in enumerate(inputs.outcomes.items()):
            losses = {
                account: exact_loss(rule.kind, own[question], outcome)
                for account, own in inputs.beliefs.items()
                if question in own
            }
            weights.update(losses)
            for account, loss in losses.items():
                totals[account] += loss
            if not done % _TOLD:
                tools.progress("questions", done, len(inputs.outcomes))
        result: dict[str, Json] = {
            "weights": dict(weights.units),
            "losses": {account: str(total) for account, total in totals.items()},
            "questions": len(inputs.outcomes),
        }
        return Outcome(result, dict(weights.units))


def _read_outcomes(path: Path, rule: AnchorRule, mistakes: list[BadInput]) -> dict[str, Fraction]:
    most = 9_999 if rule.kind is Loss.CLASSES else None if rule.kind is Loss.NUMBERS else 1
    kind = Kind.INTEGER if rule.kind is Loss.CLASSES else Kind.DECIMAL
    column = Column("outcome", kind, least=None if rule.kind is Loss.NUMBERS else 0, most=most)
    found = {}
    for row in read_rows(path, (Column("question", unique=True), column), name=path.name, mistakes=mistakes):
        question, outcome = row.values
        scaled = _scale(Fraction(outcome), rule) if rule.kind is Loss.NUMBERS else Fraction(outcome)
        if rule.kind is Loss.NUMBERS and not 0 <= scaled <= 1:
            why = f"leaves the range {rule.low} to {rule.high}"
            mistakes.append(BadCell(path.name, row.number, why, column="outcome", value=str(float(outcome))))
        found[question] = scaled
    if not found and not mistakes:
        mistakes.append(BadInput(f"{path.name} has no outcomes", hint="Add rows question,outcome."))
    return found


def _scale(value: Fraction, rule: AnchorRule) -> Fraction:
    return (value - exact(rule.low)) / (exact(rule.high) - exact(rule.low))


def _read_beliefs(
    path: Path, name: str, outcomes: Mapping[str, Fraction], rule: AnchorRule, size: int, mistakes: list[BadInput]
) -> tuple[dict[str, tuple[Fraction, ...]], int]:
    """Beliefs by question, and how many numbers a belief has (the same in all files; 0 if nothing was read yet)."""
    found = {}
    for row in read_rows(path, (Column("question", unique=True), Column("belief")), name=name, mistakes=mistakes):
        question, text = row.values
        try:
            if question not in outcomes:
                raise _Wrong("question", question, "has no outcome", "Leave the row out, or mend the name.")
            found[question] = _belief(text, rule)
            size = size or len(found[question])
            if len(found[question]) != size:
                raise _Wrong(
                    "belief", text, f"has {len(found[question])} numbers, others have {size}", "Give all alike."
                )
        except _Wrong as wrong:
            column, value, why, hint = wrong.args
            mistakes.append(BadCell(name, row.number, why, column=column, value=value, hint=hint))
    if not found and not mistakes:
        mistakes.append(BadInput(f"{name} has no forecasts", hint="Add rows question,belief."))
    return found, size


class _Wrong(Exception):
    """Column, value, reason, hint."""


def _belief(text: str, rule: AnchorRule) -> tuple[Fraction, ...]:
    hint = "Write a probability such as 0.7; for classes or quantiles several numbers joined by |."
    try:
        numbers = tuple(exact(part) for part in text.split("|"))
    except ValueError as error:
        raise _Wrong("belief", text, str(error), hint) from None
    if rule.kind is Loss.NUMBERS:
        numbers = tuple(_scale(number, rule) for number in numbers)
    if min(numbers) < 0 or max(numbers) > 1:
        raise _Wrong("belief", text, "is out of range", hint)
    if rule.kind is Loss.BRIER and len(numbers) > 1:
        raise _Wrong("belief", text, "is more than one number", hint)
    if rule.kind is Loss.CLASSES and sum(numbers) != 1:
        raise _Wrong("belief", text, f"sums to {float(sum(numbers)):g}, not 1", hint)
    if rule.kind is Loss.NUMBERS and list(numbers) != sorted(numbers):
        raise _Wrong("belief", text, "does not rise", hint)
    return numbers


def _rows(header: str, rows: Any) -> str:
    return "\n".join([header, *(f"{key},{value}" for key, value in rows)]) + "\n"

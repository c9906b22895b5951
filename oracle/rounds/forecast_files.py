"""Forecasts and appeals as strict CSV: one row per question and forecaster, streamed."""

from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from oracle.domain.errors import BadInput
from oracle.mechanism.anchoring import Forecasts
from oracle.mechanism.losses import Loss
from oracle.rounds.cells import BadCell, Column, Kind, exact
from oracle.rounds.parse import read_batches, read_rows

Progress = Callable[[int], None]
"""Takes how many rows were read so far."""

SEPARATOR = "|"
MAX_CELLS = 200_000_000
_TOLERANCE = Fraction(1, 10**6)


class _Table:
    """Rows gathered into questions (in the order in which they come) and forecasters."""

    def __init__(self, file: str, loss: Loss) -> None:
        self.file = file
        self.questions: dict[str, int] = {}
        self.forecasters: dict[str, int] = {}
        self.outcomes: list[float] = []
        self.places = array("q")  # ten million rows as Python numbers would fill the memory
        self.beliefs: Any = array("d") if loss is Loss.BRIER else []
        self.rows = 1

    def add(self, columns: dict[str, list[Any]]) -> None:
        for question, forecaster, belief, outcome in zip(*columns.values(), strict=True):
            self.rows += 1
            asked = self.questions.setdefault(question, len(self.questions))
            if asked == len(self.outcomes):
                self.outcomes.append(outcome)
            elif self.outcomes[asked] != outcome:
                raise BadCell(
                    self.file,
                    self.rows,
                    f"is not the outcome {self.outcomes[asked]:g} that question {question!r} has above",
                    column="outcome",
                    value=f"{outcome:g}",
                    hint="A question has one outcome.",
                )
            who = self.forecasters.setdefault(forecaster, len(self.forecasters))
            self.places.append(asked << 32 | who)
            self.beliefs.append(belief)


def read_forecasts(
    path: Path,
    loss: Loss = Loss.BRIER,
    *,
    low: float = 0.0,
    high: float = 1.0,
    progress: Progress = lambda rows: None,
) -> Forecasts:
    """The forecasts of a file question,forecaster,belief,outcome; forecasters sorted, questions as they come.

    Beliefs and outcomes follow `Loss`; several numbers are joined by |. With `numbers` both are scaled from
    low..high to [0, 1]. Raises BadInput naming file, row, column and value.
    """
    if not low < high:
        raise BadInput(f"the range {low:g} to {high:g} is empty", hint="Give --low below --high.")
    one = loss is Loss.BRIER
    columns = (
        Column("question"),
        Column("forecaster"),
        Column("belief", Kind.FLOAT, least=0, most=1) if one else Column("belief"),
        _outcome_column(loss),
    )
    table = _Table(path.name, loss)
    for batch in read_batches(path, columns, extra=True):
        values = dict(batch.columns)
        if not one:
            values["belief"] = [
                _several(path.name, row, text, loss, low, high) for row, text in enumerate(values["belief"], batch.row)
            ]
            values["outcome"] = _scaled(path.name, batch.row, values["outcome"], loss, low, high)
        table.add(values)
        progress(table.rows - 1)
    return _gathered(table, loss)


def _outcome_column(loss: Loss) -> Column:
    if loss is Loss.NUMBERS:
        return Column("outcome", Kind.FLOAT)
    if loss is Loss.CLASSES:
        return Column("outcome", Kind.INTEGER, least=0, most=9_999)
    return Column("outcome", Kind.FLOAT, least=0, most=1)


def _several(file: str, row: int, text: str, loss: Loss, low: float, high: float) -> tuple[float, ...]:
    try:
        numbers = [exact(part) for part in text.split(SEPARATOR)]
        if loss is Loss.CLASSES:
            total = sum(numbers, Fraction(0))
            if min(numbers) < 0 or abs(total - 1) > _TOLERANCE:
                raise ValueError(f"are no probabilities: they sum to {float(total):g}")
            return tuple(float(number / total) for number in numbers)
        if sorted(numbers) != numbers:
            raise ValueError("are quantiles that do not rise")
        if float(numbers[0]) < low or float(numbers[-1]) > high:
            raise ValueError(f"leave the range {low:g} to {high:g}")
        return tuple((float(number) - low) / (high - low) for number in numbers)
    except ValueError as error:
        hint = "Write numbers joined by |, such as 0.2|0.5|0.3 for classes or 0.1|0.4|0.8 for quantiles."
        raise BadCell(file, row, str(error), column="belief", value=text, hint=hint) from None


def _scaled(file: str, row: int, outcomes: list[Any], loss: Loss, low: float, high: float) -> list[float]:
    if loss is Loss.CLASSES:
        return [float(outcome) for outcome in outcomes]
    for number, outcome in enumerate(outcomes, row):
        if not low <= outcome <= high:
            raise BadCell(
                file,
                number,
                f"leaves the range {low:g} to {high:g}",
                column="outcome",
                value=f"{outcome:g}",
                hint="--low, --high",
            )
    return [(outcome - low) / (high - low) for outcome in outcomes]


def _gathered(table: _Table, loss: Loss) -> Forecasts:
    if not table.places:
        raise BadInput(f"{table.file} has no forecasts", hint="Give rows question,forecaster,belief,outcome.")
    size = len(table.beliefs[0]) if loss is not Loss.BRIER else 1
    if len(table.questions) * len(table.forecasters) * size > MAX_CELLS:
        raise BadInput(f"{table.file}: questions x forecasters are too many", hint="Leave out rare forecasters.")
    _check_sizes(table, loss, size)
    places = np.array(table.places, dtype=np.int64)
    names = sorted(table.forecasters)
    rank = np.empty(len(names), dtype=np.int64)
    rank[[table.forecasters[name] for name in names]] = np.arange(len(names))
    flat = (places >> 32) * len(names) + rank[places & 0xFFFFFFFF]
    _refuse_twice(table, flat)
    beliefs = np.full((len(table.questions) * len(names), size), np.nan)
    beliefs[flat] = np.array(table.beliefs, dtype=np.float64).reshape(-1, size)
    return Forecasts(
        tuple(names),
        beliefs.reshape(len(table.questions), len(names), size),
        np.array(table.outcomes, dtype=np.float64),
        loss,
    )


def _check_sizes(table: _Table, loss: Loss, size: int) -> None:
    if loss is Loss.BRIER:
        return
    for row, belief in enumerate(table.beliefs, 2):
        if len(belief) != size:
            raise BadCell(
                table.file,
                row,
                f"has {len(belief)} numbers, the first belief has {size}",
                column="belief",
                hint="Give all the same.",
            )
    if loss is Loss.CLASSES and max(table.outcomes) >= size:
        raise BadInput(
            f"{table.file}: outcome {max(table.outcomes):g} is none of the {size} classes", hint="Count from 0."
        )


def _refuse_twice(table: _Table, flat: Any) -> None:
    order = np.argsort(flat, kind="stable")
    same = np.flatnonzero(flat[order][1:] == flat[order][:-1])
    if len(same):
        first, second = int(order[same[0]]) + 2, int(order[same[0] + 1]) + 2
        raise BadCell(
            table.file,
            second,
            f"is a second forecast of the same question and forecaster; the first is in row {first}",
            hint="Leave one of the two rows out.",
        )


def read_appeals(path: Path) -> list[tuple[str, bool]]:
    """(who decided, whether the decision was upheld) of a file appeal,forecaster,upheld; upheld is 0 or 1."""
    columns = (Column("appeal", unique=True), Column("forecaster"), Column("upheld", choices=("0", "1")))
    return [(row.values[1], row.values[2] == "1") for row in read_rows(path, columns, extra=True)]

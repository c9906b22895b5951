"""Strict CSV: streams millions of rows; every refusal names file, row, column and value, and says how to mend it.

A lenient reader that drops a row it cannot read moves money: here a bad cell is an error, and nothing is guessed.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from oracle.domain.errors import BadInput
from oracle.rounds.cells import BadCell, Column, hint_for, read_cell, read_many

BATCH = 8_192
MAX_LINE = 1 << 16
MAX_ROWS = 10_000_000

Mistakes = list[BadCell] | list[BadInput] | None
"""Where bad cells are gathered; None raises the first."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows in a row: the number of the first, and a list of values of each column by its name."""

    row: int
    columns: Mapping[str, list[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, counting the header as 1, and its values in the order of the columns asked."""

    number: int
    values: tuple[Any, ...]


def read_rows(
    path: Path, columns: Sequence[Column], *, extra: bool = False, mistakes: Mistakes = None, name: str = ""
) -> Iterator[Row]:
    """Rows one by one; see `read_batches`."""
    for batch in read_batches(path, columns, extra=extra, mistakes=mistakes, name=name):
        for number, values in enumerate(zip(*batch.columns.values(), strict=True), batch.row):
            yield Row(number, values)


def read_columns(
    path: Path, columns: Sequence[Column], *, extra: bool = False, mistakes: Mistakes = None, name: str = ""
) -> Batch:
    """The whole table as one batch, which begins at row 2; see `read_batches`. With mistakes, row numbers are lost."""
    whole: dict[str, list[Any]] = {column.name: [] for column in columns}
    for batch in read_batches(path, columns, extra=extra, mistakes=mistakes, name=name):
        for name, values in batch.columns.items():
            whole[name].extend(values)
    return Batch(2, whole)


def read_batches(
    path: Path,
    columns: Sequence[Column],
    *,
    extra: bool = False,
    mistakes: Mistakes = None,
    name: str = "",
    max_rows: int = MAX_ROWS,
) -> Iterator[Batch]:
    """Batches of at most `BATCH` rows, in the file's order, in constant memory but for columns that are `unique`.

    `extra` ignores columns that were not asked for. With `mistakes` every bad cell is added to it and its row left
    out; without, the first is raised. Refusals call the file `name`, its path if that is empty. Raises BadCell, and
    BadInput where there is no readable table at all.
    """
    name = name or str(path)
    with _open(path) as file:
        reader = csv.reader(_lines(file, path, name), strict=True)
        records = _records(reader, name)
        header = next(records, None)
        if not header:
            raise BadCell(name, 1, "there is no header", hint=f"The first row is {_header_of(columns)}.")
        table = _Table(path, name, header, columns, extra)
        row = 2
        while rows := list(islice(records, BATCH)):
            if row - 2 + len(rows) > max_rows:
                raise BadInput(f"{name} has more than {max_rows:,} rows", hint="Split it, or leave rows out.")
            yield from table.batches(row, rows, mistakes)
            row += len(rows)


class _Table:
    """One file's header matched with the columns asked for."""

    def __init__(self, path: Path, name: str, header: Sequence[str], columns: Sequence[Column], extra: bool) -> None:
        self.file, self.path, self.width, self.columns = name, path, len(header), columns
        self.header = header
        self.places = [self._place(column) for column in columns]
        known = {name for column in columns for name in (column.name, *column.aliases)}
        if not extra and (strange := [name for name in header if name not in known]):
            raise self._header_error(f"column {strange[0]!r} is not known", "Leave it out, or mend its name")
        if len(set(header)) < self.width:
            twice = next(name for name in header if list(header).count(name) > 1)
            raise self._header_error(f"column {twice!r} stands twice", "Leave one out")
        self.seen: dict[str, set[Any]] = {column.name: set() for column in columns if column.unique}

    def _header_error(self, why: str, hint: str) -> BadCell:
        return BadCell(self.file, 1, why, hint=f"{hint}; the header is {_header_of(self.columns)}.")

    def _place(self, column: Column) -> int | None:
        found = [place for place, name in enumerate(self.header) if name in (column.name, *column.aliases)]
        if len(found) > 1:
            names = " and ".join(repr(self.header[place]) for place in found)
            raise self._header_error(f"columns {names} mean the same", "Leave one out")
        if not found and column.default is None:
            raise self._header_error(f"there is no column {column.name!r}", "Add it")
        return found[0] if found else None

    def batches(self, row: int, rows: list[list[str]], mistakes: Mistakes) -> Iterator[Batch]:
        """The rows as one batch where all are good; else the good stretches between the bad rows, or BadCell."""
        values = self._fast(rows)
        if values is not None:
            yield Batch(row, dict(zip((c.name for c in self.columns), values, strict=True)))
            return
        kept: list[tuple[Any, ...]] = []
        for number, cells in enumerate(rows, row):
            try:
                kept.append(self._row(number, cells))
            except _BadRow as bad:
                if mistakes is None:
                    raise bad.cells[0] from None
                mistakes.extend(bad.cells)
                if kept:
                    yield self._batch(number - len(kept), kept)
                kept = []
        if kept:
            yield self._batch(row + len(rows) - len(kept), kept)

    def _batch(self, row: int, kept: list[tuple[Any, ...]]) -> Batch:
        return Batch(row, {c.name: list(v) for c, v in zip(self.columns, zip(*kept, strict=True), strict=True)})

    def _fast(self, rows: list[list[str]]) -> list[list[Any]] | None:
        """All columns read at once, or None where some cell is in doubt: then each cell is looked at."""
        if set(map(len, rows)) != {self.width}:
            return None
        cells = list(zip(*rows, strict=True))
        found = []
        for column, place in zip(self.columns, self.places, strict=True):
            values = read_many(column, cells[place] if place is not None else [column.default or ""] * len(rows))
            if values is None:
                return None
            found.append(values)
        for column, values in zip(self.columns, found, strict=True):
            if column.unique:
                new = set(values)
                if len(new) < len(values) or not new.isdisjoint(self.seen[column.name]):
                    return None
        for column, values in zip(self.columns, found, strict=True):
            if column.unique:
                self.seen[column.name].update(values)
        return found

    def _row(self, number: int, cells: list[str]) -> tuple[Any, ...]:
        """The values of one row; raises _BadRow with all of its mistakes."""
        if len(cells) != self.width:
            why = f"has {len(cells)} cells where the header has {self.width}" if cells else "is empty"
            hint = "Put quotes around a cell that has a comma in it." if cells else "Remove the row."
            raise _BadRow([BadCell(self.file, number, why, hint=hint)])
        values, bad = [], []
        for column, place in zip(self.columns, self.places, strict=True):
            text = cells[place] if place is not None else column.default or ""
            try:
                value = read_cell(column, text)
                if column.unique and value in self.seen[column.name]:
                    first = self._first_row(column, value)
                    raise ValueError(f"stands in row {first} too", "Leave one of the two rows out.")
                values.append(value)
            except ValueError as error:
                why, hint = (*error.args, hint_for(column))[:2]
                bad.append(BadCell(self.file, number, why, column=column.name, value=text, hint=hint))
        if bad:
            raise _BadRow(bad)
        for column, value in zip(self.columns, values, strict=True):
            if column.unique:
                self.seen[column.name].add(value)
        return tuple(values)

    def _first_row(self, column: Column, value: object) -> int:
        """Where a value that stands twice stood first: looked up again, so that good files cost no memory for it."""
        plain = Column(column.name, column.kind, column.aliases)
        for row in read_rows(self.path, [plain], extra=True, mistakes=[]):
            if row.values[0] == value:
                return row.number
        raise AssertionError("a value that was seen is in the file")


class _BadRow(Exception):
    def __init__(self, cells: list[BadCell]) -> None:
        super().__init__()
        self.cells = cells


def _header_of(columns: Sequence[Column]) -> str:
    return ",".join(column.name if column.default is None else f"[{column.name}]" for column in columns)


def _open(path: Path) -> TextIO:
    try:
        return path.open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}", hint="Name an existing CSV file.") from None


def _lines(file: TextIO, path: Path, name: str) -> Iterator[str]:
    number = 0
    try:
        while line := file.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and not line.endswith("\n"):
                raise BadCell(name, number, f"is longer than {MAX_LINE} characters", hint="Is this a CSV file?")
            yield line
    except UnicodeDecodeError:
        row = _row_not_utf8(path)
        raise BadCell(name, row, "is not UTF-8 text", hint="Save the file as UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}", hint="Name an existing CSV file.") from None


def _row_not_utf8(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _records(reader: Any, name: str) -> Iterator[list[str]]:
    number = 0
    while True:
        number += 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise BadCell(name, number, f"is not CSV: {error}", hint="Close quotes; double them inside.") from None
        if record is None:
            return
        yield record

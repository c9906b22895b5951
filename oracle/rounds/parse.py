"""Strict CSV: streams millions of rows; every refusal names file, row, column and value, and says how to mend it.

A lenient reader that drops a row it cannot read moves money: here a bad cell is an error, and nothing is guessed.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, TextIO

from oracle.domain.errors import BadInput
from oracle.rounds.cells import BadCell, Column, hint_for, read_cell, read_many

BATCH = 8_192
CHUNK = 1 << 18
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
    """Batches of some thousand rows, in the file's order, in constant memory but for columns that are `unique`.

    `extra` ignores columns that were not asked for. With `mistakes` every bad cell is added to it and its row left
    out; without, the first is raised. Refusals call the file `name`, its path if that is empty. Raises BadCell, and
    BadInput where there is no readable table at all.
    """
    name = name or str(path)
    with _open(path) as file, _told(path, name):
        header = next(_records(_lines(file, name), name), None)
        if not header:
            raise BadCell(name, 1, "there is no header", hint=f"The first row is {_header_of(columns)}.")
        table, row = _Table(path, name, header, columns, extra), 2
        for stretch in _stretches(file, name, table.width):
            if row - 2 + len(stretch) > max_rows:
                raise BadInput(f"{name} has more than {max_rows:,} rows", hint="Split it, or leave rows out.")
            yield from table.batches(row, stretch, mistakes)
            row += len(stretch)


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

    def batches(self, row: int, stretch: "_Stretch", mistakes: Mistakes) -> Iterator[Batch]:
        """The rows as one batch where all are good; else the good stretches between the bad rows, or BadCell."""
        columns = stretch.columns(self.width)
        values = self._fast(columns) if columns else None
        if values is not None:
            yield Batch(row, dict(zip((c.name for c in self.columns), values, strict=True)))
            return
        kept: list[tuple[Any, ...]] = []
        for number, cells in enumerate(stretch.rows(), row):
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
            yield self._batch(number + 1 - len(kept), kept)

    def _batch(self, row: int, kept: list[tuple[Any, ...]]) -> Batch:
        return Batch(row, {c.name: list(v) for c, v in zip(self.columns, zip(*kept, strict=True), strict=True)})

    def _fast(self, cells: list[list[str]]) -> list[list[Any]] | None:
        """All columns read at once, or None where some cell is in doubt: then each cell is looked at."""
        found = []
        for column, place in zip(self.columns, self.places, strict=True):
            values = read_many(column, cells[place] if place is not None else [column.default or ""] * len(cells[0]))
            if values is None:
                return None
            found.append(values)
        fresh = {c.name: set(v) for c, v in zip(self.columns, found, strict=True) if c.unique}
        for name, new in fresh.items():
            if len(new) < len(cells[0]) or not new.isdisjoint(self.seen[name]):
                return None
        for name, new in fresh.items():
            self.seen[name] |= new
        return found

    def _row(self, number: int, cells: Sequence[str]) -> tuple[Any, ...]:
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


@contextmanager
def _told(path: Path, name: str) -> Iterator[None]:
    """Tells in words where a file cannot be read to its end."""
    try:
        yield
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


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Some rows in a row, as columns where that was quick, else as rows that may be of any width."""

    by_column: list[list[str]]
    by_row: list[list[str]]

    def __len__(self) -> int:
        return len(self.by_row) or len(self.by_column[0])

    def columns(self, width: int) -> list[list[str]]:
        """All columns; none if a row has another width."""
        if self.by_row and set(map(len, self.by_row)) == {width}:
            return [list(cells) for cells in zip(*self.by_row, strict=True)]
        return self.by_column

    def rows(self) -> Iterator[Sequence[str]]:
        return iter(self.by_row) if self.by_row else zip(*self.by_column, strict=True)


def _stretches(file: TextIO, name: str, width: int) -> Iterator[_Stretch]:
    """The rows below the header: cut at commas where nothing is quoted, by the csv module from the first doubt on."""
    row = 2
    while text := file.read(CHUNK):
        text += file.readline(MAX_LINE)
        columns = _cut(text, width)
        if not columns:
            lines = chain(io.StringIO(text, newline=""), iter(lambda: file.readline(MAX_LINE), ""))
            records = _records(_checked(lines, name, row), name, row)
            while rows := list(islice(records, BATCH)):
                yield _Stretch([], rows)
            return
        yield _Stretch(columns, [])
        row += len(columns[0])


def _cut(text: str, width: int) -> list[list[str]]:
    """The columns of whole lines without quotes, each of `width` cells; none if there is any doubt."""
    if '"' in text or not text.endswith("\n"):
        return []
    text = text.replace("\r\n", "\n")
    if text.encode().translate(None, _NO_MARKS) != (b"," * (width - 1) + b"\n") * text.count("\n") or "\r" in text:
        return []
    cells = text[:-1].replace("\n", ",").split(",")
    return [cells[place::width] for place in range(width)]


_NO_MARKS = bytes(byte for byte in range(256) if byte not in b",\n")


def _lines(file: TextIO, name: str) -> Iterator[str]:
    return _checked(iter(lambda: file.readline(MAX_LINE), ""), name, 1)


def _checked(lines: Iterable[str], name: str, row: int) -> Iterator[str]:
    for number, line in enumerate(lines, row):
        if len(line) >= MAX_LINE:
            raise BadCell(name, number, f"is longer than {MAX_LINE} characters", hint="Is this a CSV file?")
        yield line


def _records(lines: Iterator[str], name: str, row: int = 1) -> Iterator[list[str]]:
    reader = csv.reader(lines, strict=True)
    for number in count(row):
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise BadCell(name, number, f"is not CSV: {error}", hint="Close quotes; double them inside.") from None
        if record is None:
            return
        yield record

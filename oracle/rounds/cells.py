"""Cells of a strict table: what a column may hold, how its text is read, and how a mistake in it is told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any
from unicodedata import is_normalized

from oracle.domain.errors import BadInput

MAX_TEXT = 256
MAX_DIGITS = 64
MAX_EXPONENT = 400


class Kind(Enum):
    """What a cell is read as."""

    TEXT = "text"
    INTEGER = "whole number"
    DECIMAL = "number"
    """Decimal text as an exact Fraction."""
    FLOAT = "number "
    """Decimal text as the nearest float64."""


_PATTERNS = {
    Kind.TEXT: rf"[^\x00-\x20\x7f\x85\xa0\u2028\u2029\ufeff](?:[^\x00-\x1f\x7f\x85\u2028\u2029]{{0,{MAX_TEXT - 1}}})",
    Kind.INTEGER: rf"[+-]?[0-9]{{1,{MAX_DIGITS}}}",
    Kind.DECIMAL: rf"[+-]?(?:[0-9]{{1,{MAX_DIGITS}}}(?:\.[0-9]{{0,{MAX_DIGITS}}})?|\.[0-9]{{1,{MAX_DIGITS}}})"
    r"(?:[eE][+-]?[0-9]{1,3})?",
}
_PATTERNS[Kind.FLOAT] = _PATTERNS[Kind.DECIMAL]
_ONE = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}
_MANY = {kind: re.compile(f"(?:{pattern}\n)*") for kind, pattern in _PATTERNS.items()}


class BadCell(BadInput):
    """One mistake in a table; `row` counts from 1, the header, as a spreadsheet does. `column`, `value` may be ''."""

    def __init__(self, file: str, row: int, why: str, *, column: str = "", value: str = "", hint: str = "") -> None:
        shown = value if len(value) <= 80 else value[:77] + "..."
        where = f"{file}, row {row}" + (f", column {column}" if column else "")
        super().__init__(f"{where}: {f'{shown!r} ' if value else ''}{why}", hint=hint)
        self.file, self.row, self.column, self.value, self.why = file, row, column, value, why


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, other headers it may have, what its cells are and within which bounds.

    `above` excludes its bound, `least` and `most` include theirs; `choices` are the only values; `unique` refuses a
    value that stands in an earlier row. A column with `default` (as text) may be left out of the file altogether.
    """

    name: str
    kind: Kind = Kind.TEXT
    aliases: tuple[str, ...] = ()
    above: int | None = None
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    unique: bool = False
    default: str | None = None


def exact(text: str) -> Fraction:
    """The number that decimal text stands for. Raises ValueError with the reason for anything else."""
    if not _ONE[Kind.DECIMAL].fullmatch(text):
        raise ValueError(_why(Kind.DECIMAL, text))
    numeral, _, exponent = text.replace("E", "e").partition("e")
    power = int(exponent or 0)
    if abs(power) > MAX_EXPONENT:
        raise ValueError(f"has an exponent beyond {MAX_EXPONENT}")
    whole, _, places = numeral.partition(".")
    power -= len(places)
    digits = int(whole + places)
    return Fraction(digits, 10**-power) if power < 0 else Fraction(digits * 10**power)


def read_cell(column: Column, text: str) -> Any:
    """The value of one cell: str, int, Fraction or float by the column's kind. Raises ValueError with the reason."""
    if not text:
        raise ValueError("is an empty cell")
    if not _ONE[column.kind].fullmatch(text):
        raise ValueError(_why(column.kind, text))
    if column.choices and text not in column.choices:
        raise ValueError(f"is none of {', '.join(column.choices)}")
    if column.kind is Kind.TEXT:
        if text != text.strip():
            raise ValueError("has spaces around it")
        if not is_normalized("NFC", text):
            raise ValueError("is not in Unicode normal form C")
        return text
    value = int(text) if column.kind is Kind.INTEGER else exact(text)
    return _bounded(column, _float(text, value) if column.kind is Kind.FLOAT else value)


def _bounded(column: Column, value: int | Fraction | float) -> int | Fraction | float:
    if column.above is not None and value <= column.above:
        raise ValueError(f"is not above {column.above}")
    if column.least is not None and value < column.least:
        raise ValueError(f"is below {column.least}")
    if column.most is not None and value > column.most:
        raise ValueError(f"is above {column.most}")
    return value


def _float(text: str, value: Fraction | int) -> float:
    """The nearest float64; a number that would become infinite or zero is refused, for its sign is all that is left."""
    found = float(text)
    if found in (float("inf"), float("-inf")) or (found == 0 and value != 0):
        raise ValueError("is beyond the range of a 64-bit float")
    return found


def read_many(column: Column, cells: Sequence[str]) -> list[Any] | None:
    """All values of one column, or None where a cell is bad or needs the slow reader."""
    joined = "\n".join(cells) + "\n"
    if column.choices and not set(cells) <= set(column.choices):
        return None
    if column.kind is Kind.TEXT:
        return list(cells) if _plain_text(cells, joined) else None
    try:
        values = _plain_numbers(column.kind, cells, joined)
    except ValueError:
        return None
    return _within(column, values) if values is not None else None


def _plain_text(cells: Sequence[str], joined: str) -> bool:
    """Whether every cell is good text: for ASCII, all that prints is taken out and only the ends of cells are left."""
    if "" in cells or max(map(len, cells)) > MAX_TEXT:
        return False
    if joined.isascii():
        ends = joined.encode().translate(None, _PRINTS)
        return len(ends) == len(cells) and " \n" not in joined and "\n " not in joined and joined[0] != " "
    if joined.count("\n") != len(cells) or not _MANY[Kind.TEXT].fullmatch(joined):
        return False
    return is_normalized("NFC", joined) and all(cell == cell.strip() for cell in cells)


def _plain_numbers(kind: Kind, cells: Sequence[str], joined: str) -> list[Any] | None:
    """The numbers, or None where one is in doubt. Raises ValueError for what is none."""
    digits = _INTEGER if kind is Kind.INTEGER else _NUMERAL
    # Of digits, signs and points alone, int and float read what the pattern allows and nothing else.
    plain = joined.isascii() and not joined.encode().translate(None, digits) and max(map(len, cells)) <= MAX_DIGITS
    if not plain and (joined.count("\n") != len(cells) or not _MANY[kind].fullmatch(joined)):
        return None
    if kind is Kind.INTEGER:
        return list(map(int, cells)) if joined.count("\n") == len(cells) else None
    if joined.count("\n") != len(cells) or (not plain and _LARGE_EXPONENT.search(joined)):
        return None
    return list(map(exact if kind is Kind.DECIMAL else float, cells))


_PRINTS = bytes(range(0x20, 0x7F))
_INTEGER = b"0123456789+-\n"
_NUMERAL = b"0123456789+-.\n"
_LARGE_EXPONENT = re.compile("[eE][+-]?[0-9]{3}")
"""Beyond this, a float may be infinite or zero."""


def _within(column: Column, values: list[Any]) -> list[Any] | None:
    if column.above is None and column.least is None and column.most is None:
        return values
    low, high = min(values), max(values)
    good = (
        (column.above is None or low > column.above)
        and (column.least is None or low >= column.least)
        and (column.most is None or high <= column.most)
    )
    return values if good else None


def _why(kind: Kind, text: str) -> str:
    if kind is Kind.TEXT:
        if len(text) > MAX_TEXT:
            return f"is longer than {MAX_TEXT} characters"
        return "has spaces around it" if text != text.strip() else "has a character that does not print"
    if len(text) > 2 * MAX_DIGITS:
        return f"has more than {MAX_DIGITS} digits"
    return f"is not a {kind.value.strip()}"


def hint_for(column: Column) -> str:
    """How to mend a bad cell of this column."""
    if column.choices:
        return f"Write one of {', '.join(column.choices)}."
    if column.kind is Kind.TEXT:
        return "Remove spaces around it, characters that do not print, and what is too long; save as UTF-8 in form C."
    example = "12" if column.kind is Kind.INTEGER else "0.25 or 2.5e-7"
    bounds = {"above": column.above, "at least": column.least, "at most": column.most}
    within = " and ".join(f"{word} {bound}" for word, bound in bounds.items() if bound is not None)
    digits = "Write plain digits" if within else f"Write plain digits, such as {example}"
    return f"{digits}{', ' + within if within else ''}: no letters, signs of currency, thousands separators or spaces."

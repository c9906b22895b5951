"""Strict tables: what is read exactly, and that every mistake is refused by file, row, column and value."""

import csv
import io
import tracemalloc
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.rounds.cells import BadCell, Column, Kind, exact, read_cell
from oracle.rounds.parse import BATCH, MAX_LINE, read_batches, read_columns, read_rows

ITEM = Column("item", aliases=("repo",), unique=True)
WEIGHT = Column("weight", Kind.FLOAT, above=0)
LIST = (ITEM, WEIGHT)


@pytest.fixture
def table(tmp_path: Path):
    def write(text: str | bytes, name: str = "list.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refusal(path: Path, columns=LIST, **options) -> BadCell:
    with pytest.raises(BadCell) as caught:
        list(read_rows(path, columns, **options))
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_read_rows__good_file__values_in_the_order_asked_and_rows_from_2(table, end: str, mark: str) -> None:
    path = table(mark + end.join(["weight,repo", "0.5,a", '2.5e-1,"b, c"', "3,Éowyn", ""]))
    rows = list(read_rows(path, LIST))
    assert [row.values for row in rows] == [("a", 0.5), ("b, c", 0.25), ("Éowyn", 3.0)]
    assert [row.number for row in rows] == [2, 3, 4]


def test_read_rows__decimal_text__exact(table) -> None:
    path = table("x\n0.1\n-3\n1e-30\n.5\n2.\n")
    values = [row.values[0] for row in read_rows(path, [Column("x", Kind.DECIMAL)])]
    assert values == [Fraction(1, 10), -3, Fraction(1, 10**30), Fraction(1, 2), 2]


@pytest.mark.parametrize(
    "text",
    ["0.0285131C", "nan", "inf", "-Infinity", "1_000", "1,5", "0x10", "١٢", "1e", "--1", "+", ".", "1 ", " 1", "1e5000",
     "1e401", "1" * 65, "£5", "1/2", "True", "1\u200b", ""],
)  # fmt: skip
@pytest.mark.parametrize("kind", [Kind.DECIMAL, Kind.FLOAT, Kind.INTEGER])
def test_number__anything_but_plain_digits__refused_naming_all(table, text: str, kind: Kind) -> None:
    path = table(f'item,weight\na,1\nb,"{text}"\n')
    bad = refusal(path, [ITEM, Column("weight", kind)])
    assert (bad.file, bad.row, bad.column, bad.value) == (str(path), 3, "weight", text)
    assert "list.csv, row 3, column weight" in bad.message and (repr(text) in bad.message or not text)


@pytest.mark.parametrize("text", ["1e309", "-1e400", "1e-330"])
def test_float__beyond_64_bits__refused(table, text: str) -> None:
    assert refusal(table(f"weight\n{text}\n"), [Column("weight", Kind.FLOAT)]).why.endswith("64-bit float")


def test_float__zero_written_in_any_way__is_zero(table) -> None:
    rows = read_rows(table("w\n0\n0.000\n0e5\n-0.0\n"), [Column("w", Kind.FLOAT)])
    assert [row.values for row in rows] == [(0.0,)] * 4


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is an empty cell"),
        (" a", "has spaces around it"),
        ("a ", "has spaces around it"),
        ("a\u3000", "has spaces around it"),
        ("a\tb", "has a character that does not print"),
        ("a\nb", "has a character that does not print"),
        ("a\0b", "has a character that does not print"),
        ("x" * 257, "is longer than 256 characters"),
        ("E\u0301owyn", "is not in Unicode normal form C"),
    ],
)
def test_text__unclear__refused(table, text: str, why: str) -> None:
    bad = refusal(table(f'item,weight\na,1\n"{text}",1\n'))
    assert (bad.row, bad.column, bad.value, bad.why) == (3, "item", text, why)


@pytest.mark.parametrize(
    ("body", "row", "words"),
    [
        ("", 1, "there is no header"),
        ("item,weight,extra\na,1,2\n", 1, "column 'extra' is not known"),
        ("item\na\n", 1, "there is no column 'weight'"),
        ("item,item,weight\na,a,1\n", 1, "mean the same"),
        ("item,repo,weight\na,a,1\n", 1, "mean the same"),
        ("item,weight\na,1\n\nb,1\n", 3, "is empty"),
        ("item,weight\na,1\nb,1,2\n", 3, "has 3 cells where the header has 2"),
        ("item,weight\na,1\nb\n", 3, "has 1 cells"),
        ("item,weight\na,1\nb,0\n", 3, "'0' is not above 0"),
        ("item,weight\na,1\nb,-2\n", 3, "'-2' is not above 0"),
        ("item,weight\na,1\nb,1\na,2\n", 4, "'a' stands in row 2 too"),
        ('item,weight\na,1\n"b,1\n', 3, "is not CSV"),
        ('item,weight\na,1\n"b"x,1\n', 3, "is not CSV"),
        ("item,weight\n" + "a" * (MAX_LINE + 1), 2, "is longer than"),
    ],
)
def test_read_rows__bad_table__refused(table, body: str, row: int, words: str) -> None:
    bad = refusal(table(body))
    assert bad.row == row and words in bad.message


def test_extra_columns__asked_to_ignore__ignored_even_with_newlines(table) -> None:
    path = table('weight,why,item\n1,"two\nlines",a\n2,,b\n3,x,b\n')
    assert refusal(path, extra=True).row == 4
    assert refusal(table("a,a,item,weight\n1,2,b,3\n"), extra=True).message.endswith("column 'a' stands twice")


def test_not_utf8__refused_with_its_row(table) -> None:
    assert refusal(table(b"item,weight\na,1\n\xe9,2\n")).row == 3


def test_name__given__stands_in_the_refusal(table) -> None:
    assert refusal(table("item,weight\na,x\n"), name="lists/a.csv").message.startswith(
        "lists/a.csv, row 2, column weight"
    )


def test_missing_file_or_folder__bad_input(tmp_path: Path) -> None:
    for path in (tmp_path / "no.csv", tmp_path):
        with pytest.raises(BadInput, match="cannot be read"):
            list(read_rows(path, LIST))


def test_too_many_rows__refused(table) -> None:
    with pytest.raises(BadInput, match="more than 2 rows"):
        list(read_batches(table("item,weight\na,1\nb,1\nc,1\n"), LIST, max_rows=2))


def test_mistakes__asked_for__all_told_and_nothing_else_lost(table) -> None:
    count = BATCH + 20_000
    lines = [f"i{k},{k + 1}" for k in range(count)]
    lines[5], lines[7], lines[BATCH + 3], lines[-1] = "i5,x", ",y", "i6,1", "short"
    path = table("item,weight\n" + "\n".join(lines) + "\n")
    mistakes: list[BadCell] = []
    rows = list(read_rows(path, LIST, mistakes=mistakes))
    assert len(rows) == count - 4
    assert all(row.values == (f"i{row.number - 2}", row.number - 1) for row in rows)
    found = [(bad.row, bad.column, bad.value) for bad in mistakes]
    assert found == [
        (7, "weight", "x"),
        (9, "item", ""),
        (9, "weight", "y"),
        (BATCH + 5, "item", "i6"),
        (count + 1, "", ""),
    ]
    assert "stands in row 8 too" in mistakes[3].message


def test_default__column_left_out__stands_in_every_row(table) -> None:
    columns = [Column("item"), Column("weight", Kind.DECIMAL, default="1")]
    assert read_columns(table("item\na\nb\n"), columns).columns["weight"] == [1, 1]
    assert read_columns(table("weight,item\n3,a\n"), columns).columns["weight"] == [3]


def test_choices__another_value__refused_with_the_list(table) -> None:
    bad = refusal(table("better\na\nA\n"), [Column("better", choices=("a", "b"))])
    assert bad.row == 3 and "none of a, b" in bad.message


@pytest.mark.parametrize(("text", "good"), [("0", True), ("1", True), ("1.5", False), ("-0.1", False)])
def test_bounds__both_ends_included(table, text: str, good: bool) -> None:
    column = Column("p", Kind.FLOAT, least=0, most=1)
    path = table(f"p\n{text}\n")
    assert len(list(read_rows(path, [column]))) == 1 if good else refusal(path, [column]).row == 2


@given(st.fractions(), st.integers(0, 30))
def test_exact__decimal_text__round_trips(value: Fraction, places: int) -> None:
    rounded = Fraction(round(value * 10**places), 10**places)
    whole, sign = abs(round(value * 10**places)), "-" if rounded < 0 else ""
    digits = str(whole).rjust(places + 1, "0")
    text = sign + (digits[:-places] + "." + digits[-places:] if places else digits)
    assert exact(text) == rounded


@given(st.lists(st.tuples(st.text(max_size=8), st.text("0123456789.eE+-x_ ", max_size=6)), max_size=8))
def test_batch_reader__any_text__agrees_with_reading_cell_by_cell(tmp_path_factory, rows) -> None:
    """Second implementation: each record by the csv module and each cell alone; one bad cell refuses the file."""
    columns = [Column("item"), Column("weight", Kind.FLOAT, least=-5, most=5)]
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([("item", "weight"), *rows])
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(buffer.getvalue().encode("utf-8", "surrogatepass"))
    try:
        expected = [tuple(read_cell(c, v) for c, v in zip(columns, row, strict=True)) for row in rows]
    except ValueError:
        with pytest.raises(BadInput):
            list(read_rows(path, columns))
    else:
        assert [row.values for row in read_rows(path, columns)] == expected


@pytest.mark.slow
def test_a_million_rows__streamed__in_a_few_megabytes(table) -> None:
    lines = "".join(f"org/item-{k},{k + 1}.5e-3\n" for k in range(1_000_000))
    path = table("item,weight\n" + lines)
    size = len(lines)
    del lines
    tracemalloc.start()
    count = sum(len(batch) for batch in read_batches(path, [Column("item"), WEIGHT]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 1_000_000 and size > 20_000_000 and peak < 16_000_000


@pytest.mark.slow
@settings(max_examples=3_000)
@given(st.binary(max_size=200))
def test_any_bytes__a_table_or_a_refusal(tmp_path_factory, body: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"item,weight\n" + body)
    mistakes: list[BadInput] = []
    try:
        rows = list(read_rows(path, LIST, mistakes=mistakes))
    except BadInput as error:
        assert error.hint
    else:
        assert all(isinstance(item, str) and weight > 0 for item, weight in (row.values for row in rows))


def test_bounds__out_of_them__the_hint_says_which(table) -> None:
    belief = (Column("belief", Kind.FLOAT, least=0, most=1),)
    assert refusal(table("belief\n1.2\n"), belief).hint.startswith("Write plain digits, at least 0 and at most 1")
    assert refusal(table("weight,item\n0,a\n")).hint.startswith("Write plain digits, above 0:")

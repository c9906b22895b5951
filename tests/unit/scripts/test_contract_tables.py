"""The tables of the contracts' README: amounts in the profile's units, each table between its markers."""

from pathlib import Path

import pytest

from oracle.domain.errors import BadInput
from scripts import contract_tables


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        (0, "0 h", "0 h"),
        (86_400, "6 h", "1 d"),
        (5_400, "1 d", "90 min"),
        (10**15, "1 token", "0.001 token"),
        (2_500_000_000, "1000 reserve", "2,500 reserve"),
        (2**96 - 1, "500 reserve", "7.9e+22 reserve"),
        (2_000, "250 bps", "2,000 bps"),
        (64, 8, "64"),
    ],
)
def test_an_amount_is_written_in_the_unit_of_its_default(value: int, like: str | int, text: str) -> None:
    assert contract_tables.shown(value, like) == text


def test_a_table_replaces_what_stood_between_its_markers() -> None:
    text = "a\n<!-- sizes -->\nold\n<!-- end -->\nb <!-- end -->"
    assert contract_tables.filled(text, {"sizes": "new", "none": "x"}) == text.replace("old", "new")


def test_gas_comes_from_what_forge_printed(tmp_path: Path) -> None:
    report = tmp_path / "gas.txt"
    report.write_text("[PASS] test_it() (gas: 5)\nLogs:\n  revealBid, first: 149000\n  queue: 5\n\nSuite result: ok.\n")
    assert contract_tables.gas(report).splitlines()[2:] == [
        "| revealBid, first | 149,000 | 150,000 |",
        "| queue | 5 |  |",
    ]


def test_a_file_without_measurements_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("nothing")
    for name in ("other.txt", "missing.txt"):
        with pytest.raises(BadInput, match=rf"{name} holds no measurement of gas"):
            contract_tables.gas(tmp_path / name)

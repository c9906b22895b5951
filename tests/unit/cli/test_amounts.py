"""Amounts: what people write and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.cli.amounts import format_amount, format_duration, parse_amount, short
from oracle.domain.errors import BadInput


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [("0", 18, 0), ("1", 6, 10**6), ("12.5", 6, 12_500_000), ("1_000.000001", 6, 1_000_000_001), ("7", 0, 7)],
)
def test_parse_amount__plain_decimals__exact_base_units(text: str, decimals: int, value: int) -> None:
    assert parse_amount(text, decimals, "amount") == value


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e3", "1,000", ".5", "5.", "0x10", "NaN", "1.0000001", "ten"])
def test_parse_amount__anything_else__refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match="deposit"):
        parse_amount(text, 6, "deposit")


@given(st.integers(0, 10**40), st.integers(0, 18))
def test_format_amount__all_places__parses_back(value: int, decimals: int) -> None:
    assert parse_amount(format_amount(value, decimals, places=18).replace(",", "_"), decimals, "x") == value


def test_format_amount__sign_and_symbol() -> None:
    assert format_amount(-1_234_567_890, 6, "USDC") == "-1,234.56789 USDC"


def test_format_duration__two_largest_units() -> None:
    assert [format_duration(s) for s in (0, 59, 3_661, 180_000)] == ["0 s", "59 s", "1 h 1 min", "2 d 2 h"]


def test_short__long_hash__keeps_both_ends() -> None:
    assert short("0x" + "ab" * 32) == "0xababab…abab"
    assert short("0x1234") == "0x1234"

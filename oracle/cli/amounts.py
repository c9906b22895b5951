"""Amounts as people write them, to and from base units: decimal strings in, integers inside, never floats."""

import re

from oracle.domain.errors import BadInput

_DECIMAL = re.compile(r"(?P<whole>\d[\d_]*)(?:\.(?P<part>\d+))?")
TOKEN_DECIMALS = 18


def parse_amount(text: str, decimals: int, what: str) -> int:
    """Return `text` (such as `12.5`) in base units of 10**-decimals; `what` names the value in the error.

    Raises BadInput for signs, exponents, separators other than `_` and more places than the token has.
    """
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{what}: {text!r} is not an amount", hint="Write digits with at most one point, such as 12.5")
    part = match["part"] or ""
    if len(part) > decimals:
        raise BadInput(
            f"{what}: {text!r} has {len(part)} decimal places, the token has {decimals}",
            hint=f"Use at most {decimals} places",
        )
    return int(match["whole"].replace("_", "")) * int(10**decimals) + int(part.ljust(decimals, "0") or 0)


def format_amount(value: int, decimals: int, symbol: str = "", places: int = 6) -> str:
    """Return base units as a decimal string with thousands separators; digits past `places` are cut, not rounded."""
    sign, value = ("-" if value < 0 else ""), abs(value)
    whole, part = divmod(value, 10**decimals)
    digits = str(part).zfill(decimals)[:places].rstrip("0") if decimals else ""
    text = f"{sign}{whole:,}" + (f".{digits}" if digits else "")
    return f"{text} {symbol}" if symbol else text


def format_duration(seconds: int) -> str:
    """Return seconds as its two largest units, such as `2 d 3 h` or `45 s`."""
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def short(value: str, head: int = 6, tail: int = 4) -> str:
    """Return a hash or address as `0x1234…abcd`."""
    return value if len(value) <= head + tail + 3 else f"{value[: head + 2]}…{value[-tail:]}"

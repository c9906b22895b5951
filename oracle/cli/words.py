"""Amounts and times of one organisation in words."""

from datetime import UTC, datetime

from oracle.cli.amounts import TOKEN_DECIMALS, format_amount, format_duration
from oracle.wiring import Organisation


def tok(org: Organisation, value: int) -> str:
    """Token base units, such as `12.5 GEN`."""
    return format_amount(value, TOKEN_DECIMALS, org.token_symbol)


def res(org: Organisation, value: int) -> str:
    """Reserve base units, such as `1,000 USDC`."""
    return format_amount(value, org.reserve_decimals, org.reserve_symbol)


def when(timestamp: int, now: int) -> str:
    """A time of the chain and how far off it is."""
    clock = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    distance = format_duration(abs(timestamp - now))
    return f"{clock} (in {distance})" if timestamp > now else f"{clock} ({distance} ago)"


def bps(value: int) -> str:
    """Basis points as percent."""
    return f"{value / 100:.2f} %"

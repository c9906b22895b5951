"""Read `profiles.toml`: the values that a deployment starts with, as exact integers."""

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from oracle.domain.errors import BadInput

SOURCE = Path(__file__).with_suffix(".toml")
Value = int | str | bool


@dataclass(frozen=True)
class Profile:
    """Start values by contract and name; durations in seconds, amounts in base units."""

    name: str
    local: bool
    values: dict[str, dict[str, Value]]


def names(source: Path = SOURCE) -> list[str]:
    """The profiles there are."""
    return sorted(tomllib.loads(source.read_text(encoding="utf-8"))["profiles"])


def load(name: str, reserve_decimals: int, source: Path = SOURCE) -> Profile:
    """Return the profile with amounts scaled to a reserve token of `reserve_decimals`. Raises BadInput."""
    tables = tomllib.loads(source.read_text(encoding="utf-8"))
    profiles = tables.pop("profiles")
    if name not in profiles:
        raise BadInput(f"there is no profile {name!r}: known are {', '.join(sorted(profiles))}")
    hour = profiles[name]["seconds_per_hour"]
    units = {"h": hour, "d": 24 * hour, "token": 10**18, "reserve": 10**reserve_decimals, "bps": 1}
    values = {
        contract: {key: _exact(value, units, f"{contract}.{key}") for key, value in table.items()}
        for contract, table in tables.items()
    }
    return Profile(name, profiles[name]["local"], values)


def _exact(value: Value, units: dict[str, int], where: str) -> Value:
    """Turn "1.5 h" into seconds; text without a leading number stays text."""
    number, _, unit = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if not unit or not number[:1].isdigit():
        return value
    if unit not in units:
        raise BadInput(f"{where} = {value!r}: the unit is none of {', '.join(units)}")
    exact = Fraction(number) * units[unit]
    if exact.denominator != 1:
        raise BadInput(f"{where} = {value!r} is not a whole number of base units")
    return int(exact)

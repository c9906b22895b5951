"""Profiles give exact integers, and the local one differs from production in the length of an hour alone."""

from pathlib import Path

import pytest

from oracle.domain.errors import BadInput
from scripts.deployment import profiles

SOURCE = """
[profiles]
plain = { seconds_per_hour = 3600, local = false }
[Thing]
name = "A name with 2 words"
wait = "1.5 h"
bond = "0.25 reserve"
share = "250 bps"
blocks = 8
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "profiles.toml"
    path.write_text(SOURCE)
    return path


def test_units_become_base_units(source: Path) -> None:
    values = profiles.load("plain", 6, source).values["Thing"]
    assert values == {"name": "A name with 2 words", "wait": 5400, "bond": 250_000, "share": 250, "blocks": 8}


def test_an_amount_below_one_base_unit_is_refused_by_name(source: Path) -> None:
    with pytest.raises(BadInput, match=r"Thing\.bond = '0\.25 reserve' is not a whole number of base units"):
        profiles.load("plain", 1, source)


def test_an_unknown_unit_is_refused_by_name(source: Path) -> None:
    source.write_text(SOURCE + 'late = "3 weeks"\n')
    with pytest.raises(BadInput, match=r"Thing\.late = '3 weeks': the unit is none of h, d, token, reserve, bps"):
        profiles.load("plain", 6, source)


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="no profile 'staging': known are local, production"):
        profiles.load("staging", 6)


def test_local_is_production_with_an_hour_of_sixty_seconds() -> None:
    local, production = profiles.load("local", 6), profiles.load("production", 6)
    assert (local.local, production.local) == (True, False)
    for contract, values in production.values.items():
        for name, value in values.items():
            ours = local.values[contract][name]
            assert ours == value or (isinstance(value, int) and isinstance(ours, int) and ours * 60 == value), name

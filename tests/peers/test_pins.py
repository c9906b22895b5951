"""Whatever `make test-peers` installs is pinned."""

from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNPINNED = {"gengov", "setuptools", "pip", "wheel"}  # ourselves, and what a virtual environment starts with


def plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def test_peers__every_installed_package__is_the_pinned_one() -> None:
    lines = (ROOT / "constraints-peers.txt").read_text().split()
    pinned = {plain(name): version for name, version in (line.split("==") for line in lines)}
    found = {plain(one.metadata["Name"]): one.version.split("+")[0] for one in distributions()}
    assert {name: version for name, version in found.items() if name not in UNPINNED} == pinned

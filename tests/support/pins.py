"""Compares what an environment holds with the file that pins it."""

import sysconfig
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNPINNED = {"gengov", "setuptools", "pip", "wheel"}  # ourselves, and what a virtual environment starts with


def plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def pinned(file: str) -> dict[str, str]:
    """Name -> version in a file of pins at the root."""
    return {plain(name): version for name, version in (line.split("==") for line in (ROOT / file).read_text().split())}


def installed() -> dict[str, str]:
    """Name -> version of all packages of this environment, without the mark of a build."""
    here = [sysconfig.get_path("purelib")]  # not what setuptools carries inside itself
    found = {plain(one.metadata["Name"]): one.version.split("+")[0] for one in distributions(path=here)}
    return {name: version for name, version in found.items() if name not in UNPINNED}

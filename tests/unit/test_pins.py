"""Whatever `make setup` installs is pinned."""

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
UNPINNED = {"gengov", "setuptools", "pip", "wheel"}  # ourselves, and what a virtual environment starts with


def installed() -> dict[str, str]:
    """Versions of all that gengov[contracts,dev] needs on this machine, followed to the end."""
    versions: dict[str, str] = {}
    waiting = [("gengov", frozenset({"contracts", "dev"}))]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # Brownie's pure build needs less than its metadata names.
        versions[canonicalize_name(name)] = found.version
        for text in found.requires or []:
            needed = Requirement(text)
            if needed.marker and not any(needed.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                continue
            step = (needed.name, frozenset(needed.extras))
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return {name: version for name, version in versions.items() if name not in UNPINNED}


def test_python_packages_are_the_pinned_ones() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    pinned = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    assert {
        name: (version, pinned.get(name)) for name, version in installed().items() if pinned.get(name) != version
    } == {}


def test_npm_packages_are_pinned_and_locked() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version
    for name, entry in locked.items():
        for dependency in entry.get("optionalDependencies", {}) if name.startswith("node_modules/@foundry-rs/") else {}:
            assert f"node_modules/{dependency}" in locked, "npm ci refuses a lock that leaves out a platform"

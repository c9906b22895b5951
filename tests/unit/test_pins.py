"""Whatever `make setup` installs is pinned."""

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
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
    lines = lines_of("constraints.txt")
    pinned = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    assert {
        name: (version, pinned.get(name)) for name, version in installed().items() if pinned.get(name) != version
    } == {}


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-peers.txt", "constraints-vllm.txt"])
def test_what_gengov_needs_is_pinned_in_every_environment(file: str) -> None:
    pins = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines_of(file))}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [Requirement(text) for text in project["dependencies"]]
    wrong = {one.name: pins.get(canonicalize_name(one.name)) for one in needed if not fits(one, pins)}
    assert wrong == {}


def lines_of(file: str) -> list[str]:
    return (ROOT / file).read_text().split()


def fits(needed: Requirement, pins: dict[str, str]) -> bool:
    version = pins.get(canonicalize_name(needed.name))
    return version is not None and needed.specifier.contains(version)


def test_npm_packages_are_pinned_and_locked() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version
    for name, entry in locked.items():
        for dependency in entry.get("optionalDependencies", {}) if name.startswith("node_modules/@foundry-rs/") else {}:
            assert f"node_modules/{dependency}" in locked, "npm ci refuses a lock that leaves out a platform"

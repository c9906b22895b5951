"""The contracts' ABIs, written by `scripts/export_abi.py`: all that the oracle knows of the Solidity side."""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

Abi = list[dict[str, Any]]


@lru_cache
def names() -> tuple[str, ...]:
    """Names of the contracts whose ABI is here, sorted."""
    found = (entry.name for entry in files(__name__).iterdir() if entry.name.endswith(".json"))
    return tuple(sorted(name.removesuffix(".json") for name in found))


@lru_cache
def load(name: str) -> Abi:
    """Return the ABI of contract `name`, shared and not to be changed. Raises KeyError when there is none."""
    if name not in names():
        raise KeyError(f"no ABI of {name}: known are {', '.join(names())}")
    abi: Abi = json.loads(files(__name__).joinpath(f"{name}.json").read_text())
    return abi


@lru_cache
def errors() -> Abi:
    """Return every custom error of every contract once, so that one that crossed a contract still has its name."""
    found: dict[str, dict[str, Any]] = {}
    for name in names():
        for entry in load(name):
            if entry["type"] == "error":
                found.setdefault(json.dumps([entry["name"], [i["type"] for i in entry["inputs"]]]), entry)
    return list(found.values())

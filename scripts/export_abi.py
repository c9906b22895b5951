#!/usr/bin/env python3
"""Copy the ABI of each contract from forge's artifacts to `oracle/chain/abi/`; `--check` fails where one is stale."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "oracle" / "chain" / "abi"
CONTRACTS = (
    "BToken",
    "DisputeResolver",
    "Governance",
    "MockUSDC",
    "ModelRegistry",
    "PromptUpdate",
    "TimelockController",
    "VerifierCommittee",
)


def render(abi: list[dict[str, Any]]) -> str:
    """One entry per line, in an order that depends on nothing but the entries, so that a change is a readable diff."""
    ordered = sorted(abi, key=lambda e: (e["type"], e.get("name", ""), json.dumps(e.get("inputs", []))))
    lines = (json.dumps(entry, sort_keys=True, separators=(",", ":")) for entry in ordered)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def artifact(name: str, out: Path) -> list[dict[str, Any]]:
    """Read one ABI from forge's output folder. Raises FileNotFoundError when the contract was not built."""
    abi: list[dict[str, Any]] = json.loads((out / f"{name}.sol" / f"{name}.json").read_text())["abi"]
    return abi


def stale(wanted: dict[Path, str], target: Path) -> list[str]:
    """Names of the files that are missing, differ, or belong to no contract."""
    changed = [path.name for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
    return sorted(changed + [path.name for path in target.glob("*.json") if path not in wanted])


def main(argv: list[str] | None = None) -> int:
    """Exit 0: written, or up to date; 1: `--check` found a stale file; 2: a contract was not built."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a file is stale")
    parser.add_argument("--no-build", action="store_true", help="trust the artifacts that are there")
    parser.add_argument("--artifacts", type=Path, default=ROOT / "build" / "forge", help="forge's output folder")
    parser.add_argument("--target", type=Path, default=TARGET, help="where the ABI files lie")
    args = parser.parse_args(argv)
    if not args.no_build:
        subprocess.run(["forge", "build", "--quiet", "contracts"], cwd=ROOT, check=True)
    try:
        wanted = {args.target / f"{name}.json": render(artifact(name, args.artifacts)) for name in CONTRACTS}
    except FileNotFoundError as missing:
        print(f"not built: {missing.filename}; run `forge build`", file=sys.stderr)
        return 2
    old = stale(wanted, args.target)
    if args.check:
        for name in old:
            print(f"stale: {name}; run `scripts/export_abi.py`", file=sys.stderr)
        return 1 if old else 0
    for name in old:
        (args.target / name).unlink(missing_ok=True)
    for path, text in wanted.items():
        if path.name in old:
            path.write_text(text)
    print(f"{len(wanted)} ABIs, {len(old)} changed", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Print the tables of `contracts/README.md`, parameters read from a production deployment and sizes from the artifacts.

scripts/contract_tables.py --rpc http://127.0.0.1:8545 [--file FILE] [--gas FILE] [--write]
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # So that the scripts find each other from every folder.

from web3 import Web3  # noqa: E402

from oracle.chain import abi, deployments  # noqa: E402
from oracle.domain.errors import BadInput, GengovError  # noqa: E402
from scripts.deployment import profiles, session  # noqa: E402
from scripts.deployment.plan import CONTRACTS  # noqa: E402

README = ROOT / "contracts" / "README.md"
LIMIT = 24_576  # bytes of deployed code, EIP-170
TARGETS = {
    "permissionlessMint": 115_000,
    "redeem": 125_000,
    "commitBid": 100_000,
    "revealBid": 150_000,
    "settleAuction": 82_000,
    "fixSeed": 54_000,
    "updatePrompt": 450_000,
    "castVote, first": 112_000,
    "castVote, later": 95_000,
    "challenge": 150_000,
    "rule": 90_000,
}


def parameters(web3: Web3, deployment: deployments.DeploymentFile) -> str:
    """Every start value of the production profile with the bounds that the chain gives."""
    rows = ["| contract | parameter | default | least | most |", "|---|---|---|---|---|"]
    for contract, values in tomllib.loads(profiles.SOURCE.read_text(encoding="utf-8")).items():
        if contract == "profiles":
            continue
        target = web3.eth.contract(Web3.to_checksum_address(deployment.address(contract)), abi=abi.load(contract))
        tuned = "parameterBounds" in {entry.get("name") for entry in abi.load(contract)}
        for name, default in values.items():
            bounds = "fixed at deployment |"
            if tuned and name not in ("name", "symbol", "initialReserve"):
                least, most = target.functions.parameterBounds(name.encode().ljust(32, b"\0")).call()
                bounds = f"{shown(least, default)} | {shown(most, default)}"
            rows.append(f"| {contract} | `{name}` | {default} | {bounds} |")
    return "\n".join(rows)


def gas(report: Path) -> str:
    """What the operations took, out of forge's report on the tests of gas. Raises BadInput."""
    try:
        measured = re.findall(r"^  (\S.*): (\d+)$", report.read_text(encoding="utf-8"), re.M)
    except OSError:
        measured = []
    if not measured:
        hint = "forge test --match-contract Gas -vv > FILE"
        raise BadInput(f"{report} holds no measurement of gas", hint=hint)
    rows = ["| operation | gas | target |", "|---|---|---|"]
    for operation, used in dict(measured).items():
        target = TARGETS.get(operation, TARGETS.get(operation.partition(",")[0]))
        rows.append(f"| {operation} | {int(used):,} | {'' if target is None else format(target, ',')} |")
    return "\n".join(rows)


def sizes(artifacts: Path) -> str:
    """Bytes of deployed code against the limit of the chain."""
    rows = ["| contract | bytes | left of 24,576 |", "|---|---|---|"]
    for name in CONTRACTS:
        code = json.loads((artifacts / f"{name}.sol" / f"{name}.json").read_text())["deployedBytecode"]["object"]
        size = len(code.removeprefix("0x")) // 2
        rows.append(f"| {name} | {size:,} | {LIMIT - size:,} |")
    return "\n".join(rows)


def shown(value: int, like: str | int) -> str:
    """Write an amount in the unit of `like`, a value of the profile."""
    unit = like.partition(" ")[2] if isinstance(like, str) else ""
    if unit in ("h", "d") and value:
        for name, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
            if value % seconds == 0:
                return f"{value // seconds} {name}"
    scale = {"token": 10**18, "reserve": 10**6}.get(unit, 1)
    exact = Fraction(value, scale)
    digits = f"{exact.numerator:,}" if exact.denominator == 1 else f"{float(exact):f}".rstrip("0")
    digits = digits if len(digits) < 12 else f"{float(exact):.1e}"
    return f"{digits} {unit}".strip()


def filled(text: str, tables: dict[str, str]) -> str:
    """The document with each table between its markers."""
    for name, table in tables.items():
        head, mark, rest = text.partition(f"<!-- {name} -->\n")
        if mark:
            text = head + mark + table + "\n" + rest[rest.index("<!-- end -->") :]
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Exit 0: printed, or written; else as the errors of `oracle.domain.errors` say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpc", required=True, metavar="URL", help="endpoint of the chain")
    parser.add_argument("--file", type=Path, help="deployment file (default: deployments/CHAINID.json)")
    parser.add_argument("--gas", type=Path, metavar="FILE", help="what forge printed, for the gas table")
    parser.add_argument("--write", action="store_true", help="put the tables into contracts/README.md")
    args = parser.parse_args(argv)
    try:
        web3 = session.reach(args.rpc)
        deployment = deployments.read(args.file or deployments.default_path(web3.eth.chain_id, ROOT))
        tables = {"parameters": parameters(web3, deployment), "sizes": sizes(ROOT / "build" / "forge")}
        if args.gas:
            tables["gas"] = gas(args.gas)
    except GengovError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if args.write:
        README.write_text(filled(README.read_text(encoding="utf-8"), tables), encoding="utf-8")
    else:
        print("\n\n".join(tables.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

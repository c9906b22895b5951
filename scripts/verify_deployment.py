#!/usr/bin/env python3
"""Read a chain and its deployment file, and name everything that differs: code, parameters, wiring, roles, approvals.

    scripts/verify_deployment.py --rpc http://127.0.0.1:8545 [--file deployments/31337.json]

Exit status: 0 nothing differs, 1 something does, 2 bad input, 4 unreachable.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # So that the scripts find each other from every folder.

from web3.exceptions import Web3Exception  # noqa: E402

from oracle.chain import deployments  # noqa: E402
from oracle.domain.errors import GengovError, Unreachable  # noqa: E402
from scripts.deployment import checks, session  # noqa: E402


def verify(rpc: str, file: Path | None) -> list[str]:
    """Sentences about what differs. Raises GengovError when chain, file or sources cannot be read."""
    web3 = session.reach(rpc)
    deployment = deployments.read(file or deployments.default_path(web3.eth.chain_id, ROOT))
    artifacts = session.artifacts(ROOT)
    try:
        return checks.differences(web3, deployment, artifacts)
    except (OSError, Web3Exception) as error:
        raise Unreachable(f"{rpc} stopped answering: {type(error).__name__}", hint="try again") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpc", required=True, metavar="URL", help="endpoint of the chain")
    parser.add_argument("--file", type=Path, help="deployment file (default: deployments/CHAINID.json)")
    parser.add_argument("--json", action="store_true", help="print the differences as a JSON list")
    args = parser.parse_args(argv)
    try:
        found = verify(args.rpc, args.file)
    except GengovError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if args.json:
        print(json.dumps(found))
    else:
        print("\n".join(found) or "the chain is as the file, the profile and the sources say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

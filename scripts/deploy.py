#!/usr/bin/env python3
"""Deploy the organisation on any chain, wire its roles, leave the deployer with nothing, write down what is where.

    scripts/deploy.py --rpc http://127.0.0.1:8545      profile local, from a development node's first account
    scripts/deploy.py --rpc URL --profile production --reserve-token ADDRESS --verifier ADDRESS --keystore FILE
    brownie run scripts/deploy.py --network anvil      on Brownie's own network

Exit status: 0 done, 1 refused, 2 bad input, 3 reverted, 4 unreachable. Progress goes to stderr.
"""

import argparse
import getpass
import json
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # Brownie and a plain interpreter start from different folders.

from web3 import Web3  # noqa: E402

from oracle.chain import deployments  # noqa: E402
from oracle.domain.errors import BadInput, GengovError, Refused  # noqa: E402
from scripts.deployment import genesis, profiles, rollout, session  # noqa: E402


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rpc", required=True, metavar="URL", help="endpoint of the chain")
    made.add_argument("--chain-id", type=int, help="refuse every other chain")
    made.add_argument("--profile", default="local", help=f"start values: {', '.join(profiles.names())} (default local)")
    made.add_argument("--reserve-token", metavar="ADDRESS", help="token behind the curve; without it a worthless mock")
    made.add_argument("--keystore", metavar="FILE", help="deployer's keystore file, or the name of a Brownie account")
    made.add_argument("--password-file", type=Path, metavar="FILE", help="its first line opens the keystore")
    made.add_argument("--from", dest="sender", metavar="ADDRESS", help="deployer whom the node keeps unlocked")
    made.add_argument("--setter", metavar="ADDRESS", help="weight setter of the shipped models (default: deployer)")
    made.add_argument("--verifier", metavar="ADDRESS", action="append", default=[], help="committee member; repeat")
    made.add_argument("--threshold", type=int, metavar="K", help="signatures of a verdict (default: a majority)")
    made.add_argument("--out", type=Path, metavar="FILE", help="default: deployments/CHAINID.json")
    made.add_argument("--force", action="store_true", help="write over an existing deployment file")
    made.add_argument("--json", action="store_true", help="print the deployment on stdout")
    return made


def run(args: argparse.Namespace) -> deployments.DeploymentFile:
    """Check all that can be checked before the first transaction, deploy, record. Raises GengovError."""
    web3 = session.reach(args.rpc, args.chain_id)
    out = _free(args.out or deployments.default_path(web3.eth.chain_id, ROOT), args.force)
    signer = _signer(args, web3)
    people = genesis.people(web3, signer.address, args.setter, args.verifier, args.threshold)
    order = rollout.order(web3, args.profile, args.reserve_token, genesis.shipped(ROOT, people))
    with session.connect(web3, args.rpc, signer, ROOT) as opened:
        deployment = rollout.roll_out(opened, order, say=_say)
    deployments.write(out, deployment)
    _say(f"wrote {out}")
    return deployment


def main(profile: str = "local", reserve_token: str = "", account: str = "", out: str = "") -> None:
    """`brownie run scripts/deploy.py main [profile] [reserve token] [account] [file]`: on the active network."""
    opened = session.active(account)
    file = _free(Path(out or deployments.default_path(opened.web3.eth.chain_id, ROOT)), force=False)
    people = genesis.people(opened.web3, opened.account.address, None, [], None)
    order = rollout.order(opened.web3, profile, reserve_token or None, genesis.shipped(ROOT, people))
    deployments.write(file, rollout.roll_out(opened, order, say=_say))
    _say(f"wrote {file}")


def command(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    args = parser().parse_args(argv)
    try:
        deployment = run(args)
    except GengovError as error:
        _say(f"error: {error}")
        return error.exit_code
    if args.json:
        print(json.dumps(deployment.model_dump(), sort_keys=True))
    return 0


def _free(out: Path, force: bool) -> Path:
    if out.exists() and not force:
        raise Refused(f"{out} exists already", hint="--force writes over it, --out names another file")
    return out


def _signer(args: argparse.Namespace, web3: Web3) -> session.Signer:
    if args.keystore is None:
        return session.unlocked(web3, args.sender)
    path = session.keystore_path(args.keystore)
    if args.password_file is None:
        return session.keystore(path, getpass.getpass(f"Password of {path.name}: "))
    try:
        return session.keystore(path, args.password_file.read_text(encoding="utf-8").partition("\n")[0])
    except OSError as error:
        raise BadInput(f"cannot read the password file {args.password_file}: {error.strerror}") from None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(command())

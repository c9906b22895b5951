"""From nothing to an organisation with holders and a past: start a node, deploy, fund, buy, delegate, age."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from oracle import config, wiring
from oracle.chain import accounts, devnode
from oracle.chain.accounts import LocalSigner
from oracle.chain.devnode import DevNode, NodeKind
from oracle.cli.accounts import role_address
from oracle.cli.amounts import TOKEN_DECIMALS
from oracle.cli.devnet import state as states
from oracle.cli.devnet.prompts import demo_prompt
from oracle.domain.errors import BadInput, GengovError, Reverted, Unreachable
from oracle.mechanism import prompt_rules
from oracle.ports.chain import Call, Receipt
from oracle.wiring import Organisation

CHECKOUT = Path(__file__).resolve().parents[3]
DEPLOY = CHECKOUT / "scripts" / "deploy.py"
TOKEN = 10**TOKEN_DECIMALS
PURCHASES = {"alice": 400, "bob": 300, "carol": 200, "prompter": 150, "rival": 120, "setter": 80, "challenger": 30}
"""Whole tokens that each role buys on the curve, in this order."""
RESERVE_EACH = 3_000_000
"""Whole reserve tokens that each role gets from the mock's faucet."""
COLLATERAL = 40
"""Whole tokens that prompters and the weight setter put up."""

PROMPT = "prompt.json"
"""In the home of a chain that is kept: a prompt to bid with."""

Say = Callable[[str, str], None]


@dataclass(frozen=True)
class Devnet:
    """A running local chain with an organisation on it."""

    node: DevNode
    organisation: Organisation
    home: Path

    def send(self, role: str, call: Call) -> Receipt:
        """Sends a call as a role."""
        return self.organisation.chain.send(call, self.signer(role))

    def signer(self, role: str) -> LocalSigner:
        """The role's account."""
        return accounts.from_mnemonic(states.account_of(role), self.node.chain_id)


def bring_up(kind: NodeKind, say: Say, *, home: Path, port: int | None = None) -> Devnet:
    """Start a chain whose files lie in `home`, made anew, and an organisation on it. Stops the chain if that fails.

    `say(stage, text)` is told each step. BadInput outside a checkout; Unreachable if the node does not start.
    """
    if not DEPLOY.is_file():
        raise BadInput(f"there is no {DEPLOY}", hint="a devnet needs a checkout: clone it and run `make setup` there")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    node = devnode.start(kind, port=port, log=home / "node.log")
    try:
        say("chain", f"{kind.value} at {node.url}, chain id {node.chain_id}")
        file = _deploy(node, home, say)
        settings = config.load(flags={"rpc": node.url, "deployment": file, "home": home, "models": CHECKOUT / "models"})
        devnet = Devnet(node, wiring.open_organisation(settings), home)
        _populate(devnet, say)
        _age(devnet, say)
    except BaseException:
        node.stop()
        raise
    return devnet


def keep(devnet: Devnet) -> states.DevnetState:
    """Leave the chain running, with a prompt to bid with and a snapshot to come back to."""
    (devnet.home / PROMPT).write_bytes(prompt_rules.encode(demo_prompt(devnet.organisation, "results")))
    state = states.DevnetState(
        network=devnet.node.kind.value,
        rpc=devnet.node.url,
        chain_id=devnet.node.chain_id,
        pid=devnet.node.pid,
        deployment=devnet.home / "deployment.json",
        home=devnet.home,
        models=devnet.organisation.settings.models,
        snapshot=devnet.node.time.snapshot(),
    )
    state.save()
    return state


def _deploy(node: DevNode, home: Path, say: Say) -> Path:
    """Run scripts/deploy.py in its own process: nothing here imports Brownie."""
    file = home / "deployment.json"
    command = [
        sys.executable,
        str(DEPLOY),
        "--rpc",
        node.url,
        "--profile",
        "local",
        "--out",
        str(file.resolve()),
        "--json",
    ]
    command += ["--setter", role_address("setter"), "--threshold", "2"]
    for verifier in ("verifier1", "verifier2", "verifier3"):
        command += ["--verifier", role_address(verifier)]
    # Brownie finds sources by paths relative to the project.
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    (home / "deploy.log").write_text(done.stderr, encoding="utf-8")
    if done.returncode != 0:
        last = (done.stderr.strip() or "no word of why").splitlines()[-1]
        raise _error(done.returncode)(
            f"the deployment failed: {last}",
            hint=f"the whole log: {home / 'deploy.log'}",
        )
    contracts = json.loads(done.stdout)["addresses"]
    say("deploy", f"{len(contracts)} contracts, profile local; the deployer keeps no role")
    return file


def _error(code: int) -> type[GengovError]:
    return {2: BadInput, 3: Reverted, 4: Unreachable}.get(code, GengovError)


def _populate(devnet: Devnet, say: Say) -> None:
    """Everyone gets reserve from the mock's faucet, buys on the curve and delegates to itself."""
    org = devnet.organisation
    curve = org.chain.address("BToken")
    for role, tokens in PURCHASES.items():
        amount = RESERVE_EACH * 10**org.reserve_decimals
        devnet.send(role, Call("ReserveToken", "mint", (role_address(role), amount)))
        devnet.send(role, Call("ReserveToken", "approve", (curve, amount)))
        deadline = org.chain.head().timestamp + 3_600
        devnet.send(role, Call("BToken", "permissionlessMint", (tokens * TOKEN, amount, deadline)))
        devnet.send(role, Call("BToken", "delegate", (role_address(role),)))
    bought = sum(PURCHASES.values())
    say("fund", f"{len(PURCHASES)} accounts bought {bought:,} {org.token_symbol} on the curve")


def _age(devnet: Devnet, say: Say) -> None:
    """Skip past the age of votes and every rolling window, so that no limit is that of an organisation just born."""
    org, chain = devnet.organisation, devnet.organisation.chain
    token, governance = org.file.parameters["BToken"], org.file.parameters["Governance"]
    spans = (token["minterWindow"], token["rewarderWindow"], governance["fastWindow"], governance["voteAge"])
    devnet.node.time.skip(max(map(int, spans)) + 1)
    for role in ("prompter", "rival", "setter"):
        devnet.send(role, Call("BToken", "approve", (chain.address("PromptUpdate"), COLLATERAL * TOKEN)))
        devnet.send(role, Call("PromptUpdate", "depositCollateral", (COLLATERAL * TOKEN,)))
    say("age", f"holders and votes are old enough; both sides put up {COLLATERAL} {org.token_symbol} of collateral")

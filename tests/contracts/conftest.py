"""Brownie's suite: the organisation as deployed by the deploy script, on a chain of its own."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import brownie
import pytest
from brownie import chain, web3
from brownie._config import CONFIG

from helpers import TOKEN
from oracle.model.manifest import Commitment
from scripts.deployment import genesis, plan, rollout, session

ROOT = Path(__file__).resolve().parents[2]
os.environ["PATH"] = f"{ROOT / 'node_modules' / '.bin'}:{os.environ['PATH']}"


def _own_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# A node on the usual port may be anybody's: Brownie would attach to it instead of starting its own.
for _network in CONFIG.networks.values():
    if "cmd" in _network:
        _network.setdefault("cmd_settings", {})["port"] = _own_port()


@pytest.fixture(scope="module")
def org(module_isolation: None) -> Iterator[SimpleNamespace]:
    """The deployed organisation: its contracts by name, its deployment file, and who plays which part."""
    opened = session.active()
    accounts = brownie.accounts
    who = genesis.people(opened.web3, accounts[0].address, accounts[1].address, [], None)
    shipped = genesis.shipped(ROOT, who)
    weights, tokenizer, engine = (bytes(web3.keccak(text=part)) for part in ("weights", "tokenizer", "engine"))
    model = genesis.model("test", Commitment(weights, tokenizer, engine, "models/test"), who.setter)
    start = plan.Genesis(who.verifiers, who.threshold, (model,), shipped.templates, shipped.samplers)
    file = rollout.roll_out(opened, rollout.order(opened.web3, "local", None, start), say=lambda line: None)
    parts = {name: opened.at(name, address) for name, address in file.addresses.items() if name != "ReserveToken"}
    yield SimpleNamespace(
        file=file,
        reserve=opened.at("MockUSDC", file.addresses["ReserveToken"]),
        model=model.id,
        deployer=accounts[0],
        setter=accounts[1],
        alice=accounts[2],
        bob=accounts[3],
        stranger=accounts[4],
        **parts,
    )


@pytest.fixture
def buy(org: SimpleNamespace) -> Callable[[Any, int], Any]:
    """Buy whole tokens on the curve for an account, and delegate its votes to itself."""

    def purchase(account: Any, tokens: int) -> Any:
        cost = org.BToken.costToMint(tokens * TOKEN)
        org.reserve.mint(account, cost, {"from": account})
        org.reserve.approve(org.BToken, cost, {"from": account})
        receipt = org.BToken.permissionlessMint(tokens * TOKEN, cost, chain.time() + 3600, {"from": account})
        org.BToken.delegate(account, {"from": account})
        return receipt

    return purchase


@pytest.fixture(autouse=True)
def isolation(fn_isolation: None) -> None:
    """Every test starts from the state right after deployment."""

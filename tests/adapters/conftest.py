"""Real local chains, one of each kind per test session, with a token on them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from oracle.chain import devnode
from oracle.chain.accounts import LocalSigner, from_mnemonic
from oracle.chain.clock import SystemClock
from oracle.chain.devnode import DevNode, NodeKind
from oracle.chain.rpc import Rpc
from oracle.chain.web3chain import Web3Chain
from tests.support.artifacts import deploy


@dataclass
class Ground:
    """A node with MockUSDC on it, as `ReserveToken`, of which the first account has a million."""

    node: DevNode
    rpc: Rpc
    chain: Web3Chain
    alice: LocalSigner
    bob: LocalSigner

    def balance(self, account: str) -> int:
        return int(self.chain.read("ReserveToken", "balanceOf", account))


@pytest.fixture(scope="session", params=list(NodeKind))
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    with devnode.start(request.param) as node:
        rpc = Rpc(node.url)
        address = deploy(rpc, "MockUSDC")
        chain = Web3Chain(rpc, node.chain_id, {"ReserveToken": address}, SystemClock(), patience=20)
        yield Ground(node, rpc, chain, from_mnemonic(0, node.chain_id), from_mnemonic(1, node.chain_id))

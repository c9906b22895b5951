"""Creation code from forge's artifacts, and a deployment without any deploy script, for tests of the adapters."""

import fcntl
import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address

from oracle.chain import codec
from oracle.chain.rpc import Rpc

ROOT = Path(__file__).resolve().parents[2]


@cache
def _built() -> Path:
    """Builds the contracts once per run; forge does nothing where nothing changed."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / ".forge.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = f"{ROOT / 'node_modules' / '.bin'}:{os.environ['PATH']}"
        subprocess.run(
            ["forge", "build", "--quiet", "contracts"], cwd=ROOT, check=True, env={**os.environ, "PATH": path}
        )
    return ROOT / "build" / "forge"


def creation_code(contract: str) -> bytes:
    artifact = json.loads((_built() / f"{contract}.sol" / f"{contract}.json").read_text())
    return bytes.fromhex(artifact["bytecode"]["object"].removeprefix("0x"))


def deploy(rpc: Rpc, contract: str, *args: Any) -> str:
    """Deploys from the node's first account, which development nodes keep unlocked; returns the address."""
    sender = rpc.request("eth_accounts")[0]
    data = creation_code(contract) + codec.of(contract).encode_constructor(args)
    tx_hash = rpc.request("eth_sendTransaction", {"from": sender, "data": "0x" + data.hex(), "gas": hex(8_000_000)})
    while (receipt := rpc.request("eth_getTransactionReceipt", tx_hash)) is None:
        continue
    assert receipt["status"] == "0x1"
    return to_checksum_address(receipt["contractAddress"])

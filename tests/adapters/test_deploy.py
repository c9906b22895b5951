"""The deploy script as a program: a fresh chain in, a deployment file out, and a sentence for everything that fails."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from web3 import HTTPProvider, Web3

from oracle.chain import abi, devnode
from oracle.chain.devnode import DevNode, NodeKind

ROOT = Path(__file__).resolve().parents[2]


def script(name: str, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, f"scripts/{name}.py", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def anvil() -> Iterator[DevNode]:
    with devnode.start(NodeKind.ANVIL) as node:
        yield node


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "deployment.json"


def deployed(node: DevNode, out: Path, *more: object) -> dict[str, Any]:
    result = script("deploy", "--rpc", node.url, "--out", out, "--json", *more)
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    assert json.loads(out.read_text()) == document
    return document


@pytest.mark.parametrize("kind", list(NodeKind))
def test_both_development_nodes_get_a_deployment_that_verifies(kind: NodeKind, out: Path) -> None:
    with devnode.start(kind) as node:
        document = deployed(node, out, "--chain-id", node.chain_id)
        verified = script("verify_deployment", "--rpc", node.url, "--file", out)
        assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
    assert document["chain_id"] == node.chain_id
    assert document["parameters"]["PromptUpdate"]["epochLength"] == 24 * 60


def test_a_keystore_pays_for_a_production_deployment_on_a_given_token(
    anvil: DevNode, out: Path, tmp_path: Path
) -> None:
    account, web3 = Account.create(), Web3(HTTPProvider(anvil.url))
    (tmp_path / "key.json").write_text(json.dumps(Account.encrypt(account.key, "secret", iterations=1024)))
    (tmp_path / "password").write_text("secret\n")
    token = deployed(anvil, tmp_path / "other.json")["addresses"]["ReserveToken"]
    key = ("--keystore", tmp_path / "key.json", "--password-file", tmp_path / "password")
    order = ("--rpc", anvil.url, "--out", out, "--profile", "production", "--reserve-token", token, *key)

    poor = script("deploy", *order)
    assert (poor.returncode, "holds 0" in poor.stderr) == (1, True), poor.stderr
    web3.provider.make_request("anvil_setBalance", [account.address, hex(10**19)])  # type: ignore[arg-type]
    without = script("deploy", *order)
    assert without.returncode == 1
    assert "holds 0 units of the reserve token, the curve starts with 500000" in without.stderr
    mock = web3.eth.contract(Web3.to_checksum_address(token), abi=abi.load("MockUSDC"))
    mock.functions.mint(account.address, 500_000).transact({"from": web3.eth.accounts[0]})

    document = deployed(anvil, out, *order[4:])
    assert document["deployer"] == account.address
    assert document["parameters"]["PromptUpdate"]["epochLength"] == 24 * 3600
    assert script("verify_deployment", "--rpc", anvil.url, "--file", out).returncode == 0


def test_an_existing_file_is_kept_unless_forced(anvil: DevNode, out: Path) -> None:
    out.write_text("precious")
    refused = script("deploy", "--rpc", anvil.url, "--out", out)
    assert (refused.returncode, out.read_text()) == (1, "precious")
    assert "exists already" in refused.stderr
    assert deployed(anvil, out, "--force")["chain_id"] == 31337


@pytest.mark.parametrize(
    ("args", "status", "sentence"),
    [
        (["--chain-id", 5], 4, "serves chain 31337, chain 5 was asked for"),
        (["--profile", "staging"], 2, "no profile 'staging': known are local, production"),
        (["--reserve-token", "0x12"], 2, "--reserve-token 0x12 is not a checksummed address"),
        (["--reserve-token", "0x000000000000000000000000000000000000dEaD"], 2, "does not answer decimals()"),
        (["--setter", "0xdead"], 2, "0xdead is not a checksummed address"),
        (["--threshold", 4], 2, "--threshold 4 is not within 1..3"),
        (["--from", "0x000000000000000000000000000000000000dEaD"], 1, "does not keep"),
        (["--keystore", "nobody"], 2, "no keystore file nobody"),
        (["--keystore", "package.json", "--password-file", "LICENSE"], 2, "not a version 3 keystore"),
        (["--keystore", "package.json", "--password-file", "nowhere"], 2, "cannot read the password file nowhere"),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_transaction(
    anvil: DevNode, out: Path, args: list[object], status: int, sentence: str
) -> None:
    web3 = Web3(HTTPProvider(anvil.url))
    before = web3.eth.block_number
    result = script("deploy", "--rpc", anvil.url, "--out", out, *args)
    assert (result.returncode, sentence in result.stderr) == (status, True), result.stderr
    assert web3.eth.block_number == before
    assert not out.exists()


def test_a_wrong_password_is_named_without_the_password(anvil: DevNode, out: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text(json.dumps(Account.encrypt(Account.create().key, "right", iterations=1024)))
    (tmp_path / "password").write_text("hunter2")
    result = script(
        "deploy", "--rpc", anvil.url, "--out", out, "--keystore", key, "--password-file", tmp_path / "password"
    )
    assert result.returncode == 2
    assert "wrong password" in result.stderr
    assert "hunter2" not in result.stderr


def test_a_silent_endpoint_is_unreachable(out: Path) -> None:
    url = f"http://127.0.0.1:{devnode.free_port()}"
    for name in ("deploy", "verify_deployment"):
        result = script(name, "--rpc", url)
        assert (result.returncode, f"no chain answers at {url}" in result.stderr) == (4, True)

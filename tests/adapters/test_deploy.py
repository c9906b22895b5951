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
from web3.types import RPCEndpoint

from oracle.chain import abi, deployments, devnode
from oracle.chain.devnode import DevNode, NodeKind
from scripts import contract_tables, deploy, verify_deployment

ROOT = Path(__file__).resolve().parents[2]
KEYSTORE = ROOT / "package.json"  # JSON, and no keystore


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
    tables = contract_tables.parameters(web3, deployments.read(out))
    assert tables in (ROOT / "contracts" / "README.md").read_text(), (
        "scripts/contract_tables.py --write brings it up to date"
    )


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
        (["--keystore", KEYSTORE, "--password-file", "nowhere"], 2, "cannot read the password file nowhere"),
        (["--keystore", KEYSTORE, "--password-file", ROOT / "LICENSE"], 2, "not a version 3 keystore"),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_transaction(
    anvil: DevNode, out: Path, capsys: pytest.CaptureFixture[str], args: list[object], status: int, sentence: str
) -> None:
    web3 = Web3(HTTPProvider(anvil.url))
    before = web3.eth.block_number
    assert deploy.command(["--rpc", anvil.url, "--out", str(out), *map(str, args)]) == status
    assert sentence in capsys.readouterr().err
    assert web3.eth.block_number == before
    assert not out.exists()


def test_a_real_chain_gets_neither_short_times_nor_a_mock(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with devnode.start(NodeKind.ANVIL) as node:
        web3 = Web3(HTTPProvider(node.url))
        web3.provider.make_request(RPCEndpoint("anvil_setChainId"), [10])
        judge = ["--verifier", web3.eth.accounts[0]]
        order = ["--rpc", node.url, "--out", str(out)]
        assert deploy.command(order) == 1
        assert "no verifier is named" in capsys.readouterr().err
        assert deploy.command([*order, *judge]) == 1
        assert "profile local is for development chains, this is chain 10" in capsys.readouterr().err
        assert deploy.command([*order, *judge, "--profile", "production"]) == 1
        assert "chain 10 gets no mock reserve" in capsys.readouterr().err
    assert not out.exists()


def test_a_wrong_password_is_named_without_the_password(
    anvil: DevNode, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key.json"
    key.write_text(json.dumps(Account.encrypt(Account.create().key, "right", iterations=1024)))
    (tmp_path / "password").write_text("hunter2")
    order = ["--rpc", anvil.url, "--out", str(out), "--keystore", str(key)]
    assert deploy.command([*order, "--password-file", str(tmp_path / "password")]) == 2
    told = capsys.readouterr()
    assert "wrong password" in told.err
    assert "hunter2" not in told.err + told.out


def test_a_silent_endpoint_is_unreachable(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{devnode.free_port()}"
    for program in (deploy.command, verify_deployment.main, contract_tables.main):
        assert program(["--rpc", url]) == 4
        assert f"no chain answers at {url}" in capsys.readouterr().err

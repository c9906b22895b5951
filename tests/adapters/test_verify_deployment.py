"""Break one thing after another, on the chain or in the file, and read its name in the report."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

from oracle.chain import abi, deployments, devnode
from oracle.chain.deployments import DeploymentFile
from oracle.chain.devnode import NodeKind
from scripts.deployment import checks

ROOT = Path(__file__).resolve().parents[2]
STRANGER = "0x000000000000000000000000000000000000dEaD"


@dataclass
class Deployed:
    web3: Web3
    file: DeploymentFile
    artifacts: dict[str, str]

    def differences(self, **changes: Any) -> list[str]:
        return checks.differences(self.web3, self.file.model_copy(update=changes), self.artifacts)

    def act(self, sender: str, contract: str, function: str, *args: Any) -> None:
        """Do as `sender`, whoever that is."""
        account = Web3.to_checksum_address(self.file.addresses.get(sender, sender))
        self.ask("anvil_impersonateAccount", account)
        self.ask("anvil_setBalance", account, hex(10**18))
        target = Web3.to_checksum_address(self.file.addresses[contract])
        call = self.web3.eth.contract(target, abi=abi.load(contract)).functions[function](*args)
        receipt = self.web3.eth.wait_for_transaction_receipt(call.transact({"from": account}))
        assert receipt["status"] == 1

    def poke(self, contract: str, find: str, put: str, key: bytes | None = None) -> None:
        """Write past the contract's rules: the first word of storage, or of a mapping at `key`, that holds `find`."""
        address = Web3.to_checksum_address(self.file.addresses[contract])
        for slot in range(40):
            place = slot if key is None else int.from_bytes(Web3.keccak(key + slot.to_bytes(32, "big")), "big")
            word = self.web3.eth.get_storage_at(address, place).hex()
            if find in word:
                self.ask("anvil_setStorageAt", address, hex(place), "0x" + word.replace(find, put))
                return
        raise AssertionError(f"{contract} stores no {find}")

    def ask(self, method: str, *params: Any) -> Any:
        return self.web3.provider.make_request(RPCEndpoint(method), list(params))["result"]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    out = tmp_path_factory.mktemp("deployment") / "31337.json"
    with devnode.start(NodeKind.ANVIL) as node:
        command = [sys.executable, "scripts/deploy.py", "--rpc", node.url, "--out", str(out)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=240)
        read = "from scripts.deployment import session; import json, pathlib; "
        read += "print(json.dumps(session.artifacts(pathlib.Path('.').resolve())))"
        built = subprocess.run([sys.executable, "-c", read], cwd=ROOT, check=True, capture_output=True, text=True)
        yield Deployed(Web3(HTTPProvider(node.url)), deployments.read(out), json.loads(built.stdout))


@pytest.fixture
def deployed(chain: Deployed) -> Iterator[Deployed]:
    snapshot = chain.ask("evm_snapshot")
    yield chain
    chain.ask("evm_revert", snapshot)


def named(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


def test_an_untouched_deployment_has_no_differences(deployed: Deployed) -> None:
    assert deployed.differences() == []


def test_another_chain_is_the_only_thing_said(deployed: Deployed) -> None:
    assert deployed.differences(chain_id=1) == ["chain id: the file says 1, the endpoint serves 31337"]


@pytest.mark.parametrize("contract", checks.CONTRACTS)
def test_a_contract_that_is_gone_is_named(deployed: Deployed, contract: str) -> None:
    address = deployed.file.addresses[contract]
    deployed.ask("anvil_setCode", address, "0x")
    assert deployed.differences() == [f"{contract}: no code at {address}"]


def test_a_contract_missing_in_the_file_is_named(deployed: Deployed) -> None:
    left = {name: address for name, address in deployed.file.addresses.items() if name != "Governance"}
    assert deployed.differences(addresses=left) == ["Governance: the file gives no address"]


def test_other_code_is_named_even_where_the_file_knows_its_hash(deployed: Deployed) -> None:
    other = deployed.web3.eth.get_code(Web3.to_checksum_address(deployed.file.addresses["BToken"]))
    deployed.ask("anvil_setCode", deployed.file.addresses["ModelRegistry"], Web3.to_hex(other))
    hashes = deployed.file.code_hashes | {"ModelRegistry": deployed.file.code_hashes["BToken"]}
    (sentence,) = deployed.differences(code_hashes=hashes)
    assert sentence.startswith("ModelRegistry: the code at ")
    assert len(deployed.differences()) == 2


@pytest.mark.parametrize(
    ("contract", "parameter", "value"),
    [
        ("BToken", "redeemFeeBps", 100),
        ("PromptUpdate", "prompterBps", 300),
        ("DisputeResolver", "treasuryBps", 4000),
    ],
)
def test_a_changed_parameter_is_named(deployed: Deployed, contract: str, parameter: str, value: int) -> None:
    before = deployed.file.parameters[contract][parameter]
    deployed.act("TimelockController", contract, "setParameter", named(parameter), value)
    assert deployed.differences() == [f"{contract}.{parameter}: expected {before}, found {value}"]


def test_a_parameter_that_only_the_file_tells_differently_is_named_against_chain_and_profile(
    deployed: Deployed,
) -> None:
    parameters = deployed.file.parameters | {"ModelRegistry": deployed.file.parameters["ModelRegistry"] | {"minAge": 7}}
    assert deployed.differences(parameters=parameters) == [
        "ModelRegistry.minAge in the file, against profile local: expected 1440, found 7",
        "ModelRegistry.minAge: expected 7, found 1440",
    ]


def test_an_unknown_profile_is_named(deployed: Deployed) -> None:
    assert deployed.differences(profile="staging")[0].startswith("profile: there is no profile 'staging'")


def test_a_parameter_that_governance_changed_is_named(deployed: Deployed) -> None:
    deployed.poke("Governance", hex(500)[2:].zfill(64), hex(600)[2:].zfill(64), key=named("fastBudgetBps"))
    assert deployed.differences() == ["Governance.fastBudgetBps: expected 500, found 600"]


@pytest.mark.parametrize(
    ("contract", "wire"),
    [
        ("Governance", "modelRegistry"),
        ("Governance", "promptUpdate"),
        ("Governance", "disputeResolver"),
        ("DisputeResolver", "arbitrator"),
    ],
)
def test_a_replaced_part_is_named(deployed: Deployed, contract: str, wire: str) -> None:
    before, other = deployed.file.addresses[checks.WIRES[wire]], deployed.file.addresses["BToken"]
    deployed.poke(contract, before[2:].lower(), other[2:].lower())
    assert deployed.differences() == [f"{contract}.{wire}: expected {before}, found {other}"]


@pytest.mark.parametrize(
    ("contract", "role"),
    [(contract, role) for contract, roles in checks.HOLDERS.items() for role in roles],
)
def test_a_role_given_to_a_stranger_or_the_deployer_is_named(deployed: Deployed, contract: str, role: str) -> None:
    id_ = b"\0" * 32 if role.startswith("DEFAULT") else bytes(Web3.keccak(text=role))
    for account in (STRANGER, deployed.file.deployer):
        deployed.act("TimelockController", contract, "grantRole", id_, account)
    (sentence,) = deployed.differences()
    assert sentence.startswith(f"{contract}: holders of {role}: expected ")
    assert STRANGER in sentence
    assert deployed.file.deployer in sentence


def test_a_role_that_nobody_knows_is_named(deployed: Deployed) -> None:
    deployed.act("TimelockController", "BToken", "grantRole", b"\1" * 32, STRANGER)
    assert deployed.differences() == [f"BToken: unknown role 0x{'01' * 32} is held by ['{STRANGER}']"]


def test_a_role_taken_away_is_named(deployed: Deployed) -> None:
    role = bytes(Web3.keccak(text="PROPOSER_ROLE"))
    governance = deployed.file.addresses["Governance"]
    deployed.act("TimelockController", "TimelockController", "revokeRole", role, governance)
    assert deployed.differences() == [
        f"TimelockController: holders of PROPOSER_ROLE: expected ['{governance}'], found []"
    ]


@pytest.mark.parametrize(
    ("setter", "getter", "listed"),
    [("setTemplate", "templateApproved", "templates"), ("setSampler", "samplerApproved", "samplers")],
)
def test_a_withdrawn_rule_is_named(deployed: Deployed, setter: str, getter: str, listed: str) -> None:
    (rule,) = getattr(deployed.file, listed)
    deployed.act("TimelockController", "ModelRegistry", setter, rule, False, "")
    assert deployed.differences() == [f"ModelRegistry: {getter}({rule}): expected True, found False"]


def test_a_changed_committee_is_named(deployed: Deployed) -> None:
    deployed.act("TimelockController", "VerifierCommittee", "setCommittee", [STRANGER], 1)
    found = deployed.differences()
    assert [sentence.split(":")[0] for sentence in found] == ["VerifierCommittee.threshold", "VerifierCommittee"]
    assert f"found ['{STRANGER}']" in found[1]

"""From settings to a working organisation, or to a sentence that says what is wrong with them."""

from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from oracle import wiring
from oracle.chain import deployments, devnode
from oracle.chain.accounts import DEV_MNEMONIC
from oracle.chain.deployments import DeploymentFile
from oracle.chain.devnode import DevNode, NodeKind, free_port
from oracle.chain.rpc import Rpc
from oracle.config import Settings
from oracle.domain.errors import BadInput, OtherRules, Refused, Unreachable
from oracle.domain.sampler import Sampler
from oracle.model import hashing
from oracle.storage.folder import FolderStore
from oracle.storage.ipfs import KuboStore
from tests.support.artifacts import deploy


@dataclass
class Place:
    node: DevNode
    folder: Path
    token: str

    def file(self, **changes: Any) -> Path:
        """A deployment file whose tokens are one mock; it has no other contract."""
        values = {
            "chain_id": self.node.chain_id,
            "profile": "local",
            "block": 1,
            "genesis_time": 1,
            "deployer": self.token,
            "addresses": {"ReserveToken": self.token, "BToken": self.token, "PromptUpdate": self.token},
            "parameters": {},
            "code_hashes": {},
            "models": [],
            "templates": [],
            "samplers": [],
            "verifiers": [],
        }
        path = self.folder / "deployment.json"
        deployments.write(path, DeploymentFile.model_validate(values | changes))
        return path

    def settings(self, **changes: Any) -> Settings:
        return Settings.model_validate({"rpc": self.node.url, "home": self.folder / "home"} | changes)


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[DevNode, str]]:
    with devnode.start(NodeKind.ANVIL) as started:
        yield started, deploy(Rpc(started.url), "MockUSDC")


@pytest.fixture
def place(node: tuple[DevNode, str], tmp_path: Path) -> Place:
    return Place(node[0], tmp_path, node[1])


def test_organisation_opens_with_its_ledger_and_store(place: Place) -> None:
    made = wiring.open_organisation(place.settings(deployment=place.file()))
    assert (made.chain.chain_id, made.reserve_decimals, made.reserve_symbol) == (31337, 6, "mUSDC")
    assert made.deployment.addresses["ReserveToken"] == place.token
    assert (place.folder / "home" / "ledger.sqlite").is_file()
    assert isinstance(made.store, FolderStore)


def test_reset_chain_with_the_same_addresses_is_another_organisation(place: Place) -> None:
    """Otherwise a bid of the chain before would stand in the way of one with the same epoch and account."""
    settings = place.settings(deployment=place.file())
    before = wiring.open_organisation(settings)
    before.ledger.set_cursor("here", 1, bytes(32))
    with devnode.start(NodeKind.ANVIL) as other:
        other.time.skip(100)
        assert deploy(Rpc(other.url), "MockUSDC") == place.token
        after = wiring.open_organisation(settings.model_copy(update={"rpc": other.url}))
        assert after.ledger.cursor("here") is None
    assert before.ledger.cursor("here") is not None


def test_missing_deployment_file_says_where_and_how_to_make_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.folder)
    with pytest.raises(BadInput, match=r"no deployment file at deployments.31337\.json") as caught:
        wiring.open_organisation(place.settings())
    assert "deploy" in caught.value.hint


def test_deployment_file_of_another_chain_is_refused(place: Place) -> None:
    with pytest.raises(BadInput, match="describes chain 1, the endpoint serves chain 31337"):
        wiring.open_organisation(place.settings(deployment=place.file(chain_id=1)))


def test_deployment_file_from_before_a_reset_is_refused(place: Place) -> None:
    with pytest.raises(BadInput, match="speaks of block 99999, the chain is at block") as caught:
        wiring.open_organisation(place.settings(deployment=place.file(block=99_999)))
    assert "reset" in caught.value.hint


def test_address_without_the_contract_is_refused(place: Place) -> None:
    nobody = "0x" + "11" * 20
    wrong = {"ReserveToken": nobody, "BToken": nobody, "PromptUpdate": nobody}
    with pytest.raises(BadInput, match="deploy again"):
        wiring.open_organisation(place.settings(deployment=place.file(addresses=wrong)))


def test_unreachable_chain_is_told_before_anything_is_opened(place: Place) -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        wiring.open_organisation(place.settings(rpc=f"http://127.0.0.1:{free_port()}", deployment=place.file()))
    assert not (place.folder / "home").exists()


def test_store_is_the_ipfs_node_where_the_settings_name_one(place: Place) -> None:
    assert isinstance(wiring.open_store(place.settings(ipfs="/ip4/127.0.0.1/tcp/5001/http")), KuboStore)


def test_signer_is_whoever_the_settings_name(place: Place) -> None:
    first = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert DEV_MNEMONIC.endswith("junk")
    assert wiring.open_signer(place.settings(dev_account=0), 31337, lambda: "").address == first
    key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    assert wiring.open_signer(place.settings(key=key), 31337, lambda: "").address == first
    with pytest.raises(Refused, match="GENGOV_KEY holds a bare key"):
        wiring.open_signer(place.settings(key=key), 1, lambda: "")
    with pytest.raises(BadInput, match="nobody is named to sign"):
        wiring.open_signer(place.settings(), 31337, lambda: "")


def test_model_without_a_folder_here_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    made = wiring.open_organisation(place.settings(deployment=place.file(), models=place.folder))
    commitment = type("Commitment", (tuple,), {"uri": "models/x"})((bytes(32), bytes(32), bytes(32), "models/x"))
    model = type("Model", (), {"commitment": commitment})
    monkeypatch.setattr(type(made.chain), "read", lambda *_, **__: model)
    with pytest.raises(BadInput, match=r"no folder in .* is model 0x0707"):
        wiring.open_model(made, b"\x07" * 32, Sampler())


def test_engine_of_another_class_than_the_commitment_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(__file__).resolve().parents[2] / "models"
    found = hashing.read_manifest(folder / "gengov-tiny").commitment("")
    committed = namedtuple("Commitment", "weights tokenizer engine uri")(
        found.weights_root, found.tokenizer_hash, found.engine_hash, ""
    )
    model = type("Model", (), {"commitment": committed})
    for engine in ("exact", "fp32"):
        settings = place.settings(deployment=place.file(), models=folder, engine=engine)
        made = wiring.open_organisation(settings)
        with monkeypatch.context() as patched:
            patched.setattr(type(made.chain), "read", lambda *_, **__: model)
            if engine == "exact":
                assert wiring.open_model(made, bytes(32), Sampler()).numeric_class == "E"
                with pytest.raises(OtherRules, match="class F and tau 1000, the model is committed to"):
                    wiring.open_model(made, bytes(32), Sampler(numeric_class="F", tau=1000))
                continue
            with pytest.raises(BadInput, match="computes in class F, the model is committed to E"):
                wiring.open_model(made, bytes(32), Sampler())


def test_default_sampling_rule_is_known_even_without_models(place: Place) -> None:
    assert wiring.samplers(place.settings(models=place.folder)) == (Sampler(),)


def test_engine_that_cannot_run_here_is_told_before_any_job_runs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.model.runner_vllm.available", lambda: "vLLM is not installed in this environment")
    made = wiring.open_organisation(place.settings(deployment=place.file(), engine="vllm"))
    signer = wiring.open_signer(place.settings(dev_account=0), 31337, lambda: "")
    with pytest.raises(Refused, match="engine 'vllm' cannot run here") as caught:
        wiring.open_context(made, signer)
    assert "make vllm" in caught.value.hint

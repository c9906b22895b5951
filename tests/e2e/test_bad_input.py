"""Every mistake a person can make on the command line: a sentence that mends it, a stable exit code, nothing sent."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from oracle.mechanism.noise import noise_words
from tests.e2e.conftest import ROOT, Gengov

MODEL = ROOT / "models" / "gengov-tiny"


@pytest.fixture(scope="module")
def prompt(gengov: Gengov, devnet: Any, folder: Path) -> Path:
    """A prompt for this chain that keeps every rule."""
    document = json.loads((MODEL / "example-prompt.json").read_text())
    document |= {"chain_id": devnet["chain_id"], "block": 1}
    path = folder / "prompt.json"
    path.write_text(json.dumps(document))
    return path


# Where the chain is


def test_chain__unreachable__exit_4(gengov: Gengov) -> None:
    gengov("token", "show", "--rpc", "http://127.0.0.1:1", code=4)
    assert "http://127.0.0.1:1 cannot be reached" in gengov.said


def test_chain__no_address__exit_2(gengov: Gengov) -> None:
    gengov("token", "show", "--rpc", "localhost:8545", code=2)
    assert "begins with http://" in gengov.said


def test_chain__another_than_the_deployment_file_says__exit_2(gengov: Gengov, devnet: Any, folder: Path) -> None:
    file = json.loads((folder / devnet["deployment"]).read_text())
    other = folder / "other.json"
    other.write_text(json.dumps(file | {"chain_id": 1}))
    gengov("token", "show", "--deployment", str(other), code=2)
    assert "describes chain 1, the endpoint serves chain 31337" in gengov.said


@pytest.mark.parametrize("text", ["", "{", '{"chain_id": 31337}'])
def test_deployment__malformed__exit_2(gengov: Gengov, devnet: Any, folder: Path, text: str) -> None:
    (folder / "broken.json").write_text(text)
    gengov("token", "show", "--deployment", "broken.json", code=2)
    assert "broken.json is not a deployment file" in gengov.said


def test_deployment__missing__exit_2(gengov: Gengov, devnet: Any) -> None:
    gengov("token", "show", "--deployment", "absent.json", code=2)
    assert "there is no file absent.json" in gengov.said


# Who signs


def test_signer__nobody_named__exit_2(gengov: Gengov, devnet: Any) -> None:
    gengov("token", "buy", "1", "--yes", code=2)
    assert "nobody is named to sign" in gengov.said


def test_signer__unknown_role__exit_2_and_names_the_roles(gengov: Gengov, devnet: Any) -> None:
    gengov("token", "buy", "1", "--as", "mallory", code=2)
    assert "roles are deployer, prompter" in gengov.said


def test_write__not_confirmed__nothing_is_sent(gengov: Gengov, devnet: Any) -> None:
    before = gengov.json("token", "show")
    gengov("token", "sell", "1", "--as", "alice", code=1, stdin="n\n")
    assert "nothing was sent" in gengov.said
    gengov("token", "sell", "1", "--as", "alice", code=1)
    assert "give --yes" in gengov.said
    gengov("token", "sell", "1", "--as", "alice", "--dry-run")
    assert gengov.json("token", "show") == before


# Amounts and addresses


@pytest.mark.parametrize("amount", ["ten", "-1", "1e3", "1.0000000000000000001", "0x10"])
def test_amount__malformed__exit_2(gengov: Gengov, devnet: Any, amount: str) -> None:
    gengov("token", "quote", "buy", "--", amount, code=2)
    assert amount in gengov.said


def test_amount__more_than_the_account_has__exit_1(gengov: Gengov, devnet: Any) -> None:
    gengov("token", "buy", "1000000", "--as", "alice", "--yes", code=1)
    assert "the account has" in gengov.said
    gengov("token", "sell", "1000000", "--as", "alice", "--yes", code=1)
    assert "can move" in gengov.said


@pytest.mark.parametrize("address", ["0x12", "alicee", "0x" + "g" * 40, "0x52908400098527886E0F7030069857D2E4169Ee7"])
def test_address__malformed__exit_2(gengov: Gengov, devnet: Any, address: str) -> None:
    gengov("vote", "delegate", address, "--as", "alice", "--yes", code=2)
    assert address in gengov.said


# Bids


def test_bid__below_the_reserve_price__exit_1(gengov: Gengov, devnet: Any, prompt: Path) -> None:
    gengov("bid", "commit", "--amount", "0.0001", "--prompt", str(prompt), "--as", "prompter", "--yes", code=1)
    assert "below the reserve price" in gengov.said


def test_bid__deposit_below_the_bid__exit_1(gengov: Gengov, devnet: Any, prompt: Path) -> None:
    words = ["--amount", "5", "--deposit", "4", "--prompt", str(prompt), "--as", "prompter", "--yes"]
    gengov("bid", "commit", *words, code=1)
    assert "do not cover the bid" in gengov.said


def test_bid__more_than_the_account_has__exit_1(gengov: Gengov, devnet: Any, prompt: Path) -> None:
    gengov("bid", "commit", "--amount", "9999", "--prompt", str(prompt), "--as", "prompter", "--yes", code=1)
    assert "gengov token buy" in gengov.said


def test_bid__without_collateral__exit_1(gengov: Gengov, devnet: Any, prompt: Path) -> None:
    gengov("bid", "commit", "--amount", "5", "--prompt", str(prompt), "--as", "alice", "--yes", code=1)
    assert "gengov slot collateral" in gengov.said


def test_bid__unapproved_model__exit_1(gengov: Gengov, devnet: Any, prompt: Path) -> None:
    words = ["--amount", "5", "--model", "0x" + "ab" * 32, "--prompt", str(prompt), "--as", "prompter", "--yes"]
    gengov("bid", "commit", *words, code=1)
    assert "cannot be used in epoch" in gengov.said


def test_bid__no_sealed_bid_in_this_ledger__exit_1(gengov: Gengov, devnet: Any) -> None:
    gengov("bid", "reveal", "--as", "carol", "--yes", code=1)
    assert "no sealed bid" in gengov.said


# Prompts


def test_prompt__breaks_its_template__every_violation_named(gengov: Gengov, folder: Path, prompt: Path) -> None:
    document = json.loads(prompt.read_text())
    document["objective"], document["candidates"][0]["address"] = "world peace", "0x12"
    (folder / "bad.json").write_text(json.dumps(document))
    gengov("prompt", "lint", "bad.json", code=2)
    assert "objective" in gengov.said and "candidates" in gengov.said
    gengov("prompt", "render", "bad.json", code=2)


def test_prompt__too_long__exit_2(gengov: Gengov, folder: Path, prompt: Path) -> None:
    document = json.loads(prompt.read_text())
    document["candidates"][0]["title"] = "x" * 9_000
    (folder / "long.json").write_text(json.dumps(document))
    gengov("prompt", "render", "long.json", code=2)


def test_prompt__for_another_chain__exit_1(gengov: Gengov, devnet: Any, folder: Path, prompt: Path) -> None:
    document = json.loads(prompt.read_text()) | {"chain_id": 1}
    (folder / "elsewhere.json").write_text(json.dumps(document))
    gengov("bid", "commit", "--amount", "5", "--prompt", "elsewhere.json", "--as", "prompter", "--yes", code=1)
    assert "is for chain 1" in gengov.said


def test_prompt__names_other_sampling_rules_than_its_model__exit_1(
    gengov: Gengov, devnet: Any, folder: Path, prompt: Path
) -> None:
    document = json.loads(prompt.read_text()) | {"sampler_id": "0x" + "11" * 32}
    (folder / "rules.json").write_text(json.dumps(document))
    gengov("bid", "commit", "--amount", "5", "--prompt", "rules.json", "--as", "prompter", "--yes", code=1)
    assert "is committed to 0x" in gengov.said and "gengov prompt new --model" in gengov.said


# Models


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL, tmp_path / "model"))


def test_model__one_changed_byte__file_and_chunk_named(gengov: Gengov, weights: Path) -> None:
    file = weights / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    gengov("model", "verify", str(weights), code=1)
    assert "model.safetensors: chunk" in gengov.said


def test_model__missing_and_extra_file__named(gengov: Gengov, weights: Path) -> None:
    (weights / "tokenizer.json").rename(weights / "tokens.json")
    gengov("model", "verify", str(weights), code=1)
    assert "tokenizer.json: missing" in gengov.said
    shutil.copy(weights / "tokens.json", weights / "tokenizer.json")
    gengov("model", "verify", str(weights), code=1)
    assert "tokens.json: not in the manifest" in gengov.said


def test_model__manifest_of_a_changed_folder__kept_unless_forced(gengov: Gengov, weights: Path) -> None:
    (weights / "README.md").write_text("another card")
    gengov("model", "manifest", str(weights), code=1)
    gengov("model", "manifest", str(weights), "--force")
    gengov("model", "verify", str(weights))


def test_model__commit_of_a_changed_folder__nothing_sent(gengov: Gengov, devnet: Any, weights: Path) -> None:
    (weights / "README.md").write_text("another card")
    gengov("model", "commit", str(weights), "--uri", "ipfs://x", "--as", "bob", "--yes", code=1)
    assert "README.md: chunk 0" in gengov.said


def test_model__commit_in_a_class_without_certificate__nothing_sent(gengov: Gengov, devnet: Any, weights: Path) -> None:
    (weights / "calibration.json").unlink(missing_ok=True)
    gengov("model", "manifest", str(weights), "--force", "--numeric-class", "F", code=1)
    assert "class F needs a calibration certificate" in gengov.said
    (weights / "calibration.json").write_text('{"classes":{"F":{"tau":1000}}}')
    gengov("model", "manifest", str(weights), "--force", "--numeric-class", "F")
    gengov("model", "commit", str(weights), "--uri", "ipfs://x", "--as", "bob", "--yes", code=1)
    assert "the calibration certificate is malformed" in gengov.said
    assert "gengov model calibrate" in gengov.said
    gengov("model", "manifest", str(weights), "--numeric-class", "N", code=2)
    assert "numeric class 'N' cannot be committed" in gengov.said


def test_model__commit_of_a_model_whose_honest_answers_fail__nothing_sent(
    gengov: Gengov, devnet: Any, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A noise that the check does not share stands for an engine that is broken."""
    monkeypatch.setattr("oracle.model.sampling.noise_words", lambda seed, *rest: noise_words(bytes(32), *rest))
    gengov("model", "commit", str(weights), "--uri", "ipfs://x", "--as", "bob", "--yes", code=1)
    assert "honestly drawn tokens fail their own check" in gengov.said


def test_model__calibrate_with_an_unknown_engine__exit_2(gengov: Gengov, weights: Path) -> None:
    gengov("model", "calibrate", str(weights), "--engine", "abacus", code=2)
    assert "--engine abacus is unknown" in gengov.said
    gengov("model", "calibrate", str(weights / "nowhere"), code=1)
    assert "not a folder" in gengov.said


def test_model__calibration_interrupted__exit_130_and_nothing_is_left(
    gengov: Gengov, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*words: object) -> None:
        raise KeyboardInterrupt

    before = {path.name: path.read_bytes() for path in weights.iterdir()}
    monkeypatch.setattr("oracle.model.calibration._Comparer.add", interrupted)
    gengov("model", "calibrate", str(weights), "--engine", "fp32", "--tokens", "1", code=130)
    assert {path.name: path.read_bytes() for path in weights.iterdir()} == before


def test_model__calibrated_and_committed_to_another_class__says_what_must_be_voted(
    gengov: Gengov, devnet: Any, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.model.calibration.SAMPLES", 4)
    made = gengov.json("model", "calibrate", str(weights), "--tokens", "10", "--engine", "fp32")
    assert made["classes"]["F"]["honest"][0]["mismatches"] == 0
    gengov("model", "verify", str(weights), code=1)
    said = gengov.json("model", "manifest", str(weights), "--force", "--numeric-class", "F")
    assert (said["numeric_class"], said["tau"]) == ("F", made["classes"]["F"]["tau"])
    gengov("model", "verify", str(weights))
    again = gengov.json("model", "manifest", str(weights), "--force")
    assert again["identity"] == said["identity"]  # the class stays what it was
    words = ["model", "commit", str(weights), "--uri", "ipfs://f", "--as", "bob", "--yes"]
    gengov(*words, code=1)
    assert "tokens only, 20,000 are asked for" in gengov.said
    monkeypatch.setattr("oracle.mechanism.certificate.LEAST_TOKENS", 10)
    committed = gengov.json(*words)
    assert (committed["numeric_class"], committed["tau"]) == ("F", said["tau"])
    assert not committed["sampler_approved"]
    assert "approves the sampling rules" in committed["next"][0]


def test_model__row_proof__made_once_and_checked_without_the_model(
    gengov: Gengov, weights: Path, tmp_path: Path
) -> None:
    name, proof = "model.layers.2.mlp.up_proj.weight", tmp_path / "proof.json"
    made = gengov.json("model", "prove-row", str(weights), name, "17", "--out", str(proof))
    told = gengov.json("model", "verify-row", str(proof), "--weights-root", made["weights_root"])
    assert (told["valid"], told["dtype"], len(told["bytes"])) == (True, "BF16", 2 + 2 * 192 * 2)
    gengov("model", "prove-row", str(weights), name, "17", "--out", str(proof), code=1)
    assert "exists" in gengov.said
    gengov("model", "prove-row", str(weights), name, "17", "--out", str(tmp_path / "no" / "proof"), code=2)
    assert "cannot write" in gengov.said
    gengov("model", "prove-row", str(weights), name, "512", "--out", str(tmp_path / "b"), code=2)
    assert "its rows are 0 to 511" in gengov.said.lower()
    gengov("model", "verify-row", str(proof), "--weights-root", "0x" + "11" * 32, code=1)
    assert "leads to weights root" in gengov.said
    gengov("model", "verify-row", str(proof), "--weights-root", "0xzz", code=2)
    gengov("model", "verify-row", str(tmp_path / "none"), "--weights-root", made["weights_root"], code=2)
    proof.write_text("{}")
    gengov("model", "verify-row", str(proof), "--weights-root", made["weights_root"], code=2)
    assert "malformed proof" in gengov.said


# Proposals and votes


@pytest.mark.parametrize(
    "words", [("proposal", "show", "latest"), ("proposal", "show", "seven"), ("proposal", "show", "7")]
)
def test_proposal__none_such__told(gengov: Gengov, devnet: Any, words: tuple[str, ...]) -> None:
    gengov(*words, code=1 if words[-1] == "7" else 2)


def test_vote__no_choice__exit_2(gengov: Gengov, devnet: Any) -> None:
    gengov("vote", "cast", "1", "maybe", "--as", "alice", "--yes", code=2)
    assert "against, for, abstain" in gengov.said


def test_skip__no_duration__exit_2(gengov: Gengov, devnet: Any) -> None:
    gengov("devnet", "skip", "tomorrow", code=2)


def test_devnet__a_second_one_in_the_same_folder__refused(gengov: Gengov, devnet: Any) -> None:
    gengov("devnet", "up", code=1)
    assert "gengov devnet down" in gengov.said


def test_devnet__none_started_here__told(tmp_path: Path) -> None:
    alone = Gengov(tmp_path)
    for words in (("devnet", "skip", "1s"), ("devnet", "reset"), ("devnet", "down")):
        alone(*words, code=2)
        assert "gengov devnet up" in alone.said


def test_errors__asked_for_json__an_object_on_stdout(gengov: Gengov) -> None:
    found = gengov.json("token", "show", "--rpc", "http://127.0.0.1:1", code=4)
    assert found["error"]["kind"] == "Unreachable" and found["error"]["hint"]

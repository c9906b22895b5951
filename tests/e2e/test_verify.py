"""Sampling and verifying on the command line, without a chain: every way it can end, told in words and by exit code."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak

from oracle.mechanism import canonical, data_file
from tests.e2e.conftest import ROOT, Gengov

MODEL = ROOT / "models" / "gengov-tiny"
PROMPT = MODEL / "example-prompt.json"
SEED = "0x" + "22" * 32


@pytest.fixture(scope="module")
def drawn(gengov: Gengov, folder: Path) -> Any:
    """Twelve samples of the shipped model in data.json."""
    return gengov.json(*sample("data.json"))


def sample(out: str, *more: str, n: int = 12, seed: str = SEED) -> tuple[str, ...]:
    words = ("--model", str(MODEL), "--prompt", str(PROMPT), "--seed", seed, "-n", str(n), "--out", out)
    return ("model", "sample", *words, *more)


def verify(data: str, *more: str) -> tuple[str, ...]:
    return ("proposal", "verify", "--data", data, "--model", str(MODEL), *more)


@pytest.fixture
def document(drawn: Any, folder: Path) -> Any:
    return json.loads((folder / "data.json").read_bytes())


def written(folder: Path, document: Any) -> str:
    (folder / "changed.json").write_bytes(canonical.dumps(document))
    return "changed.json"


def test_sample__shipped_model_and_prompt__file_that_verifies(gengov: Gengov, drawn: Any, folder: Path) -> None:
    assert (drawn["samples"], drawn["chainless"], drawn["numeric_class"]) == (12, True, "E")
    found = gengov.json(*verify("data.json", "--seed", SEED, "--out", "evidence.json"))
    assert (found["valid"], found["failure"], found["samples"]) == (True, None, 12)
    assert found["tokens"] == drawn["tokens"] and found["worst_margin"] == 0
    evidence = (folder / "evidence.json").read_bytes()
    assert found["evidence_hash"] == "0x" + keccak(evidence).hex()
    assert set(json.loads(evidence)) == {"ground", "sample", "position", "expected", "got", "margin"}


def test_sample__same_seed__same_bytes_and_another_seed_others(gengov: Gengov, drawn: Any, folder: Path) -> None:
    again = gengov.json(*sample("again.json"))
    other = gengov.json(*sample("other.json", seed="0x" + "23" * 32))
    assert (folder / "again.json").read_bytes() == (folder / "data.json").read_bytes()
    assert again["digest"] == drawn["digest"] != other["digest"]


def test_sample__without_a_chain__is_marked_and_names_no_address(document: Any) -> None:
    assert (document["epoch"], document["winner"], document["model"]["setter"]) == (0, *["0x" + "00" * 20] * 2)
    assert set(document["contracts"].values()) == {"0x" + "00" * 20}
    assert data_file.loads(canonical.dumps(document)).slot.chainless


@pytest.mark.parametrize("n", [1, 130])
def test_sample__any_number__verifies(gengov: Gengov, n: int) -> None:
    made = gengov.json(*sample(f"{n}.json", n=n))
    assert made["samples"] == n
    assert gengov.json(*verify(f"{n}.json"))["samples"] == n


def test_sample__another_engine__is_of_class_f_and_checked_by_it(gengov: Gengov) -> None:
    assert gengov.json(*sample("floats.json", "--engine", "fp32"))["numeric_class"] == "F"
    found = gengov.json(*verify("floats.json"))
    assert (found["valid"], found["engine"], found["tau"]) == (True, "fp32:gengov-tiny", 1_000)
    gengov(*verify("data.json", "--engine", "fp32"), code=2)
    assert "cannot check" in gengov.said


def test_verify__in_words__says_what_was_found_and_what_was_not_checked(gengov: Gengov, drawn: Any) -> None:
    assert "valid · 12 samples" in gengov(*verify("data.json"))
    assert "not checked: drawn without a chain" in gengov.said


def test_verify__edited_sample__exit_1_with_ground_sample_and_token(
    gengov: Gengov, folder: Path, document: Any
) -> None:
    tokens = document["samples"][7]["tokens"]
    tokens[3] += 1
    found = gengov.json(*verify(written(folder, document)), code=1)
    failure = found["failure"]
    assert (failure["ground"], failure["sample"], failure["position"]) == ("samples", 7, 3)
    assert failure["expected"] == tokens[3] - 1 and failure["got"] == tokens[3]
    assert "invalid · samples" in gengov(*verify("changed.json"), code=1)


def test_verify__another_seed_than_the_one_given__exit_1(gengov: Gengov, drawn: Any) -> None:
    found = gengov.json(*verify("data.json", "--seed", "0x" + "23" * 32), code=1)
    assert (found["failure"]["ground"], found["failure"]["what"]) == ("samples", "seed")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "not JSON"), ("{}", "lacks version"), ('{"a":NaN}', "NaN is not an integer"), ("[" * 9_999, "nested")],
)
def test_verify__malformed_file__exit_2(gengov: Gengov, folder: Path, text: str, complaint: str) -> None:
    (folder / "broken.json").write_text(text)
    gengov(*verify("broken.json"), code=2)
    assert complaint in gengov.said


def test_verify__class_that_nobody_can_check__exit_2(gengov: Gengov, folder: Path, document: Any) -> None:
    document["sampler"]["numeric_class"] = "N"
    gengov(*verify(written(folder, document)), code=2)
    assert "cannot be verified by anybody" in gengov.said


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--data", "absent.json", "--model", str(MODEL)), "cannot read the data file absent.json"),
        (("--data", "data.json"), "needs --model DIR"),
        (("--data", "data.json", "--model", "nowhere"), "nowhere/manifest.json"),
        (("--data", "data.json", "--model", str(MODEL), "--seed", "0x12"), "--seed: '0x12' is not 32 bytes"),
        (("--data", "data.json", "--model", str(MODEL), "--engine", "abacus"), "there is no engine 'abacus'"),
        (("--data", "data.json", "--model", str(MODEL), "--out", "no/such/place"), "cannot write no/such/place"),
        (("latest", "--seed", SEED), "--seed is for a data file alone"),
    ],
)
def test_verify__usage__exit_2(gengov: Gengov, drawn: Any, words: tuple[str, ...], complaint: str) -> None:
    gengov("proposal", "verify", *words, code=2)
    assert complaint in gengov.said


def test_verify__changed_model_folder__exit_2_not_a_verdict(gengov: Gengov, drawn: Any, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(MODEL, tmp_path / "model"))
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    gengov("proposal", "verify", "--data", "data.json", "--model", str(copy), code=2)
    assert "model.safetensors: chunk" in gengov.said


def test_verify__another_model_than_the_file_names__exit_2(gengov: Gengov, folder: Path, document: Any) -> None:
    document["model"]["engine_hash"] = "0x" + "ab" * 32
    gengov(*verify(written(folder, document)), code=2)
    assert "is another model" in gengov.said


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (sample("data.json"), 1, "data.json exists"),
        (sample("new.json", n=0), 2, "0 samples"),
        (sample("new.json", n=10_001), 2, "10001 samples"),
        (sample("new.json", seed="0x"), 2, "is not 32 bytes"),
        (sample("no/such/place"), 2, "cannot write no/such/place"),
        (sample("new.json", "--engine", "abacus"), 2, "there is no engine 'abacus'"),
        ((*sample("new.json")[:4], "--prompt", "absent.json", *sample("new.json")[6:]), 2, "cannot read the prompt"),
    ],
)
def test_sample__mistake__told(gengov: Gengov, drawn: Any, words: tuple[str, ...], code: int, complaint: str) -> None:
    gengov(*words, code=code)
    assert complaint in gengov.said

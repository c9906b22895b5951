"""The deployment file: what is refused, and in which words."""

import json
from pathlib import Path
from typing import Any

import pytest

from oracle.chain import deployments
from oracle.domain.errors import BadInput

TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def content(**changes: Any) -> dict[str, Any]:
    model = {
        "name": "small",
        "id": "0x" + "11" * 32,
        "setter": TOKEN,
        "weights_root": "0x" + "22" * 32,
        "tokenizer_hash": "0x" + "33" * 32,
        "engine_hash": "0x" + "44" * 32,
        "uri": "models/small",
    }
    plain = {
        "chain_id": 31337,
        "profile": "local",
        "block": 9,
        "genesis_time": 1_700_000_000,
        "deployer": TOKEN,
        "addresses": {"BToken": TOKEN},
        "parameters": {"BToken": {"mintLock": 60}},
        "code_hashes": {"BToken": "0x" + "ab" * 32},
        "models": [model],
        "templates": ["0x" + "55" * 32],
        "samplers": [],
        "verifiers": [TOKEN],
    }
    return plain | changes


def saved(folder: Path, **changes: Any) -> Path:
    path = folder / "deployment.json"
    path.write_text(json.dumps(content(**changes)))
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "31337.json"
    deployment = deployments.read(saved(tmp_path))
    deployments.write(path, deployment)
    assert deployments.read(path, chain_id=31337) == deployment
    assert [entry.name for entry in path.parent.iterdir()] == ["31337.json"]


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no deployment file at .*nowhere\.json") as caught:
        deployments.read(tmp_path / "nowhere.json")
    assert "scripts/deploy.py" in caught.value.hint


def test_another_chain_is_named_with_both_ids(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="describes chain 31337, the endpoint serves chain 1"):
        deployments.read(saved(tmp_path), chain_id=1)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"chain_id": 0}, "chain_id"),
        ({"addresses": {"BToken": TOKEN.lower()}}, "addresses.BToken"),
        ({"addresses": {"BToken": "0x12"}}, "addresses.BToken"),
        ({"code_hashes": {"BToken": "0x12"}}, "code_hashes.BToken"),
        ({"surprise": 1}, "surprise"),
        ({"genesis_time": "soon"}, "genesis_time"),
    ],
)
def test_a_malformed_field_is_named(tmp_path: Path, changes: dict[str, Any], place: str) -> None:
    with pytest.raises(BadInput, match=f"is not a deployment file: {place}: "):
        deployments.read(saved(tmp_path, **changes))


def test_text_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    path.write_text("{")
    with pytest.raises(BadInput, match="is not a deployment file"):
        deployments.read(path)


def test_an_unknown_contract_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    deployment = deployments.read(saved(tmp_path))
    assert deployment.address("BToken") == TOKEN
    with pytest.raises(BadInput, match="has no Governance: it has BToken"):
        deployment.address("Governance")


def test_the_default_place_carries_the_chain_id() -> None:
    assert deployments.default_path(5, Path("x")) == Path("x/deployments/5.json")

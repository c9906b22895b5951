"""The ABI files follow the compiler's artifacts, and `--check` says which do not."""

import json
from pathlib import Path

import pytest

from scripts import export_abi


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    for name in export_abi.CONTRACTS:
        folder = tmp_path / "forge" / f"{name}.sol"
        folder.mkdir(parents=True)
        abi = [{"type": "function", "name": "b", "inputs": []}, {"type": "error", "name": "A", "inputs": []}]
        (folder / f"{name}.json").write_text(json.dumps({"abi": abi}))
    (tmp_path / "abi").mkdir()
    return ["--no-build", "--artifacts", str(tmp_path / "forge"), "--target", str(tmp_path / "abi")]


def test_export_writes_sorted_entries_and_then_has_nothing_to_do(folders: list[str], tmp_path: Path) -> None:
    assert export_abi.main(folders) == 0
    text = (tmp_path / "abi" / "BToken.json").read_text()
    assert [entry["name"] for entry in json.loads(text)] == ["A", "b"]
    assert export_abi.main([*folders, "--check"]) == 0


def test_check_names_changed_missing_and_left_over_files(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export_abi.main(folders)
    (tmp_path / "abi" / "BToken.json").write_text("[]")
    (tmp_path / "abi" / "Governance.json").unlink()
    (tmp_path / "abi" / "Gone.json").write_text("[]")
    assert export_abi.main([*folders, "--check"]) == 1
    told = [line.split(";")[0] for line in capsys.readouterr().err.splitlines() if line.startswith("stale")]
    assert told == ["stale: BToken.json", "stale: Gone.json", "stale: Governance.json"]
    assert export_abi.main(folders) == 0
    assert not (tmp_path / "abi" / "Gone.json").exists()


def test_a_contract_that_was_not_built_is_named(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "forge" / "BToken.sol" / "BToken.json").unlink()
    assert export_abi.main(folders) == 2
    assert "BToken.json; run `forge build`" in capsys.readouterr().err

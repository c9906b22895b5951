"""Calibration with transformers: its logits are those of the same answers, and the certificate says what it found."""

from pathlib import Path

import numpy as np
import pytest

from oracle.domain.errors import Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism.rendering import render
from oracle.mechanism.template import template
from oracle.model import calibration, honest
from oracle.model.backends import embedded_backends
from oracle.model.calibration import trials
from oracle.model.embedded import EmbeddedRunner
from oracle.model.hashing import build_manifest
from oracle.model.transformers_backend import available, transformers_backends

MODEL = Path(__file__).parents[2] / "models" / "gengov-tiny"


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "SAMPLES", 6)


def test_backends__padded_side_by_side__the_logits_of_the_embedded_engine() -> None:
    assert available() is None
    runner = EmbeddedRunner(MODEL, "fp32")
    (trial,) = trials(runner, Sampler(numeric_class="F", tau=1000), 1, lambda *step: None)
    prompt = runner.encode(render(trial.prompt))
    answers = [np.array(sample.token_ids) for sample in trial.samples]
    own = embedded_backends(MODEL, ())[0][0].logits(prompt, answers)  # float64
    found = {backend.name: backend.logits(prompt, answers) for backend in transformers_backends(MODEL)}
    assert len({name.split(",")[0] for name in found}) == 2
    for name, rows in found.items():
        assert [one.shape for one in rows] == [one.shape for one in own]
        far = max(np.abs(one - other).max() for one, other in zip(rows, own, strict=True))
        assert far < (1e-4 if "fp32" in name else 1.0), name


def test_calibrate__all_engines__bf16_is_a_class_of_its_own_and_every_checker_accepts() -> None:
    manifest = build_manifest(MODEL, template=template().definition, sampler=Sampler())
    made = honest.calibrate(MODEL, manifest, 60, ["exact", "fp32", "transformers"], lambda *step: None)
    classes = made["classes"]
    assert list(classes) == ["B", "E", "F"]
    assert classes["E"]["eps"] == "0"
    assert 0 < float(classes["F"]["eps"]) < 1e-4 < float(classes["B"]["eps"])
    checkers = {run["checker"] for run in classes["F"]["honest"]}
    assert {"transformers fp32, sdpa, cpu", "exact"} < checkers
    assert all(run["upheld"] for found in classes.values() for run in found["honest"])
    assert {"torch", "transformers"} < set(made["machine"])


def test_backends__folder_that_the_library_cannot_load__is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type":"abacus"}')
    with pytest.raises(Refused, match=f"transformers cannot load {tmp_path}"):
        transformers_backends(tmp_path)

"""The table of engines says of each whether it runs here, without loading it."""

from dataclasses import replace
from pathlib import Path

import pytest

from oracle.domain.sampler import Sampler
from oracle.domain.verdict import acceptable
from oracle.model import load_runner
from oracle.model.engines import ENGINES, Engine


@pytest.mark.parametrize("name", ENGINES)
def test_engine_that_cannot_run_names_a_reason_and_a_command(name: str) -> None:
    engine = ENGINES[name]
    assert engine.name == name
    assert set(engine.numeric_classes) <= set("EFBN")
    reason = engine.unavailable()
    assert reason is None or (reason and engine.install)


def test_embedded_engines_run_wherever_this_program_runs() -> None:
    assert [ENGINES[name].unavailable() for name in ("exact", "fp32")] == [None, None]


def test_reason_comes_from_the_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.model.embedded.available", lambda: "no processor")
    assert Engine("x", "oracle.model.embedded", "F", "a test").unavailable() == "no processor"


def test_fake_engine__opened_through_the_table__draws_and_checks_the_same_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "fake", Engine("fake", "tests.support.fake_model", "E", "for tests"))
    sampler = Sampler()
    drawn = [load_runner(tmp_path, "fake").generate("", {}, bytes(32), range(100), sampler) for _ in range(2)]
    assert drawn[0] == drawn[1]
    runner = load_runner(tmp_path, "fake")
    assert (runner.model_dir, runner.name) == (tmp_path, "fake")
    assert acceptable(sampler, list(runner.check("", {}, bytes(32), drawn[0], sampler)))
    swapped = [replace(one, index=99 - one.index) for one in drawn[0]]
    assert not acceptable(sampler, list(runner.check("", {}, bytes(32), swapped, sampler)))

"""The table of engines says of each whether it runs here, without loading it."""

import pytest

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

"""The doctor tells from config.json what a model needs, and from a short run how fast an engine is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oracle.domain.errors import BadInput
from oracle.model import doctor
from oracle.model.config import read_config
from oracle.model.embedded import EmbeddedRunner
from oracle.model.engines import ENGINES
from oracle.model.options import DEFAULT, EngineOptions
from oracle.model.weights import read_weights
from tests.support.tiny_llama import build_tiny_llama

SHAPE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "max_position_embeddings": 4096}
LARGE = {  # as a Llama of 70 billion parameters
    "vocab_size": 128_256,
    "hidden_size": 8192,
    "intermediate_size": 28_672,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("doctor"), **SHAPE)


@pytest.fixture
def large(folder: Path, tmp_path: Path) -> Path:
    """A folder of config.json alone, of a model that would fit nowhere here."""
    config = json.loads((folder / "config.json").read_text()) | LARGE
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path


def of(findings: Any, name: str) -> doctor.Finding:
    (found,) = (finding for finding in findings if finding.engine == name)
    assert isinstance(found, doctor.Finding)
    return found


def arrays(thing: Any, seen: set[int]) -> int:
    """Bytes of all arrays that an object holds."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return int(thing.nbytes)
    inner = list(thing) if isinstance(thing, list | tuple) else list(getattr(thing, "__dict__", {}).values())
    return sum(arrays(item, seen) for item in inner)


def test_parameters__of_a_folder__as_many_as_its_weights_hold(folder: Path) -> None:
    config = read_config(folder)
    weights = read_weights(folder, config)
    assert doctor.parameters(config) == sum(tensor.size for tensor in weights.values())


def test_parameters__of_a_large_config__as_its_makers_say(large: Path) -> None:
    assert doctor.parameters(read_config(large)) == 70_553_706_496


@pytest.mark.parametrize("engine", ["exact", "fp32"])
def test_memory__of_an_embedded_engine__covers_what_it_holds_and_not_much_more(folder: Path, engine: str) -> None:
    config = read_config(folder)
    needed = doctor.memory_needed(config, engine, DEFAULT)
    assert needed is not None
    held = arrays(EmbeddedRunner(folder, engine).decoder.numerics.blocks, set())
    weights = needed - doctor.BASE
    assert held < weights
    longer = doctor.memory_needed(replace(config, max_positions=config.max_positions + 1), engine, DEFAULT)
    assert longer is not None
    item = 8 if engine == "exact" else 4
    assert longer - needed == 2 * config.num_layers * config.num_kv_heads * config.head_dim * item


def test_memory__of_vllm__half_in_bf16(large: Path) -> None:
    config = read_config(large)
    single = doctor.memory_needed(config, "vllm", DEFAULT)
    half = doctor.memory_needed(config, "vllm", EngineOptions.model_validate({"dtype": "bfloat16"}))
    assert single is not None
    assert half is not None
    assert (single - doctor.BASE) == 2 * (half - doctor.BASE)


def test_examine__model_that_does_not_fit__says_what_it_needs_and_loads_nothing(large: Path) -> None:
    found = of(doctor.examine(DEFAULT, large), "exact")
    assert found.reason is not None
    assert "GB of memory" in found.reason
    assert doctor.measure(found, large, DEFAULT) is found


def test_examine__every_engine_of_the_table_and_transformers__once(folder: Path) -> None:
    findings = list(doctor.examine(DEFAULT, None))
    assert [finding.engine for finding in findings] == [*ENGINES, "transformers"]
    for finding in findings:
        assert finding.reason is None or finding.mend, finding.engine
        assert finding.memory is None
    assert of(findings, "http").reason == "no server is named"
    named = EngineOptions.model_validate({"urls": ["http://127.0.0.1:9"]})
    assert of(doctor.examine(named, None), "http").reason is None


@pytest.mark.parametrize("engine", ["exact", "fp32"])
def test_measure__embedded_engine__draws_and_checks(folder: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SAMPLES", 3)
    found = doctor.measure(of(doctor.examine(DEFAULT, folder), engine), folder, DEFAULT)
    assert found.reason is None
    assert (found.drawn or 0) > 0
    assert (found.checked or 0) > 0


def test_measure__engine_that_fails_when_it_starts__its_words_are_the_reason(folder: Path) -> None:
    named = EngineOptions.model_validate({"urls": ["http://127.0.0.1:9"], "attempts": 1})
    found = doctor.measure(of(doctor.examine(named, folder), "http"), folder, named)
    assert found.reason is not None
    assert "127.0.0.1:9" in found.reason
    assert found.drawn is None


def test_measure__samples_that_nobody_can_check__only_how_fast_they_are_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = EmbeddedRunner(folder, "fp32")
    runner.numeric_class = "N"
    monkeypatch.setattr(doctor, "SAMPLES", 2)
    monkeypatch.setattr("oracle.model.embedded.open_runner", lambda *_: runner)
    found = doctor.measure(of(doctor.examine(DEFAULT, folder), "fp32"), folder, DEFAULT)
    assert (found.numeric_classes, found.checked) == ("N", None)
    assert found.drawn


def test_machine__what_matters_of_it() -> None:
    about = doctor.about_machine()
    assert about["cores"] >= 1
    assert 10**6 < about["memory_free"] < 10**14
    assert json.dumps(about)


def test_gpus__tool_that_fails__none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200, 143771 MiB'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert doctor.about_machine()["gpus"] == ["NVIDIA H200, 143771 MiB"]
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert doctor.about_machine()["gpus"] == []


def test_examine__folder_that_is_no_model__is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"config\.json: missing"):
        list(doctor.examine(DEFAULT, tmp_path))

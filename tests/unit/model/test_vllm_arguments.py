"""What vLLM is told, how its absence is told, and how a server is started; vLLM itself is met in tests/vllm."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from oracle.domain.errors import BadInput, Refused
from oracle.model import load_runner, serving, vllm_version
from oracle.model.engines import ENGINES
from oracle.model.options import DEFAULT, EngineOptions
from oracle.model.runner_vllm import PROCESSOR, engine_arguments
from tests.support.tiny_llama import build_tiny_llama

MANY = EngineOptions.model_validate({"tensor_parallel": 8, "pipeline_parallel": 2, "executor": "ray", "threads": 3})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("llama") / "tiny")


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Package -> version, as if these were all that is installed."""
    found: dict[str, str] = {}

    def version(name: str) -> str:
        if name not in found:
            raise metadata.PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(vllm_version.metadata, "version", version)
    return found


def test_vllm_missing__is_refused_with_the_command_that_installs_it(versions: dict[str, str], folder: Path) -> None:
    with pytest.raises(Refused, match="engine 'vllm' cannot run here: vLLM is not installed") as caught:
        load_runner(folder, "vllm")
    assert "make vllm" in caught.value.hint
    assert f"pip install vllm=={vllm_version.VERSION}" in caught.value.hint


@pytest.mark.parametrize("package", vllm_version.PACKAGES)
def test_vllm_of_another_version__is_refused_naming_both(versions: dict[str, str], folder: Path, package: str) -> None:
    versions[package] = "0.33.1+cpu"
    for refused in (lambda: load_runner(folder, "vllm"), lambda: serving.serve(folder, "::1", 1, DEFAULT)):
        with pytest.raises(Refused, match=r"vLLM 0\.33\.1 is installed; .* written for 0\.32\.0"):
            refused()


def test_vllm_of_the_pinned_version__is_available(versions: dict[str, str]) -> None:
    versions["vllm"] = vllm_version.VERSION
    assert ENGINES["vllm"].unavailable() is None


def test_unknown_engine__is_bad_input_with_all_that_are_known(folder: Path) -> None:
    with pytest.raises(BadInput, match="engine 'gpu' is unknown") as caught:
        load_runner(folder, "gpu")
    assert all(name in caught.value.hint for name in ENGINES)


def test_parallelism_and_ray__are_passed_through() -> None:
    made = engine_arguments(Path("model"), 512, MANY, cpu=False)
    assert (made["tensor_parallel_size"], made["pipeline_parallel_size"]) == (8, 2)
    assert made["distributed_executor_backend"] == "ray"
    assert "distributed_executor_backend" not in engine_arguments(Path("model"), 512, DEFAULT, cpu=False)


def test_arguments__hold_what_the_rule_needs() -> None:
    made = engine_arguments(Path("model"), 512, DEFAULT, cpu=False)
    assert made["logits_processors"] == [PROCESSOR]
    assert made["enable_prefix_caching"] is True
    assert made["async_scheduling"] is False
    assert made["logprobs_mode"] == "processed_logits"
    assert (made["dtype"], made["max_model_len"], made["generation_config"]) == ("float32", 512, "vllm")
    assert "kv_cache_memory_bytes" not in made


def test_processor_machine__gets_its_blocks_and_a_bounded_memory() -> None:
    made = engine_arguments(Path("model"), 512, DEFAULT, cpu=True)
    assert made["block_size"] % 32 == 0
    assert (made["enforce_eager"], made["kv_cache_memory_bytes"]) == (True, 1 << 30)
    wide = EngineOptions.model_validate({"memory": 2.5, "dtype": "bfloat16"})
    assert engine_arguments(Path("model"), 512, wide, cpu=True)["kv_cache_memory_bytes"] == 5 << 29
    assert engine_arguments(Path("model"), 512, wide, cpu=True)["dtype"] == "bfloat16"


def test_server_command__says_the_same_as_the_engine_in_process(folder: Path) -> None:
    command = serving.server_command(folder, "127.0.0.1", 8001, MANY, cpu=True)
    assert command[:3] == [sys.executable, "-m", serving.SERVER]
    line = " ".join(command)
    for part in (
        f"--model {folder}",
        "--host 127.0.0.1 --port 8001 --served-model-name tiny",
        f"--logits-processors {PROCESSOR}",
        "--no-async-scheduling",
        "--enable-prefix-caching",
        "--logprobs-mode processed_logits",
        "--tensor-parallel-size 8 --pipeline-parallel-size 2 --distributed-executor-backend ray",
    ):
        assert part in line
    assert "tokenizer-init" not in line


def test_server__gets_its_key_by_the_environment_never_by_the_command_line(
    versions: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions["vllm"] = vllm_version.VERSION
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(serving.os, "execve", lambda path, command, environment: started.append((command, environment)))
    serving.serve(folder, "127.0.0.1", 8001, MANY, "sesame")
    ((command, environment),) = started
    assert "sesame" not in " ".join(command)
    assert environment["VLLM_API_KEY"] == "sesame"
    assert environment["VLLM_USE_V2_MODEL_RUNNER"] == "0"
    assert environment["OMP_NUM_THREADS"] == "3"
    assert "VLLM_ENABLE_V1_MULTIPROCESSING" not in environment or environment["VLLM_ENABLE_V1_MULTIPROCESSING"] != "0"

"""One hash of all logits: for any batch, thread count, BLAS kernel and vector width, each in a process of its own."""

import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from oracle.domain.sampler import Sampler
from oracle.model.embedded import EmbeddedRunner
from tests.support.tiny_llama import build_tiny_llama, compact_schema

ROOT = Path(__file__).parents[3]
KERNELS = ["Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake"]
SHAPE = {"hidden_size": 96, "intermediate_size": 256, "num_attention_heads": 6, "num_key_value_heads": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that ships; a random one where none does."""
    shipped = [path.parent for path in sorted((ROOT / "models").glob("*/model.safetensors"))]
    return shipped[0] if shipped else build_tiny_llama(tmp_path_factory.mktemp("llama"), **SHAPE)


@cache
def draw_elsewhere(
    folder: Path, engine: str, count: int, threads: int = 1, *settings: tuple[str, str]
) -> dict[str, str]:
    """Hashes from another process whose numerical library runs under `settings`."""
    command = [sys.executable, "-m", "tests.support.draw_and_hash", str(folder), engine, str(count), str(threads)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OPENBLAS", "NPY_", "OMP"))}
    done = subprocess.run(command, cwd=ROOT, env=environment | dict(settings), capture_output=True, timeout=240)
    assert done.returncode == 0, done.stderr.decode()
    hashes: dict[str, str] = json.loads(done.stdout)
    return hashes


def under_every_kernel(folder: Path, engine: str) -> list[dict[str, str]]:
    with ThreadPoolExecutor(2) as pool:
        return list(
            pool.map(lambda kernel: draw_elsewhere(folder, engine, 24, 1, ("OPENBLAS_CORETYPE", kernel)), KERNELS)
        )


def test_exact__every_blas_kernel_that_can_be_forced__one_hash_of_all_logits(folder: Path) -> None:
    runs = under_every_kernel(folder, "exact")
    assert len({run["logits"] for run in runs}) == 1
    assert len({run["samples"] for run in runs}) == 1
    if platform.machine() == "x86_64" and runs[0]["core"]:
        assert len({run["core"] for run in runs}) >= 3  # kernels really differ: the setting was heard


def test_fp32__same_kernels__do_not_agree_to_the_bit(folder: Path) -> None:
    """What exact mode is for; and a sign that the hash would notice."""
    runs = under_every_kernel(folder, "fp32")
    if len({run["core"] for run in runs}) < 3:
        pytest.skip("this machine's BLAS has one kernel only")
    assert len({run["logits"] for run in runs}) > 1


def test_exact__one_or_two_threads__same_hash(folder: Path) -> None:
    assert draw_elsewhere(folder, "exact", 24, 1) == draw_elsewhere(folder, "exact", 24, 2)


def test_exact__numpy_without_wide_vectors__same_hash(folder: Path) -> None:
    import numpy as np

    wide = [name for name, used in np._core._multiarray_umath.__cpu_features__.items() if used]
    dispatched = [name for name in wide if name in np._core._multiarray_umath.__cpu_dispatch__]
    plain = draw_elsewhere(folder, "exact", 24, 1, ("NPY_DISABLE_CPU_FEATURES", " ".join(dispatched)))
    assert plain["logits"] == draw_elsewhere(folder, "exact", 24, 1)["logits"]


def test_exact__each_sample_alone__same_bytes_as_among_a_hundred(folder: Path) -> None:
    runner = EmbeddedRunner(folder, "exact")

    def run(indices: list[int]) -> tuple[list[object], dict[int, bytes]]:
        samples = runner.generate("Pay whom? ", compact_schema(), bytes(range(32)), indices, Sampler(max_tokens=48))
        return list(samples), dict(runner.logits_digests)

    together, digests = run(list(range(100)))
    for index in (0, 1, 42, 99):
        alone, own = run([index])
        assert alone == [together[index]]
        assert own[index] == digests[index]

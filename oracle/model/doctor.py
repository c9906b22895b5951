"""What can run on this machine, what it needs, and how fast it is: found without loading, then by a short real run."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from oracle.domain.errors import GengovError
from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.rendering import render
from oracle.mechanism.trial_prompts import trial_prompt
from oracle.model import transformers_backend
from oracle.model.certify import machine
from oracle.model.config import LlamaConfig, read_config
from oracle.model.engines import ENGINES
from oracle.model.options import EngineOptions
from oracle.model.weights import expected_shapes
from oracle.ports.model import ModelRunner

SAMPLES = 100
SEED = bytes(range(32))
BASE = 250 << 20
"""Bytes of the program itself with its libraries."""

_FEATURES = ("fma", "avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve")


@dataclass(frozen=True, slots=True)
class Finding:
    """One engine: why it cannot run (None: it can), what mends that, bytes it needs, and tokens a second.

    Speeds are None where nothing was measured; `checked` is None where the engine cannot check the model's class.
    """

    engine: str
    numeric_classes: str
    what: str
    reason: str | None
    mend: str = ""
    memory: int | None = None
    drawn: float | None = None
    checked: float | None = None


def examine(options: EngineOptions, model_dir: Path | None) -> Iterator[Finding]:
    """Every engine, with the memory it needs for a model; loads nothing."""
    config = read_config(model_dir) if model_dir else None
    for engine in ENGINES.values():
        reason, mend = engine.unavailable(), engine.install
        if reason is None and engine.name == "http" and not options.urls:
            reason, mend = (
                "no server is named",
                'name them in the settings: [engine_options] urls = ["http://host:8000"]',
            )
        needs = memory_needed(config, engine.name, options) if config else None
        if reason is None and needs is not None and needs > (free := free_memory()):
            reason = f"needs {needs / 1e9:,.1f} GB of memory, {free / 1e9:,.1f} GB are free"
            mend = "use a machine with more memory, or another engine"
        yield Finding(engine.name, engine.numeric_classes, engine.what, reason, mend, needs)
    reason = transformers_backend.available()
    yield Finding("transformers", "FB", "a second opinion for calibrate", reason, transformers_backend.INSTALL)


def measure(finding: Finding, model_dir: Path, options: EngineOptions) -> Finding:
    """Draws 100 answers to one prompt and checks them, with the time it took; a failure becomes the reason."""
    if finding.reason is not None or finding.engine not in ENGINES:
        return finding
    try:
        runner = ENGINES[finding.engine].open(model_dir, options)
        return _timed(finding, runner)
    except GengovError as error:
        return replace(finding, reason=error.message, mend=error.hint)


def memory_needed(config: LlamaConfig, engine: str, options: EngineOptions) -> int | None:
    """Bytes at the peak, from the shapes alone: weights while they are loaded, and keys and values of one slot.

    None for an engine that keeps the weights elsewhere.
    """
    loaded, kept = _BYTES.get(engine, (0, 0))
    if not kept:
        return None
    if engine == "vllm" and options.dtype == "bfloat16":
        loaded, kept = 0, 2
    sampler = Sampler()
    tokens = config.max_positions + sampler.n * sampler.max_tokens
    cache = 2 * config.num_layers * config.num_kv_heads * config.head_dim * tokens * kept
    twice = config.vocab_size * config.hidden_size * kept if config.tied_embeddings else 0  # as rows, and as a matrix
    return BASE + parameters(config) * (loaded + kept) + twice + cache


_BYTES = {"exact": (4, 8), "fp32": (4, 4), "vllm": (0, 4)}
"""Engine -> bytes per parameter as read from the file, held until the engine is built, and as computed with."""


def parameters(config: LlamaConfig) -> int:
    """How many numbers the model has."""
    total = 0
    for shape in expected_shapes(config).values():
        count = 1
        for size in shape:
            count *= size
        total += count
    return total


def free_memory() -> int:
    """Bytes that a new program can use: what the system says is available, or this container's limit less its use."""
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024
    with suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        free = min(free, int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return free


def about_machine() -> dict[str, Any]:
    """Processor, its features that matter, cores, memory and GPUs."""
    return {
        **machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "features": [name for name in _FEATURES if name in _flags()],
        "memory_free": free_memory(),
        "gpus": _gpus(),
    }


def about_model(model_dir: Path) -> Mapping[str, Any]:
    """Sizes of a model from its config.json."""
    config = read_config(model_dir)
    return {
        "folder": str(model_dir),
        "parameters": parameters(config),
        "layers": config.num_layers,
        "hidden": config.hidden_size,
        "vocabulary": config.vocab_size,
        "context": config.max_positions,
    }


def _timed(finding: Finding, runner: ModelRunner) -> Finding:
    sampler = _sampler(runner.numeric_class)
    prompt = trial_prompt(0)
    text, schema = render(prompt), answer_schema(prompt)
    runner.generate(text, schema, SEED, range(2), sampler)  # what is built at first use is not what is measured
    start = time.perf_counter()
    samples = runner.generate(text, schema, SEED, range(SAMPLES), sampler)
    drawn = time.perf_counter()
    tokens = sum(len(sample.token_ids) for sample in samples)
    found = replace(finding, numeric_classes=runner.numeric_class, drawn=tokens / (drawn - start))
    if runner.numeric_class == "N":
        return found
    for _ in runner.check(text, schema, SEED, samples, sampler):
        pass
    return replace(found, checked=tokens / (time.perf_counter() - drawn))


def _sampler(numeric_class: str) -> Sampler:
    return Sampler(numeric_class=numeric_class, tau=0 if numeric_class == "E" else 250_000)


def _flags() -> set[str]:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return set(line.partition(":")[2].split())
    return set()


def _gpus() -> list[str]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
        return done.stdout.strip().splitlines()
    return []

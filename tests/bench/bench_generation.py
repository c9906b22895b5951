"""Tokens per second of exact and fp32 mode for 100 samples, against a plain transformers loop in the same run.

Use: python -m tests.bench.bench_generation [--model FOLDER] [--repeats N] [--transformers PYTHON]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.rendering import render
from oracle.model.embedded import EmbeddedRunner
from tests.support.prompts import a_prompt
from tests.support.tiny_llama import build_tiny_llama

ROOT = Path(__file__).parents[2]
SEED = bytes(range(32))
SAMPLES = 100
FREE_TOKENS = 43
LARGER = {"hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 6}
LARGER |= {"num_key_value_heads": 6, "vocab_size": 700, "max_position_embeddings": 1024}


@dataclass(frozen=True)
class Case:
    """What is drawn: a prompt, a schema and the sampler."""

    name: str
    prompt: str
    schema: dict[str, object]
    sampler: Sampler


def cases(*, shipped: bool) -> list[Case]:
    """The shipped model's own task, and free text of 43 tokens in which no two samples stay alike."""
    text: dict[str, object] = {"type": "string", "pattern": "^[ !#-Z^-~]{400}$"}
    prompt = a_prompt()
    free = Case("free text", render(prompt), text, Sampler(max_tokens=FREE_TOKENS))
    answers = Case("answers", render(prompt), answer_schema(prompt), Sampler())
    return [answers, free] if shipped else [free]


def best_of(repeats: int, run: Callable[[], int]) -> tuple[float, float, int]:
    """Wall seconds and processor seconds of the fastest run after a first one, and the tokens it drew."""
    run()
    best = (float("inf"), 0.0, 0)
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        tokens = run()
        best = min(best, (time.perf_counter() - wall, time.process_time() - processor, tokens))
    return best


def measure(folder: Path, case: Case, repeats: int, python: Path | None) -> dict[str, float]:
    """Prints one line per engine; returns tokens per second by engine."""
    rates: dict[str, float] = {}
    tokens, ids = 0, []
    for engine in ("exact", "fp32"):
        runner = EmbeddedRunner(folder, engine)

        def run(runner: EmbeddedRunner = runner) -> int:
            drawn = runner.generate(case.prompt, case.schema, SEED, range(SAMPLES), case.sampler)
            return sum(len(sample.token_ids) for sample in drawn)

        seconds, processor, tokens = best_of(repeats, run)
        ids = runner.encode(case.prompt).tolist()
        rates[engine] = report(case.name, engine, tokens, seconds, processor)
    if python is None:
        return rates
    each = -(-tokens // SAMPLES)
    for threads in sorted({1, os.cpu_count() or 1}):  # more threads are slower where others need the processor
        seconds, processor = run_transformers(python, folder, ids, each, repeats, threads)
        name = f"transformers/{threads}"
        rates["transformers"] = max(
            rates.get("transformers", 0), report(case.name, name, SAMPLES * each, seconds, processor)
        )
    for engine in ("exact", "fp32"):
        print(f"{case.name:10} {engine} is {rates[engine] / rates['transformers']:.1f} x the faster transformers loop")
    return rates


def report(case: str, engine: str, tokens: int, seconds: float, processor: float) -> float:
    """Prints a line and returns tokens per second."""
    rate = tokens / seconds
    print(
        f"{case:10} {engine:15}{tokens:5} tokens in {seconds:7.3f} s ({processor:6.3f} s of processor) = {rate:6.0f}/s"
    )
    return rate


def run_transformers(
    python: Path, folder: Path, ids: list[int], tokens: int, repeats: int, threads: int
) -> tuple[float, float]:
    """Wall and processor seconds of a plain generate loop for as many tokens, without grammar or seed by token."""
    arguments = [str(folder), str(SAMPLES), str(tokens), str(repeats), str(threads)]
    done = subprocess.run(
        [str(python), "-m", "tests.bench.transformers_loop", *arguments],
        input=json.dumps(ids),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=900,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    result = json.loads(done.stdout)
    return result["seconds"], result["processor"]


def bench(folder: Path | None, repeats: int, python: Path | None) -> list[dict[str, float]]:
    """Measures the folder, or a random Llama of 1.9 million parameters where none ships."""
    print(f"\n{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {SAMPLES} samples")
    if folder is not None:
        return [measure(folder, case, repeats, python) for case in cases(shipped=True)]
    with tempfile.TemporaryDirectory() as temporary:
        built = build_tiny_llama(Path(temporary), **LARGER)
        return [measure(built, case, repeats, python) for case in cases(shipped=False)]


def shipped_model() -> Path | None:
    """The model folder in `models/`, if one is there."""
    return next((path.parent for path in sorted((ROOT / "models").glob("*/config.json"))), None)


def transformers_python() -> Path | None:
    """The interpreter of the training environment, if it was made."""
    path = ROOT / ".venv-train" / "bin" / "python"
    return path if path.exists() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=shipped_model())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--transformers", type=Path, default=transformers_python(), help="python with torch; `none` to skip"
    )
    options = parser.parse_args()
    python = options.transformers if options.transformers and options.transformers.exists() else None
    bench(options.model, options.repeats, python)


if __name__ == "__main__":
    sys.exit(main())

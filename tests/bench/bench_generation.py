"""Tokens per second of exact and fp32 mode for 100 samples, beside transformers and vLLM in the same run."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.rendering import render
from oracle.model.embedded import EmbeddedRunner
from tests.bench.harness import ROOT, Row, Run, timed
from tests.support.prompts import a_prompt
from tests.support.tiny_llama import build_tiny_llama

TITLE = "Generation of 100 samples"
LEARNED = ""

SEED = bytes(range(32))
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


def measure(folder: Path, case: Case, run: Run) -> Iterator[Row]:
    """Tokens per second of both engines beside the fastest plain loop of the peers, for as many tokens."""
    count, rates = 4 if run.small else 100, {}
    for engine in ("exact", "fp32"):
        runner = EmbeddedRunner(folder, engine)

        def draw(runner: EmbeddedRunner = runner) -> int:
            drawn = runner.generate(case.prompt, case.schema, SEED, range(count), case.sampler)
            return sum(len(sample.token_ids) for sample in drawn)

        timing = timed(draw, run.repeats(5))
        rates[engine], tokens = timing.result / timing.least, timing.result
        ids = runner.encode(case.prompt).tolist()
    each = -(-tokens // count)
    question = {"folder": str(folder), "prompt": ids, "samples": count, "tokens": each, "repeats": run.repeats(5)}
    plain = best_threads(run, "train", "tests.bench.transformers_loop", question)
    ruled = {"schema": case.schema, "prompt": case.prompt, "seed": SEED.hex(), "max_tokens": case.sampler.max_tokens}
    same = best_threads(run, "vllm", "tests.bench.vllm_loop", question | ruled | {"warm": not run.small})
    for engine, rate in rates.items():
        note = f"{count} samples, {tokens:,} tokens; the loop knows neither grammar nor seed by token"
        yield Row(f"{case.name}, {engine}", rate, plain, "transformers generate, fp32", "tokens/s", note, rate=True)
        note = f"{count} samples, {tokens:,} tokens; vLLM runs the same rule by our processor"
        yield Row(f"{case.name}, {engine}", rate, same, "vLLM on the processor, fp32", "tokens/s", note, rate=True)


def best_threads(run: Run, environment: str, module: str, question: dict[str, object]) -> float | None:
    """Tokens per second of a peer at its better number of threads: more are slower on a busy machine."""
    rates = []
    for threads in sorted({1, os.cpu_count() or 1}):
        said = run.peer(environment, module, question | {"threads": threads})
        if said is not None:
            rates.append(said["tokens"] / said["seconds"])
    return max(rates, default=None)


def rows(run: Run) -> Iterator[Row]:
    """The shipped model, or a random Llama of 1.9 million parameters where none ships."""
    with model_folder() as (folder, shipped):
        for case in cases(shipped=shipped):
            yield from measure(folder, case, run)


@contextmanager
def model_folder() -> Iterator[tuple[Path, bool]]:
    """The first model in `models/` and True, or a folder built for the while and False."""
    found = next((path.parent for path in sorted((ROOT / "models").glob("*/config.json"))), None)
    if found is not None:
        yield found, True
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield build_tiny_llama(Path(temporary), **LARGER), False

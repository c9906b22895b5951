"""Cheating provers are caught every time, on two trained models: `verification.md`, section 6.

A batch is 60 free texts of 24 tokens (1,440 tokens, a fifth of a slot); a slot's own answers, in which most tokens
are forced, are the second batch. The slow suite runs 12 seeds of each on both models, the gate one.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import acceptable
from oracle.model.embedded import EmbeddedRunner
from oracle.model.weights import read_weights
from tests.support.models import EXACT, FLOAT, HALF, MODELS, SECOND, SHIPPED, Task, the_task
from tests.support.provers import (
    Prover,
    edited,
    fine_tuned,
    gradient_of,
    other_weights,
    quantised,
)

TASK = the_task()
TEXT = Task(TASK.prompt, {"type": "string", "pattern": "^[ !#-Z^-~]{400}$"})
SHORT = 24
SEEDS = [bytes([number]) * 32 for number in range(1, 13)]
TUNED_ON = '{"action":"fund","fund":{"C":"half"},"rationale":"C did 2 in time and 3 late."}'

Draw = Callable[[Path, Task, bytes, int, Sampler], list[RawSample]]


@cache
def runner(folder: Path, engine: str) -> EmbeddedRunner:
    return EmbeddedRunner(folder, engine)


@cache
def prover(folder: Path, cheat: str) -> Prover:
    if cheat == "fine-tuned":
        return Prover(folder, change=fine_tuned([runner(folder, "exact").encode(TASK.prompt + TUNED_ON)]))
    made: dict[str, Callable[[], Prover]] = {
        "honest": lambda: Prover(folder),
        "other weights": lambda: Prover(folder, change=other_weights),
        "int4": lambda: Prover(folder, change=quantised(4, group=32)),
        "int8 with bf16 compute": lambda: Prover(folder, change=quantised(8), half=True),
        "top-p .95": lambda: Prover(folder, top_p=0.95),
        "bf16 compute": lambda: Prover(folder, half=True),
    }
    return made[cheat]()


def cheating(cheat: str, folder: Path, task: Task, seed: bytes, count: int, sampler: Sampler) -> list[RawSample]:
    """Samples of a prover that cheats in one way and is honest in all others."""
    asked = edited(task) if cheat == "one word edited" else task
    seed = bytes([seed[0] ^ 0x80]) * 32 if cheat == "another seed" else seed
    milli = {"temperature .9": 900, "temperature .98": 980}.get(cheat, sampler.temperature_milli)
    ours = cheat in ("one word edited", "another seed", "temperature .9", "temperature .98")
    ids = runner(folder, "exact").encode(asked.prompt)
    own = prover(folder, "honest" if ours else cheat)
    return own.generate(ids, task, seed, count, replace(sampler, temperature_milli=milli))


FINE = ["fine-tuned", "int8 with bf16 compute", "temperature .98"]
COARSE = ["other weights", "int4", "temperature .9", "top-p .95", "one word edited", "another seed"]


def caught(folder: Path, task: Task, samples: list[RawSample], seed: bytes, max_tokens: int) -> tuple[bool, bool]:
    """Whether the checkers of class E and of class F refuse the samples."""
    found = []
    for engine, kind in (("exact", EXACT), ("fp32", FLOAT)):
        sampler = replace(kind, max_tokens=max_tokens)
        checks = list(runner(folder, engine).check(task.prompt, task.schema, seed, samples, sampler))
        found.append(not acceptable(sampler, checks))
    return found[0], found[1]


def caught_in_text(folder: Path, cheat: str, seed: bytes) -> tuple[bool, bool]:
    samples = cheating(cheat, folder, TEXT, seed, 60, replace(EXACT, max_tokens=SHORT))
    return caught(folder, TEXT, samples, seed, SHORT)


def caught_in_answers(folder: Path, cheat: str, seed: bytes) -> tuple[bool, bool]:
    samples = cheating(cheat, folder, TASK, seed, 100, EXACT)
    return caught(folder, TASK, samples, seed, EXACT.max_tokens)


@pytest.mark.parametrize("cheat", [*FINE, *COARSE])
def test_cheat__one_batch_of_text_of_the_second_model__is_caught(cheat: str) -> None:
    assert caught_in_text(SECOND, cheat, SEEDS[0]) == (True, True)


@pytest.mark.parametrize("cheat", COARSE)
def test_cheat__a_hundred_answers_of_the_shipped_model__is_caught(cheat: str) -> None:
    assert caught_in_answers(SHIPPED, cheat, SEEDS[0]) == (True, True)


@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)
def test_honest__a_hundred_answers_by_the_same_prover__pass(folder: Path) -> None:
    assert caught_in_answers(folder, "honest", SEEDS[0]) == (False, False)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # twelve batches, on however busy a machine
@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)
@pytest.mark.parametrize("cheat", [*FINE, *COARSE])
def test_cheat__twelve_batches_of_text__caught_every_time(folder: Path, cheat: str) -> None:
    assert [caught_in_text(folder, cheat, seed) for seed in SEEDS] == [(True, True)] * len(SEEDS)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # twelve batches, on however busy a machine
@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)
@pytest.mark.parametrize("cheat", ["honest", *COARSE])
def test_cheat__a_hundred_answers_to_twelve_seeds__caught_every_time(folder: Path, cheat: str) -> None:
    expected = (cheat != "honest",) * 2
    assert [caught_in_answers(folder, cheat, seed) for seed in SEEDS] == [expected] * len(SEEDS)


@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)
def test_class_b__bf16_compute__is_borne_and_other_weights_are_not(folder: Path) -> None:
    sampler = replace(HALF, max_tokens=SHORT)

    def upheld(cheat: str) -> bool:
        samples = cheating(cheat, folder, TEXT, SEEDS[0], 24, sampler)
        return acceptable(
            sampler, list(runner(folder, "fp32").check(TEXT.prompt, TEXT.schema, SEEDS[0], samples, sampler))
        )

    assert upheld("bf16 compute")
    assert not upheld("other weights")
    assert not upheld("one word edited")


@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)
def test_fine_tuning__gradient__is_that_of_differences_and_lowers_the_loss(folder: Path) -> None:
    model = runner(folder, "exact")
    config, text = model.decoder.config, model.encode(TASK.prompt + TUNED_ON)
    weights = read_weights(folder, config)
    name = f"model.layers.{config.num_layers - 1}.mlp.down_proj.weight"
    gradient, before = gradient_of(weights, config, text)

    def loss(step: float) -> float:
        moved = weights[name].astype(np.float64)
        moved[3, 5] += step
        return gradient_of({**weights, name: moved}, config, text)[1]  # type: ignore[dict-item]

    assert (loss(1e-3) - loss(-1e-3)) / 2e-3 == pytest.approx(gradient[3, 5], rel=1e-4)
    assert gradient_of(fine_tuned([text])(weights, config), config, text)[1] < before - 0.1

"""Honest samples of two trained models pass whatever way they were drawn and checked: `verification.md`, section 6."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from oracle.domain.sample import RawSample
from oracle.domain.verdict import acceptable
from oracle.model.embedded import EmbeddedRunner
from tests.support.models import FLOAT, MODELS, SAMPLERS, the_task

TASK = the_task()
SEED = bytes(range(1, 33))

pytestmark = pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)


@cache
def runner(folder: Path, engine: str, threads: int = 1, chunk: int = 256) -> EmbeddedRunner:
    return EmbeddedRunner(folder, engine, threads=threads, chunk=chunk)


def drawn(folder: Path, engine: str, indices: Sequence[int], threads: int = 1) -> tuple[list[RawSample], bytes]:
    """Samples and the hash of their logits."""
    engine_ = runner(folder, engine, threads)
    return engine_.generate(TASK.prompt, TASK.schema, SEED, indices, SAMPLERS[engine]), engine_.logits_hash


@cache
def hundred(folder: Path, engine: str) -> tuple[tuple[RawSample, ...], bytes]:
    samples, hashed = drawn(folder, engine, range(100))
    return tuple(samples), hashed


def mismatches(checker: EmbeddedRunner, engine: str, samples: Sequence[RawSample]) -> int:
    checks = list(checker.check(TASK.prompt, TASK.schema, SEED, samples, SAMPLERS[engine]))
    assert [one.text for one in checks] == [sample.text for sample in samples]
    assert acceptable(SAMPLERS[engine], checks) == (not any(one.mismatches for one in checks))
    return sum(len(one.mismatches) for one in checks)


@pytest.mark.parametrize("engine", ["exact", "fp32"])
@pytest.mark.parametrize("threads", [1, 2])
def test_batch_of_1_17_100__no_mismatch_and_in_class_e_the_same_bytes(folder: Path, engine: str, threads: int) -> None:
    whole, hashed = hundred(folder, engine)
    checker = runner(folder, engine, threads)
    assert mismatches(checker, engine, whole) == 0
    if engine == "exact":
        assert checker.logits_hash == hashed
        digests = dict(checker.logits_digests)
    for indices in ([42], range(17)):
        some, _ = drawn(folder, engine, indices, threads)
        own = dict(runner(folder, engine, threads).logits_digests)
        assert mismatches(checker, engine, some) == 0
        if engine == "exact":
            assert some == [whole[index] for index in indices]
            assert own == {index: digests[index] for index in indices}
    if threads == 2 and engine == "exact":
        again, hash_again = drawn(folder, engine, range(100), threads)
        assert (tuple(again), hash_again) == (whole, hashed)


@pytest.mark.parametrize("engine", ["exact", "fp32"])
@pytest.mark.parametrize("chunk", [5, 1024])
def test_other_chunk__no_mismatch_and_in_class_e_the_same_bytes(folder: Path, engine: str, chunk: int) -> None:
    """A small chunk reads earlier tokens from the cache, a large one sees all answers in one pass."""
    whole, hashed = hundred(folder, engine)
    checker = EmbeddedRunner(folder, engine, chunk=chunk)
    assert mismatches(checker, engine, whole) == 0
    assert engine != "exact" or checker.logits_hash == hashed


@pytest.mark.parametrize("engine", ["exact", "fp32"])
def test_another_attention_path__full_pass_over_prompt_and_answer__same_logits(folder: Path, engine: str) -> None:
    """Token by token with a cache, all at once behind a cached prompt, and all at once without a cache."""
    whole, _ = hundred(folder, engine)
    model = runner(folder, engine)
    unit = 2.0**20 if engine == "exact" else 1.0
    for sample, rows in zip(whole[:2], model.logits(TASK.prompt, whole[:2]), strict=True):
        ids = model.encode(TASK.prompt)
        for step, row in enumerate(rows):
            alone = model.decoder.prefill(np.append(ids, sample.token_ids[:step]).astype(np.int64)).logits[0]
            if engine == "exact":
                assert np.array_equal(row * unit, alone)
            else:
                assert np.abs(row - alone).max() <= 1e-4


def test_each_engine_checks_the_other_in_class_f__no_mismatch(folder: Path) -> None:
    for generator, checker in (("exact", "fp32"), ("fp32", "exact")):
        whole, _ = hundred(folder, generator)
        checks = list(runner(folder, checker).check(TASK.prompt, TASK.schema, SEED, whole, FLOAT))
        assert acceptable(FLOAT, checks)
        assert max(one.worst_margin for one in checks) <= 1048  # tau, 0.001, in units of 2^-20

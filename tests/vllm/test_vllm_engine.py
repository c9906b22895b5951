"""The real vLLM in this process beside the embedded engine: one draws, the other checks, and neither can cheat."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.domain.errors import Refused
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck, acceptable
from oracle.model.embedded import EmbeddedRunner
from oracle.model.options import EngineOptions
from oracle.model.runner_vllm import VllmRunner
from tests.support.evidence import evidence_by, picked
from tests.support.models import FLOAT, HALF, MODELS, SECOND, SHIPPED, the_task

SEED = bytes(range(32))
OTHER_SEED = bytes(range(1, 33))
COUNT = 100
TASK = the_task()


def opened(folder: Path, **options: object) -> VllmRunner:
    return VllmRunner(folder, EngineOptions.model_validate({"threads": 1, "memory": 0.25} | options))


@pytest.fixture(scope="module", params=MODELS, ids=lambda folder: str(folder.name))
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def vllm(folder: Path) -> Iterator[VllmRunner]:
    yield opened(folder)


@pytest.fixture(scope="module")
def embedded(folder: Path) -> EmbeddedRunner:
    return EmbeddedRunner(folder, "fp32")


def draw(runner: VllmRunner | EmbeddedRunner, seed: bytes = SEED, sampler: Sampler = FLOAT) -> list[RawSample]:
    return runner.generate(TASK.prompt, TASK.schema, seed, range(COUNT), sampler)


def check(runner: VllmRunner | EmbeddedRunner, samples: list[RawSample], sampler: Sampler = FLOAT) -> list[SampleCheck]:
    return list(runner.check(TASK.prompt, TASK.schema, SEED, samples, sampler))


def caught(checks: list[SampleCheck]) -> list[tuple[int, list[tuple[int, int, int, bool]]]]:
    """All of a check but the margins, which differ in the last bits of fp32."""
    return [(one.index, [(m.position, m.expected, m.got, m.margin is None) for m in one.mismatches]) for one in checks]


def test_vllm_draws__embedded_checks__no_mismatch_and_the_same_samples(
    vllm: VllmRunner, embedded: EmbeddedRunner
) -> None:
    seen: list[tuple[int, int]] = []
    samples = vllm.generate(TASK.prompt, TASK.schema, SEED, range(COUNT), FLOAT, lambda *done: seen.append(done))
    found = check(embedded, samples)
    assert [one for one in found if one.mismatches] == []
    assert [(one.text, one.finished) for one in found] == [(one.text, one.finished) for one in samples]
    assert samples == draw(embedded)
    assert (seen[-1][1], vllm.numeric_class, vllm.logits_hash) == (COUNT, "F", b"")


def test_embedded_draws__vllm_checks__no_mismatch(vllm: VllmRunner, embedded: EmbeddedRunner) -> None:
    samples = draw(embedded)
    found = check(vllm, samples)
    assert [one for one in found if one.mismatches] == []
    assert [(one.text, one.finished, one.tokens) for one in found] == [
        (one.text, one.finished, len(one.token_ids)) for one in samples
    ]


def _other_seed(samples: list[RawSample], runner: EmbeddedRunner) -> list[RawSample]:
    return draw(runner, OTHER_SEED)


def _hotter(samples: list[RawSample], runner: EmbeddedRunner) -> list[RawSample]:
    return draw(runner, sampler=replace(FLOAT, temperature_milli=900))


def _swapped(samples: list[RawSample], runner: EmbeddedRunner) -> list[RawSample]:
    return [replace(one, index=COUNT - 1 - one.index) for one in samples]


def _truncated(samples: list[RawSample], runner: EmbeddedRunner) -> list[RawSample]:
    return [replace(one, token_ids=one.token_ids[:-1]) for one in samples]


def _longer(samples: list[RawSample], runner: EmbeddedRunner) -> list[RawSample]:
    return [replace(one, token_ids=(*one.token_ids, 5)) for one in samples]


def _foreign(samples: list[RawSample], runner: EmbeddedRunner) -> list[RawSample]:
    return [replace(one, token_ids=(*one.token_ids[:2], 10**6, *one.token_ids[3:])) for one in samples]


FORGERIES = [_other_seed, _hotter, _swapped, _truncated, _longer, _foreign]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: str(forge.__name__).strip("_"))
def test_dishonest_samples__vllm_finds_what_the_embedded_engine_finds(
    vllm: VllmRunner,
    embedded: EmbeddedRunner,
    forge: Callable[[list[RawSample], EmbeddedRunner], list[RawSample]],
) -> None:
    forged = forge(draw(embedded), embedded)
    found = check(vllm, forged)
    assert not acceptable(FLOAT, found)
    assert caught(found) == caught(check(embedded, forged))


def test_weights_of_another_model__are_caught(vllm: VllmRunner, folder: Path) -> None:
    other = EmbeddedRunner(SHIPPED if folder == SECOND else SECOND, "fp32")
    assert not acceptable(FLOAT, check(vllm, draw(other)))


def test_sample_cut_off_by_the_limit__is_the_same(vllm: VllmRunner, embedded: EmbeddedRunner) -> None:
    short = replace(FLOAT, max_tokens=3)
    samples = draw(vllm, sampler=short)
    assert samples == draw(embedded, sampler=short)
    assert not any(one.finished for one in samples)
    assert [one for one in check(vllm, samples, short) if one.mismatches] == []


def test_class_e__cannot_be_checked_by_vllm(vllm: VllmRunner) -> None:
    with pytest.raises(Refused, match="class E"):
        vllm.check(TASK.prompt, TASK.schema, SEED, [], Sampler())


def test_prompt_in_pieces_and_requests_taken_off__change_no_sample() -> None:
    """32 tokens a step split every prompt; keys and values of 20 MiB do not hold 100 answers of a long prompt."""
    tight = opened(SHIPPED, batched_tokens=32, memory=0.02)
    embedded = EmbeddedRunner(SHIPPED, "fp32")
    samples = draw(tight)
    assert samples == draw(embedded)
    assert [one for one in check(tight, samples) if one.mismatches] == []


def test_bfloat16__is_of_class_b_and_within_its_tolerance() -> None:
    half = opened(SHIPPED, dtype="bfloat16")
    assert half.numeric_class == "B"
    samples = draw(half, sampler=HALF)
    assert acceptable(HALF, check(EmbeddedRunner(SHIPPED, "fp32"), samples, HALF))
    with pytest.raises(Refused, match="class F"):
        check(half, samples)


def test_evidence__of_a_picked_sample__is_the_same_bytes_from_both_engines(
    vllm: VllmRunner, embedded: EmbeddedRunner
) -> None:
    honest = draw(embedded)
    secret = embedded.generate(TASK.prompt, TASK.schema, SEED, range(1_000, 1_000 + COUNT), FLOAT)
    forged = picked(honest, secret, 41)
    found = {evidence_by(runner, forged, SEED, FLOAT) for runner in (vllm, embedded)}
    assert len(found) == 1 and b'"ground":"samples"' in found.pop()
    assert evidence_by(vllm, honest, SEED, FLOAT) == evidence_by(embedded, honest, SEED, FLOAT)

"""Whatever the bytes are, a check ends with a verdict or with a refusal that says why, in bounded memory."""

import json
import tracemalloc
from collections import Counter
from dataclasses import replace

import pytest

from oracle.domain.errors import BadInput
from oracle.mechanism import canonical, chainless, data_file
from oracle.mechanism.generation import build
from oracle.verification import verify_file
from tests.support.fake_model import FakeModel
from tests.support.hostile import bombs, inputs
from tests.support.prompts import DEPLOYMENT, MODEL, SAMPLER, SLOT, a_prompt, raw_samples

MIB = 1 << 20


def bases() -> list[bytes]:
    """Honest files: of slots and without a chain, of 1, 3 and 6 samples."""
    made = []
    for n in (1, 3, 6):
        sampler = chainless.sampler_for(SAMPLER, n, "E")
        prompt = chainless.prompt_for(a_prompt(), sampler)
        drawn = raw_samples(prompt, seed=n, count=n, none=0, invalid=n // 3)
        raw = [replace(one, token_ids=one.token_ids[:6]) for one in drawn]  # so that mutations meet other fields too
        made.append(build(SLOT, prompt, sampler, raw, DEPLOYMENT).data)
        alone = chainless.slot_for(prompt, MODEL.hashes, SLOT.seed)
        made.append(build(alone, prompt, sampler, raw, chainless.deployment_for(prompt)).data)
    return made


def end_of(data: bytes) -> str:
    """How the check of some bytes ends; any other exception than a refusal goes through."""
    try:
        verdict = verify_file(data, lambda model, numeric_class: FakeModel())
    except BadInput as refusal:
        assert refusal.message and len(str(refusal)) < 5_000
        return "refused"
    return verdict.failure.ground.word if verdict.failure else "valid"


def test_honest_files__are_read_and_found_not_to_be_of_the_fake_model() -> None:
    assert {end_of(data) for data in bases()} == {"samples"}


def fuzz(seed: str, count: int) -> Counter[str]:
    made = bases()
    return Counter(end_of(data) for data in inputs(made, seed, count))


def test_mutated_files__some_thousands__all_end_cleanly() -> None:
    ends = fuzz("gate", 3_000)
    assert ends.total() == 3_000
    # The mutations reach every part of the check, not just its first line.
    assert ends["refused"] > 1_000
    assert all(ends[ground] > 5 for ground in ("prompt", "selection", "actions", "samples"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(8))
def test_mutated_files__hundred_thousand__all_end_cleanly(part: int) -> None:
    assert fuzz(f"slow/{part}", 13_000).total() == 13_000


@pytest.mark.parametrize("name", bombs(1))
def test_bomb__refused_in_bounded_memory(name: str) -> None:
    assert measured(bombs(MIB // 4)[name]()) < 24 * MIB


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", bombs(1))
def test_bomb_of_the_largest_size__refused_in_bounded_memory(name: str) -> None:
    assert measured(bombs(data_file.MAX_BYTES - 100)[name]()) < 768 * MIB


def test_file_that_is_too_large__is_not_read() -> None:
    data = b" " * (data_file.MAX_BYTES + 1)
    with pytest.raises(BadInput, match="At most"):
        data_file.loads(data)
    assert measured(data) < MIB


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thousands_of_samples__end_in_bounded_memory() -> None:
    sampler = chainless.sampler_for(SAMPLER, 3_000, "E")
    prompt = chainless.prompt_for(a_prompt(), sampler)
    alone = chainless.slot_for(prompt, MODEL.hashes, SLOT.seed)
    raw = raw_samples(prompt, count=3_000)
    data = build(alone, prompt, sampler, raw, chainless.deployment_for(prompt)).data
    assert len(data) > MIB and measured(data, end="samples") < 256 * MIB


def test_many_samples_of_a_slot__refused() -> None:
    sampler = replace(SAMPLER, n=129)
    prompt = chainless.prompt_for(a_prompt(), sampler)
    made = build(SLOT, prompt, sampler, raw_samples(prompt, count=129), DEPLOYMENT)
    with pytest.raises(BadInput, match="129 samples of a slot"):
        data_file.loads(made.data)


def test_prompt_of_a_few_hundred_strange_keys__refusal_stays_short_and_printable() -> None:
    document = json.loads(bases()[0])
    document["prompt"]["funding"] |= {f"\x1b[31m{number}": 0 for number in range(200)}
    with pytest.raises(BadInput, match=r"and \d+ more") as refusal:
        data_file.loads(canonical.dumps(document))
    assert len(str(refusal.value)) < 5_000 and "\x1b" not in str(refusal.value)


def test_inputs__same_seed__same_bytes() -> None:
    made = bases()
    assert list(inputs(made, "again", 500)) == list(inputs(made, "again", 500))


def measured(data: bytes, end: str = "refused") -> int:
    """Bytes that the check of `data` held at most, beside the data, on its way to this end."""
    tracemalloc.start()
    try:
        assert end_of(data) == end
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

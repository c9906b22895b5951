"""Forgeries of one sample, of the pick, of a payload, of the calls and of a leaf: all caught, on the right ground."""

import random
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from oracle.domain.committed_model import CommittedModel
from oracle.domain.errors import BadInput, Refused
from oracle.domain.slot import SlotContext
from oracle.domain.verdict import CheckResult
from oracle.mechanism import chainless
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.generation import build
from oracle.mechanism.prompt_rules import encode
from oracle.mechanism.rendering import render
from oracle.model.embedded import EmbeddedRunner
from oracle.prompts import state
from oracle.prompts.request import CandidateRequest, ParameterRequest, PromptRequest
from oracle.verification import OpenModel, verify_file, verify_proposal
from tests.support.fake_chain import PROMPT_BLOCK, PROPOSAL, FakeChain, posted
from tests.support.forger import FORGERIES, OF_SAMPLES, Honest
from tests.support.hostile import inputs
from tests.support.models import SAMPLERS, SECOND, SHIPPED
from tests.support.prompts import DEPLOYMENT, address

SLOTS = 4
"""Among so many the forgeries are shared out."""
REQUEST = PromptRequest(
    objective="results",
    source="mint",
    budget=600,
    candidates=tuple(
        CandidateRequest(title=title, address=address(place), ask=ask, done=done, late=late)
        for title, place, ask, done, late in (
            ("Water sensors", 101, 450, 5, 2),
            ("Open seed library", 102, 280, 7, 1),
            ("School repairs", 103, 360, 2, 3),
        )
    ),
    parameters=(ParameterRequest(contract="PromptUpdate", name="rewardBps", wish_less=1, wish_more=4),),
    advice="The seed library has volunteers waiting.",
)


@dataclass(frozen=True)
class Source:
    """Where answers come from: a model, and the engine that draws and checks them."""

    folder: Path
    engine: str

    @property
    def name(self) -> str:
        return f"{self.engine} {self.folder.name}"


EXACT, SECOND_EXACT, FLOAT = Source(SHIPPED, "exact"), Source(SECOND, "exact"), Source(SHIPPED, "fp32")


@cache
def runner_of(source: Source) -> EmbeddedRunner:
    return EmbeddedRunner(source.folder, source.engine)


def opening(source: Source) -> OpenModel:
    return lambda model, numeric_class: runner_of(source)


@cache
def honest(source: Source, number: int) -> Honest:
    """A slot that ends in a proposal, with 400 more samples than it may use."""
    runner, sampler = runner_of(source), SAMPLERS[source.engine]
    prompt = state.build(FakeChain(DEPLOYMENT), DEPLOYMENT, REQUEST, block=PROMPT_BLOCK, samplers=(sampler,))  # type: ignore[arg-type]
    model = CommittedModel(address(88), b"\x33" * 32, b"\x44" * 32, b"\x55" * 32, "ipfs://weights")
    seed = random.Random(number).randbytes(32)
    slot = SlotContext(DEPLOYMENT.chain_id, DEPLOYMENT.addresses["PromptUpdate"], 5, address(77), model, seed)
    text, schema = render(prompt), answer_schema(prompt)
    drawn = runner.generate(text, schema, seed, range(500), replace(sampler, n=500))
    words = runner._grammar_tokenizer
    return Honest(
        slot=slot,
        prompt=prompt,
        sampler=sampler,
        deployment=DEPLOYMENT,
        raw=drawn[:100],
        spare=drawn[100:],
        spell=lambda answer: tuple(int(token) for token in words.inner.tokenize_str(answer)),
        read=lambda tokens: words.text(list(tokens)),
    )


def missed(source: Source, number: int, kind: str, times: int) -> list[Any]:
    """Forges so many times in one slot; the verdicts that are not what they must be."""
    true, rnd = honest(source, number), random.Random(f"{kind}/{number}")
    wrong = []
    for _ in range(times):
        forged = FORGERIES[kind](true, rnd)
        at = posted(true.slot, encode(true.prompt), forged.posting, DEPLOYMENT)
        verdict = verify_proposal(at, PROPOSAL, opening(source))
        found = verdict.failure
        if found is None or found.ground.word != forged.ground or forged.sample not in (None, found.sample):
            wrong.append((forged, verdict))
    return wrong


def verdict_on_truth(source: Source, number: int) -> CheckResult:
    true = honest(source, number)
    at = posted(true.slot, encode(true.prompt), true.posting(), DEPLOYMENT)
    return verify_proposal(at, PROPOSAL, opening(source))


@pytest.mark.parametrize("source", [EXACT, FLOAT], ids=lambda source: source.name)
def test_honest_posting__is_valid(source: Source) -> None:
    verdict = verdict_on_truth(source, 0)
    assert verdict.valid and verdict.samples == 100


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SLOTS))
@pytest.mark.parametrize("source", [EXACT, SECOND_EXACT, FLOAT], ids=lambda source: source.name)
def test_honest_posting__of_every_source_and_slot__is_valid(source: Source, number: int) -> None:
    assert verdict_on_truth(source, number).valid


@pytest.mark.parametrize("kind", FORGERIES)
def test_forgery__a_few__caught_on_its_ground(kind: str) -> None:
    assert missed(EXACT, 0, kind, 6 if kind in OF_SAMPLES else 12) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(SLOTS))
@pytest.mark.parametrize("kind", FORGERIES)
def test_forgery__hundred_in_each_of_four_slots__all_caught(kind: str, number: int) -> None:
    assert missed(EXACT, number, kind, 100) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(SLOTS))
@pytest.mark.parametrize("kind", FORGERIES)
def test_forgery__of_a_model_trained_differently__all_caught(kind: str, number: int) -> None:
    assert missed(SECOND_EXACT, number, kind, 100) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", OF_SAMPLES)
def test_forgery__of_class_f__all_caught(kind: str) -> None:
    assert missed(FLOAT, 0, kind, 100) == []


def hostile(count: int) -> Counter[str]:
    """Ends of the check of mutated files whose samples the model drew; the model itself is asked."""
    true = honest(EXACT, 0)
    sampler = chainless.sampler_for(true.sampler, 9, "E")
    prompt = chainless.prompt_for(true.prompt, sampler)
    data = build(true.slot, prompt, sampler, true.raw[:9], DEPLOYMENT).data
    ends: Counter[str] = Counter()
    for changed in inputs([data], "model", count):
        try:
            verdict = verify_file(changed, opening(EXACT))
            ends[verdict.failure.ground.word if verdict.failure else "valid"] += 1
        except (BadInput, Refused):
            ends["refused"] += 1
    return ends


def test_hostile_files__the_model_itself_is_asked__all_end_cleanly() -> None:
    assert hostile(150).total() == 150


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_hostile_files__thousands_the_model_itself_is_asked__all_end_cleanly() -> None:
    ends = hostile(4_000)
    assert ends.total() == 4_000
    # The model was asked about these; valid are changes of what only a chain could contradict (epoch, winner, titles).
    assert ends["samples"] + ends["valid"] > 100 and ends["samples"] > 5

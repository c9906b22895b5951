"""Forgeries of one sample, of the pick, of a payload, of the calls and of a leaf: all caught, on the right ground."""

import random
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from oracle.domain.committed_model import CommittedModel
from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.mechanism import chainless
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.generation import build
from oracle.mechanism.median import Outcome
from oracle.mechanism.prompt_rules import encode
from oracle.mechanism.rendering import render
from oracle.model import hashing
from oracle.model.embedded import EmbeddedRunner
from oracle.prompts import state
from oracle.prompts.request import CandidateRequest, ParameterRequest, PromptRequest
from oracle.verification import OpenModel, verify_file, verify_proposal
from tests.e2e.conftest import ROOT
from tests.support.fake_chain import PROMPT_BLOCK, PROPOSAL, FakeChain, posted
from tests.support.forger import FORGERIES, OF_SAMPLES, Honest
from tests.support.hostile import inputs
from tests.support.prompts import DEPLOYMENT, address

MODEL = ROOT / "models" / "gengov-tiny"
SEEDS = 4
"""Slots among which the forgeries are shared out."""
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


@pytest.fixture(scope="module")
def runner() -> EmbeddedRunner:
    return EmbeddedRunner(MODEL, "exact")


@pytest.fixture(scope="module")
def open_model(runner: EmbeddedRunner) -> OpenModel:
    return lambda model, numeric_class: runner


@cache
def honest(runner: EmbeddedRunner, number: int) -> Honest:
    """A slot of the shipped model that ends in a proposal, with 400 more samples than it may use."""
    prompt = state.build(FakeChain(DEPLOYMENT), DEPLOYMENT, REQUEST, block=PROMPT_BLOCK)  # type: ignore[arg-type]
    manifest = hashing.read_manifest(MODEL)
    hashes = (manifest.weights_root, manifest.tokenizer_hash, manifest.engine_hash)
    model = CommittedModel(address(88), *hashes, "ipfs://weights")
    sampler, seed = Sampler(), random.Random(number).randbytes(32)
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


def caught(true: Honest, kind: str, rnd: random.Random, open_model: OpenModel) -> Any:
    """Forges once; returns None if the verdict is what it must be, else the verdict."""
    forged = FORGERIES[kind](true, rnd)
    at = posted(true.slot, encode(true.prompt), forged.posting, DEPLOYMENT)
    verdict = verify_proposal(at, PROPOSAL, open_model)
    failure = verdict.failure
    right = failure is not None and failure.ground.word == forged.ground
    if right and forged.sample is not None:
        right = failure is not None and failure.sample == forged.sample
    return None if right else verdict


@pytest.mark.parametrize("number", range(SEEDS))
def test_honest_posting__is_valid(runner: EmbeddedRunner, open_model: OpenModel, number: int) -> None:
    true = honest(runner, number)
    made = build(true.slot, true.prompt, true.sampler, true.raw, true.deployment)
    assert made.selection.outcome is Outcome.PROPOSE
    at = posted(true.slot, encode(true.prompt), true.posting(), DEPLOYMENT)
    verdict = verify_proposal(at, PROPOSAL, open_model)
    assert verdict.valid and verdict.samples == 100


@pytest.mark.parametrize("kind", FORGERIES)
def test_forgery__a_few__caught_on_its_ground(runner: EmbeddedRunner, open_model: OpenModel, kind: str) -> None:
    rnd = random.Random(kind)
    times = 6 if kind in OF_SAMPLES else 12
    assert [found for _ in range(times) if (found := caught(honest(runner, 0), kind, rnd, open_model))] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(SEEDS))
@pytest.mark.parametrize("kind", FORGERIES)
def test_forgery__hundred_in_each_of_four_slots__all_caught(
    runner: EmbeddedRunner, open_model: OpenModel, kind: str, number: int
) -> None:
    rnd = random.Random(f"{kind}/{number}")
    true = honest(runner, number)
    assert [found for _ in range(100) if (found := caught(true, kind, rnd, open_model))] == []


def hostile(runner: EmbeddedRunner, count: int) -> Counter[str]:
    """Ends of the check of mutated files whose samples the model drew; the model itself is asked."""
    true = honest(runner, 0)
    sampler = chainless.sampler_for(true.sampler, 9, "E")
    prompt = chainless.prompt_for(true.prompt, sampler)
    data = build(true.slot, prompt, sampler, true.raw[:9], DEPLOYMENT).data
    ends: Counter[str] = Counter()
    for changed in inputs([data], "model", count):
        try:
            verdict = verify_file(changed, lambda model, numeric_class: runner)
            ends[verdict.failure.ground.word if verdict.failure else "valid"] += 1
        except (BadInput, Refused):
            ends["refused"] += 1
    return ends


def test_hostile_files__the_model_itself_is_asked__all_end_cleanly(runner: EmbeddedRunner) -> None:
    assert hostile(runner, 150).total() == 150


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_hostile_files__thousands_the_model_itself_is_asked__all_end_cleanly(runner: EmbeddedRunner) -> None:
    ends = hostile(runner, 4_000)
    assert ends.total() == 4_000 and ends["samples"] > 100

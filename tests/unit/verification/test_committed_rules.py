"""Answers count under the rules that their model is committed to, however tolerant the rules of another model are."""

from dataclasses import replace

import pytest

from oracle.domain.committed_model import CommittedModel
from oracle.domain.errors import OtherRules
from oracle.domain.sampler import Sampler
from oracle.mechanism import generation
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.chainless import prompt_for, sampler_for
from oracle.mechanism.committed_rules import require_rules
from oracle.mechanism.prompt_rules import encode
from oracle.ports.model import ModelRunner
from oracle.prompts import state
from oracle.verification import verify_file, verify_proposal
from tests.support.fake_chain import PROMPT_BLOCK, PROPOSAL, FakeChain, Posting, posted
from tests.support.prompts import DEPLOYMENT, SLOT, a_prompt, raw_samples
from tests.support.way import REQUEST

EXACT = Sampler()
TOLERANT = Sampler(numeric_class="F", tau=250_000)


@pytest.mark.parametrize("committed", [EXACT, TOLERANT, Sampler(temperature_milli=700)])
def test_rules_of_the_manifest__are_required_to_the_letter(committed: Sampler) -> None:
    require_rules(committed, committed)
    for change in ({"tau": 1}, {"numeric_class": "B"}, {"n": 99}, {"temperature_milli": 701}, {"min_valid": 1}):
        claimed = replace(committed, **change)  # type: ignore[arg-type]
        with pytest.raises(OtherRules) as caught:
            require_rules(committed, claimed)
        assert caught.value.committed == sampler_id(committed)


def test_rules_without_a_chain__number_and_class_are_free_and_the_rest_follows() -> None:
    for n, numeric_class in ((100, "E"), (7, "E"), (500, "F"), (100, "B")):
        require_rules(EXACT, sampler_for(EXACT, n, numeric_class), chainless=True)
    for claimed in (TOLERANT, replace(EXACT, n=7), replace(EXACT, max_tokens=4)):
        with pytest.raises(OtherRules):
            require_rules(EXACT, claimed, chainless=True)


def test_answers_of_an_exact_model_under_another_models_tolerance__invalid_on_the_prompt() -> None:
    """Both rules are approved on chain: all that is cheap to check holds."""
    chain = FakeChain(DEPLOYMENT)
    prompt = state.build(chain, DEPLOYMENT, REQUEST, block=PROMPT_BLOCK, samplers=(TOLERANT,))  # type: ignore[arg-type]
    built = generation.build(SLOT, prompt, TOLERANT, raw_samples(prompt), DEPLOYMENT)
    made = Posting(built.generation, built.proof, built.actions, built.data)

    def opened(model: CommittedModel, sampler: Sampler) -> ModelRunner:
        require_rules(EXACT, sampler)
        pytest.fail("no engine may be asked")

    verdict = verify_proposal(posted(SLOT, encode(prompt), made, DEPLOYMENT), PROPOSAL, opened)
    assert verdict.failure is not None
    assert (verdict.failure.ground.word, verdict.failure.what) == ("prompt", "sampler id")
    assert verdict.failure.expected == "0x" + sampler_id(EXACT).hex()
    assert verdict.failure.got == "0x" + sampler_id(TOLERANT).hex()
    alone = verify_file(made.data, opened)
    assert alone.failure == verdict.failure


def test_prompt_for__names_the_sampler() -> None:
    assert prompt_for(a_prompt(), TOLERANT).sampler_id == "0x" + sampler_id(TOLERANT).hex()

"""Prompts for measurements keep every rule of the template and are the same for everybody."""

from eth_utils.crypto import keccak

from oracle.mechanism import prompt_rules
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.template import template
from oracle.mechanism.trial_prompts import trial_prompt

FIRST_FIFTY = "5d98c84fa0997e6ff224927751abca16c78c10a2259b956862488eb345a9858c"


def test_trial_prompts__keep_every_rule_and_differ() -> None:
    prompts = [trial_prompt(number) for number in range(100)]
    assert [prompt_rules.check(prompt) for prompt in prompts] == [[]] * 100
    documents = [prompt_rules.encode(prompt) for prompt in prompts]
    assert [prompt_rules.parse_prompt(document) for document in documents] == prompts  # shape and size too
    assert len(set(documents)) == 100
    assert all(answer_schema(prompt) for prompt in prompts)
    assert {prompt.objective for prompt in prompts[:5]} == set(template().objectives)


def test_trial_prompts__today__are_those_that_certificates_were_measured_on() -> None:
    """Another prompt is another measurement: change the version in their seed with them."""
    joined = b"".join(prompt_rules.encode(trial_prompt(number)) for number in range(50))
    assert keccak(joined).hex() == FIRST_FIFTY

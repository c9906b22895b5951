"""Prompts: the rules they keep, how broken ones are named, and what a model is shown of them."""

import json
import random
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.domain.prompt import Candidate, Funding, ModelChoice, Parameter, PastProposal, Prompt
from oracle.mechanism import canonical, prompt_rules
from oracle.mechanism.rendering import render
from oracle.mechanism.template import action_fields, template, template_id
from scripts.training.worlds import make_prompt
from tests.support.prompts import a_prompt, address

prompts = st.integers(0, 2**32).map(lambda seed: make_prompt(random.Random(seed)))
MIXED = "0x52908400098527886E0F7030069857D2E4169EE7"


def a_document(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(prompt_rules.encode(a_prompt()))
    return {**document, **changes}


def edited(path: str, value: Any) -> dict[str, Any]:
    """The usual document with one value changed at a path such as `candidates.0.ask`."""
    document = a_document()
    *way, last = path.split(".")
    place: Any = document
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[int(last) if isinstance(place, list) else last] = value
    return document


def fields(document: object) -> list[str]:
    return [violation.field for violation in prompt_rules.lint(document)]


def test_a_good_prompt_breaks_no_rule_and_survives_the_way_to_bytes_and_back() -> None:
    assert prompt_rules.lint(a_document()) == []
    assert prompt_rules.parse_prompt(prompt_rules.encode(a_prompt())) == a_prompt()


@settings(deadline=None)
@given(prompts)
def test_a_prompt_survives_the_way_to_its_document_and_back(prompt: Prompt) -> None:
    prompt = replace(
        prompt,
        template_id="0x" + template_id().hex(),
        candidates=tuple(replace(item, address=address(i)) for i, item in enumerate(prompt.candidates, 1)),
        models=tuple(replace(item, model_id=f"0x{i:064x}") for i, item in enumerate(prompt.models)),
        parameters=tuple(replace(item, name=f"name{i}") for i, item in enumerate(prompt.parameters)),
        objective="results" if prompt.candidates else prompt.objective,
    )
    violations = [item for item in prompt_rules.check(prompt) if "objective" not in item.problem]
    assert violations == []
    assert prompt_rules.PromptDocument.model_validate(asdict(prompt)).prompt() == prompt


def test_a_person_may_write_the_document_with_spaces_and_any_order() -> None:
    text = json.dumps(dict(reversed(a_document().items())), indent=2).encode()
    assert prompt_rules.read_prompt(text) == a_prompt()
    with pytest.raises(BadInput, match="not in canonical form"):
        prompt_rules.parse_prompt(text)


def test_the_hash_is_of_the_canonical_bytes() -> None:
    assert prompt_rules.prompt_hash(a_prompt()) == canonical.digest(a_document())
    assert prompt_rules.prompt_hash(a_prompt(block=13)) != prompt_rules.prompt_hash(a_prompt())


@pytest.mark.parametrize(
    ("path", "value", "mend"),
    [
        ("version", 2, "at most 1"),
        ("template_id", "0x12", "0x[0-9a-f]{64}"),
        ("template_id", "0x" + "00" * 32, "Use 0x"),
        ("sampler_id", "0x" + "GG" * 32, "0x[0-9a-f]{64}"),
        ("chain_id", 0, "at least 1"),
        ("chain_id", True, "whole number"),
        ("block", -1, "at least 0"),
        ("block", "12", "whole number"),
        ("objective", "profit", "breadth, model, results, thrift, upkeep"),
        ("objective", 1, "text in quotes"),
        ("funding.source", "bank", "mint, reserve, token"),
        ("funding.budget", 100_001, "At most 100000"),
        ("funding.budget", 10_000_000, "at most 9999999"),
        ("market.trend_bps", -10_001, "at least -10000"),
        ("market.cap", 2**53, "at most 9007199254740991"),
        ("candidates", {}, "Write a list"),
        ("candidates.0", 7, "Write an object"),
        ("candidates.0.id", "B", "Use A"),
        ("candidates.0.id", "x" * 65, "At most 64|at most 64"),
        ("candidates.0.title", '<b>"', "Write it as"),
        ("candidates.0.address", "0x12", "40 hexadecimal digits"),
        ("candidates.0.address", MIXED.lower(), MIXED),
        ("candidates.0.address", MIXED.removeprefix("0x"), "0x and 40"),
        ("candidates.0.address", "0x" + "0" * 40, "Name who is to be paid"),
        ("candidates.0.ask", 0, "at least 1"),
        ("candidates.0.done", 100, "at most 99"),
        ("candidates.0.late", -1, "at least 0"),
        ("parameters.0.name", "two words", "Write it as"),
        ("parameters.0.contract", "Vault", "BToken, DisputeResolver"),
        ("parameters.0.value", 501, "Use 0 to 500"),
        ("parameters.0.scale", 19, "at most 18"),
        ("models.0.score", 101, "at most 100"),
        ("models.0.current", 1, "true or false"),
        ("models.0.model_id", "m", "0x[0-9a-f]{64}"),
        ("history", [0], "Write an object"),
        ("advice", "a" * 241, "Write it as"),
        ("advice", None, "text in quotes"),
    ],
)
def test_a_broken_field_is_named_with_its_mend(path: str, value: Any, mend: str) -> None:
    found = prompt_rules.lint(edited(path, value))
    named = path.replace(".0", "[0]")
    assert any(item.field == named or item.field.startswith(named) for item in found), found
    assert any(part in item.mend for item in found for part in mend.split("|")), found
    with pytest.raises(BadInput, match="breaks 1 rule of gengov/compact/v1"):
        prompt_rules.read_prompt(json.dumps(edited(path, value)).encode())


def test_every_violation_is_found_at_once() -> None:
    document = a_document(objective="profit", template_id="0x" + "00" * 32)
    document["candidates"][1]["id"] = "Z"
    document["funding"]["budget"] = 9_999_999
    assert fields(document) == ["template_id", "objective", "candidates[1].id", "funding.budget"]
    with pytest.raises(BadInput) as caught:
        prompt_rules.read_prompt(json.dumps(document).encode())
    assert "breaks 4 rules" in caught.value.message
    assert all(field in caught.value.message for field in fields(document))


def test_missing_and_unknown_fields_are_named() -> None:
    document = a_document(extra=1)
    del document["market"]["cap"]
    del document["advice"]
    assert sorted(fields(document)) == ["advice", "extra", "market.cap"]


@pytest.mark.parametrize("document", [None, 1, [], "text"])
def test_a_document_of_another_kind_is_named(document: object) -> None:
    assert fields(document) == ["document"]


def test_what_must_differ_is_named() -> None:
    twin = a_prompt(
        candidates=(Candidate("A", "A", address(1), 1, 0, 0), Candidate("B", "B", address(1), 1, 0, 0)),
        parameters=tuple(Parameter("PQ"[i - 1], "BToken", "minBid", 5, 0, 9, 0, 0, 0) for i in (1, 2)),
        models=tuple(ModelChoice("WX"[i - 1], "0x" + "33" * 32, 5, True) for i in (1, 2)),
        history=(PastProposal(3, "fund", "executed", 0), PastProposal(3, "fund", "won", 0)),
    )
    found = [item.field for item in prompt_rules.check(twin)]
    assert found == [
        "history[1].result",
        "candidates[].address",
        "parameters[].name",
        "models[].model_id",
        "models",
        "history",
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"objective": "results", "candidates": ()}, "candidates"),
        ({"objective": "upkeep", "parameters": ()}, "parameters"),
        ({"objective": "model", "models": ()}, "models"),
        ({"objective": "model", "models": (ModelChoice("W", "0x" + "33" * 32, 5, True),)}, "models"),
    ],
)
def test_an_objective_needs_something_to_decide(changes: dict[str, Any], field: str) -> None:
    assert [item.field for item in prompt_rules.check(a_prompt(**changes))] == [field]


def test_lists_have_a_limit() -> None:
    many = tuple(Candidate("ABCDEFGHI"[i - 1], "A", address(i), 1, 0, 0) for i in range(1, 10))
    assert fields(json.loads(prompt_rules.encode(a_prompt(candidates=many)))) == ["candidates"]


def test_a_prompt_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(BadInput, match="the prompt has 9000 bytes"):
        prompt_rules.parse_prompt(b" " * 9000)


def test_the_largest_prompt_that_keeps_the_rules_fits() -> None:
    name = "n" * 30
    largest = a_prompt(
        funding=Funding("reserve", 2**53 - 1, 9_999_999),
        candidates=tuple(Candidate("ABCDEFGH"[i - 1], "T" * 40, address(i), 9_999_999, 99, 99) for i in range(1, 9)),
        parameters=tuple(
            Parameter("PQRS"[i - 1], "DisputeResolver", f"{name}{i}", 9_999_998, 0, 9_999_999, 18, 99, 99)
            for i in range(1, 5)
        ),
        models=tuple(ModelChoice("WXYZ"[i - 1], f"0x{i:064x}", 100, False) for i in range(1, 5)),
        history=tuple(PastProposal(2**52 + i, "set_parameter", "executed", 1_000_000) for i in range(4)),
        advice="a" * 240,
    )
    assert prompt_rules.read_prompt(prompt_rules.encode(largest)) == largest


def test_the_model_reads_records_with_the_keys_of_the_answer() -> None:
    prompt = a_prompt(history=(PastProposal(1, "fund", "defeated", -5),), advice="the garden is late")
    assert render(prompt).splitlines() == [
        "Serve the goal within the budget. Answer in JSON.",
        '{"goal":"results","source":"mint","budget":1000,"trend":150}',
        '{"id":"A","done":9,"late":1,"ask":400}',
        '{"id":"B","done":2,"late":4,"ask":800}',
        '{"id":"C","done":5,"late":0,"ask":120}',
        '{"id":"P","less":3,"more":9,"name":"redeemFeeBps","value":100}',
        '{"id":"W","now":1,"score":60}',
        '{"id":"X","now":0,"score":70}',
        '{"past":"fund","result":"defeated","change":-5}',
        '{"advice":"the garden is late"}',
        "Answer:",
    ]


@settings(deadline=None)
@given(prompts)
def test_the_model_never_sees_an_address_or_a_title(prompt: Prompt) -> None:
    text = render(prompt)
    assert text.isascii()
    assert text.endswith("\nAnswer:\n")
    assert "0x" not in text.replace('"advice"', "") or "0x" in prompt.advice
    assert not any(candidate.title in text for candidate in prompt.candidates)


@pytest.mark.parametrize("char", list('"\\{}[]<>|`\n\r\t\x00\x7f\u00e9\u202e#$&*=@^_~'))
def test_no_character_that_could_leave_the_fence_is_taken(char: str) -> None:
    assert fields(a_document(advice=f"good {char} advice")) == ["advice"]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_advice_that_is_taken_stays_one_record_of_its_own(advice: str) -> None:
    if fields(a_document(advice=advice)):
        return
    plain, told = render(a_prompt()).splitlines(), render(a_prompt(advice=advice)).splitlines()
    fence = [json.dumps({"advice": advice}, separators=(",", ":"))] if advice else []
    assert told == [*plain[:-1], *fence, "Answer:"]


def test_the_template_is_known_by_its_digest_and_weighs_every_field() -> None:
    assert template_id() == canonical.digest(template().definition)
    assert {action: [field.name for field in action_fields(action)] for action in template().actions} == {
        "fund": ["fund"],
        "set_parameter": ["set_parameter"],
        "set_model": ["set_model"],
        "signal": ["signal"],
        "none": [],
    }
    assert all(field.weight > 0 for action in template().actions for field in action_fields(action))

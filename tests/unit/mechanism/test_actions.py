"""Answers: what the narrowed schema allows, what the parser takes, and that the two agree."""

import itertools
import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.action import Answer, Payload
from oracle.domain.prompt import Candidate, Funding, Parameter
from oracle.domain.sampler import Sampler
from oracle.mechanism import actions, canonical
from scripts.training.examples import draw_answer
from scripts.training.worlds import make_prompt
from tests.support.prompts import a_prompt, address

prompts = st.integers(0, 2**32).map(lambda seed: make_prompt(random.Random(seed)))


def fund(text: str, why: str = "A is good.") -> str:
    return f'{{"action":"fund","fund":{text},"rationale":"{why}"}}'


@settings(deadline=None)
@given(prompts, st.integers(0, 2**32))
def test_every_good_answer_parses_back_to_itself(prompt, seed):  # type: ignore[no-untyped-def]
    text = draw_answer(prompt, random.Random(seed))
    answer = actions.parse(text, prompt)
    assert answer is not None
    assert actions.answer_text(answer, prompt) == text
    assert actions.parse_answer(text, prompt) == answer.payload


@settings(max_examples=40, deadline=None)
@given(prompts)
def test_the_schema_lists_exactly_the_decisions_that_the_parser_takes(prompt):  # type: ignore[no-untyped-def]
    shapes = actions.answer_schema(prompt)["anyOf"]
    assert isinstance(shapes, list)
    for shape in shapes:
        properties = shape["properties"]
        action = properties["action"]["const"]
        assert shape["required"] == list(properties)
        for value in properties.get(action, {}).get("enum", []):
            text = json.dumps({"action": action, action: value, "rationale": "why"}, separators=(",", ":"))
            assert actions.parse_answer(text, prompt) is not None, text


@settings(max_examples=40, deadline=None)
@given(prompts)
def test_no_allotment_is_above_the_budget_or_listed_twice(prompt):  # type: ignore[no-untyped-def]
    found = list(actions.allotments(prompt))
    assert len(set(found)) == len(found)
    for allotment in found:
        assert 0 < sum(amount for _, amount in allotment) <= prompt.funding.budget
        assert 1 <= len(allotment) <= 3


def test_allotments_are_all_of_them() -> None:
    prompt = a_prompt(
        candidates=(Candidate("A", "A", address(1), 8, 1, 0), Candidate("B", "B", address(2), 3, 1, 0)),
        funding=Funding("mint", 100, 7),
    )
    single = [(("A", 4),), (("A", 2),), (("B", 3),), (("B", 1),)]
    pairs = [(("A", a), ("B", b)) for a, b in itertools.product((4, 2), (3, 1))]
    assert list(actions.allotments(prompt)) == single + pairs


def test_what_is_not_possible_is_not_offered() -> None:
    prompt = a_prompt(funding=Funding("mint", 10, 1), parameters=(), models=())
    shapes = actions.answer_schema(prompt)["anyOf"]
    assert [shape["properties"]["action"]["const"] for shape in shapes] == ["signal", "none"]  # type: ignore[attr-defined]


def test_a_word_means_a_share_of_the_ask_or_a_step_of_the_setting() -> None:
    words = {"full": 400, "half": 200, "quarter": 100}
    for word, amount in words.items():
        found = actions.parse_answer(fund(f'{{"A":"{word}"}}'), a_prompt())
        assert found and found.fields == {"fund": {"A": amount}}
    for word, value in (("less", 75), ("more", 125)):
        text = f'{{"action":"set_parameter","set_parameter":{{"P":"{word}"}},"rationale":"why"}}'
        found = actions.parse_answer(text, a_prompt())
        assert found and found.fields == {"set_parameter": {"P": value}}


def test_a_share_that_rounds_to_nothing_has_no_word() -> None:
    prompt = a_prompt(candidates=(Candidate("A", "A", address(1), 3, 1, 0),))
    assert actions.share_words(prompt) == {"A": {3: "full", 1: "half"}}
    assert actions.parse_answer(fund('{"A":"quarter"}'), prompt) is None


def test_an_answer_that_the_prompt_does_not_allow_has_no_text() -> None:
    with pytest.raises(KeyError):
        actions.answer_text(Answer(Payload("fund", {"fund": {"A": 399}}), "why"), a_prompt())


def test_only_a_model_that_is_not_current_can_be_adopted() -> None:
    assert actions.parse_answer('{"action":"set_model","set_model":"X","rationale":"why"}', a_prompt())
    assert actions.parse_answer('{"action":"set_model","set_model":"W","rationale":"why"}', a_prompt()) is None
    assert actions.parse_answer('{"action":"set_model","set_model":["X"],"rationale":"why"}', a_prompt()) is None


@pytest.mark.parametrize(
    ("value", "minimum", "maximum", "steps"),
    [(100, 0, 500, (75, 125)), (100, 90, 110, (90, 110)), (1, 0, 9, (0, 2)), (0, 0, 9, (0, 1)), (7, 7, 7, (7, 7))],
)
def test_a_setting_moves_one_step_within_its_bounds(
    value: int, minimum: int, maximum: int, steps: tuple[int, int]
) -> None:
    parameter = Parameter("P", "BToken", "redeemFeeBps", value, minimum, maximum, 0, 0, 0)
    assert actions.steps_of(parameter) == steps
    offered = [dict(item)["P"] for item in actions.settings(a_prompt(parameters=(parameter,)))]
    assert offered == [step for step in steps if step != value]


@pytest.mark.parametrize(
    "text",
    [
        fund('{"Z":"full"}'),
        fund('{"A":"third"}'),
        fund('{"A":400}'),
        fund('{"A":true}'),
        fund('{"A":["full"]}'),
        fund("{}"),
        fund("[]"),
        fund('"full"'),
        fund('{"B":"half","A":"half"}'),
        fund('{"A":"full","B":"full"}'),
        fund('{"A":"full","A":"full"}'),
        fund('{"A":"full"}', ""),
        fund('{"A":"full"}', "x" * 161),
        fund('{"A":"full"}', "a\\nb"),
        fund('{"A":"full"}', "caf\u00e9"),
        fund('{"A":"full"}', "lone \ud800"),
        " " + fund('{"A":"full"}'),
        fund('{"A":"full"}') + "\n",
        fund('{"A": "full"}'),
        '{"fund":{"A":"full"},"action":"fund","rationale":"order"}',
        '{"action":"fund","rationale":"no field"}',
        '{"action":"fund","fund":{"A":"full"}}',
        '{"action":"fund","fund":{"A":"full"},"rationale":1}',
        '{"action":"none","fund":{"A":"full"},"rationale":"both"}',
        '{"action":"dance","rationale":"unknown"}',
        '{"action":7,"rationale":"number"}',
        '{"action":"signal","signal":"","rationale":"empty"}',
        '{"action":"signal","signal":{"a":1},"rationale":"kind"}',
        '{"action":"set_parameter","set_parameter":{"P":"same"},"rationale":"no change"}',
        '{"action":"set_parameter","set_parameter":{"P":"more","Q":"more"},"rationale":"two"}',
        '{"action":"set_parameter","set_parameter":{"P":125},"rationale":"figure"}',
        "[]",
        "null",
        "",
        "{",
    ],
)
def test_whatever_the_prompt_does_not_allow_is_no_answer(text: str) -> None:
    assert actions.parse_answer(text, a_prompt()) is None
    assert actions.parse(text, a_prompt()) is None


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    actions.parse_answer(text, a_prompt())


@settings(deadline=None)
@given(prompts, st.data())
def test_one_changed_character_never_passes_as_another_text(prompt, data):  # type: ignore[no-untyped-def]
    text = draw_answer(prompt, random.Random(1))
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.characters(min_codepoint=32, max_codepoint=126)) + text[at + 1 :]
    answer = actions.parse(changed, prompt)
    assert answer is None or actions.answer_text(answer, prompt) == changed


def test_the_reason_is_no_part_of_the_decision() -> None:
    one = actions.parse_answer(fund('{"A":"full"}', "because"), a_prompt())
    two = actions.parse_answer(fund('{"A":"full"}', "therefore"), a_prompt())
    assert one and two and actions.payload_json(one) == actions.payload_json(two)
    assert actions.payload_json(one) == b'{"action":"fund","fund":{"A":400}}'
    assert canonical.dumps(actions.payload_document(one)) == actions.payload_json(one)


def test_a_decision_without_fields_has_a_canonical_form() -> None:
    assert actions.payload_json(Payload("none", {})) == b'{"action":"none"}'


def test_the_text_of_an_answer_states_the_decision_before_its_reason() -> None:
    text = actions.answer_text(Answer(Payload("signal", {"signal": "Hold."}), "why"), a_prompt())
    assert text == '{"action":"signal","signal":"Hold.","rationale":"why"}'


@pytest.mark.parametrize(
    "change", [{"n": 99}, {"temperature_milli": 900}, {"max_tokens": 1}, {"min_valid": 1}, {"numeric_class": "F"}]
)
def test_another_sampler_has_another_id(change: dict[str, object]) -> None:
    assert actions.sampler_id(replace(Sampler(), **change)) != actions.sampler_id(Sampler())  # type: ignore[arg-type]

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


def fund(text: str, why: str = "c1 is good.") -> str:
    return f'{{"action":"fund","fund":{text},"rationale":"{why}"}}'


@given(prompts, st.integers(0, 2**32))
def test_every_good_answer_parses_back_to_itself(prompt, seed):  # type: ignore[no-untyped-def]
    text = draw_answer(prompt, random.Random(seed))
    answer = actions.parse(text, prompt)
    assert answer is not None
    assert actions.answer_text(answer) == text
    assert actions.parse_answer(text, prompt) == answer.payload


@settings(max_examples=40)
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


@settings(max_examples=40)
@given(prompts)
def test_no_allotment_is_above_the_budget_or_listed_twice(prompt):  # type: ignore[no-untyped-def]
    found = list(actions.allotments(prompt))
    assert len(set(found)) == len(found)
    for allotment in found:
        assert 0 < sum(amount for _, amount in allotment) <= prompt.funding.budget
        assert 1 <= len(allotment) <= 3


def test_allotments_are_all_of_them() -> None:
    prompt = a_prompt(
        candidates=(Candidate("c1", "A", address(1), 8, 1, 0), Candidate("c2", "B", address(2), 3, 1, 0)),
        funding=Funding("mint", 100, 7),
    )
    single = [(("c1", 4),), (("c1", 2),), (("c2", 3),), (("c2", 1),)]
    pairs = [(("c1", a), ("c2", b)) for a, b in itertools.product((4, 2), (3, 1))]
    assert list(actions.allotments(prompt)) == single + pairs


def test_what_is_not_possible_is_not_offered() -> None:
    prompt = a_prompt(funding=Funding("mint", 10, 1), parameters=(), models=())
    shapes = actions.answer_schema(prompt)["anyOf"]
    assert [shape["properties"]["action"]["const"] for shape in shapes] == ["signal", "none"]  # type: ignore[attr-defined]


def test_only_a_model_that_is_not_current_can_be_adopted() -> None:
    assert actions.parse_answer('{"action":"set_model","set_model":"m2","rationale":"why"}', a_prompt())
    assert actions.parse_answer('{"action":"set_model","set_model":"m1","rationale":"why"}', a_prompt()) is None
    assert actions.parse_answer('{"action":"set_model","set_model":["m2"],"rationale":"why"}', a_prompt()) is None


@pytest.mark.parametrize(
    ("value", "minimum", "maximum", "steps"),
    [(100, 0, 500, (75, 125)), (100, 90, 110, (90, 110)), (1, 0, 9, (0, 2)), (0, 0, 9, (0, 1)), (7, 7, 7, (7, 7))],
)
def test_a_setting_moves_one_step_within_its_bounds(
    value: int, minimum: int, maximum: int, steps: tuple[int, int]
) -> None:
    parameter = Parameter("p1", "BToken", "redeemFeeBps", value, minimum, maximum, 0, 0, 0)
    assert actions.steps_of(parameter) == steps
    offered = [dict(item)["p1"] for item in actions.settings(a_prompt(parameters=(parameter,)))]
    assert offered == [step for step in steps if step != value]


@pytest.mark.parametrize(
    "text",
    [
        fund('{"c9":400}'),
        fund('{"c1":401}'),
        fund('{"c1":0}'),
        fund('{"c1":true}'),
        fund('{"c1":"400"}'),
        fund('{"c1":400.0}'),
        fund("{}"),
        fund("[]"),
        fund('{"c2":800,"c1":400}'),
        fund('{"c1":400,"c2":800}'),
        fund('{"c1":400,"c1":400}'),
        fund('{"c1":400}', ""),
        fund('{"c1":400}', "x" * 161),
        fund('{"c1":400}', "a\\nb"),
        fund('{"c1":400}', "caf\u00e9"),
        fund('{"c1":400}', "lone \ud800"),
        " " + fund('{"c1":400}'),
        fund('{"c1":400}') + "\n",
        fund('{"c1": 400}'),
        '{"fund":{"c1":400},"action":"fund","rationale":"order"}',
        '{"action":"fund","rationale":"no field"}',
        '{"action":"fund","fund":{"c1":400}}',
        '{"action":"fund","fund":{"c1":400},"rationale":1}',
        '{"action":"none","fund":{"c1":400},"rationale":"both"}',
        '{"action":"dance","rationale":"unknown"}',
        '{"action":7,"rationale":"number"}',
        '{"action":"signal","signal":"","rationale":"empty"}',
        '{"action":"signal","signal":{"a":1},"rationale":"kind"}',
        '{"action":"set_parameter","set_parameter":{"p1":100},"rationale":"no change"}',
        '{"action":"set_parameter","set_parameter":{"p1":125,"p2":1},"rationale":"two"}',
        '{"action":"set_parameter","set_parameter":{"p1":125.0},"rationale":"float"}',
        "[]",
        "null",
        "",
        "{",
    ],
)
def test_whatever_the_prompt_does_not_allow_is_no_answer(text: str) -> None:
    assert actions.parse_answer(text, a_prompt()) is None
    assert actions.parse(text, a_prompt()) is None


@given(st.text(max_size=80))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    actions.parse_answer(text, a_prompt())


@given(prompts, st.data())
def test_one_changed_character_never_passes_as_another_text(prompt, data):  # type: ignore[no-untyped-def]
    text = draw_answer(prompt, random.Random(1))
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.characters(min_codepoint=32, max_codepoint=126)) + text[at + 1 :]
    answer = actions.parse(changed, prompt)
    assert answer is None or actions.answer_text(answer) == changed


def test_the_reason_is_no_part_of_the_decision() -> None:
    one = actions.parse_answer(fund('{"c1":400}', "because"), a_prompt())
    two = actions.parse_answer(fund('{"c1":400}', "therefore"), a_prompt())
    assert one and two and actions.payload_json(one) == actions.payload_json(two)
    assert actions.payload_json(one) == b'{"action":"fund","fund":{"c1":400}}'
    assert canonical.dumps(actions.payload_document(one)) == actions.payload_json(one)


def test_a_decision_without_fields_has_a_canonical_form() -> None:
    assert actions.payload_json(Payload("none", {})) == b'{"action":"none"}'


def test_the_text_of_an_answer_states_the_decision_before_its_reason() -> None:
    text = actions.answer_text(Answer(Payload("signal", {"signal": "Hold."}), "why"))
    assert text == '{"action":"signal","signal":"Hold.","rationale":"why"}'


@pytest.mark.parametrize(
    "change", [{"n": 99}, {"temperature_milli": 900}, {"max_tokens": 1}, {"min_valid": 1}, {"numeric_class": "F"}]
)
def test_another_sampler_has_another_id(change: dict[str, object]) -> None:
    assert actions.sampler_id(replace(Sampler(), **change)) != actions.sampler_id(Sampler())  # type: ignore[arg-type]

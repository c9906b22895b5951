"""Answers: the grammar that one prompt allows, the strict parser, and the canonical form of a decision."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import combinations, product

from oracle.domain.action import Answer, FieldValue, Payload
from oracle.domain.errors import BadInput
from oracle.domain.prompt import Candidate, Parameter, Prompt
from oracle.domain.sampler import Sampler
from oracle.mechanism import canonical
from oracle.mechanism.template import template

Schema = dict[str, object]


def answer_schema(prompt: Prompt) -> Schema:
    """JSON schema of every answer this prompt allows, in fixed key order and without whitespace.

    A pure function of the prompt and part of the rule: only this prompt's ids, only amounts it can pay.
    """
    text: Schema = {"type": "string", "pattern": template().text_pattern}
    options: dict[str, Schema | None] = {
        "fund": _enum([dict(option) for option in allotments(prompt)]),
        "set_parameter": _enum([dict(option) for option in settings(prompt)]),
        "set_model": _enum([model.id for model in prompt.models if not model.current]),
        "signal": text,
    }
    shapes = [_shape(action, {action: field, "rationale": text}) for action, field in options.items() if field]
    shapes.append(_shape("none", {"rationale": text}))
    return {
        "x-guidance": {"item_separator": ",", "key_separator": ":", "whitespace_flexible": False},
        "anyOf": shapes,
    }


def allotments(prompt: Prompt) -> Iterator[tuple[tuple[str, int], ...]]:
    """Every (id, amount) list that may be funded: 1 to 3 candidates in order, a share of each ask, within the budget.

    Amounts are whole units, rounded down; a share that rounds to zero is left out.
    """
    limits = template().limits
    for size in range(1, limits["funded"] + 1):
        for chosen in combinations(prompt.candidates, size):
            for amounts in product(*(shares_of(candidate) for candidate in chosen)):
                if sum(amounts) <= prompt.funding.budget:
                    yield tuple(zip((candidate.id for candidate in chosen), amounts, strict=True))


def shares_of(candidate: Candidate) -> list[int]:
    """What may be paid to one candidate: the ask, its half, its quarter (floor, distinct, above zero)."""
    return [amount for amount in dict.fromkeys(named_shares(candidate).values()) if amount > 0]


def named_shares(candidate: Candidate) -> dict[str, int]:
    """The template's shares of one ask by name, rounded down (0 where there is nothing to pay)."""
    return {name: candidate.ask * part // whole for name, (part, whole) in template().shares.items()}


def settings(prompt: Prompt) -> Iterator[tuple[tuple[str, int], ...]]:
    """Every (id, value) list that may be set: one parameter, one step down or up, within its bounds."""
    for parameter in prompt.parameters:
        for value in steps_of(parameter):
            if value != parameter.value:
                yield ((parameter.id, value),)


def steps_of(parameter: Parameter) -> tuple[int, int]:
    """The value one step down and one step up (a quarter, at least 1), clamped to the parameter's bounds."""
    part, whole = template().step
    step = max(1, parameter.value * part // whole)
    return max(parameter.minimum, parameter.value - step), min(parameter.maximum, parameter.value + step)


def answer_text(answer: Answer) -> str:
    """The one text that means `answer`: action, its field, rationale, no spaces."""
    document: dict[str, object] = {"action": answer.payload.action, **answer.payload.fields}
    document["rationale"] = answer.rationale
    return _compact(document)


def parse(text: str, prompt: Prompt) -> Answer | None:
    """The answer in `text`, or None where it is not exactly one that the prompt allows."""
    try:
        document = canonical.loads(text.encode("utf-8", errors="strict"))
    except (BadInput, UnicodeEncodeError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("action"), str):
        return None
    action = str(document["action"])
    fields = {key: value for key, value in document.items() if key not in ("action", "rationale")}
    rationale = document.get("rationale")
    if not _is_text(rationale) or not _allowed(action, fields, prompt):
        return None
    answer = Answer(Payload(action, _typed(fields)), str(rationale))
    return answer if answer_text(answer) == text else None


def parse_answer(text: str, prompt: Prompt) -> Payload | None:
    """The decision in `text`, or None where it breaks the schema of this prompt."""
    answer = parse(text, prompt)
    return answer.payload if answer else None


def payload_json(payload: Payload) -> bytes:
    """Canonical bytes of a decision; the rationale is no part of it."""
    return canonical.dumps({"action": payload.action, **payload.fields})


def payload_document(payload: Payload) -> dict[str, object]:
    """The decision as plain JSON values."""
    return {"action": payload.action, **payload.fields}


def sampler_id(sampler: Sampler) -> bytes:
    """keccak256 of the sampler's canonical JSON (32 bytes)."""
    return canonical.digest(asdict(sampler))


def _allowed(action: str, fields: Mapping[str, object], prompt: Prompt) -> bool:
    if set(fields) != {field.name for field in template().actions.get(action, ())} or action not in template().actions:
        return False
    value = fields.get(action)
    if action == "fund":
        return isinstance(value, dict) and _is_allotment(value, prompt)
    if action == "set_parameter":
        return isinstance(value, dict) and _items(value) in set(settings(prompt))
    if action == "set_model":
        return value in [model.id for model in prompt.models if not model.current]
    return action == "none" or _is_text(value)


def _is_allotment(value: Mapping[str, object], prompt: Prompt) -> bool:
    by_id = {candidate.id: candidate for candidate in prompt.candidates}
    if not 1 <= len(value) <= template().limits["funded"] or not set(value) <= set(by_id):
        return False
    if any(_is_number(amount) is False or amount not in shares_of(by_id[key]) for key, amount in value.items()):
        return False
    if list(value) != [candidate.id for candidate in prompt.candidates if candidate.id in value]:
        return False
    return sum(amount for amount in value.values() if isinstance(amount, int)) <= prompt.funding.budget


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _items(value: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple((key, item) for key, item in value.items() if _is_number(item))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(template().text_pattern[1:-1], value) is not None


def _typed(fields: Mapping[str, canonical.Json]) -> dict[str, FieldValue]:
    typed: dict[str, FieldValue] = {}
    for key, value in fields.items():
        if isinstance(value, dict):
            typed[key] = {name: amount for name, amount in value.items() if isinstance(amount, int)}
        elif isinstance(value, str):
            typed[key] = value
    return typed


def _enum(options: list[object]) -> Schema | None:
    return {"enum": options} if options else None


def _shape(action: str, fields: Mapping[str, Schema]) -> Schema:
    properties: Schema = {"action": {"const": action}, **fields}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _compact(document: Mapping[str, object]) -> str:
    # Insertion order, not sorted: the grammar fixes action, field, rationale, so the decision comes before its reason.
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True)

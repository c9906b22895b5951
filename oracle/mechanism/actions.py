"""Answers: the grammar that one prompt allows, the strict parser, and the canonical form of a decision."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import combinations, product

from oracle.domain.action import Answer, Payload
from oracle.domain.errors import BadInput
from oracle.domain.prompt import Candidate, Parameter, Prompt
from oracle.domain.sampler import Sampler
from oracle.mechanism import canonical
from oracle.mechanism.template import template

Schema = dict[str, object]
Words = Mapping[str, Mapping[int, str]]
STEPS = ("less", "more")


def answer_schema(prompt: Prompt) -> Schema:
    """JSON schema of every answer this prompt allows, in fixed key order and without whitespace.

    A pure function of the prompt and part of the rule: only this prompt's ids, only amounts it can pay.
    """
    text: Schema = {"type": "string", "pattern": template().text_pattern}
    options: dict[str, Schema | None] = {
        "fund": _enum([_worded(option, share_words(prompt)) for option in allotments(prompt)]),
        "set_parameter": _enum([_worded(option, step_words(prompt)) for option in settings(prompt)]),
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


def share_words(prompt: Prompt) -> dict[str, dict[int, str]]:
    """For each candidate, the word that means an amount: how an answer names it, so that no figure is copied."""
    named = {candidate.id: named_shares(candidate) for candidate in prompt.candidates}
    return {key: {amount: word for word, amount in shares.items() if amount} for key, shares in named.items()}


def step_words(prompt: Prompt) -> dict[str, dict[int, str]]:
    """For each parameter, the word (`less` or `more`) that means a new value."""
    return {
        parameter.id: {value: word for value, word in zip(steps_of(parameter), STEPS, strict=True)}
        for parameter in prompt.parameters
    }


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


def answer_text(answer: Answer, prompt: Prompt) -> str:
    """The one text that means `answer` to `prompt`: action, its field with amounts as words, rationale, no spaces.

    Raises KeyError for an id or amount that the prompt does not allow.
    """
    words = {"fund": share_words(prompt), "set_parameter": step_words(prompt)}
    document: dict[str, object] = {"action": answer.payload.action}
    for name, value in answer.payload.fields.items():
        document[name] = value if isinstance(value, str) else _worded(value.items(), words[name])
    document["rationale"] = answer.rationale
    # Insertion order, not sorted: the decision comes before its reason.
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True)


def parse(text: str, prompt: Prompt) -> Answer | None:
    """The answer in `text`, or None where it is not exactly one that the prompt allows."""
    try:
        document = canonical.loads(text.encode("utf-8", errors="strict"))
    except (BadInput, UnicodeEncodeError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("action"), str):
        return None
    action = str(document["action"])
    rationale = document.get("rationale")
    fields = {key: value for key, value in document.items() if key not in ("action", "rationale")}
    if not _is_text(rationale) or set(fields) != {field.name for field in template().actions.get(action, ())}:
        return None
    payload = _READERS[action](fields.get(action), prompt) if action in _READERS else None
    if payload is None:
        return None
    answer = Answer(payload, str(rationale))
    return answer if answer_text(answer, prompt) == text else None


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


def _read_fund(value: canonical.Json, prompt: Prompt) -> Payload | None:
    amounts = _figures(value, share_words(prompt))
    if not amounts or len(amounts) > template().limits["funded"] or sum(amounts.values()) > prompt.funding.budget:
        return None
    in_order = [candidate.id for candidate in prompt.candidates if candidate.id in amounts]
    return Payload("fund", {"fund": amounts}) if list(amounts) == in_order else None


def _read_setting(value: canonical.Json, prompt: Prompt) -> Payload | None:
    values = _figures(value, step_words(prompt))
    if not values or tuple(values.items()) not in set(settings(prompt)):
        return None
    return Payload("set_parameter", {"set_parameter": values})


def _read_model(value: canonical.Json, prompt: Prompt) -> Payload | None:
    known = isinstance(value, str) and value in [model.id for model in prompt.models if not model.current]
    return Payload("set_model", {"set_model": str(value)}) if known else None


def _read_signal(value: canonical.Json, prompt: Prompt) -> Payload | None:
    return Payload("signal", {"signal": str(value)}) if _is_text(value) else None


def _read_none(value: canonical.Json, prompt: Prompt) -> Payload | None:
    return Payload("none", {})


_READERS: dict[str, Callable[[canonical.Json, Prompt], Payload | None]] = {
    "fund": _read_fund,
    "set_parameter": _read_setting,
    "set_model": _read_model,
    "signal": _read_signal,
    "none": _read_none,
}


def _figures(value: canonical.Json, words: Words) -> dict[str, int] | None:
    """The amounts that a map of words means, or None where an id or a word is unknown."""
    if not isinstance(value, dict):
        return None
    figures: dict[str, int] = {}
    for key, word in value.items():
        meant = [figure for figure, name in words.get(key, {}).items() if name == word]
        if not meant:
            return None
        figures[key] = meant[0]
    return figures


def _worded(figures: Iterable[tuple[str, int]], words: Words) -> dict[str, str]:
    return {key: words[key][figure] for key, figure in figures}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(template().text_pattern[1:-1], value) is not None


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

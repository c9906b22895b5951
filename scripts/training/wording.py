"""Short reasons made from a prompt's facts, and the texts of signals."""

import random
from collections.abc import Mapping

from oracle.domain.action import FieldValue, Payload
from oracle.domain.prompt import Candidate, Prompt
from scripts.training.policy import careful

_SIGNALS = {
    "results": ("Show finished work before asking again.", "Records are too weak to fund now."),
    "thrift": ("Ask for less next time.", "Cheaper asks are welcome."),
    "breadth": ("More candidates with sound records are welcome.", "Ask for less so that more can be funded."),
    "upkeep": ("Tell us which setting should move.", "Settings stay until members agree."),
    "model": ("Keep the present model for now.", "Better models are welcome."),
}


def signal_text(prompt: Prompt, rng: random.Random) -> str:
    """What a signal says to the members."""
    return rng.choice(_SIGNALS[prompt.objective])


def rationale(prompt: Prompt, payload: Payload, rng: random.Random) -> str:
    """One or two short sentences that hold for this prompt and decision."""
    if payload.action != "fund":
        return rng.choice(_plain(prompt, payload))
    funded = _funded(prompt, payload)
    text = rng.choice(_praise(prompt, rng.choice(funded), funded))
    return text + (_tail(prompt) if rng.random() < 0.6 else "")


def rationales(prompt: Prompt, payload: Payload) -> set[str]:
    """Every text that `rationale` may give."""
    if payload.action != "fund":
        return set(_plain(prompt, payload))
    funded = _funded(prompt, payload)
    texts = {text for first in funded for text in _praise(prompt, first, funded)}
    return texts | {text + _tail(prompt) for text in texts}


def _plain(prompt: Prompt, payload: Payload) -> tuple[str, ...]:
    if payload.action == "set_parameter":
        (key,) = _ids(payload.fields["set_parameter"])
        parameter = next(item for item in prompt.parameters if item.id == key)
        less, more = parameter.wish_less, parameter.wish_more
        way, count = ("more", more) if more > less else ("less", less)
        return f"{count} members wish for {way} of {key}.", f"Most wish for {way} of {key}, {count} of them."
    if payload.action == "set_model":
        model = next(item for item in prompt.models if item.id == payload.fields["set_model"])
        return f"{model.id} scores {model.score}.", f"The best score is {model.score} by {model.id}."
    return _nothing(prompt)


def _praise(prompt: Prompt, first: Candidate, funded: list[Candidate]) -> list[str]:
    record = f"{first.id} did {first.done} in time and {first.late} late."
    if prompt.objective == "thrift":
        least = first.ask == min(candidate.ask for candidate in prompt.candidates)
        return [record, f"{first.id} asks least." if least else f"{first.id} asks for little."]
    if prompt.objective == "breadth":
        return [f"Spread over {' and '.join(candidate.id for candidate in funded)}.", record]
    return [record, f"Best record by {first.id} with {first.done} done."]


def _tail(prompt: Prompt) -> str:
    if prompt.market.trend_bps < 0:
        return " The market falls, so pay with care."
    if careful(prompt):
        return " The last proposal was defeated, so pay with care."
    return ""


def _nothing(prompt: Prompt) -> tuple[str, ...]:
    if prompt.objective == "upkeep":
        return "No setting has a clear wish.", "Members do not agree on a setting."
    if prompt.objective == "model":
        return "No model is clearly better.", "The present model is good enough."
    if not prompt.candidates:
        return "There is no candidate.", "Nobody asks for funds."
    return "No candidate is worth it now.", "It is better to wait."


def _funded(prompt: Prompt, payload: Payload) -> list[Candidate]:
    ids = _ids(payload.fields["fund"])
    return [candidate for candidate in prompt.candidates if candidate.id in ids]


def _ids(field: FieldValue) -> list[str]:
    return list(field) if isinstance(field, Mapping) else [field]

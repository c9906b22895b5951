"""Short reasons made from a prompt's facts, and the texts of signals."""

import random

from oracle.domain.action import Payload
from oracle.domain.prompt import Prompt
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
    if payload.action == "fund":
        return _fund(prompt, list(dict(payload.fields["fund"])), rng)  # type: ignore[arg-type]
    if payload.action == "set_parameter":
        (key,) = dict(payload.fields["set_parameter"])  # type: ignore[arg-type]
        parameter = next(item for item in prompt.parameters if item.id == key)
        less, more = parameter.wish_less, parameter.wish_more
        way, count = ("more", more) if more > less else ("less", less)
        return rng.choice(
            (f"{count} members wish for {way} of {key}.", f"Most wish for {way} of {key}, {count} of them.")
        )
    if payload.action == "set_model":
        model = next(item for item in prompt.models if item.id == payload.fields["set_model"])
        return rng.choice((f"{model.id} scores {model.score}.", f"The best score is {model.score} by {model.id}."))
    return _nothing(prompt, rng)


def _fund(prompt: Prompt, ids: list[str], rng: random.Random) -> str:
    first = rng.choice([candidate for candidate in prompt.candidates if candidate.id in ids])
    record = f"{first.id} did {first.done} in time and {first.late} late."
    if prompt.objective == "thrift":
        options = [f"{first.id} asks only {first.ask}.", f"{first.id} is cheap at {first.ask}."]
    elif prompt.objective == "breadth":
        options = [f"Spread over {' and '.join(ids)}.", record]
    else:
        options = [record, f"Best record by {first.id} with {first.done} done."]
    if prompt.market.trend_bps < 0:
        tail = " The market falls, so pay with care."
    elif careful(prompt):
        tail = " The last proposal was defeated, so pay with care."
    else:
        tail = ""
    return rng.choice(options) + (tail if rng.random() < 0.6 else "")


def _nothing(prompt: Prompt, rng: random.Random) -> str:
    if prompt.objective == "upkeep":
        return rng.choice(("No setting has a clear wish.", "Members do not agree on a setting."))
    if prompt.objective == "model":
        return rng.choice(("No model is clearly better.", "The present model is good enough."))
    if not prompt.candidates:
        return rng.choice(("There is no candidate.", "Nobody asks for funds."))
    return rng.choice(("No candidate is worth it now.", f"The budget is {prompt.funding.budget}, better to wait."))

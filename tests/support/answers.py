"""Builders of samples: answers of the usual kinds, drawn at random around an opinion or wildly."""

import random

from oracle.domain.action import Payload
from oracle.domain.sample import DistanceRules, FieldKind, FieldRule, Sample

RULES: DistanceRules = {
    "fund": (FieldRule("allocations", FieldKind.MAP, 3), FieldRule("sources", FieldKind.SET, 1)),
    "set_parameter": (FieldRule("parameter", FieldKind.SET, 2), FieldRule("value", FieldKind.AMOUNT, 1)),
    "signal": (FieldRule("text", FieldKind.TEXT, 1),),
    "none": (),
}
"""One action for each kind of field, and one without fields."""

_WORDS = ("fund", "the", "Library", "a", "tool", "grants", "for", "ﬁelds", "and", "7", "tests", "more", "ÉCOLE")


def fund(allocations: dict[str, int], sources: list[str] | None = None) -> Payload:
    return Payload("fund", {"allocations": allocations, "sources": sources or []})


def set_parameter(name: str, value: int) -> Payload:
    return Payload("set_parameter", {"parameter": name, "value": value})


def signal(text: str) -> Payload:
    return Payload("signal", {"text": text})


NONE = Payload("none", {})


def random_text(rnd: random.Random, longest: int = 12) -> str:
    return " ".join(rnd.choices(_WORDS, k=rnd.randrange(longest + 1)))


def random_payload(rnd: random.Random, *, largest: int = 10_000, keys: str = "abcde") -> Payload:
    """Any answer; small worlds of keys and values make equal payloads and exact ties frequent."""
    kind = rnd.choice(("fund", "fund", "set_parameter", "signal", "none"))
    if kind == "fund":
        chosen = rnd.sample(keys, rnd.randrange(len(keys) + 1))
        amounts = {key: rnd.choice((0, 1, rnd.randrange(largest + 1))) for key in chosen}
        return fund(amounts, rnd.sample(keys, rnd.randrange(3)))
    if kind == "set_parameter":
        return set_parameter(rnd.choice(keys), rnd.choice((0, 1, rnd.randrange(largest + 1))))
    return signal(random_text(rnd, 5)) if kind == "signal" else NONE


def samples(payloads: list[Payload | None], rationales: list[str] | None = None) -> list[Sample]:
    """Samples 0, 1, 2, ... with these payloads (None: one that did not parse)."""
    texts = rationales or [""] * len(payloads)
    return [
        Sample(index, (index,), text, True, payload, text)
        for index, (payload, text) in enumerate(zip(payloads, texts, strict=True))
    ]


def random_samples(
    rnd: random.Random, count: int, *, invalid: float = 0.1, distinct: int | None = None
) -> list[Sample]:
    """`count` samples of at most `distinct` payloads with random rationales."""
    pool = [random_payload(rnd) for _ in range(distinct or count)]
    drawn = [None if rnd.random() < invalid else rnd.choice(pool) for _ in range(count)]
    return samples(drawn, [random_text(rnd) for _ in range(count)])

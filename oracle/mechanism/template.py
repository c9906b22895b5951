"""The registered template: what a prompt may hold, what an answer may do, and how two answers are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, cast

from oracle.mechanism import canonical

TEMPLATE_FILE = "gengov-compact-v1.json"
FieldKind = Literal["map", "set", "text"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an action: its name, how it is compared (`verification.md` S, S of ids, T) and its weight."""

    name: str
    kind: FieldKind
    weight: int


@dataclass(frozen=True, slots=True)
class Template:
    """The definition in typed form; `definition` is the document whose digest is the template id."""

    definition: dict[str, canonical.Json]
    preamble: str
    objectives: Mapping[str, str]
    sources: frozenset[str]
    contracts: frozenset[str]
    results: frozenset[str]
    limits: Mapping[str, int]
    text_pattern: str
    advice_pattern: str
    ids: Mapping[str, str]
    shares: Mapping[str, tuple[int, int]]
    step: tuple[int, int]
    actions: Mapping[str, tuple[Field, ...]]


@cache
def template() -> Template:
    """The template this version of the oracle knows."""
    data = resources.files("oracle.mechanism").joinpath("templates", TEMPLATE_FILE).read_bytes()
    return from_definition(cast(dict[str, canonical.Json], canonical.loads(data, name=TEMPLATE_FILE)))


def from_definition(definition: dict[str, canonical.Json]) -> Template:
    """Read a definition (its canonical digest is the template id)."""
    raw = cast(dict[str, object], definition)
    actions = cast(dict[str, list[dict[str, object]]], raw["actions"])
    return Template(
        definition=definition,
        preamble=str(raw["preamble"]),
        objectives=cast(dict[str, str], raw["objectives"]),
        sources=frozenset(cast(list[str], raw["sources"])),
        contracts=frozenset(cast(list[str], raw["contracts"])),
        results=frozenset(cast(list[str], raw["results"])),
        limits=cast(dict[str, int], raw["limits"]),
        text_pattern=str(raw["text_pattern"]),
        advice_pattern=str(raw["advice_pattern"]),
        ids=cast(dict[str, str], raw["ids"]),
        shares={name: (part[0], part[1]) for name, part in cast(dict[str, list[int]], raw["shares"]).items()},
        step=cast(tuple[int, int], tuple(cast(list[int], raw["step"]))),
        actions={
            action: tuple(
                Field(str(item["name"]), cast(FieldKind, item["kind"]), cast(int, item["weight"])) for item in fields
            )
            for action, fields in actions.items()
        },
    )


@cache
def template_id() -> bytes:
    """keccak256 of the canonical definition (32 bytes): what the registry approves."""
    return canonical.digest(template().definition)


def action_fields(action: str) -> tuple[Field, ...]:
    """The fields of `action` with kinds and weights; KeyError for an action the template does not know."""
    return template().actions[action]

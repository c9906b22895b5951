"""round.json: what is asked, what may be won, until when, and the rule of its kind."""

import json
from itertools import pairwise
from typing import Annotated, Final, Literal, TypeVar

from eth_utils.crypto import keccak
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from oracle.domain.errors import BadInput
from oracle.mechanism import canonical
from oracle.rounds.folder import ROUND, Folder

FORMAT: Final = "gengov/round/v1"
Amount = Annotated[int, Field(ge=0, lt=2**256)]
M = TypeVar("M", bound=BaseModel)
Time = Annotated[int, Field(ge=0, lt=2**48)]
NOTES = (
    "prize, bond and deposit are whole numbers in base units; deadlines are unix seconds, each after the one before",
    "commit: last second to commit a list; reveal: to reveal it; observe: to pin the trusted observations; "
    "challenge: to challenge the posted result",
    "rule belongs to the kind; decimals are written as texts; what is left out has its default",
    "notes may be left out",
)


class Deadlines(BaseModel):
    """Last seconds of the stages of a round."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    commit: Time = 0
    reveal: Time = 0
    observe: Time = 0
    challenge: Time = 0

    @model_validator(mode="after")
    def _in_order(self) -> "Deadlines":
        times = (self.commit, self.reveal, self.observe, self.challenge)
        if any(times) and not all(early < late for early, late in pairwise(times)):
            raise ValueError("must grow from commit to reveal to observe to challenge")
        return self


class Document(BaseModel):
    """round.json without the rule of its kind, which is checked by the kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    format: Literal["gengov/round/v1"]
    kind: Annotated[str, Field(min_length=1, max_length=32)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    prize: Amount
    bond: Amount = 0
    deposit: Amount = 0
    deadlines: Deadlines = Deadlines()
    rule: dict[str, object] = {}
    notes: list[str] = []


def read(folder: Folder) -> tuple[Document, bytes]:
    """The document and its spec hash, keccak256 of its canonical JSON. Raises BadInput naming every bad field."""
    value = canonical.loads(folder.read(ROUND), name=ROUND)
    return validate(Document, value, ROUND), keccak(canonical.dumps(value))


def validate(model: type[M], value: object, where: str) -> M:
    """`value` as `model`. Raises BadInput naming every field that is wrong, with its value."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = []
        for one in error.errors(include_url=False):
            place = ".".join(str(part) for part in one["loc"]) or "the whole"
            given = "" if one["type"] == "missing" else f" (is {str(one['input'])[:60]!r})"
            found.append(f"{where}: {place}: {one['msg'].removeprefix('Value error, ')}{given}")
        raise BadInput("\n".join(found), hint="gengov round init writes one that is right.") from None


def text(document: Document, rule: BaseModel) -> str:
    """round.json for people: indented, with notes that say what each field means."""
    whole = document.model_dump() | {"rule": rule.model_dump(), "notes": list(NOTES)}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"

"""A sample: one answer of the model, as drawn and as read; and the rules by which two answers are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from oracle.domain.action import Payload


@dataclass(frozen=True, slots=True)
class RawSample:
    """What the engine drew for noise index `index`. `finished` is False if the token limit cut it off."""

    index: int
    token_ids: tuple[int, ...]
    text: str
    finished: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """A raw sample read as an answer: `payload` is None if it did not parse (or the prompt does not allow it)."""

    index: int
    token_ids: tuple[int, ...]
    text: str
    finished: bool
    payload: Payload | None
    rationale: str = ""

    @property
    def valid(self) -> bool:
        """Whether the sample takes part in the selection."""
        return self.payload is not None


class FieldKind(StrEnum):
    """How two values of one payload field are compared; each is a Jaccard distance on its own kind of value."""

    AMOUNT = "amount"
    """A whole number >= 0 (amount, duration, bps): 1 - min / max."""
    MAP = "map"
    """Key -> whole number >= 0 (candidate -> amount, parameter -> value): weighted Jaccard."""
    SET = "set"
    """A list of distinct strings, or one string: 1 - |A and B| / |A or B|."""
    TEXT = "text"
    """Words in order: 1 - LCS / (|s| + |t| - LCS)."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of an action as the selection sees it; `weight` >= 1 comes from the template's action schema."""

    name: str
    kind: FieldKind
    weight: int = 1


DistanceRules = Mapping[str, tuple[FieldRule, ...]]
"""Action name -> its fields. An action without fields (`none`) has an empty tuple."""

"""What a kind of round is: which files it reads, how they are parsed, solved and verified. One module per kind."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from oracle.domain.errors import BadInput
from oracle.domain.sampler import Sampler
from oracle.mechanism.canonical import Json
from oracle.ports.model import ModelRunner
from oracle.rounds.folder import Folder

Progress = Callable[[str, int, int], None]
"""Told (what, done, total) while something long runs."""


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


class Rule(BaseModel):
    """The part of round.json that is a kind's own: whole numbers, texts, lists; decimals are written as texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round comes to.

    `result` is written as canonical JSON (integers and texts, no floats); `shares` says who is paid in which
    proportion, exactly. Empty shares pay nobody.
    """

    result: Mapping[str, Json]
    shares: Mapping[str, int | Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Executor:
    """A model at hand: its runner, hashes of weights, tokenizer and engine, and the sampler it is committed with."""

    runner: ModelRunner
    hashes: tuple[bytes, bytes, bytes]
    sampler: Sampler


@dataclass(frozen=True, slots=True)
class Tools:
    """What a kind may need beside its files: somebody to tell how far it is, and for some rounds a model."""

    progress: Progress = silent
    executor: Executor | None = None


class Kind(ABC):
    """One kind of round. Results must be the same bytes on any machine: floats may only find what integers confirm."""

    name: ClassVar[str]
    """As in round.json."""
    about: ClassVar[str]
    """One line for people."""
    rule: ClassVar[type[Rule]]
    """Schema of "rule" in round.json, with defaults for everything."""

    @abstractmethod
    def skeleton(self) -> Mapping[str, str]:
        """Files of a small complete round (path -> text, without round.json) that passes `parse` and can be solved."""

    @abstractmethod
    def parse(self, folder: Folder, rule: Any, mistakes: list[BadInput]) -> Any:
        """The inputs, checked. Every mistake is added to `mistakes`; what is returned then is not used.

        May raise BadInput where going on makes no sense.
        """

    @abstractmethod
    def solve(self, inputs: Any, rule: Any, tools: Tools) -> Outcome:
        """The result of these inputs. Raises Refused where they have none."""

    def confirm(self, inputs: Any, rule: Any, claimed: Mapping[str, Json], tools: Tools) -> Outcome:
        """The right outcome, given a claimed result whose certificate may be used to find it faster. Raises Refused.

        Must not believe the claim: the outcome is compared with it.
        """
        return self.solve(inputs, rule, tools)

"""The evidence that an engine finds in samples of the example prompt."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import CheckResult
from oracle.mechanism.prompt_rules import parse_prompt
from oracle.mechanism.verdict import evidence
from oracle.ports.model import ModelRunner
from oracle.verification.tokens import check_tokens
from tests.support.models import SHIPPED


def evidence_by(runner: ModelRunner, samples: Sequence[RawSample], seed: bytes, sampler: Sampler) -> bytes:
    """The bytes that a verifier with this engine would sign, were everything but the tokens in order."""
    prompt = parse_prompt((SHIPPED / "example-prompt.json").read_bytes())
    file = SimpleNamespace(prompt=prompt, slot=SimpleNamespace(seed=seed), samples=samples, sampler=sampler)
    return evidence(CheckResult(check_tokens(cast(Any, file), runner).failure, sampler.numeric_class))


def picked(honest: Sequence[RawSample], secret: Sequence[RawSample], place: int) -> list[RawSample]:
    """The honest samples with one swapped for a secret draw that says something else."""
    other = next(each for each in secret if each.token_ids != honest[place].token_ids)
    swapped = RawSample(place, other.token_ids, other.text, other.finished)
    return [*honest[:place], swapped, *honest[place + 1 :]]

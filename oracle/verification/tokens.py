"""The dear half of a check: the model itself, asked of every token whether it would have drawn it."""

from collections.abc import Iterator
from dataclasses import dataclass

from oracle.domain.dispute import Ground
from oracle.domain.errors import BadInput
from oracle.domain.sample import RawSample
from oracle.domain.verdict import Failure, SampleCheck, TokenMismatch, acceptable
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.data_file import DataFile
from oracle.mechanism.rendering import render
from oracle.mechanism.verdict import scalar
from oracle.ports.model import ModelRunner, Progress

CHECKABLE = ("E", "F", "B")
"""Numeric classes with a rule for what passes."""


@dataclass(slots=True)
class TokenCheck:
    """What the engine found, up to the first failure."""

    failure: Failure | None = None
    samples: int = 0
    tokens: int = 0
    worst_margin: int = 0


def check_tokens(file: DataFile, runner: ModelRunner, progress: Progress | None = None) -> TokenCheck:
    """Asks the engine about the samples in their order; the first failure is the lowest position of the lowest index.

    Class B bears some misses, so there all samples are looked at before one fails. Raises Refused if the engine cannot
    check this class.
    """
    found, waiting = TokenCheck(), list[SampleCheck]()
    counts_misses = file.sampler.numeric_class == "B"
    try:
        for check, sample in zip(_checks(file, runner, progress), file.samples, strict=True):
            found.samples += 1
            found.tokens += check.tokens
            found.worst_margin = max(found.worst_margin, check.worst_margin)
            waiting += [check] if counts_misses and check.mismatches else []
            hopeless = not counts_misses or any(each.margin is None for each in check.mismatches)
            mismatches = check.mismatches if hopeless else ()
            found.failure = _first(check, sample, mismatches, file.sampler.numeric_class)
            if found.failure is not None:
                return found
    except BadInput as error:
        # The prompt and the schema made of it are all that an engine is given and did not draw itself.
        found.failure = Failure(
            Ground.PROMPT, "prompt", "one that the model can answer", "one that it cannot", note=error.message
        )
        return found
    if counts_misses and not acceptable(file.sampler, [*waiting, SampleCheck(0, (), _rest(found, waiting), 0)]):
        check = waiting[0]
        found.failure = _first(check, file.samples[check.index], check.mismatches, "B")
    return found


def _checks(file: DataFile, runner: ModelRunner, progress: Progress | None) -> Iterator[SampleCheck]:
    prompt = file.prompt
    return runner.check(render(prompt), answer_schema(prompt), file.slot.seed, file.samples, file.sampler, progress)


def _first(
    check: SampleCheck, sample: RawSample, mismatches: tuple[TokenMismatch, ...], numeric_class: str
) -> Failure | None:
    """The first thing wrong with one sample: a token, then what the tokens read as, then whether they end."""
    for miss in mismatches:
        return Failure(
            Ground.SAMPLES,
            "token",
            miss.expected,
            miss.got,
            sample=sample.index,
            position=miss.position,
            margin=miss.margin,
            numeric_class=numeric_class,
        )
    ends = (_END[check.finished], _END[sample.finished])
    for what, (right, said) in (("text", (check.text, sample.text)), ("end", ends)):
        if right != said:
            expected, got = scalar(right), scalar(said)
            return Failure(Ground.SAMPLES, what, expected, got, sample=sample.index, numeric_class=numeric_class)
    return None


_END = {True: "finished", False: "cut off"}


def _rest(found: TokenCheck, waiting: list[SampleCheck]) -> int:
    """Tokens of the samples without a miss: they count for the ratio too."""
    return found.tokens - sum(check.tokens for check in waiting)

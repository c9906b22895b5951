"""What a check finds, token by token and in all, and when a difference is more than arithmetic explains.

What a member of the committee signs about it is the `Verdict` of `oracle/domain/dispute.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.domain.dispute import Ground
from oracle.domain.sampler import Sampler

END = -1
"""Stands for "nothing more" as an expected or found token: a sample that is cut short, or goes on after its end."""

MARGIN_BITS = 20
"""A margin is in units of 2^-20 of a score (logit / T + Gumbel noise), as the noise is."""

TAU_UNIT = 1_000_000
"""`Sampler.tau` is in 1/1,000,000 of a score."""

CLASS_B_TAU = 250_000
CLASS_B_MISMATCHES, CLASS_B_TOKENS = 35, 6_700
"""Class B: at most 35 tokens of 6,700 (in this ratio) may miss by more than 0.25 (`verification.md`, section 3)."""


@dataclass(frozen=True, slots=True)
class TokenMismatch:
    """A token that the rule would not have drawn, at `position` of its sample (0: the first token of the answer).

    `margin` is how far its score lies below the best allowed one, in units of 2^-20. It is None where no arithmetic
    can explain the token: the grammar forbids it, its id is outside the vocabulary, or one of the two is `END`.
    """

    position: int
    expected: int
    got: int
    margin: int | None


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """One sample compared with the model, token by token.

    `mismatches` are in order of position. After one without a margin nothing more of the sample is compared.
    `tokens` counts those compared, `worst_margin` is the largest margin among them (0: every one was the best).
    `text` and `finished` are what the compared tokens read as: whoever checks a claimed sample compares them too.
    """

    index: int
    mismatches: tuple[TokenMismatch, ...]
    tokens: int
    worst_margin: int
    text: str = ""
    finished: bool = True


def within(margin: int, tau: int) -> bool:
    """Whether a margin (units of 2^-20) is at most `tau` (1/1,000,000); exact, in integers."""
    return margin * TAU_UNIT <= tau << MARGIN_BITS


def tolerates(sampler: Sampler, margin: int, *, chosen: bool) -> bool:
    """Whether the rule of the sampler's numeric class lets a token pass that lies `margin` below the best score.

    `chosen` tells whether it is the token that the rule draws. Class E asks just that: among equal scores the lowest
    id, so a margin of 0 is not enough. Classes F and B allow tau; class B at most 0.25.
    """
    if sampler.numeric_class == "E":
        return chosen
    return within(margin, class_tau(sampler))


def class_tau(sampler: Sampler) -> int:
    """Tolerance in 1/1,000,000: 0 in class E, `tau` in class F, `tau` up to 0.25 in class B."""
    if sampler.numeric_class == "E":
        return 0
    return min(sampler.tau, CLASS_B_TAU) if sampler.numeric_class == "B" else sampler.tau


def acceptable(sampler: Sampler, checks: Sequence[SampleCheck]) -> bool:
    """Whether checks of all samples of a slot uphold them: without a mismatch in classes E and F.

    Class B bears 35 mismatches per 6,700 tokens, rounded down, none of them without a margin.
    """
    mismatches = [mismatch for check in checks for mismatch in check.mismatches]
    if sampler.numeric_class != "B":
        return not mismatches
    if any(mismatch.margin is None for mismatch in mismatches):
        return False
    return len(mismatches) * CLASS_B_TOKENS <= CLASS_B_MISMATCHES * sum(check.tokens for check in checks)


Scalar = int | str | None


@dataclass(frozen=True, slots=True)
class Failure:
    """The first thing that is wrong with a proposal: on which ground, where, and what was found instead.

    `what` names the thing compared, `sample` and `position` (of a token) where it lies, None where it lies in no single
    one. `margin` is a token's, in units of 2^-20. `numeric_class` is set where an engine had to be run to find it.
    `note` tells people more.
    """

    ground: Ground
    what: str
    expected: Scalar
    got: Scalar
    sample: int | None = None
    position: int | None = None
    margin: int | None = None
    numeric_class: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check of a proposal, or of a data file, came to.

    `tokens` of `samples` samples were compared by `engine` before the check ended, the worst was `worst_margin` below
    the best (units of 2^-20). `engine` is empty where the failure was found before any had to be run. `unchecked` says
    in words what could not be checked without a chain, or cannot be at all.
    """

    failure: Failure | None
    numeric_class: str = ""
    tau: int = 0
    engine: str = ""
    samples: int = 0
    tokens: int = 0
    worst_margin: int = 0
    unchecked: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return self.failure is None

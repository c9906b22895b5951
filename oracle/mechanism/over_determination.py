"""Whether the others' reports give a misreport away: estimated on resolved rounds, before money is attached.

Truth is a best response under payments by the outcome if a misreport raises the expected loss of the forecast
("Natural Language Mechanisms via Self-Resolution with Foundation Models", definition 3.2). Here that gap is measured.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, lcm

from oracle.domain.errors import Refused
from oracle.mechanism import shapley
from oracle.mechanism.reports import Loss

MIN_ROUNDS = 20
MIN_OF_ONE = 5
"""Rounds of one reporter before that reporter's own mean counts."""
LEVEL = Fraction(1, 20)
FLIPS = 2_000
_SEED = b"gengov/over-determination/v1"


@dataclass(frozen=True, slots=True)
class Resolved:
    """One round with a known outcome: the posterior of all reports, without one of them, and with one misreported."""

    outcome: int
    loss: Loss
    together: Fraction
    without: Mapping[str, Fraction]
    misreported: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Gap:
    """Mean rise of the loss over some rounds, its standard error (None for one round)."""

    rounds: int
    mean: Fraction
    standard_error: Fraction | None


@dataclass(frozen=True, slots=True)
class Audit:
    """`misreport`: how much a misreport hurts; `withheld`: how much silence does; `p_value` of the first being <= 0.

    `exposed` are reporters whose misreports did not hurt on average: the condition fails for them.
    """

    misreport: Gap
    withheld: Gap | None
    p_value: Fraction
    by_reporter: Mapping[str, Gap]
    exposed: tuple[str, ...]

    @property
    def over_determined(self) -> bool:
        """Whether misreports raise the loss (one-sided sign-flip test at 5 %), those of every single reporter too."""
        return self.misreport.mean > 0 and self.p_value <= LEVEL and not self.exposed


def audit(rounds: Sequence[Resolved]) -> Audit:
    """Estimates over rounds, each of which counts once however many report. Raises Refused for fewer than 20 rounds."""
    useful = [one for one in rounds if one.misreported]
    if len(useful) < MIN_ROUNDS:
        raise Refused(
            f"{len(useful)} resolved rounds say what a misreport would have done, at least {MIN_ROUNDS} must",
            hint="Add misreports to the specs of resolved rounds, or rows with a misreport to their posteriors.",
        )
    per_round, per_person, withheld = [], dict[str, list[Fraction]](), []
    for one in useful:
        truth = one.loss(one.together, one.outcome)
        gaps = {who: one.loss(q, one.outcome) - truth for who, q in one.misreported.items()}
        per_round.append(_mean(gaps.values()))
        for who, gap in gaps.items():
            per_person.setdefault(who, []).append(gap)
        if one.without:
            withheld.append(_mean(one.loss(q, one.outcome) - truth for q in one.without.values()))
    people = {who: _gap(gaps) for who, gaps in sorted(per_person.items())}
    return Audit(
        misreport=_gap(per_round),
        withheld=_gap(withheld) if withheld else None,
        p_value=sign_flip_p(per_round),
        by_reporter=people,
        exposed=tuple(who for who, gap in people.items() if gap.rounds >= MIN_OF_ONE and gap.mean <= 0),
    )


def sign_flip_p(gaps: Sequence[Fraction], flips: int = FLIPS) -> Fraction:
    """One-sided p-value of the mean being 0 or less: how often random signs give a sum at least as large (seeded)."""
    scale = lcm(*(gap.denominator for gap in gaps))
    whole = [gap.numerator * (scale // gap.denominator) for gap in gaps]
    seen, words = sum(whole), shapley.words(_SEED)
    as_large = 0
    for _ in range(flips):
        signs = 0
        for _ in range(-(-len(whole) // 64)):
            signs = signs << 64 | next(words)
        as_large += sum(gap if signs >> place & 1 else -gap for place, gap in enumerate(whole)) >= seen
    return Fraction(1 + as_large, 1 + flips)


def _gap(gaps: Sequence[Fraction]) -> Gap:
    mean, count = _mean(gaps), len(gaps)
    if count < 2:
        return Gap(count, mean, None)
    variance = sum((gap - mean) ** 2 for gap in gaps) / (count * (count - 1))
    return Gap(count, mean, Fraction(isqrt(int(variance * 10**24)), 10**12))


def _mean(values: Iterable[Fraction]) -> Fraction:
    listed = list(values)
    return sum(listed, Fraction(0)) / len(listed)

"""Payments for reports in natural language, from the posteriors that an executor drew from subsets of them.

q(S) is the probability of outcome 1 after the reports of coalition S (a bitmask over the reporters, in the spec's
order). Everything is exact: posteriors are fractions, payments are fractions of base units, payouts are whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import high_precision as hp
from oracle.mechanism import shapley

MAX_RHO = Fraction(1, 5)
"""The largest share of a payment that consistency alone may decide."""
LOG_FLOOR = Fraction(1, 1000)
"""Under the logarithmic loss a posterior keeps this far from 0 and 1: otherwise one report could cost without bound."""
Posterior = Callable[[int], Fraction]


class Rule(StrEnum):
    """How payments follow from posteriors."""

    SHAPLEY = "shapley"
    LOO = "loo"
    SHARED = "shared"
    ZERO_SHOT = "zero-shot"


class Loss(StrEnum):
    """How wrong a posterior was, once the outcome is known."""

    BRIER = "brier"
    LOG = "log"

    @property
    def worst(self) -> Fraction:
        """The largest loss there is: 1, or -ln LOG_FLOOR = 6.9078 (at 160 bits)."""
        return Fraction(1) if self is Loss.BRIER else log_loss(LOG_FLOOR, 1)

    def __call__(self, q: Fraction, outcome: int) -> Fraction:
        """Loss of probability q for outcome 1. Raises BadInput outside [0, 1], or beyond LOG_FLOOR for `log`."""
        low = Fraction(0) if self is Loss.BRIER else LOG_FLOOR
        if not low <= q <= 1 - low:
            raise BadInput(f"the posterior {float(q):.6g} is outside {float(low)} .. {float(1 - low)} ({self} loss)")
        return brier(q, outcome) if self is Loss.BRIER else log_loss(q, outcome)


def brier(q: Fraction, outcome: int) -> Fraction:
    """(q - outcome)^2 for a probability q of outcome 1."""
    return (q - outcome) ** 2


def log_loss(q: Fraction, outcome: int) -> Fraction:
    """-ln of the probability given to the outcome, at 160 bits; 0 < q < 1."""
    return Fraction(-hp.ln(q if outcome else 1 - q), hp.ONE)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a round promised before it took reports. Amounts are base units.

    `alpha` is paid for one unit of loss taken away, `k` the constant of shared pay, `beta` what full consistency is
    worth, `rho` the share of a payment that consistency decides, `deposit` what each reporter put up.
    """

    rule: Rule = Rule.SHAPLEY
    loss: Loss = Loss.BRIER
    alpha: int = 0
    k: Fraction = Fraction(1)
    beta: int = 0
    rho: Fraction = Fraction(0)
    deposit: int = 0
    permutations: int = 400


@dataclass(frozen=True, slots=True)
class Settlement:
    """Who gets what. `payments` are exact, `payouts` whole and None where nothing may be paid; negative = from deposit.

    `value` is the loss that all reports together took away, None while the outcome is open; `standard_errors` are those
    of sampled payments.
    """

    rule: Rule
    payments: dict[str, Fraction]
    payouts: dict[str, int] | None
    value: Fraction | None
    standard_errors: dict[str, Fraction] | None
    coalitions: int
    warnings: tuple[str, ...]

    @property
    def total(self) -> Fraction:
        """Sum of the exact payments."""
        return sum(self.payments.values(), Fraction(0))


def check_terms(terms: Terms) -> list[str]:
    """Every promise that could not be kept or invites lies, in words."""
    found = []
    if terms.rho > MAX_RHO or terms.rho < 0:
        found.append(f"rho: {float(terms.rho):g} is not within 0 .. {float(MAX_RHO)}: consistency may decide no more")
    if terms.rule is Rule.ZERO_SHOT and terms.beta > terms.alpha:
        found.append(f"beta: {terms.beta} is above alpha, {terms.alpha}: consistency would outweigh the outcome")
    least = ceil(terms.alpha * terms.loss.worst)
    if terms.rule is not Rule.SHARED and terms.deposit < least:
        found.append(f"deposit: {terms.deposit} does not cover the largest loss of a report; use at least {least}")
    if terms.rule is Rule.SHARED and terms.k < terms.loss.worst:
        found.append(f"k: {float(terms.k):g} is below the worst loss: a payment could be negative")
    return found


def coalitions(terms: Terms, players: int, seed: bytes) -> list[int]:
    """The masks whose posterior a settlement under these terms reads, rising."""
    everybody = (1 << players) - 1
    if terms.rule is Rule.SHARED:
        return [everybody]
    if terms.rule is Rule.LOO:
        return sorted({0, everybody, *(everybody ^ (1 << i) for i in range(players))})
    if players <= shapley.EXACT_PLAYERS:
        return list(range(1 << players))
    return shapley.coalitions(players, terms.permutations // 2, seed)


def settle(
    terms: Terms,
    reporters: Sequence[str],
    posterior: Posterior,
    outcome: int | None,
    *,
    seed: bytes = b"",
    consistency: Fraction | None = None,
) -> Settlement:
    """Payments under `terms`. Without an outcome zero-shot pays nothing out and every other rule raises Refused.

    Raises BadInput for terms that break a rule, and for a consistency or posterior that is missing or out of range.
    """
    if broken := check_terms(terms):
        raise BadInput("the terms cannot be kept:" + "".join(f"\n  - {line}" for line in broken))
    if terms.rule is Rule.ZERO_SHOT:
        return _zero_shot(terms, reporters, posterior, outcome, seed, consistency)
    if outcome is None:
        raise Refused(f"rule {terms.rule} pays by the outcome, and it is not known yet", hint="Settle once it is.")
    return _by_outcome(terms, reporters, posterior, outcome, seed)


def _by_outcome(terms: Terms, reporters: Sequence[str], posterior: Posterior, outcome: int, seed: bytes) -> Settlement:
    players, errors = len(reporters), None
    everybody = (1 << players) - 1

    def gain(mask: int) -> Fraction:
        return -terms.loss(posterior(mask), outcome)

    if terms.rule is Rule.SHARED:
        shares: Sequence[Fraction] = [terms.k + gain(everybody)] * players
        value, asked = None, 1
    else:
        value, asked = gain(everybody) - gain(0), len(coalitions(terms, players, seed))
        if terms.rule is Rule.LOO:
            shares = shapley.leave_one_out(gain, players)
        elif players <= shapley.EXACT_PLAYERS:
            shares = shapley.exact([gain(mask) for mask in range(1 << players)])
        else:
            estimate = shapley.sampled(gain, players, terms.permutations, seed)
            shares, errors = estimate.values, [terms.alpha * one for one in estimate.standard_errors]
    payments = {who: terms.alpha * share for who, share in zip(reporters, shares, strict=True)}
    return Settlement(
        rule=terms.rule,
        payments=payments,
        payouts=whole(payments),
        value=value,
        standard_errors=dict(zip(reporters, errors, strict=True)) if errors else None,
        coalitions=asked,
        warnings=_warnings(terms),
    )


def _zero_shot(
    terms: Terms,
    reporters: Sequence[str],
    posterior: Posterior,
    outcome: int | None,
    seed: bytes,
    consistency: Fraction | None,
) -> Settlement:
    """(1 - rho) of the Shapley payment and rho of beta c(r); without an outcome c(r) is shown and nothing is paid."""
    if consistency is None or not 0 <= consistency <= 1:
        said = "missing" if consistency is None else f"{float(consistency):g}"
        raise BadInput(f"the consistency c(r) is {said}", hint="Rule zero-shot needs it, from 0 to 1.")
    bonus = terms.beta * consistency
    warnings = list(_warnings(terms))
    if consistency == 1 or _unanimous(posterior, len(reporters)):
        warnings.append("the reports all say the same: consistency pays most for that, whether it is true or not")
    if outcome is None:
        warnings.append("the outcome is not known: these are scores, nothing is paid by consistency alone")
        scores = dict.fromkeys(reporters, bonus)
        return Settlement(terms.rule, scores, None, None, None, 1, tuple(warnings))
    base = _by_outcome(terms, reporters, posterior, outcome, seed)
    payments = {who: (1 - terms.rho) * paid + terms.rho * bonus for who, paid in base.payments.items()}
    errors = base.standard_errors and {who: (1 - terms.rho) * one for who, one in base.standard_errors.items()}
    return Settlement(terms.rule, payments, whole(payments), base.value, errors, base.coalitions, tuple(warnings))


def whole(payments: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole amounts for exact ones of any sign: floors, then one more by largest remainder, ties to the smaller key.

    They sum to the floor of the exact sum, so rounding never pays more than the round owes.
    """
    floors = {key: floor(amount) for key, amount in payments.items()}
    left = floor(sum(payments.values(), Fraction(0))) - sum(floors.values())
    for key in sorted(payments, key=lambda key: (floors[key] - payments[key], key))[:left]:
        floors[key] += 1
    return floors


def _unanimous(posterior: Posterior, players: int) -> bool:
    """Whether each report alone makes the executor say the same, and it leans to one side. False if not all known."""
    try:
        alone = {posterior(1 << player) for player in range(players)}
    except LookupError:
        return False
    return players > 1 and len(alone) == 1 and alone != {Fraction(1, 2)}


def _warnings(terms: Terms) -> tuple[str, ...]:
    if terms.rule is Rule.SHARED:
        return (
            "shared pay rewards copies: in the six-player example one more identity lifts a person from .769 to 1.530 "
            "while the forecast gets worse; prefer shapley",
        )
    if terms.rule is Rule.ZERO_SHOT:
        return (
            "zero-shot pays for consistency: in the six-player example it has 16 strict equilibria, and everyone "
            f"saying 1 pays more than truth; it decides at most {float(MAX_RHO):.0%} of a payment, never all"
            " of it",
        )
    if terms.rule is Rule.LOO:
        return ("leave-one-out payments need not sum to the information's value, and two copies both earn nothing",)
    return ()

"""Six people and an exclusive or: the example where no market moves and reports tell all, by enumeration.

X and Y are fair bits and Z = X xor Y. Players 0, 1, 2 see X and 3, 4, 5 see Y, each rightly with 2/3. A report is a
bit; the posterior is Bayes' rule for truthful, independent reports. Source: "Natural Language Mechanisms via
Self-Resolution with Foundation Models", section 1.2.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import prod

from oracle.mechanism import shapley
from oracle.mechanism.reports import brier

PLAYERS = 6
RIGHT = Fraction(2, 3)
STRATEGIES = ("truth", "flip", "zero", "one")
Loss = Callable[[Fraction, int], Fraction]
Report = Callable[[int], int]


def says(strategy: str, signal: int) -> int:
    """The report of a player who follows one of STRATEGIES."""
    return {"truth": signal, "flip": 1 - signal, "zero": 0, "one": 1}[strategy]


@cache
def posterior_bit(ones: int, reports: int) -> Fraction:
    """P(X = 1) after `ones` of `reports` truthful reports said 1: 2^(2 ones - reports) to 1."""
    return Fraction(2**ones, 2**ones + 2 ** (reports - ones))


def posterior(reports: Sequence[int], sees_x: Sequence[bool]) -> Fraction:
    """P(Z = 1) of reports by people who see X or Y."""
    xs = [bit for bit, x in zip(reports, sees_x, strict=True) if x]
    ys = [bit for bit, x in zip(reports, sees_x, strict=True) if not x]
    return _exclusive_or(len(xs), sum(xs), len(ys), sum(ys))


@cache
def _exclusive_or(xs: int, x_ones: int, ys: int, y_ones: int) -> Fraction:
    x, y = posterior_bit(x_ones, xs), posterior_bit(y_ones, ys)
    return x * (1 - y) + y * (1 - x)


def worlds() -> Iterator[tuple[Fraction, int, tuple[int, ...]]]:
    """(probability, Z, signals of the six) of all 256 worlds."""
    for x, y in product((0, 1), repeat=2):
        for signals in product((0, 1), repeat=PLAYERS):
            right = [signal == (x if player < 3 else y) for player, signal in enumerate(signals)]
            yield prod((RIGHT if ok else 1 - RIGHT for ok in right), start=Fraction(1, 4)), x ^ y, signals


@cache
def coalition_losses(first: str = "truth", copy: str = "", loss: Loss = brier) -> tuple[Fraction, ...]:
    """Expected loss of the posterior of every coalition (by mask) when player 0 follows `first` and all others truth.

    With `copy` a seventh identity of player 0, taken for one more person who sees X, follows that strategy.
    """
    sees_x = [player < 3 for player in range(PLAYERS)] + [True] * bool(copy)
    groups = [[i for i in range(len(sees_x)) if mask >> i & 1] for mask in range(1 << len(sees_x))]
    totals = [Fraction(0)] * len(groups)
    for chance, z, signals in worlds():
        said = [says(first, signals[0]), *signals[1:], *([says(copy, signals[0])] if copy else [])]
        for mask, members in enumerate(groups):
            totals[mask] += chance * loss(posterior([said[i] for i in members], [sees_x[i] for i in members]), z)
    return tuple(totals)


def total_loss(first: str = "truth", loss: Loss = brier) -> Fraction:
    """Expected loss of the posterior of all six when player 0 follows `first`."""
    x = [player < 3 for player in range(PLAYERS)]
    return sum(
        (p * loss(posterior([says(first, signals[0]), *signals[1:]], x), z) for p, z, signals in worlds()), Fraction(0)
    )


def chance_right() -> Fraction:
    """P(the more likely Z of the posterior of all six is right)."""
    x = [player < 3 for player in range(PLAYERS)]
    return sum((p for p, z, signals in worlds() if (posterior(signals, x) > Fraction(1, 2)) == bool(z)), Fraction(0))


def market_moves() -> bool:
    """Whether any single signal changes P(Z = 1): if not, nobody trades in a market on Z."""
    return any(posterior([bit], [x]) != Fraction(1, 2) for bit in (0, 1) for x in (True, False))


def shapley_payments(first: str = "truth", copy: str = "") -> tuple[Fraction, ...]:
    """Expected Shapley values of the error reduction for each identity."""
    losses = coalition_losses(first, copy)
    return shapley.exact([losses[0] - one for one in losses])


# -- zero-shot: pay for consistency alone --------------------------------------------------------------------------


@cache
def _triples() -> tuple[tuple[Fraction, tuple[int, ...]], ...]:
    """(probability, signals) of the three people who see one bit."""
    return tuple(
        (prod((RIGHT if s == bit else 1 - RIGHT for s in signals), start=Fraction(1, 2)), signals)
        for bit in (0, 1)
        for signals in product((0, 1), repeat=3)
    )


def predicted(report: int, others: Sequence[int]) -> Fraction:
    """P(a person reports this | truthful reports of others on the same bit)."""
    one = posterior_bit(sum(others), len(others))
    chance = one * RIGHT + (1 - one) * (1 - RIGHT)
    return chance if report else 1 - chance


def own(reports: Sequence[int]) -> Fraction:
    """Consistency of the first of three reports on a bit with the other two."""
    return predicted(reports[0], reports[1:])


def group(reports: Sequence[int]) -> Fraction:
    """Mean over three reports on a bit of how well the other two predict each."""
    return sum((predicted(reports[i], [*reports[:i], *reports[i + 1 :]]) for i in range(3)), Fraction(0)) / 3


def pairs(reports: Sequence[int]) -> Fraction:
    """Share of the three pairs that agree."""
    return Fraction(sum(a == b for a, b in combinations(reports, 2)), 3)


CONSISTENCY: dict[str, Callable[[Sequence[int]], Fraction]] = {"group": group, "own": own, "pairs": pairs}


@cache
def triple_consistency(rule: str, strategies: tuple[str, ...]) -> Fraction:
    """Expected consistency of three people on one bit who follow these strategies."""
    measure = CONSISTENCY[rule]
    return sum(
        (p * measure([says(s, bit) for s, bit in zip(strategies, signals, strict=True)]) for p, signals in _triples()),
        Fraction(0),
    )


def zero_shot_score(rule: str, strategies: Sequence[str]) -> Fraction:
    """Expected c(r) of player 0 for six strategies: `own` is that player's report, the others average both bits."""
    first = triple_consistency(rule, tuple(strategies[:3]))
    return first if rule == "own" else (first + triple_consistency(rule, tuple(strategies[3:]))) / 2


def zero_shot_gap(rule: str) -> Fraction:
    """What player 0 loses in expected c(r) by flipping among truthful people."""
    rest = ("truth",) * (PLAYERS - 1)
    return zero_shot_score(rule, ("truth", *rest)) - zero_shot_score(rule, ("flip", *rest))


def break_even_rho(rule: str) -> Fraction:
    """The share of pay by consistency from which everyone saying 1 pays more than truth, with beta = alpha.

    Solves (1 - rho) S(truth) + rho c(truth) = (1 - rho) S(ones) + rho c(ones), S the expected Shapley payment.
    """
    ones, truth = ("one",) * PLAYERS, ("truth",) * PLAYERS
    x = [player < 3 for player in range(PLAYERS)]
    q = posterior([1] * PLAYERS, x)  # whatever the world is, and by symmetry each gets a sixth of what it changes
    value = Fraction(1, 4) - (brier(q, 0) + brier(q, 1)) / 2
    lost = shapley_payments()[0] - value / PLAYERS
    gained = zero_shot_score(rule, ones) - zero_shot_score(rule, truth)
    return lost / (lost + gained)


def strict_equilibria(rule: str) -> list[tuple[str, ...]]:
    """Profiles of pure strategies where any one player's change lowers c(r), of 4^6; `rule` is group or pairs."""
    return [profile for profile in product(STRATEGIES, repeat=PLAYERS) if _strict(rule, profile)]


def _strict(rule: str, profile: tuple[str, ...]) -> bool:
    now = zero_shot_score(rule, profile)
    return all(
        zero_shot_score(rule, (*profile[:i], other, *profile[i + 1 :])) < now
        for i in range(PLAYERS)
        for other in STRATEGIES
        if other != profile[i]
    )

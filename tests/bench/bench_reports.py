"""How long settlements of reports, purchases from the market maker and a private jury's shares take, beside plain code.

One core. The peers are what somebody would write first: the formula over sets, decimals of 60 digits.
"""

import secrets
from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations
from math import factorial

import numpy as np

from oracle.mechanism import lmsr, private_jury, shapley, shares
from tests.bench.harness import Row, Run, timed

TITLE = "Reports, market maker, private jury"
LEARNED = """
- Shapley values: one common denominator first, then whole numbers; the plain formula adds fractions, and each addition
  takes a greatest common divisor.
- Market maker: exponentials and logarithms in 160-bit integers; decimals of 60 digits need a series per operation too.
- Shares: random bits are drawn from the operating system in one go for each share; servers only add.
"""


def by_formula(game: list[Fraction]) -> list[Fraction]:
    """The definition over sets of players."""
    players = range(len(game).bit_length() - 1)
    found = []
    for player in players:
        others, total = [one for one in players if one != player], Fraction(0)
        for size in range(len(others) + 1):
            weight = Fraction(factorial(size) * factorial(len(others) - size), factorial(len(others) + 1))
            for group in combinations(others, size):
                mask = sum(1 << one for one in group)
                total += weight * (game[mask | 1 << player] - game[mask])
        found.append(total)
    return found


def decimal_cost(q: list[int], outcome: int, amount: int, b: int) -> Decimal:
    """The difference of two costs in decimals of 60 digits."""
    with localcontext() as context:
        context.prec = 60
        costs = []
        for now in (q, [x + amount * (i == outcome) for i, x in enumerate(q)]):
            costs.append(b * sum((Decimal(x) / b).exp() for x in now).ln())
        return costs[1] - costs[0]


def rows(run: Run) -> Iterator[Row]:
    """Shapley values of 8 and 12 players, purchases, shares of a jury."""
    for players in (8,) if run.small else (8, 12):
        game = [Fraction(mask * 7919 % 1000, 1000) ** 2 for mask in range(1 << players)]
        ours, peer = timed(lambda g=game: shapley.exact(g)), timed(lambda g=game: by_formula(g), repeats=1, warm=0)
        assert list(ours.result) == peer.result
        yield Row(f"Shapley values, {players} players", ours.ms, peer.ms, "formula in fractions")
    q, b, amount = [36 * 10**22, 24 * 10**23, 78 * 10**22, 10**24], 5 * 10**23, 41 * 10**22
    exact = timed(lambda: [lmsr.cost_of(q, 1, amount, b) for _ in range(100)])
    peer = timed(lambda: [decimal_cost(q, 1, amount, b) for _ in range(100)], repeats=2)
    yield Row("100 purchases in units of 1e-18", exact.ms, peer.ms, "decimals of 60 digits")
    floats = timed(lambda: [lmsr.purchase(q, 1, amount, b) for _ in range(100)])
    yield Row("100 purchases in floats", floats.ms, exact.ms, "ours in integers")
    lists, answers = (20, 100) if run.small else (100, 1_000)
    misses = np.random.default_rng(1).integers(-(2**34), 2**34, (answers, lists))
    plain = timed(lambda: private_jury.contribution(misses))
    hidden = timed(lambda: shares.split(plain.result, secrets.randbits))
    yield Row(f"hide a juror's sums, {lists} lists, {answers:,} answers", hidden.ms, plain.ms, "computing the sums")
    parts = [shares.split(plain.result, secrets.randbits)[0] for _ in range(20)]
    added = timed(lambda: shares.add(parts))
    yield Row(f"a server adds 20 jurors of {len(plain.result):,} sums", added.ms, None, "-")

"""Shapley and leave-one-out shares of what a group brings about, in exact fractions; sampled for large groups.

A coalition of n players is a bitmask: player i is in `mask` if bit i is set. A game is its value for every mask.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, isqrt, lcm

from oracle.domain.errors import BadInput

EXACT_PLAYERS = 8
"""Up to here all 2^n coalitions are valued; above, permutations are sampled."""
_SE_DIGITS = 10**12


@dataclass(frozen=True, slots=True)
class Estimate:
    """Sampled Shapley values (n fractions that sum to v(all) - v(nobody) exactly) and their standard errors.

    `standard_errors` are in units of 1e-12 of value, rounded down; `coalitions` were valued, each once.
    """

    values: tuple[Fraction, ...]
    standard_errors: tuple[Fraction, ...]
    permutations: int
    coalitions: int


def exact(values: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Shapley values of a game given as 2^n values by mask: O(n 2^n) integer operations.

    phi_i = sum over S without i of |S|! (n - 1 - |S|)! / n! (v(S + i) - v(S)). Raises BadInput unless 2^n values.
    """
    n = _players(values)
    scale = lcm(*(value.denominator for value in values))
    whole = [value.numerator * (scale // value.denominator) for value in values]
    weight = [factorial(size) * factorial(n - 1 - size) for size in range(n)]
    totals = [0] * n
    for mask, value in enumerate(whole):
        size = mask.bit_count()
        with_, without = weight[size - 1] * value, weight[size] * value if size < n else 0
        for player in range(n):
            totals[player] += with_ if mask >> player & 1 else -without
    return tuple(Fraction(total, factorial(n) * scale) for total in totals)


def leave_one_out(values: Callable[[int], Fraction], players: int) -> tuple[Fraction, ...]:
    """v(all) - v(all but i) for each player: n + 1 coalitions. Need not sum to anything."""
    everybody = (1 << players) - 1
    whole = values(everybody)
    return tuple(whole - values(everybody ^ (1 << player)) for player in range(players))


def sampled(values: Callable[[int], Fraction], players: int, permutations: int, seed: bytes) -> Estimate:
    """Shapley values as means over seeded random orders, each followed by its reverse (one pair counts as one draw).

    Every order's gains telescope, so the means sum to v(all) - v(nobody) exactly. The standard error is that of the
    mean of pairs. Raises BadInput for fewer than two pairs.
    """
    if permutations < 4 or permutations % 2:
        raise BadInput(
            f"{permutations} permutations", hint="Orders come in pairs with their reverse: an even number, at least 4."
        )
    known: dict[int, Fraction] = {}
    pairs = permutations // 2
    sums, squares = [Fraction(0)] * players, [Fraction(0)] * players
    for order in orders(players, pairs, seed):
        gains = [a + b for a, b in zip(_gains(order, values, known), _gains(order[::-1], values, known), strict=True)]
        for player, gain in enumerate(gains):
            sums[player] += gain / 2
            squares[player] += gain * gain / 4
    means = tuple(total / pairs for total in sums)
    variances = [
        (square - pairs * mean * mean) / (pairs * (pairs - 1)) for square, mean in zip(squares, means, strict=True)
    ]
    return Estimate(means, tuple(_root(variance) for variance in variances), permutations, len(known))


def coalitions(players: int, pairs: int, seed: bytes) -> list[int]:
    """Every mask that `sampled` will value with these orders, rising: what a model has to be asked."""
    needed = {0}
    for order in orders(players, pairs, seed):
        for way in (order, order[::-1]):
            mask = 0
            for player in way:
                mask |= 1 << player
                needed.add(mask)
    return sorted(needed)


def orders(players: int, count: int, seed: bytes) -> Iterator[list[int]]:
    """`count` uniform permutations of 0 .. players - 1, a function of the seed alone (sha256 in counter mode)."""
    for number in range(count):
        yield shuffled(players, seed + number.to_bytes(8, "big"))


def shuffled(count: int, seed: bytes) -> list[int]:
    """One uniform permutation by Fisher and Yates; a word that would favour some place is thrown away."""
    order, drawn = list(range(count)), words(seed)
    for last in range(count - 1, 0, -1):
        limit = (1 << 64) - (1 << 64) % (last + 1)
        place = next(word for word in drawn if word < limit) % (last + 1)
        order[last], order[place] = order[place], order[last]
    return order


def _gains(order: Sequence[int], values: Callable[[int], Fraction], known: dict[int, Fraction]) -> list[Fraction]:
    """What each player adds when they enter in this order."""
    gains, mask = [Fraction(0)] * len(order), 0
    before = _value(0, values, known)
    for player in order:
        mask |= 1 << player
        after = _value(mask, values, known)
        gains[player], before = after - before, after
    return gains


def _value(mask: int, values: Callable[[int], Fraction], known: dict[int, Fraction]) -> Fraction:
    if mask not in known:
        known[mask] = values(mask)
    return known[mask]


def words(seed: bytes) -> Iterator[int]:
    """Endless 64-bit words, a function of the seed alone."""
    counter = 0
    while True:
        block = hashlib.sha256(b"gengov/permutation/v1" + seed + counter.to_bytes(8, "big")).digest()
        yield from (int.from_bytes(block[at : at + 8], "big") for at in range(0, 32, 8))
        counter += 1


def _root(value: Fraction) -> Fraction:
    return Fraction(isqrt(int(value * _SE_DIGITS**2)), _SE_DIGITS)


def _players(values: Sequence[Fraction]) -> int:
    n = len(values).bit_length() - 1
    if n < 1 or len(values) != 1 << n:
        raise BadInput(f"{len(values)} values of coalitions", hint="A game of n >= 1 players has 2^n values.")
    return n

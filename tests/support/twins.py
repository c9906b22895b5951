"""Holding a rule in Python against the same rule on chain: cases with their edges, and every difference found."""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

from tests.support.evm import Contract

CASES = 10_000
"""Random cases for each rule, on top of the edges."""

EDGES = (0, 1, 2, 10**18 - 1, 10**18, (1 << 96) - 1, 1 << 96, (1 << 128) - 1, 1 << 128, (1 << 256) - 1)

WORD = 1 << 256
"""First number that does not fit a word."""

Case = tuple[Any, ...]
Twin = Callable[..., Any]


def number(rnd: random.Random, low: int, high: int) -> int:
    """A whole number in [low, high]: an end, or of a random length in bits, so that small and huge are alike."""
    if rnd.random() < 0.05:
        return rnd.choice((low, high))
    bits = rnd.randint(max(low, 1).bit_length(), max(high, 1).bit_length())
    return min(max(rnd.getrandbits(bits), low), high)


def cases(draw: Callable[[random.Random], Case], *edges: Case, count: int = CASES, seed: int = 1) -> Iterator[Case]:
    """The edges, then `count` random cases."""
    yield from edges
    rnd = random.Random(seed)
    for _ in range(count):
        yield draw(rnd)


def grid(*axes: Iterable[Any]) -> list[Case]:
    """Every combination of edge values."""
    return list(product(*axes))


def differences(contract: Contract, function: str, twin: Twin, tried: Iterable[Case]) -> list[str]:
    """Where the two disagree: "function(case): chain ..., twin ...". An error counts by its name."""
    found = []
    for case in tried:
        on_chain, expected = contract.outcome(function, *case), twin(*case)
        if on_chain != expected:
            found.append(f"{function}{case}: chain {on_chain}, twin {expected}")
    return found

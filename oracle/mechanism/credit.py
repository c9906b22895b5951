"""Credit propagation: M[u,v] = (1 - s_u) w_uv, c = e + M'c, payout p = s * c; leaves keep all; sum p = 1.

Floats find the solution, exact integers certify it: what is still to be pushed is computed without rounding, and it is
the error's exact bound. Payouts are then rounded to 2^-96, so everybody posts the same integers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import Refused
from oracle.mechanism.credit_graph import ONE, Graph
from oracle.mechanism.credit_solver import Solver, Stalled
from oracle.mechanism.payouts import largest_remainder

SHARE_BITS = 96
"""Payouts are integers in units of 2^-96."""

RESIDUAL = 2.0**-144
"""The remaining mass of certified payouts is below this."""

_BITS = 192  # of a credit behind the point while it is refined
_GOAL = 144  # the remaining mass is brought below 2^-144
_UNIT_BITS = 62
_REFINEMENTS = 40
_BLOCK = 16_384  # nodes whose inflow is summed at a time

Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Credit:
    """What each node of a graph gets.

    `shares[i]` is node i's payout in units of 2^-96, rounded to nearest (half up); `credit[i]` the float64 mass that
    passes through it. `residual` bounds the L1 error of the payouts before that rounding: it is the bound that was
    asked for, not what was met, which depends on how floats were added. `method` is push, lu or krylov, `rounds` how
    often mass was pushed.
    """

    graph: Graph
    shares: tuple[int, ...]
    credit: Floats
    residual: float
    method: str
    rounds: int

    def payouts(self) -> dict[str, float]:
        """Node -> share of the whole, the largest first, ties by name."""
        pairs = sorted(zip(self.graph.nodes, self.shares, strict=True), key=lambda pair: (-pair[1], pair[0]))
        return {name: share / (1 << SHARE_BITS) for name, share in pairs}

    def amounts(self, amount: int) -> dict[str, int]:
        """Node -> whole units of `amount`, by largest remainder, ties by name; they sum to it."""
        return largest_remainder(dict(zip(self.graph.nodes, self.shares, strict=True)), amount)


def solve(graph: Graph) -> tuple[Floats, Floats, float]:
    """Credits c and payouts p in float64[nodes], and the L1 bound of p's error. Refused if nothing converges."""
    credit, left = _first(graph, Solver(graph.matrix()))
    return credit, credit * (graph.keep / float(ONE)), left


def propagate(graph: Graph) -> Credit:
    """The graph's payouts with their certificate. Refused if cycles keep too little to be solved."""
    solver = Solver(graph.matrix())
    credit, _ = _first(graph, solver)
    method, rounds = solver.method, solver.rounds
    residual = _Residual(graph)
    whole = _to_integers(credit, _BITS)
    rest = residual(whole)
    left = residual.norm(rest)
    for _ in range(_REFINEMENTS):
        if left <= 1 << (_BITS + _UNIT_BITS - _GOAL):
            break
        try:
            better = whole + _correction(solver, rest, left)
        except Stalled:
            break
        whole, rest = better, residual(better)
        before, left = left, residual.norm(rest)
        if 2 * left > before:
            break
    if left > 1 << (_BITS + _UNIT_BITS - _GOAL):
        raise _too_little(graph)
    return Credit(graph, _rounded(graph, whole), credit, RESIDUAL, method, rounds)


def _first(graph: Graph, solver: Solver) -> tuple[Floats, float]:
    try:
        return solver.solve(graph.seed / float(ONE))
    except Stalled:
        raise _too_little(graph) from None


def _too_little(graph: Graph) -> Refused:
    passing = np.where(graph.keep > 0, graph.keep, ONE)
    least = int(np.argmin(passing))
    return Refused(
        f"mass goes round too long to be followed: {graph.nodes[least]!r} keeps only {passing[least] / ONE:.3g}",
        hint="Give nodes on cycles a larger self share.",
    )


class _Residual:
    """e + M'c - c without rounding, for c in units of 2^-_BITS; the result is in units of 2^-(_BITS + 62)."""

    def __init__(self, graph: Graph) -> None:
        order = np.argsort(graph.dependency, kind="stable")
        target = graph.dependency[order]
        self.parent, self.share = graph.parent[order], graph.share[order]
        self.starts = np.flatnonzero(np.r_[True, target[1:] != target[:-1]]) if len(target) else np.zeros(0, np.int64)
        self.reached = target[self.starts]
        self.seed = graph.seed.astype(object) << _BITS

    def __call__(self, credit: Objects) -> Objects:
        rest: Objects = self.seed - (credit << _UNIT_BITS)
        ends = np.r_[self.starts[1:], len(self.parent)]
        for first in range(0, len(self.starts), _BLOCK):  # big integers by the million would fill the memory
            starts = self.starts[first : first + _BLOCK]
            edges = slice(starts[0], ends[first : first + _BLOCK][-1])
            flows = self.share[edges].astype(object) * credit[self.parent[edges]]
            rest[self.reached[first : first + _BLOCK]] += np.add.reduceat(flows, starts - starts[0])
        return rest

    @staticmethod
    def norm(rest: Objects) -> int:
        """The L1 norm, exact."""
        return int(np.abs(rest).sum())


def _correction(solver: Solver, rest: Objects, left: int) -> Objects:
    """What `rest` still adds to the credits, found in floats, in units of 2^-_BITS."""
    scale = left.bit_length()
    mass = np.array([value / (1 << scale) for value in rest.tolist()])  # division of integers rounds correctly
    step, _ = solver.solve(mass)
    return _to_integers(step, scale - _UNIT_BITS)


def _to_integers(values: Floats, bits: int) -> Objects:
    """floor(value * 2^bits), exact."""
    mantissa, exponent = np.frexp(values)
    whole: Any = np.ldexp(mantissa, 53).astype(np.int64).astype(object)
    shift = exponent.astype(np.int64) - 53 + bits
    up, down = np.maximum(shift, 0).astype(object), np.minimum(np.maximum(-shift, 0), 4_096).astype(object)
    result: Objects = (whole << up) >> down
    return result


def _rounded(graph: Graph, credit: Objects) -> tuple[int, ...]:
    """keep * c to the nearest 2^-96; the true value lies within 2^-144, and a tie, even so blurred, goes up."""
    drop = _BITS + _UNIT_BITS - SHARE_BITS
    half = (1 << (drop - 1)) + (1 << (drop - 32))
    paid: Objects = (graph.keep.astype(object) * credit + half) >> drop
    return tuple(max(int(value), 0) for value in paid)

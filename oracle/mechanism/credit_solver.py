"""Solves c = e + M'c in floats: push the remaining mass; where that stalls, one sparse LU per strongly connected part.

Where a part is large, Krylov steps are tried before its factors: credit that goes round for long but mixes fast.

What comes out carries no promise but the remaining mass; `credit` checks it in exact integers and refines.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph, linalg

Floats = npt.NDArray[np.float64]

ENOUGH = 1e-15
"""The remaining mass, as a share of what was put in, below which pushing ends."""

MOST_ROUNDS = 512
LOOK_EVERY = 16
LARGE_PART = 1_500
"""A strongly connected part beyond this is first tried without factors: they may fill a square of its size."""


class Stalled(Exception):
    """No method brought the remaining mass down."""


@dataclass(slots=True)
class Solver:
    """One matrix M' (sparse rows), solved for several right sides; `rounds` and `method` tell how the last one was."""

    matrix: Any
    rounds: int = 0
    method: str = "push"
    _direct: Callable[[Floats], Floats] | None = field(default=None)

    def solve(self, mass: Floats) -> tuple[Floats, float]:
        """c with c = mass + M'c, and the L1 norm of what is still to be pushed (exact but for rounding).

        The norm bounds the error of the payouts, for whatever is pushed ends somewhere. Raises Stalled.
        """
        if self._direct is None:
            pushed = self._push(mass)
            if pushed is not None:
                return pushed
            self._choose()
        found = self._try(mass)
        if found is None and self.method == "krylov":
            self._factor()
            found = self._try(mass)
        if found is None:
            raise Stalled
        return found

    def _try(self, mass: Floats) -> tuple[Floats, float] | None:
        """The chosen method's answer, or None where it brought the mass down by less than a thousandth."""
        assert self._direct is not None
        credit = self._direct(mass)
        left = float(np.abs(mass - credit + self.matrix @ credit).sum())
        return (credit, left) if left < 1e-3 * float(np.abs(mass).sum()) else None

    def _push(self, mass: Floats) -> tuple[Floats, float] | None:
        """None where the mass would not be gone in MOST_ROUNDS rounds, foreseen from how fast it falls."""
        credit = mass.copy()
        enough = ENOUGH * float(np.abs(mass).sum())
        before = float("inf")
        for self.rounds in range(1, MOST_ROUNDS + 1):
            mass = self.matrix @ mass
            if self.rounds % LOOK_EVERY and self.rounds < MOST_ROUNDS:
                credit += mass
                continue
            left = float(np.abs(mass).sum())
            if left <= enough:
                return credit, left
            credit += mass
            if before < float("inf") and not _in_time(before, left, enough, self.rounds):
                return None
            before = left
        return None

    def _choose(self) -> None:
        _, part = csgraph.connected_components(self.matrix.T, directed=True, connection="strong")
        if np.bincount(part).max() > LARGE_PART:
            self.method, self._direct = "krylov", _Krylov(self.matrix)
        else:
            self._factor()

    def _factor(self) -> None:
        _, part = csgraph.connected_components(self.matrix.T, directed=True, connection="strong")
        self.method, self._direct = "lu", _factors(self.matrix, part)


def _in_time(before: float, left: float, enough: float, rounds: int) -> bool:
    """Whether at the present rate the mass is gone within MOST_ROUNDS."""
    if left >= before:
        return False
    per_look = np.log(before / left)
    return bool(rounds + LOOK_EVERY * np.log(left / enough) / per_look <= MOST_ROUNDS)


def _factors(matrix: Any, part: npt.NDArray[Any]) -> Callable[[Floats], Floats]:
    """Sparse LU of I - M' with the strongly connected parts in topological order: fill stays within a part.

    Within a part, reverse Cuthill-McKee keeps the band narrow. I - M' is diagonally dominant by columns, so the
    diagonal is a good pivot.
    """
    band = np.empty(len(part), dtype=np.int64)
    symmetric = matrix + matrix.T
    band[csgraph.reverse_cuthill_mckee(sparse.csr_matrix(symmetric), symmetric_mode=True)] = np.arange(len(part))
    order = np.lexsort((band, _ranks(matrix, part)[part]))
    system = (sparse.eye_array(len(part), format="csr") - matrix)[order][:, order]
    try:
        factors = linalg.splu(
            sparse.csc_matrix(system), permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
    except RuntimeError:  # singular in floats: the cycle keeps less than a float can tell
        raise Stalled from None

    def solve(mass: Floats) -> Floats:
        credit = np.empty_like(mass)
        credit[order] = factors.solve(mass[order])
        return credit

    return solve


def _ranks(matrix: Any, part: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A rank for each part such that edges never lead to a lower one: its depth, by levels of the condensation."""
    edges = matrix.tocoo()
    source, target = part[edges.col], part[edges.row]
    between = source != target
    ahead = bool((source[between] < target[between]).all())
    if ahead or bool((source[between] > target[between]).all()):
        numbers = np.arange(int(part.max()) + 1)
        return numbers if ahead else -numbers  # the numbering is already topological
    raise AssertionError("strongly connected parts are numbered in topological order")


class _Krylov:
    """GMRES with restarts, repeated on what remains. Quick where credit mixes fast, useless on long rings."""

    def __init__(self, matrix: Any) -> None:
        size = matrix.shape[0]
        self.matrix = matrix
        self.system = linalg.LinearOperator((size, size), matvec=lambda x: x - matrix @ x, dtype=np.float64)

    def __call__(self, mass: Floats) -> Floats:
        credit, rest = np.zeros_like(mass), mass
        for _ in range(8):
            credit = credit + self._cycle(rest)
            rest = mass - credit + self.matrix @ credit
            if np.abs(rest).sum() <= 4 * ENOUGH * np.abs(credit).sum():  # rounding allows no less
                break
        return credit

    def _cycle(self, mass: Floats) -> Floats:
        scale = float(np.abs(mass).max()) or 1.0
        step: Floats = linalg.gmres(self.system, mass / scale, rtol=1e-8, atol=0.0, restart=40, maxiter=1)[0]
        return step * scale

"""Distilled human judgement: lists against a jury's comparisons, and what to look at before money follows the fit.

score(x) = sum over answers (a, b, r) of (log x_b - log x_a - log r)^2, r how many times more b deserves than a.
Whatever decides who is paid is computed in integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from oracle.mechanism import simplex_fit
from oracle.mechanism.exact_gram import column_sums, gram
from oracle.mechanism.log_units import UNIT

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """J comparisons of the asked `items`: places of a and of b among them, and ln r in units of 2^-32 nats."""

    items: tuple[str, ...]
    first: Whole
    second: Whole
    ratio: Whole

    def __len__(self) -> int:
        return len(self.ratio)


def claims(logs: Whole, answers: Answers) -> Whole:
    """A (J, K): what each list says ln(x_b / x_a) is, from its logarithms (K, items) in units of 2^-32 nats."""
    found: Whole = (logs[:, answers.second] - logs[:, answers.first]).T
    return np.ascontiguousarray(found)


def misses(logs: Whole, answers: Answers) -> Whole:
    """A - c (J, K): by how much each list overstates each answer."""
    return claims(logs, answers) - answers.ratio[:, None]


def near_copies(said: Whole, tau: Fraction) -> list[int]:
    """For each list, in order of commitment, the earliest list it copies (itself if none), from claims A (J, K).

    A copy is within a root mean square of `tau` nats of that list over the asked pairs, and that list is no copy.
    """
    limit = len(said) * tau * tau * UNIT * UNIT
    leaders: list[int] = []
    found = []
    for k in range(said.shape[1]):
        leader = next((one for one in _near(said, k, leaders, limit)), k)
        if leader == k:
            leaders.append(k)
        found.append(leader)
    return found


def _near(said: Whole, k: int, leaders: Sequence[int], limit: Fraction) -> list[int]:
    if not leaders:
        return []
    apart = said[:, list(leaders)] - said[:, [k]]
    return [one for one, total in zip(leaders, column_sums(apart, apart), strict=True) if total < limit]


def split_half(said: Whole, ratio: Whole, half: npt.NDArray[np.bool_], least: Fraction) -> list[bool]:
    """Which lists pass the gate: blended with the equal list by one half of the answers, each helps on the other half.

    A list says A (J, K); its best blend t A with 0 <= t <= 1 on one half must lower the squared error of the equal
    list on the other half by at least the share `least`; and the other way round.
    """
    sides = (np.flatnonzero(half), np.flatnonzero(~half))
    sums = [_sums(said[side], ratio[side]) for side in sides]
    passed = []
    for k in range(said.shape[1]):
        passed.append(all(_helps(sums[one], sums[1 - one], k, least) for one in (0, 1)))
    return passed


def _sums(said: Whole, ratio: Whole) -> tuple[list[int], list[int], int]:
    """|A_k|^2, A_k'c and |c|^2."""
    (answers,) = gram(ratio[:, None], ratio[:, None])
    return column_sums(said, said), [row[0] for row in gram(ratio[:, None], said)], answers[0]


def _helps(
    fitted: tuple[list[int], list[int], int], held: tuple[list[int], list[int], int], k: int, least: Fraction
) -> bool:
    square, product = fitted[0][k], fitted[1][k]
    if square == 0 or product <= 0:
        return False
    t = min(Fraction(1), Fraction(product, square))
    return 2 * t * held[1][k] - t * t * held[0][k] >= least * held[2]


def disagreement(logs: Floats, first: Whole, second: Whole) -> Floats:
    """Variance over the lists of ln(x_b / x_a) for each pair; logs (K, items) in nats."""
    found: Floats = np.var(logs[:, second] - logs[:, first], axis=0)
    return found


def shifts(missed: Whole, groups: Sequence[str], delta: int | None = None) -> dict[str, float]:
    """How far the weights move when one juror's answers are left out: half the sum of changes, 0 to 1 (in floats)."""
    whole = simplex_fit.guess(missed, delta).weights
    owner = np.array(groups)
    found = {}
    for juror in sorted(set(groups)):
        rest = missed[owner != juror]
        if len(rest):
            found[juror] = 0.5 * float(np.abs(simplex_fit.guess(rest, delta).weights - whole).sum())
    return found


def condition(said: Whole) -> float:
    """Largest eigenvalue of A'A + 1e-6 I over the smallest along which weights can move (floats)."""
    rows = said / float(UNIT)
    count = rows.shape[1]
    if count == 1:
        return 1.0
    matrix = rows.T @ rows + 1e-6 * np.eye(count)
    basis = np.linalg.qr(np.column_stack([np.ones(count), np.eye(count)[:, 1:]]))[0][:, 1:]
    least = float(np.linalg.eigvalsh(basis.T @ matrix @ basis)[0])
    return float(np.linalg.eigvalsh(matrix)[-1]) / max(least, 1e-300)

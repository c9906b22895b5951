"""Does who predicts well also judge well? Predictive loss against appeal verdicts, by rank, with a permutation test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput, Refused

Floats = npt.NDArray[np.float64]

LEAST_APPEALS = 20


@dataclass(frozen=True, slots=True)
class Audit:
    """`correlation`: Spearman's, of predictive loss with the share of verdicts upheld; negative supports the anchoring.

    `p_value`: how often verdicts dealt out anew among the appeals give a correlation as negative; `quality[i]` is the
    share of forecaster i's decisions that were upheld. Forecasters without appeals are left out.
    """

    forecasters: tuple[str, ...]
    loss: tuple[float, ...]
    quality: tuple[float, ...]
    appeals: int
    correlation: float
    p_value: float
    permutations: int


def audit(
    losses: Sequence[tuple[str, float]],
    appeals: Sequence[tuple[str, bool]],
    *,
    permutations: int = 10_000,
    seed: int = 0,
) -> Audit:
    """Mean predictive loss by forecaster against appeals (who decided, whether it was upheld).

    Refused below 20 appeals, with fewer than three forecasters that have any, or where all verdicts are alike: there is
    nothing to tell. BadInput for an appeal against somebody who made no forecast.
    """
    if len(appeals) < LEAST_APPEALS:
        raise Refused(
            f"{len(appeals)} appeals tell nothing: an audit needs at least {LEAST_APPEALS}", hint="Wait for more."
        )
    known = dict(losses)
    if strange := sorted({who for who, _ in appeals} - set(known)):
        raise BadInput(f"an appeal is against {strange[0]!r}, who made no forecast", hint="Mend the name.")
    names = tuple(sorted({who for who, _ in appeals}))
    place = {name: number for number, name in enumerate(names)}
    who = np.array([place[name] for name, _ in appeals])
    upheld = np.array([float(verdict) for _, verdict in appeals])
    if len(names) < 3 or upheld.min() == upheld.max():
        raise Refused(
            "verdicts on fewer than three forecasters, or all alike, have no ranks to compare", hint="Wait for more."
        )
    counts = np.bincount(who).astype(np.float64)
    ranks = _centred(np.array([[known[name] for name in names]]))
    if not ranks.any():
        raise Refused("all forecasters have the same loss", hint="There is nothing to rank.")

    def correlations(verdicts: Floats) -> Floats:
        """For verdicts [R, appeals]."""
        sums = np.zeros((len(verdicts), len(names)))
        for number in range(len(names)):
            sums[:, number] = verdicts[:, who == number].sum(axis=1)
        quality = _centred(sums / counts)
        scale = np.sqrt((quality**2).sum(axis=1) * (ranks**2).sum())
        found: Floats = np.divide((quality * ranks).sum(axis=1), scale, out=np.zeros(len(verdicts)), where=scale > 0)
        return found

    correlation = float(correlations(upheld[None])[0])
    random = np.random.default_rng(seed)
    dealt = random.permuted(np.repeat(upheld[None], permutations, axis=0), axis=1)
    as_low = int((correlations(dealt) <= correlation + 1e-12).sum())
    quality = np.bincount(who, upheld) / counts
    return Audit(
        names,
        tuple(known[name] for name in names),
        tuple(quality.tolist()),
        len(appeals),
        correlation,
        (as_low + 1) / (permutations + 1),
        permutations,
    )


def _centred(values: Floats) -> Floats:
    """Mean ranks of each row, less their mean."""
    from scipy.stats import rankdata  # takes a second: every command would wait for it

    ranks: Floats = rankdata(values, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    return ranks

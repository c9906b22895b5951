"""Losses of forecasts, all in [0, 1]: Brier, the sum of squares for classes, the quantile score (CRPS) for numbers."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Loss(StrEnum):
    """What a belief is and how it is scored."""

    BRIER = "brier"
    """A probability; the outcome is 0 or 1 (or between)."""
    CLASSES = "classes"
    """Probabilities of classes, sum 1; the outcome is a class, counted from 0."""
    NUMBERS = "numbers"
    """K quantiles of a number in [0, 1], at the levels (k - 1/2) / K, rising; the outcome is the number."""


def losses(kind: Loss, beliefs: Floats, outcomes: Floats) -> Floats:
    """Loss of each belief, [T, N], for beliefs [T, N, K] and outcomes [T]. Missing beliefs (NaN) give NaN."""
    if kind is Loss.BRIER:
        return (beliefs[..., 0] - outcomes[:, None]) ** 2
    if kind is Loss.CLASSES:
        happened = outcomes[:, None] == np.arange(beliefs.shape[-1])
        found: Floats = ((beliefs - happened[:, None, :]) ** 2).sum(axis=-1) / 2
        return found
    return _pinball(beliefs, outcomes)


def aggregate_losses(kind: Loss, beliefs: Floats, outcomes: Floats) -> Floats:
    """Loss of one belief per question, [T], for beliefs [T, K]."""
    return losses(kind, beliefs[:, None, :], outcomes)[:, 0]


def _pinball(beliefs: Floats, outcomes: Floats) -> Floats:
    """Twice the mean pinball loss, which is the CRPS of the empirical distribution that has these quantiles."""
    count = beliefs.shape[-1]
    levels = (np.arange(count) + 0.5) / count
    over = beliefs - outcomes[:, None, None]
    found: Floats = 2 * np.where(over > 0, (1 - levels) * over, -levels * over).mean(axis=-1)
    return found

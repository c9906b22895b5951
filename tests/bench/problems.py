"""Made-up inputs that a bench and its peers in other interpreters draw alike, from a seed; numpy alone."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def jury(answers: int, lists: int) -> Floats:
    """How far each list is from each answer, in nats (J, K): lists of different quality around one truth."""
    rnd = np.random.default_rng(answers * 10_007 + lists)
    truth, noise = rnd.normal(0, 1, (answers, 1)), rnd.uniform(0.3, 3, lists)
    said = (
        truth
        + rnd.normal(0, 1, (answers, lists)) * noise
        + 0.3 * rnd.normal(0, 1, (answers, 4)) @ rnd.normal(0, 1, (4, lists))
    )
    jurors: Floats = said - (truth + rnd.normal(0, 0.5, (answers, 1)))
    return jurors


def gram(misses: Floats, ridge: float = 1e-6) -> Floats:
    """R'R with a ridge: all that the fit needs of the answers."""
    matrix: Floats = misses.T @ misses
    matrix.flat[:: len(matrix) + 1] += ridge
    return matrix


def forecasts(questions: int, forecasters: int) -> tuple[Floats, Floats]:
    """Beliefs (T, N, 1) and outcomes (T) of forecasters that see the truth through noise of their own."""
    rnd = np.random.default_rng(questions * 10_007 + forecasters)
    log_odds, noise = rnd.normal(0, 1.5, questions), rnd.uniform(0.2, 3, forecasters)
    seen = log_odds[:, None] + rnd.normal(0, 1, (questions, forecasters)) * noise
    outcomes = (rnd.random(questions) < 1 / (1 + np.exp(-log_odds))).astype(np.float64)
    return (1 / (1 + np.exp(-seen)))[..., None], outcomes

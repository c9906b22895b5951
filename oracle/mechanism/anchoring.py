"""Epistemic anchoring: weights of forecasters from the losses of their forecasts, by several rules, in floats.

The weighted-score update is the one to pay and to give influence by: it keeps the sum, needs no exponential, and a
forecaster's best report is its belief. `anchoring_exact` is its integer twin.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput
from oracle.mechanism.losses import Loss, aggregate_losses, losses
from oracle.mechanism.online_simplex import online_simplex

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Progress = Callable[[int], None]
"""Takes how many questions are done."""


class Rule(StrEnum):
    """How weights follow losses."""

    WSU = "wsu"
    """Weighted-score update: w_i (1 - eta (l_i - mean loss)); truthful."""
    HEDGE = "hedge"
    """w_i exp(-eta l_i), normalised."""
    AA = "aa"
    """Aggregating algorithm for the square loss: Hedge's weights, Vovk's substitution for the forecast."""
    SMALLEST = "smallest"
    """All weight on the smallest loss so far; ties share."""
    SIMPLEX = "simplex"
    """The mix that would have been best so far, with a ridge of eta = lambda to equal weights."""


DEFAULT_ETA = {Rule.WSU: 0.5, Rule.HEDGE: 0.5, Rule.AA: 2.0, Rule.SMALLEST: 0.0, Rule.SIMPLEX: 10.0}
_LIMITS = {Rule.WSU: 0.5, Rule.HEDGE: 100.0, Rule.AA: 2.0, Rule.SMALLEST: 0.0, Rule.SIMPLEX: 1e6}
_TELL_EVERY = 1_024
_RENORM_EVERY = 16  # the update lets an error of the sum grow by at most (1 + eta) a step


@dataclass(frozen=True, slots=True)
class Forecasts:
    """T questions in the order in which they were resolved, N forecasters, beliefs of K numbers.

    beliefs: float64[T, N, K], NaN where a forecaster was absent; outcomes: float64[T] (see `Loss`).
    """

    forecasters: tuple[str, ...]
    beliefs: Floats
    outcomes: Floats
    loss: Loss = Loss.BRIER

    @property
    def present(self) -> Mask:
        """Who forecast what, [T, N]."""
        return ~np.isnan(self.beliefs[..., 0])


@dataclass(frozen=True, slots=True)
class Anchored:
    """weights[t] before question t, float64[T + 1, N], each row sums to 1; aggregate[t] the forecast they gave, [T, K].

    A forecaster that has not entered weighs 0. `total` and `uniform` are the summed losses of the aggregate and of the
    plain mean of who was present; `own[i]` that of forecaster i where it was present.
    """

    weights: Floats
    aggregate: Floats
    total: float
    uniform: float
    own: Floats


def anchor(
    forecasts: Forecasts,
    rule: Rule = Rule.WSU,
    eta: float | None = None,
    *,
    share: float = 0.0,
    progress: Progress = lambda done: None,
) -> Anchored:
    """Runs a rule over all questions. Absent forecasters keep the mean loss; newcomers enter with an equal share.

    eta: learning rate (for `simplex` the ridge); at most 1/2 for wsu and 2 for aa, where their proofs hold. share:
    after each question this part of all weight is dealt out equally (Herbster and Warmuth's fixed share), so that a
    forecaster may recover. Raises BadInput for parameters out of range.
    """
    eta = _checked(rule, eta, share, forecasts.loss)
    present = forecasts.present
    if not present.any(axis=1).all():
        raise BadInput("a question has no forecast at all", hint="Leave it out.")
    scored = losses(forecasts.loss, forecasts.beliefs, forecasts.outcomes)
    if rule is Rule.SIMPLEX:
        weights = online_simplex(forecasts.beliefs, _targets(forecasts), present, eta, progress)
    else:
        weights = _walk(scored, present, _UPDATES[rule], eta, share, progress)
    beliefs = forecasts.beliefs if present.all() else np.where(present[..., None], forecasts.beliefs, 0.0)
    aggregate = _aggregate(beliefs, weights[:-1], present, eta if rule is Rule.AA else 0.0)
    equal = beliefs.sum(axis=1) / present.sum(axis=1, keepdims=True)
    total, uniform = (
        float(aggregate_losses(forecasts.loss, each, forecasts.outcomes).sum()) for each in (aggregate, equal)
    )
    return Anchored(weights, aggregate, total, uniform, np.nansum(scored, axis=0))


def _checked(rule: Rule, eta: float | None, share: float, loss: Loss) -> float:
    eta = DEFAULT_ETA[rule] if eta is None else eta
    if not 0 <= eta <= _LIMITS[rule]:
        raise BadInput(f"eta {eta} is out of range for {rule}", hint=f"Use 0 to {_LIMITS[rule]:g}.")
    if not 0 <= share < 1:
        raise BadInput(f"the fixed share {share} is out of range", hint="Use 0 or a little more, below 1.")
    if rule is Rule.AA and loss is not Loss.BRIER:
        raise BadInput("the aggregating algorithm is given for the Brier loss only", hint="Use wsu or hedge.")
    return eta


# -- updates: from weights, summed losses and this question's losses (absent filled with the mean) to new weights ------


def _wsu(w: Floats, loss: Floats, mean: float, so_far: Floats, eta: float) -> Floats:
    moved: Floats = loss * -eta  # in place from here: this runs for every question
    moved += 1 + eta * mean
    moved *= w
    return moved


def _hedge(w: Floats, loss: Floats, mean: float, so_far: Floats, eta: float) -> Floats:
    moved: Floats = w * np.exp(-eta * (loss - loss.min()))
    moved /= moved.sum()
    return moved


def _smallest(w: Floats, loss: Floats, mean: float, so_far: Floats, eta: float) -> Floats:
    best: Floats = (so_far == so_far.min()).astype(np.float64)
    best /= best.sum()
    return best


_UPDATES = {Rule.WSU: _wsu, Rule.HEDGE: _hedge, Rule.AA: _hedge, Rule.SMALLEST: _smallest}
Update = Callable[[Floats, Floats, float, Floats, float], Floats]


def _walk(scored: Floats, present: Mask, update: Update, eta: float, share: float, progress: Progress) -> Floats:
    """Weights before every question and after the last, [T + 1, N]."""
    count, size = scored.shape
    entered: npt.NDArray[np.int64] = present.argmax(axis=0)  # the first question of each
    everybody: list[bool] = np.asarray(present.all(axis=1)).tolist()
    w: Floats = (entered == 0) / int((entered == 0).sum())
    weights = np.empty((count + 1, size))
    so_far = np.where(entered == 0, 0.0, np.inf)
    mean_so_far = 0.0
    newcomers: set[int] = {int(t) for t in entered} - {0}
    for t in range(count):
        if t in newcomers:
            new: Mask = np.equal(entered, t)
            w = _enter(w, entered < t, new)
            so_far[new] = mean_so_far  # as if it had had the mean loss until now
        weights[t] = w
        loss = scored[t]
        if everybody[t]:
            mean = float(w @ loss)
        else:
            here = present[t]
            mass = float(w[here].sum())
            mean = float(w[here] @ loss[here]) / mass if mass > 0 else float(loss[here].mean())
            loss = np.where(here, loss, mean)
        so_far += loss
        mean_so_far += mean
        w = update(w, loss, mean, so_far, eta)
        if share:
            known = entered <= t
            w = (1 - share) * w + share * known / known.sum()
        if not t % _RENORM_EVERY:
            w = w / w.sum()
        if not t % _TELL_EVERY:
            progress(t)
    weights[count] = w / w.sum()
    return weights


def _enter(w: Floats, before: Mask, new: Mask) -> Floats:
    """Each newcomer gets an equal share; who is in already gives it in proportion."""
    size = int(before.sum()) + int(new.sum())
    return np.where(new, 1.0 / size, w * (int(before.sum()) / size))


# -- forecasts ---------------------------------------------------------------------------------------------------------


def _aggregate(beliefs: Floats, weights: Floats, present: Mask, eta: float) -> Floats:
    """The weighted mean of who was present, [T, K]; with eta by the aggregating algorithm's substitution."""
    if not present.all():
        weights = np.where(present, weights, 0.0)
        mass = weights.sum(axis=1, keepdims=True)
        weights = np.where(mass > 0, weights, present)  # all weight is absent: the plain mean
        weights = weights / weights.sum(axis=1, keepdims=True)
    if not eta:
        columns: list[Floats] = [np.einsum("tn,tn->t", weights, beliefs[..., k]) for k in range(beliefs.shape[-1])]
        return np.stack(columns, axis=1)
    worlds: list[Floats] = [
        -np.log((weights * np.exp(-eta * (beliefs[..., 0] - outcome) ** 2)).sum(axis=1)) / eta for outcome in (0.0, 1.0)
    ]
    found: Floats = 0.5 + (worlds[0] - worlds[1]) / 2
    return found[:, None]


def _targets(forecasts: Forecasts) -> Floats:
    """What a perfect belief would have been, [T, K]."""
    size = forecasts.beliefs.shape[-1]
    if forecasts.loss is Loss.CLASSES:
        return np.where(forecasts.outcomes[:, None] == np.arange(size), 1.0, 0.0)
    return np.repeat(forecasts.outcomes[:, None], size, axis=1)

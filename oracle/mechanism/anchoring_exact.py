"""Anchored weights in integers, as a contract can hold them: units of 1e-18 that always sum to exactly 1e18.

The weighted-score update of `anchoring`, question by question; what rounding leaves over goes to the first forecasters
that are in, one unit each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from oracle.domain.errors import BadInput
from oracle.mechanism.losses import Loss

WAD = 10**18


def brier(belief: int, outcome: int) -> int:
    """(belief - outcome)^2 for both in units of 1e-18, rounded down."""
    return (belief - outcome) ** 2 // WAD


def exact_loss(kind: Loss, belief: Sequence[Fraction], outcome: Fraction) -> int:
    """The loss as in `losses` in units of 1e-18, rounded down; numbers in [0, 1], for classes the outcome's number."""
    if kind is Loss.BRIER:
        loss = (belief[0] - outcome) ** 2
    elif kind is Loss.CLASSES:
        loss = sum(((p - (k == outcome)) ** 2 for k, p in enumerate(belief)), Fraction(0)) / 2
    else:
        loss = Fraction(0)
        for k, quantile in enumerate(belief):
            level = Fraction(2 * k + 1, 2 * len(belief))
            over = quantile - outcome
            loss += 2 * ((1 - level) * over if over > 0 else -level * over) / len(belief)
    return int(loss * WAD)


@dataclass(slots=True)
class Weights:
    """Weights by forecaster in the order of entry (those that enter together: by name); they sum to WAD."""

    eta: int = WAD // 2
    units: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.eta <= WAD // 2:
            raise BadInput(f"eta {self.eta} is not between 0 and 1/2 (in units of 1e-18)", hint="Use 5 * 10**17.")

    def enter(self, forecasters: Sequence[str]) -> None:
        """Newcomers get an equal share each; who is in already gives it in proportion."""
        new = sorted(set(forecasters) - set(self.units))
        if not new:
            return
        before = len(self.units)
        size = before + len(new)
        self.units = {name: weight * before // size for name, weight in self.units.items()}
        self.units |= dict.fromkeys(new, WAD // size)
        self._deal_rest()

    def update(self, losses: Mapping[str, int]) -> None:
        """One question: losses in units of 1e-18, 0 to WAD, of who was present; newcomers enter first.

        w_i += w_i * eta * (mean - l_i), rounded down, where mean = sum w l / sum w over who was present.
        """
        if bad := [name for name, loss in losses.items() if not 0 <= loss <= WAD]:
            raise BadInput(f"the loss of {bad[0]} is not between 0 and 1", hint="Scale it.")
        self.enter(list(losses))
        mass = sum(self.units[name] for name in losses)
        if not mass:
            return
        mean = sum(self.units[name] * loss for name, loss in losses.items()) // mass
        for name, loss in losses.items():
            self.units[name] += self.units[name] * self.eta * (mean - loss) // (WAD * WAD)
        self._deal_rest()

    def _deal_rest(self) -> None:
        rest = WAD - sum(self.units.values())
        for name in self.units:
            if not rest:
                return
            self.units[name] += 1
            rest -= 1

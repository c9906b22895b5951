"""The logarithmic market scoring rule: C(q) = b ln sum_i exp(q_i / b), prices exp(q_i / b) / sum.

Two forms. Floats, for people and simulations, keep full relative precision: the price of a purchase of one outcome is
b log1p(p expm1(d / b)), since a difference of two costs loses most digits of a small purchase. Integers in units of
1e-18, for money: exact to well below one unit, so that a cost is the true one rounded up, a payment rounded down.
"""

from collections.abc import Sequence
from math import exp, expm1, fsum, log, log1p

from oracle.domain.errors import BadInput
from oracle.mechanism import high_precision as hp

WAD = 10**18
MAX_WAD = 1 << 127
"""Quantities and liquidity are below this many units; the error of 160-bit arithmetic is then below 2^-13 units."""
_ERROR_BITS = 140
_LARGE = 30.0


# -- floats ----------------------------------------------------------------------------------------------------------


def cost(q: Sequence[float], b: float) -> float:
    """C(q): what the maker holds after selling q. Raises BadInput for b <= 0 or fewer than two outcomes."""
    _check(q, b)
    top = max(q)
    return top + b * log(fsum(exp((x - top) / b) for x in q))


def prices(q: Sequence[float], b: float) -> list[float]:
    """The probability of each outcome; they sum to 1. Raises BadInput as `cost`."""
    _check(q, b)
    top = max(q)
    weights = [exp((x - top) / b) for x in q]
    total = fsum(weights)
    return [weight / total for weight in weights]


def purchase(q: Sequence[float], outcome: int, amount: float, b: float) -> float:
    """C(q + amount e_outcome) - C(q) to full relative precision; negative for a sale (amount < 0).

    With p the price and x = amount / b: b log1p(p expm1(x)); where that would overflow or cancel,
    b ln((1 - p) + p e^x), with ln(p e^x) from the quantities and 1 - p summed from the other outcomes.
    """
    _check(q, b)
    _check_outcome(q, outcome)
    top = max(q)
    weights = [exp((other - top) / b) for other in q]
    total = fsum(weights)
    p, rest = weights[outcome] / total, fsum(w for i, w in enumerate(weights) if i != outcome) / total
    x = amount / b
    if x > _LARGE:
        y = x + (q[outcome] - top) / b - log(total)  # ln(p e^x): p itself may be too small for a float
        return b * (y + log1p(rest * exp(-y)) if y > 0 else log1p(exp(y) - p))
    change = p * expm1(x)
    return b * (log1p(change) if change > -0.5 else log(rest + p * exp(x)))


# -- integers --------------------------------------------------------------------------------------------------------


def cost_of(q: Sequence[int], outcome: int, amount: int, b: int) -> int:
    """What a buyer pays for `amount` of one outcome, rounded up. All in units of 1e-18.

    At most one unit above C(q + amount e) - C(q), and never below it. Raises BadInput for negative amounts, b <= 0,
    fewer than two outcomes, or numbers of 2^127 units and more.
    """
    change, error = _change(q, outcome, amount, b, 1)
    if amount == 0:
        return 0
    return -(-(change + error) >> hp.PRECISION)


def proceeds_of(q: Sequence[int], outcome: int, amount: int, b: int) -> int:
    """What a seller gets for `amount` of one outcome, rounded down and never below 0. Units and errors as `cost_of`."""
    change, error = _change(q, outcome, amount, b, -1)
    return max(0, (-change - error) >> hp.PRECISION)


def prices_of(q: Sequence[int], b: int) -> list[int]:
    """The probability of each outcome in units of 1e-18, rounded down: they sum to 1e18 or some units less."""
    _check_integers(q, b, 0)
    top = max(q)
    weights = [hp.exp(_ratio(x - top, b)) for x in q]
    total = sum(weights)
    return [weight * WAD // total for weight in weights]


def worst_loss(outcomes: int, b: int) -> int:
    """b ln n rounded up: what the maker may lose at most when it begins with q = 0. Units of 1e-18."""
    _check_integers([0] * outcomes, b, 0)
    return -(-(b * (hp.ln_of_integer(outcomes) + (1 << (hp.PRECISION - _ERROR_BITS)))) >> hp.PRECISION)


def _change(q: Sequence[int], outcome: int, amount: int, b: int, sign: int) -> tuple[int, int]:
    """C(q + sign amount e) - C(q) at 160 fractional bits, and a bound of its error.

    Differencing is safe here: both logarithms are exact to 2^-141, whatever cancels.
    """
    _check_integers(q, b, amount)
    _check_outcome(q, outcome)
    after = [x + sign * amount * (i == outcome) for i, x in enumerate(q)]
    top, new_top = max(q), max(after)
    change = b * (_log_sum(after, new_top, b) - _log_sum(q, top, b)) + ((new_top - top) << hp.PRECISION)
    return change, b << (hp.PRECISION - _ERROR_BITS)


def _log_sum(q: Sequence[int], top: int, b: int) -> int:
    """ln sum exp((q_i - top) / b) at 160 bits."""
    return hp.ln_of_fixed(sum(hp.exp(_ratio(x - top, b)) for x in q))


def _ratio(x: int, b: int) -> int:
    return (x << hp.PRECISION) // b


def _check(q: Sequence[float], b: float) -> None:
    if not b > 0 or b == float("inf"):
        raise BadInput(f"liquidity b = {b}", hint="It is above 0.")
    if len(q) < 2:
        raise BadInput(f"a market with {len(q)} outcomes", hint="It has at least two.")


def _check_integers(q: Sequence[int], b: int, amount: int) -> None:
    _check(q, b)
    if amount < 0:
        raise BadInput(f"an amount of {amount}", hint="Give a whole number of at least 0, in units of 1e-18.")
    if max(*(abs(x) for x in q), b, amount) >= MAX_WAD:
        raise BadInput("a quantity, the liquidity or the amount is 2^127 or more", hint="Use fewer units of 1e-18.")


def _check_outcome(q: Sequence[float], outcome: int) -> None:
    if not 0 <= outcome < len(q):
        raise BadInput(f"outcome {outcome} of {len(q)}", hint="Outcomes count from 0.")

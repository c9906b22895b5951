"""The figures of the six-player example, each computed by enumeration when asked for."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from oracle.mechanism import xor6
from oracle.mechanism.reports import log_loss

TRUTH = ("truth",) * xor6.PLAYERS
ONES = ("one",) * xor6.PLAYERS


def xor_figures() -> dict[str, Any]:
    """Exact figures as text `n/d`; the gap of the logarithmic loss, which is irrational, as a decimal of 12 digits."""
    truth, flip = xor6.total_loss(), xor6.total_loss("flip")
    log_gap = xor6.total_loss("flip", log_loss) - xor6.total_loss("truth", log_loss)
    honest, liar = xor6.shapley_payments(), xor6.shapley_payments("flip")
    copied = xor6.shapley_payments("truth", "truth")
    with_copy = xor6.coalition_losses("truth", "truth")[-1]
    equilibria = xor6.strict_equilibria("pairs")
    return {
        "setting": "X, Y fair bits, Z = X xor Y; players 1-3 see X, 4-6 see Y, each right with 2/3",
        "posterior_X_given_k_ones": [str(xor6.posterior_bit(ones, 3)) for ones in range(4)],
        "P_aggregate_right": str(xor6.chance_right()),
        "market_on_Z_moves": xor6.market_moves(),
        "brier_truth": str(truth),
        "brier_flip": str(flip),
        "gap_observable_brier": str(flip - truth),
        "gap_observable_log": _decimal(log_gap),
        "gap_zero_shot_leave_one_out_mean": str(xor6.zero_shot_gap("group")),
        "gap_zero_shot_own": str(xor6.zero_shot_gap("own")),
        "gap_zero_shot_pairs": str(xor6.zero_shot_gap("pairs")),
        "zero_shot_strict_equilibria": len(equilibria),
        "zero_shot_truth": str(xor6.zero_shot_score("pairs", TRUTH)),
        "zero_shot_everyone_says_1": str(xor6.zero_shot_score("pairs", ONES)),
        "zero_shot_rho_where_ones_pay_pairs": str(xor6.break_even_rho("pairs")),
        "zero_shot_rho_where_ones_pay_group": str(xor6.break_even_rho("group")),
        "shapley_truth": str(honest[0]),
        "shapley_flip": str(liar[0]),
        "shapley_truth_and_copy": str(copied[0] + copied[-1]),
        "shapley_sum": str(sum(honest)),
        "information_value": str(Fraction(1, 4) - truth),
        "shared_truth": str(1 - truth),
        "shared_truth_and_copy": str(2 * (1 - with_copy)),
    }


def _decimal(value: Fraction) -> str:
    with localcontext() as context:
        context.prec = 30
        return str((Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("1e-12")))

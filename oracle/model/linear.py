"""Exact matrix products: per-row 15-bit integer weights times integer activations, every partial sum below 2^53."""

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput
from oracle.mechanism.fixed_point import Int64, Whole, round_shift

WEIGHT_BITS = 15
_EXACT = 1 << 53
_MAX_LIMBS = 5


def quantise(weight: npt.NDArray[np.floating]) -> tuple[Int64, Int64]:
    """Integers q (rows, columns) with |q| <= 2^15 and exponents e (rows,): weight ~ q 2^(e - 15), rounded half to even.

    2^e is the power of two just above the row's largest magnitude, so a contract derives q by shifting.
    """
    rows = weight.astype(np.float64)
    exponents = np.frexp(np.abs(rows).max(axis=1))[1].astype(np.int64)
    rows *= np.ldexp(1.0, WEIGHT_BITS - exponents)[:, None]
    return np.rint(rows, out=rows).astype(np.int64), exponents


class ExactLinear:
    """y = x W^T + b in integers: x has `in_bits` fractional bits and |x| <= `in_bound`, y the given bits per output.

    The sum over |q| of a row times `in_bound` bounds every partial sum in any order. Rows where that reaches 2^53 are
    split into limbs, whose products are joined in int64. Raises BadInput, naming the matrix, if even that overflows.
    """

    def __init__(
        self,
        name: str,
        weight: npt.NDArray[np.floating],
        bias: npt.NDArray[np.floating] | None,
        *,
        in_bits: int,
        in_bound: int,
        out_bits: npt.ArrayLike,
    ) -> None:
        integers, exponents = quantise(weight)
        self.in_bound = in_bound
        self.row_sums = np.abs(integers).sum(axis=1)
        shifts = np.broadcast_to(np.asarray(out_bits), exponents.shape) + exponents - in_bits - WEIGHT_BITS
        self.wide = np.array([row for row, total in enumerate(self.row_sums) if int(total) * in_bound >= _EXACT], int)
        # The power of two that brings the product to `out_bits` is folded into the weights: exact, and free.
        self._matrix = np.multiply(integers.T, np.ldexp(1.0, shifts), order="C")
        self._matrix[:, self.wide] = 0
        self._limbs, self._limb_bits = _limbs(name, integers[self.wide], in_bound)
        self._wide_shifts = shifts[self.wide]
        self._bias = None if bias is None else np.rint(np.ldexp(bias.astype(np.float64), out_bits))

    def __call__(self, x: Whole) -> Whole:
        """(rows, outputs) of x (rows, inputs), each rounded half to even."""
        y: Whole = x @ self._matrix
        np.rint(y, out=y)
        if self.wide.size:
            y[:, self.wide] = self._wide_rows(x)
        if self._bias is not None:
            y += self._bias
        return y

    def _wide_rows(self, x: Whole) -> Whole:
        total = np.zeros((x.shape[0], self.wide.size), dtype=np.int64)
        for limb in self._limbs:  # the highest first
            total = (total << self._limb_bits) + (x @ limb).astype(np.int64)
        columns = [
            round_shift(column, -shift) if shift < 0 else column << shift
            for column, shift in zip(total.T, self._wide_shifts.tolist(), strict=True)
        ]
        return np.stack(columns, axis=1).astype(np.float64)


def _limbs(name: str, integers: Int64, in_bound: int) -> tuple[list[Whole], int]:
    """Matrices L_k with sum_k L_k 2^(bits k) = integers^T, highest k first; and `bits`. Each product is exact."""
    if not integers.size:
        return [], 0
    if int(np.abs(integers).sum(axis=1).max()) * in_bound >= 1 << 62:
        raise BadInput(
            f"{name}: activations up to {in_bound} overflow 64 bits in a row of these weights",
            hint="This model is too large for exact mode; run it with `--engine fp32` and a tolerance.",
        )
    for count in range(2, _MAX_LIMBS + 1):
        bits = -(-WEIGHT_BITS // count)
        limbs, rest = [], integers
        for _ in range(count - 1):
            low = ((rest + (1 << (bits - 1))) & ((1 << bits) - 1)) - (1 << (bits - 1))  # in [-2^(bits-1), 2^(bits-1))
            limbs.append(low)
            rest = (rest - low) >> bits
        limbs.append(rest)
        if max(int(np.abs(limb).sum(axis=1).max()) for limb in limbs) * in_bound < _EXACT:
            return [np.ascontiguousarray(limb.T.astype(np.float64)) for limb in reversed(limbs)], bits
    raise BadInput(
        f"{name}: a row of these weights overflows 2^53 even in {_MAX_LIMBS} limbs",
        hint="This model is too large for exact mode; run it with `--engine fp32` and a tolerance.",
    )

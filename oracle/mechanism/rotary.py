"""Rotary positions of the Llama family by big-integer arithmetic: frequencies, their scaling, cosines and sines."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import isqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from oracle.mechanism import high_precision as hp
from oracle.mechanism.fixed_point import Whole

_AHEAD = 64  # positions computed beyond those asked for

ScalingKind = Literal["default", "linear", "llama3"]


@dataclass(frozen=True, slots=True)
class Rotary:
    """Rotary embedding of one model. The last three fields matter to `llama3` alone, `factor` not to `default`."""

    head_dim: int
    theta: Fraction
    kind: ScalingKind = "default"
    factor: Fraction = Fraction(1)
    low_freq_factor: Fraction = Fraction(1)
    high_freq_factor: Fraction = Fraction(4)
    original_context: int = 8192


def frequencies(rotary: Rotary) -> list[int]:
    """Radians per position of each pair of dimensions, head_dim / 2 fixed-point numbers of `high_precision`.

    theta^(-2i / head_dim), then scaled as published with Llama 3.1 (`llama3`) or divided by the factor (`linear`).
    """
    log_theta = hp.ln(rotary.theta)
    plain = [hp.exp(-(log_theta * 2 * i // rotary.head_dim)) for i in range(rotary.head_dim // 2)]
    if rotary.kind == "default":
        return plain
    if rotary.kind == "linear":
        return [_divided(frequency, rotary.factor) for frequency in plain]
    return [_llama3(frequency, rotary) for frequency in plain]


def _llama3(frequency: int, rotary: Rotary) -> int:
    """Long waves are stretched by the factor, short ones kept, those between blended."""
    turns = frequency * rotary.original_context // (2 * hp.pi())  # only to compare; the blend keeps full precision
    if turns < rotary.low_freq_factor:
        return _divided(frequency, rotary.factor)
    if turns >= rotary.high_freq_factor:
        return frequency
    exact_turns = Fraction(frequency * rotary.original_context, 2 * hp.pi())
    smooth = (exact_turns - rotary.low_freq_factor) / (rotary.high_freq_factor - rotary.low_freq_factor)
    return hp.from_fraction(Fraction(frequency, hp.ONE) * ((1 - smooth) / rotary.factor + smooth))


def _divided(frequency: int, factor: Fraction) -> int:
    return frequency * factor.denominator // factor.numerator


def turn(frequency: int) -> Iterator[tuple[int, int]]:
    """(cos, sin) of frequency * p for p = 0, 1, 2, ... without end, each one rotation further than the last."""
    step_cos, step_sin = hp.cos_sin(frequency)
    cosine, sine = hp.ONE, 0
    while True:
        yield cosine, sine
        cosine, sine = (
            (cosine * step_cos - sine * step_sin) >> hp.PRECISION,
            (sine * step_cos + cosine * step_sin) >> hp.PRECISION,
        )


class RotaryTable:
    """Cosines and sines over sqrt(`divide_by_root`) by position, at `bits` fractional bits; grows as it is asked."""

    def __init__(self, rotary: Rotary, bits: int, *, divide_by_root: int = 1) -> None:
        self._turns = [turn(frequency) for frequency in frequencies(rotary)]
        self._scale = isqrt((hp.ONE << hp.PRECISION) // divide_by_root)
        self._bits = bits
        self._table = np.empty((0, 2, rotary.head_dim // 2))

    def __call__(self, positions: npt.NDArray[np.int64]) -> tuple[Whole, Whole]:
        """Cosines and sines of some positions, each (positions, head_dim / 2)."""
        missing = int(positions.max(initial=-1)) + 1 - self._table.shape[0]
        if missing > 0:
            columns = [[self._rounded(pair) for pair in islice(angle, missing + _AHEAD)] for angle in self._turns]
            self._table = np.concatenate([self._table, np.array(columns, dtype=np.float64).transpose(1, 2, 0)])
        rows = self._table[positions]
        return rows[:, 0], rows[:, 1]

    def _rounded(self, pair: tuple[int, int]) -> tuple[int, int]:
        cosine, sine = (hp.round_to(value * self._scale >> hp.PRECISION, self._bits) for value in pair)
        return cosine, sine

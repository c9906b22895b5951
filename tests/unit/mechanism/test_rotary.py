"""Rotary tables against floating-point formulas, for every kind of scaling."""

from fractions import Fraction

import numpy as np
import pytest

from oracle.mechanism import high_precision as hp
from oracle.mechanism.rotary import Rotary, RotaryTable, frequencies

LLAMA3 = Rotary(64, Fraction(500_000), "llama3", Fraction(8), Fraction(1), Fraction(4), original_context=8192)


def reals(rotary: Rotary) -> np.ndarray:
    return np.array([frequency / hp.ONE for frequency in frequencies(rotary)])


def test_frequencies__default__are_powers_of_theta() -> None:
    expected = 10_000.0 ** -(np.arange(0, 32, 2) / 32)
    assert np.allclose(reals(Rotary(32, Fraction(10_000))), expected, rtol=1e-15)


def test_frequencies__linear__are_divided_by_the_factor() -> None:
    plain, slow = reals(Rotary(32, Fraction(10_000))), reals(Rotary(32, Fraction(10_000), "linear", Fraction(5, 2)))
    assert np.allclose(slow, plain / 2.5, rtol=1e-15)


def test_frequencies__llama3__keep_short_waves_stretch_long_ones_and_blend_between() -> None:
    plain = 500_000.0 ** -(np.arange(0, 64, 2) / 64)
    turns = 8192 * plain / (2 * np.pi)
    smooth = np.clip((turns - 1) / (4 - 1), 0, 1)
    expected = (1 - smooth) * plain / 8 + smooth * plain
    assert np.allclose(reals(LLAMA3), expected, rtol=1e-14)
    assert {0.0, 1.0} < set(smooth.tolist())  # all three ranges occur


@pytest.mark.parametrize("divide_by_root", [1, 32])
def test_table__far_positions__cosines_and_sines_of_the_angle(divide_by_root: int) -> None:
    rotary = Rotary(32, Fraction(10_000))
    positions = np.array([0, 1, 17, 1023, 4000])
    cosines, sines = RotaryTable(rotary, 24, divide_by_root=divide_by_root)(positions)
    angles = positions[:, None] * reals(rotary)
    scale = 2.0**24 / np.sqrt(divide_by_root)
    assert np.abs(cosines - np.cos(angles) * scale).max() < 0.51
    assert np.abs(sines - np.sin(angles) * scale).max() < 0.51
    assert np.all(cosines == np.rint(cosines))


def test_table__asked_in_pieces__same_as_at_once() -> None:
    rotary = Rotary(8, Fraction(10_000))
    table = RotaryTable(rotary, 24)
    table(np.array([3]))
    far = table(np.array([900]))
    assert np.array_equal(far[0], RotaryTable(rotary, 24)(np.array([900]))[0])

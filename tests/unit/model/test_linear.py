"""Exact matrix products against Python integers, within 53 bits and beyond."""

from fractions import Fraction

import numpy as np
import pytest

from oracle.domain.errors import BadInput
from oracle.model.linear import ExactLinear, quantise


def slowly(
    x: np.ndarray, weight: np.ndarray, in_bits: int, out_bits: int, bias: np.ndarray | None = None
) -> list[list[int]]:
    """The definition in Python integers and fractions."""
    integers, exponents = quantise(weight)
    rows = []
    for inputs in x.astype(np.int64).tolist():
        outputs = []
        for index, (row, exponent) in enumerate(zip(integers.tolist(), exponents.tolist(), strict=True)):
            total = sum(a * b for a, b in zip(inputs, row, strict=True))
            offset = 0 if bias is None else round(Fraction(float(bias[index])) * (1 << out_bits))
            outputs.append(round(total * Fraction(2) ** (exponent - 15 + out_bits - in_bits)) + offset)
        rows.append(outputs)
    return rows


def random_case(columns: int, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(columns)
    weight = (rng.normal(size=(9, columns)) * rng.uniform(0.001, 50, size=(9, 1))).astype(np.float32)
    x = rng.integers(-(1 << bits), (1 << bits) + 1, size=(4, columns)).astype(np.float64)
    return x, weight, rng.normal(size=9).astype(np.float32)


def test_quantise__any_rows__15_bits_below_the_next_power_of_two() -> None:
    weight = np.array([[0.5, -0.25, 2**-17], [3.0, -3.9999, 1e-9], [0, 0, 0]], dtype=np.float32)
    integers, exponents = quantise(weight)
    assert exponents.tolist() == [0, 2, 0]
    assert integers.tolist() == [[1 << 14, -(1 << 13), 0], [3 << 13, -round(3.9999 * 2**13), 0], [0, 0, 0]]


def test_quantise__bfloat16_weights_within_8_bits_of_the_largest__are_exact() -> None:
    weight = np.array([[1.5, 129 / 128 / 128, -255 / 256]], dtype=np.float32)
    integers, exponents = quantise(weight)
    assert np.array_equal(np.ldexp(integers.astype(float), (exponents - 15)[:, None]), weight)


@pytest.mark.parametrize("columns", [1, 16, 300])
@pytest.mark.parametrize("out_bits", [8, 20, 30])
def test_product__sums_below_53_bits__equals_python_integers(columns: int, out_bits: int) -> None:
    x, weight, bias = random_case(columns, 26)
    linear = ExactLinear("m", weight, bias, in_bits=20, in_bound=1 << 26, out_bits=out_bits)
    assert not linear.wide.size
    assert linear(x).tolist() == slowly(x, weight, 20, out_bits, bias)


@pytest.mark.parametrize(("bits", "limbs"), [(33, 2), (36, 2), (40, 3)])
def test_product__some_rows_beyond_53_bits__are_split_into_limbs_and_equal_python_integers(
    bits: int, limbs: int
) -> None:
    columns = 300
    x, weight, _ = random_case(columns, bits)
    weight[:5, 1:] *= 2**-20  # five narrow rows, which need no limbs at 33 bits
    linear = ExactLinear("m", weight, None, in_bits=20, in_bound=1 << bits, out_bits=4)
    assert linear.wide.tolist() == [row for row in range(9) if int(linear.row_sums[row]) << bits >= 1 << 53]
    assert {5, 6, 7, 8} <= set(linear.wide.tolist())
    assert len(linear._limbs) == limbs
    assert linear(x).tolist() == slowly(x, weight, 20, 4)


def test_product__worst_input_of_the_stated_bound__no_partial_sum_leaves_53_bits() -> None:
    """Every order of summation is exact because even the sum of magnitudes is below 2^53."""
    _, weight, _ = random_case(300, 26)
    linear = ExactLinear("m", weight, None, in_bits=20, in_bound=1 << 26, out_bits=20)
    integers, _ = quantise(weight)
    worst = np.sign(integers).astype(np.float64) * (1 << 26)
    assert max(int(total) for total in linear.row_sums) * linear.in_bound < 1 << 53
    assert linear(worst).tolist() == slowly(worst, weight, 20, 20)


def test_product__beyond_64_bits__is_refused_by_name() -> None:
    _, weight, _ = random_case(300, 26)
    with pytest.raises(BadInput, match=r"layers\.3\.down: activations up to .* overflow 64 bits") as caught:
        ExactLinear("layers.3.down", weight, None, in_bits=20, in_bound=1 << 48, out_bits=20)
    assert "fp32" in caught.value.hint


def test_product__no_number_of_limbs_is_enough__is_refused_by_name() -> None:
    weight = np.full((1, 4096), 2**-14, dtype=np.float32)
    weight[0, 0] = 1
    with pytest.raises(BadInput, match="m: a row of these weights overflows 2\\^53 even in 5 limbs"):
        ExactLinear("m", weight, None, in_bits=20, in_bound=1 << 45, out_bits=20)

"""The big-integer functions against decimal arithmetic of twice their length."""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import cos, sin

import pytest

from oracle.mechanism import high_precision as hp

TINY = Decimal(2) ** -(hp.PRECISION - 16)


def real(value: int) -> Decimal:
    return Decimal(value) / Decimal(hp.ONE)


@pytest.fixture(autouse=True)
def hundred_digits():
    with localcontext() as context:
        context.prec = 110
        yield


@pytest.mark.parametrize(
    "value", [Fraction(1, 3), Fraction(2), Fraction(10_000), Fraction(1, 10**9), Fraction(500_000)]
)
def test_ln__any_positive_fraction__agrees_with_decimal(value: Fraction) -> None:
    assert abs(real(hp.ln(value)) - (Decimal(value.numerator) / value.denominator).ln()) < TINY


@pytest.mark.parametrize("value", [Fraction(0), Fraction(-1)])
def test_ln__not_positive__is_refused(value: Fraction) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        hp.ln(value)


@pytest.mark.parametrize("value", [Fraction(0), Fraction(1), Fraction(-1, 65_536), Fraction(-16), Fraction(-921, 100)])
def test_exp__of_a_fraction__agrees_with_decimal(value: Fraction) -> None:
    expected = (Decimal(value.numerator) / value.denominator).exp()
    assert abs(real(hp.exp(hp.from_fraction(value))) - expected) < TINY * 4


def test_ln2_and_pi__known_digits() -> None:
    assert str(real(hp.ln2())).startswith("0.69314718055994530941723212145817656807550013")
    assert str(real(hp.pi())).startswith("3.14159265358979323846264338327950288419716939")


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.5707963, 3.0, 6.25, -1.0, 1000.0])
def test_cos_sin__any_angle__agrees_with_libm_and_lies_on_the_circle(angle: float) -> None:
    cosine, sine = hp.cos_sin(hp.from_fraction(Fraction(angle)))
    assert float(real(cosine)) == pytest.approx(cos(angle), abs=1e-14)
    assert float(real(sine)) == pytest.approx(sin(angle), abs=1e-14)
    assert abs(real(cosine) ** 2 + real(sine) ** 2 - 1) < TINY


def test_round_to__halves__go_up() -> None:
    assert hp.round_to(hp.ONE // 2, 0) == 1
    assert hp.round_to(hp.ONE // 2 - 1, 0) == 0
    assert hp.round_to(-hp.ONE // 2, 0) == 0

"""The audit on rounds whose answer is known: the six-player example, silent models, reporters nobody can check."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest

from oracle.domain.errors import Refused
from oracle.mechanism import xor6
from oracle.mechanism.over_determination import Resolved, audit, sign_flip_p
from oracle.mechanism.reports import Loss

SEES_X = [player < 3 for player in range(6)]


def xor_round(signals: tuple[int, ...], z: int, liars: tuple[int, ...] = tuple(range(6))) -> Resolved:
    def q(said) -> Fraction:
        return xor6.posterior(said, SEES_X)

    flipped = {f"p{i}": q([1 - bit if place == i else bit for place, bit in enumerate(signals)]) for i in liars}
    without = {
        f"p{i}": xor6.posterior([*signals[:i], *signals[i + 1 :]], [*SEES_X[:i], *SEES_X[i + 1 :]]) for i in liars
    }
    return Resolved(z, Loss.BRIER, q(signals), without, flipped)


def rounds(count: int, seed: int = 1) -> list[Resolved]:
    rng = Random(seed)
    found = []
    for _ in range(count):
        x, y = rng.randrange(2), rng.randrange(2)
        signals = tuple((x if i < 3 else y) ^ (rng.random() > 2 / 3) for i in range(6))
        found.append(xor_round(signals, x ^ y))
    return found


def test_audit__every_world_of_the_example_by_its_weight__the_published_gap() -> None:
    """Worlds repeated by their probability (a multiple of 1/2916) are the expectation itself."""
    listed = [xor_round(signals, z) for chance, z, signals in xor6.worlds() for _ in range(int(chance * 2916))]
    assert len(listed) == 2916
    gaps = [
        sum((q - one.outcome) ** 2 - (one.together - one.outcome) ** 2 for q in one.misreported.values()) / 6
        for one in listed
    ]
    assert sum(gaps) / 2916 == Fraction(3752, 177147)
    found = audit(listed[::4])
    assert found.misreport.rounds == 729 and set(found.by_reporter) == {f"p{i}" for i in range(6)}


def test_audit__many_rounds_of_the_example__is_over_determined() -> None:
    found = audit(rounds(600))
    assert found.over_determined and found.p_value < Fraction(1, 100) and not found.exposed
    assert abs(found.misreport.mean - Fraction(3752, 177147)) < 4 * found.misreport.standard_error
    assert found.withheld is not None and 0 < found.withheld.mean < found.misreport.mean


def test_audit__a_model_that_ignores_reports__is_not() -> None:
    deaf = Resolved(1, Loss.BRIER, Fraction(1, 2), {"a": Fraction(1, 2)}, {"a": Fraction(1, 2)})
    found = audit([deaf] * 30)
    assert not found.over_determined and found.exposed == ("a",) and found.p_value == 1


def test_audit__one_reporter_whom_nobody_can_check__is_named() -> None:
    """The others cost a lot when they lie; this one's lie changes nothing."""
    one = Resolved(1, Loss.BRIER, Fraction(9, 10), {}, {"a": Fraction(1, 10), "b": Fraction(9, 10)})
    found = audit([one] * 25)
    assert found.misreport.mean > 0 and found.exposed == ("b",) and not found.over_determined


@pytest.mark.parametrize("count", [0, 1, 19])
def test_audit__too_few_rounds__is_refused(count: int) -> None:
    silent = Resolved(1, Loss.BRIER, Fraction(9, 10), {}, {})
    with pytest.raises(Refused, match=f"^{count} resolved rounds"):
        audit([*rounds(count), *[silent] * 40])


def test_sign_flip_p__against_all_signs() -> None:
    gaps = [Fraction(n, 7) for n in (5, 3, -2, 4, 1, -1, 6, 2, 2, -3)]
    sums = [sum(s * g for s, g in zip(signs, gaps, strict=True)) for signs in product((1, -1), repeat=10)]
    exact = sum(one >= sum(gaps) for one in sums) / 1024
    assert float(sign_flip_p(gaps, 8_000)) == pytest.approx(exact, abs=0.01)

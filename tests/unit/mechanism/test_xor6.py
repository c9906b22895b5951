"""The six-player example against the published fractions, and against a second enumeration written here."""

import json
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from oracle.mechanism import xor6
from oracle.mechanism.reports import Terms, log_loss, settle

EXPECTED = json.loads((Path(__file__).parents[2] / "data/lmm/xor6_expected.json").read_text())
TRUTH, ONES = ("truth",) * 6, ("one",) * 6


def bayes(known: dict[int, int]) -> Fraction:
    """P(Z = 1 | some players' signals) by summing over all 256 worlds."""
    weights = [Fraction(0), Fraction(0)]
    for x, y in product((0, 1), repeat=2):
        for signals in product((0, 1), repeat=6):
            if all(signals[player] == bit for player, bit in known.items()):
                chance = Fraction(1)
                for player, bit in enumerate(signals):
                    chance *= Fraction(2, 3) if bit == (x if player < 3 else y) else Fraction(1, 3)
                weights[x ^ y] += chance
    return weights[1] / sum(weights)


@pytest.mark.parametrize("players", [(), (0,), (5,), (0, 1), (0, 3), (0, 1, 4), (0, 1, 2, 3, 4, 5)])
def test_posterior__some_reports__is_bayes_rule_over_all_worlds(players: tuple[int, ...]) -> None:
    for bits in product((0, 1), repeat=len(players)):
        assert xor6.posterior(bits, [player < 3 for player in players]) == bayes(dict(zip(players, bits, strict=True)))


def test_worlds__all__have_probability_one() -> None:
    assert sum(chance for chance, _, _ in xor6.worlds()) == 1


def test_figures__published__exact() -> None:
    assert [str(xor6.posterior_bit(k, 3)) for k in range(4)] == EXPECTED["posterior_X_given_k_ones"]
    assert str(xor6.chance_right()) == EXPECTED["P_aggregate_right"] == "449/729"
    assert str(xor6.total_loss()) == EXPECTED["brier_truth"]
    assert str(xor6.total_loss("flip")) == EXPECTED["brier_flip"]
    assert str(xor6.total_loss("flip") - xor6.total_loss()) == EXPECTED["gap_observable_brier"] == "3752/177147"
    assert str(xor6.zero_shot_gap("group")) == EXPECTED["gap_zero_shot_leave_one_out_mean"] == "1/135"
    assert str(xor6.zero_shot_gap("own")) == EXPECTED["gap_zero_shot_own"] == "1/45"
    assert xor6.zero_shot_gap("pairs") == Fraction(1, 27)


def test_log_gap__truth_minus_flip__045701() -> None:
    gap = xor6.total_loss("flip", log_loss) - xor6.total_loss("truth", log_loss)
    assert float(gap) == pytest.approx(0.045701, abs=5e-7)


def test_market_on_z__single_signals__nobody_trades() -> None:
    assert not xor6.market_moves()


def test_shapley__truth_flip_and_copy__the_published_payments() -> None:
    truth, flip, copied = (xor6.shapley_payments(*way) for way in (("truth",), ("flip",), ("truth", "truth")))
    assert float(truth[0]) == pytest.approx(0.003168, abs=5e-7)
    assert float(flip[0]) == pytest.approx(-0.009636, abs=5e-7)
    assert float(copied[0] + copied[6]) == pytest.approx(-0.000724, abs=5e-7)
    assert sum(truth) == Fraction(1, 4) - xor6.total_loss()  # exactly the information value


def test_shared__a_sybil_copy__pays_its_owner_more_for_a_worse_forecast() -> None:
    alone, with_copy = 1 - xor6.total_loss(), 1 - xor6.coalition_losses("truth", "truth")[-1]
    assert float(alone) == pytest.approx(0.769, abs=5e-4) and float(2 * with_copy) == pytest.approx(1.530, abs=5e-4)
    assert with_copy < alone
    copied = xor6.shapley_payments("truth", "truth")
    assert copied[0] + copied[6] < 0 < xor6.shapley_payments()[0]  # the same copy loses under Shapley


@pytest.mark.parametrize("rule", ["group", "pairs"])
def test_zero_shot__alone__has_16_strict_equilibria_and_everyone_says_1_beats_truth(rule: str) -> None:
    found = xor6.strict_equilibria(rule)
    assert len(found) == 16 and TRUTH in found and ONES in found
    assert xor6.zero_shot_score(rule, ONES) > xor6.zero_shot_score(rule, TRUTH)


def test_zero_shot__the_cap_of_a_fifth__is_no_cure() -> None:
    """From 4 % (pairs) or 17 % (group) of pay by consistency on, six who all say 1 earn more than honest ones."""
    names, ones = tuple("abcdef"), Fraction(0)
    for chance, z, _ in xor6.worlds():

        def q(mask: int) -> Fraction:
            members = [i for i in range(6) if mask >> i & 1]
            return xor6.posterior([1] * len(members), [i < 3 for i in members])

        ones += chance * settle(Terms(alpha=1, deposit=1), names, q, z).payments["a"]
    for rule, about in (("pairs", 0.040), ("group", 0.1716)):
        rho = xor6.break_even_rho(rule)
        honest = (1 - rho) * xor6.shapley_payments()[0] + rho * xor6.zero_shot_score(rule, TRUTH)
        assert honest == (1 - rho) * ones + rho * xor6.zero_shot_score(rule, ONES)
        assert float(rho) == pytest.approx(about, abs=5e-4)


def test_zero_shot_pairs__by_enumeration_of_all_signals__the_same_scores() -> None:
    def score(strategies: tuple[str, ...]) -> Fraction:
        total = Fraction(0)
        for chance, _, signals in xor6.worlds():
            said = [xor6.says(s, bit) for s, bit in zip(strategies, signals, strict=True)]
            agree = sum(said[i] == said[j] for i, j in [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)])
            total += chance * Fraction(agree, 6)
        return total

    for profile in (TRUTH, ONES, ("flip", *TRUTH[1:]), ("zero", "one", "truth", "flip", "flip", "truth")):
        assert xor6.zero_shot_score("pairs", profile) == score(profile)

"""The median answer: metric axioms, a second implementation, robustness, ties, margins and outcomes."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest

from oracle.domain.action import Payload
from oracle.domain.errors import BadInput
from oracle.domain.sample import FieldKind, FieldRule
from oracle.mechanism.distance import Q, payload_tile, row_sums, text_tile, words
from oracle.mechanism.median import Outcome, select
from tests.support import brute_median
from tests.support.answers import (
    NONE,
    RULES,
    fund,
    random_payload,
    random_samples,
    random_text,
    samples,
    set_parameter,
    signal,
)


def matrix(payloads: list[Payload]) -> list[list[int]]:
    """D between all pairs through the fast path, by the action of each pair."""
    size = len(payloads)
    table = [[Q] * size for _ in range(size)]
    for action, rules in RULES.items():
        mine = [i for i in range(size) if payloads[i].action == action]
        block = payload_tile([payloads[i].fields for i in mine], rules)(slice(0, len(mine)), slice(0, len(mine)))
        for row, i in enumerate(mine):
            for column, j in enumerate(mine):
                table[i][j] = int(block[row, column])
    return table


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("largest", [3, 10_000, 10**12, 10**30])
def test_distance__random_payloads__equals_plain_integers(seed: int, largest: int) -> None:
    rnd = random.Random(seed)
    payloads = [random_payload(rnd, largest=largest) for _ in range(30)]
    fast = matrix(payloads)
    for i, x in enumerate(payloads):
        for j, y in enumerate(payloads):
            assert fast[i][j] == brute_median.distance(x, y, RULES)


@pytest.mark.parametrize("seed", range(10))
def test_distance__random_payloads__is_a_metric_up_to_rounding(seed: int) -> None:
    payloads = [random_payload(random.Random(f"{seed}/{i}"), largest=50) for i in range(24)]
    d = matrix(payloads)
    rows = range(len(payloads))
    assert all(d[i][i] == 0 for i in rows)
    assert all(d[i][j] == d[j][i] for i in rows for j in rows)
    assert all(0 <= d[i][j] <= Q for i in rows for j in rows)
    assert all(d[i][k] <= d[i][j] + d[j][k] + 2 for i in rows for j in rows for k in rows)


def test_distance__amounts__satisfy_the_triangle_exactly() -> None:
    tile = payload_tile([{"x": value} for value in range(60)], [FieldRule("x", FieldKind.AMOUNT)])
    d = tile(slice(0, 60), slice(0, 60))
    assert (d[:, None, :] <= d[:, :, None] + d[None, :, :] + 1).all()
    assert d[0, 0] == 0 and d[0, 1] == Q // 2 and d[30, 59] == (Q - Q * 30 // 59) // 2


def test_distance__quotients_next_to_a_whole_number__are_floored_exactly() -> None:
    values = [Q - 1, Q, Q + 1, 2 * Q - 1, (1 << 31) - 1, (1 << 32) - 1, (1 << 33) - 1, (1 << 33) - 2]
    rules = [FieldRule("x", FieldKind.AMOUNT)]
    fast = payload_tile([{"x": value} for value in values], rules)(slice(0, 8), slice(0, 8))
    slow = [[brute_median.amount_distance(a, b) // 2 for b in values] for a in values]
    assert fast.tolist() == slow


def test_words__unicode_and_punctuation__folded_to_ascii_words() -> None:
    assert words("The ﬁrst, FULLWIDTH \uff217 — x_y don't") == ("the", "first", "fullwidth", "a7", "x", "y", "don", "t")


@pytest.mark.parametrize("seed", range(10))
def test_text_distance__random_texts__equals_plain_dynamic_programme(seed: int) -> None:
    rnd = random.Random(seed)
    texts = [random_text(rnd) for _ in range(40)]
    fast = text_tile(texts)(slice(0, 40), slice(0, 40))
    assert fast.tolist() == [[brute_median.text_distance(s, t) for t in texts] for s in texts]


def test_row_sums__more_rows_than_a_tile__equals_whole_matrix() -> None:
    rnd = random.Random(1)
    values = [{"x": rnd.randrange(1000)} for _ in range(700)]
    counts = [rnd.randrange(1, 4) for _ in values]
    tile = payload_tile(values, [FieldRule("x", FieldKind.AMOUNT)])
    whole = tile(slice(0, 700), slice(0, 700))
    assert row_sums(tile, counts) == [int(total) for total in whole @ counts]


@pytest.mark.parametrize("seed", range(150))
def test_select__random_samples__equals_second_implementation(seed: int) -> None:
    rnd = random.Random(seed)
    drawn = random_samples(rnd, rnd.randrange(1, 40), distinct=rnd.choice((2, 4, None)))
    chosen, expected = select(drawn, RULES), brute_median.select(drawn, RULES)
    assert (None if chosen.pick is None else (chosen.pick, chosen.gamma, chosen.dispersion)) == expected


@pytest.mark.parametrize("seed", range(60))
def test_select__samples_permuted__same_payload_and_margins(seed: int) -> None:
    rnd = random.Random(seed)
    drawn = random_samples(rnd, 30)
    first = select(drawn, RULES)
    ties = {i for i, total in enumerate(first.totals) if total == first.totals[first.pick or 0]}
    shuffled = [replace(sample, index=i) for i, sample in enumerate(rnd.sample(drawn, len(drawn)))]
    second = select(shuffled, RULES)
    assert second.gamma == first.gamma and second.dispersion == first.dispersion
    assert shuffled[second.pick or 0].payload in [drawn[i].payload for i in ties]
    if all(drawn[i].payload == drawn[first.pick or 0].payload for i in ties):
        assert shuffled[second.pick or 0].payload == drawn[first.pick or 0].payload


@pytest.mark.parametrize("seed", range(60))
def test_select__texts_changed__payload_stays(seed: int) -> None:
    rnd = random.Random(seed)
    drawn = random_samples(rnd, 30, distinct=5)
    other = [replace(sample, rationale=random_text(rnd)) for sample in drawn]
    first, second = select(drawn, RULES), select(other, RULES)
    assert drawn[first.pick or 0].payload == other[second.pick or 0].payload
    assert (first.totals, first.gamma, first.dispersion) == (second.totals, second.gamma, second.dispersion)


def test_select__colluding_copies__win_only_beyond_the_bound() -> None:
    """k copies of e among m honest samples win only if k/m >= (d_e - D_h) / d(h, e)."""
    wins = 0
    for seed in range(400):
        rnd = random.Random(seed)
        honest = [
            fund({key: rnd.randrange(90, 110) for key in rnd.sample("abcd", 3)}) for _ in range(rnd.randrange(10, 40))
        ]
        copies = rnd.randrange(1, 2 * len(honest))
        e = rnd.choice((fund({"z": 100}), fund({"a": 100, "z": 50}), set_parameter("a", 1), random_payload(rnd)))
        h = honest[select(samples([*honest]), RULES).pick or 0]
        chosen = select(samples([*honest, *[e] * copies]), RULES)
        if [*honest, *[e] * copies][chosen.pick or 0] != e or e == h:
            continue
        wins += 1
        d_e, d_h = (sum(brute_median.distance(x, y, RULES) for y in honest) for x in (e, h))
        apart = brute_median.distance(h, e, RULES)
        assert Fraction(copies, len(honest)) >= Fraction(d_e - d_h, len(honest) * apart)
    assert wins > 50, "the trial must contain wins to say anything"


def test_select__equal_payloads__rationale_nearest_to_the_others() -> None:
    drawn = samples([NONE] * 3, ["odd one out", "fund the library now", "fund the library"])
    assert select(drawn, RULES).pick == 1
    assert select(samples([NONE] * 2, ["x y", "z"]), RULES).pick == 0


def test_select__different_payloads_tie__first_seen_wins_whatever_is_said() -> None:
    a, b = fund({"a": 1}), fund({"b": 1})
    for texts in (["w", "x y", "z", "x y"], ["same", "q", "same", "r"]):
        drawn = samples([a, b, a, b], texts)
        assert drawn[select(drawn, RULES).pick or 0].payload == a


def test_select__two_of_three_agree__margins_are_exact() -> None:
    chosen = select(samples([fund({"a": 10}), fund({"a": 10}), NONE]), RULES)
    assert chosen.pick == 0
    assert chosen.dispersion == Fraction(1, 2) and chosen.dispersion_bps == 5000
    assert chosen.gamma == Fraction(1, 3) and chosen.gamma_bps == 3333


def test_select__one_action_only__margin_against_a_stranger() -> None:
    chosen = select(samples([fund({"a": 10})] * 100), RULES)
    assert (chosen.gamma, chosen.dispersion, chosen.outcome) == (1, 0, Outcome.PROPOSE)


@pytest.mark.parametrize(
    ("funds", "nones", "invalid", "outcome"),
    [
        (67, 0, 33, Outcome.PROPOSE),
        (66, 0, 34, Outcome.TOO_FEW_VALID),
        (0, 0, 100, Outcome.TOO_FEW_VALID),
        (51, 49, 0, Outcome.PROPOSE),
        (50, 50, 0, Outcome.NO_CONSENSUS),
        (10, 90, 0, Outcome.NOTHING_TO_DO),
    ],
)
def test_select__counts_at_the_thresholds__outcome_and_reason(
    funds: int, nones: int, invalid: int, outcome: Outcome
) -> None:
    chosen = select(samples([fund({"a": 10})] * funds + [NONE] * nones + [None] * invalid), RULES)
    assert chosen.outcome == outcome
    assert chosen.valid == funds + nones and chosen.asked == 100
    assert chosen.totals.count(None) == invalid
    assert chosen.reason


def test_select__margin_just_below_two_percent__no_consensus() -> None:
    """gamma = (S(none) - S(fund)) / (m Q) = (funds - nones) / m when each side agrees within itself."""
    below, at = samples([fund({"a": 1})] * 26 + [NONE] * 25), samples([fund({"a": 1})] * 51 + [NONE] * 49)
    assert (select(below, RULES).gamma_bps, select(below, RULES).outcome) == (196, Outcome.NO_CONSENSUS)
    assert (select(at, RULES).gamma_bps, select(at, RULES).outcome) == (200, Outcome.PROPOSE)


def test_select__other_threshold_from_the_sampler__is_used() -> None:
    drawn = samples([NONE] * 5 + [None] * 5)
    assert select(drawn, RULES, min_valid=5).outcome == Outcome.NOTHING_TO_DO
    assert "6 are needed" in select(drawn, RULES, min_valid=6).reason


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (Payload("dance", {}), "no distance rule for action 'dance'"),
        (Payload("fund", {"allocations": {"a": -1}, "sources": []}), "'allocations'"),
        (Payload("fund", {"allocations": {"a": True}, "sources": []}), "'allocations'"),
        (Payload("fund", {"allocations": {"a": 1}}), "'sources' is None"),
        (Payload("set_parameter", {"parameter": 3, "value": 1}), "'parameter' is 3, not of kind set"),
        (Payload("set_parameter", {"parameter": "a", "value": 1.5}), "'value' is 1.5, not of kind amount"),
        (Payload("signal", {"text": None}), "'text'"),
    ],
)
def test_select__payload_outside_the_rules__refused_by_name(payload: Payload, complaint: str) -> None:
    with pytest.raises(BadInput) as refusal:
        select(samples([payload, signal("x")]), RULES)
    assert complaint in str(refusal.value)


def test_select__indices_out_of_order__refused() -> None:
    with pytest.raises(BadInput, match="numbered"):
        select(list(reversed(samples([NONE, NONE]))), RULES)

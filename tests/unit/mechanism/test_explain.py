"""Explanations held against brute force: copies are really inserted, samples really changed, and selected again."""

import itertools
import random
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import pytest

from oracle.domain.action import Payload
from oracle.domain.errors import Refused
from oracle.domain.sample import Sample
from oracle.mechanism.distance import Q
from oracle.mechanism.explain import NEAR, Alternative, Explanation, explain, matrix
from oracle.mechanism.median import select
from tests.support import brute_median
from tests.support.answers import NONE, RULES, fund, random_samples, samples, set_parameter, signal

STRANGER = Payload("stranger", {})
WIDER = {**RULES, "stranger": ()}
"""The rules with an action that no sample chooses."""


def picked(drawn: list[Sample]) -> Payload:
    """The payload that is selected, by the second implementation."""
    found = brute_median.select(drawn, WIDER)
    assert found is not None
    payload = drawn[found[0]].payload
    assert payload is not None
    return payload


def inserted(drawn: list[Sample], payload: Payload, copies: int) -> list[Sample]:
    return [*drawn, *(Sample(len(drawn) + at, (), "", True, payload) for at in range(copies))]


def changed(drawn: list[Sample], indices: Iterable[int], payload: Payload) -> list[Sample]:
    gone = set(indices)
    return [replace(sample, payload=payload) if sample.index in gone else sample for sample in drawn]


def opinions(seed: int, most: int = 14) -> list[Sample]:
    """Samples around a few opinions, near and far, or wild ones."""
    rnd = random.Random(seed)
    if seed % 3 == 0:
        drawn = random_samples(rnd, rnd.randrange(2, most), distinct=rnd.choice((2, 4, None)))
        return drawn if any(sample.valid for sample in drawn) else [*drawn, Sample(len(drawn), (), "", True, NONE)]
    centres = [{key: rnd.randrange(1, 100) for key in rnd.sample("abcd", 2)} for _ in range(2)]
    pool = [fund({key: max(0, value + rnd.randrange(-9, 10)) for key, value in rnd.choice(centres).items()})]
    pool += [fund({key: value + rnd.randrange(5) for key, value in centre.items()}) for centre in centres * 2]
    pool += [NONE, set_parameter("a", rnd.randrange(9)), signal("do it"), signal("do it now")]
    return samples([rnd.choice(pool) for _ in range(rnd.randrange(2, most))])


def payload_of(found: Explanation, one: Alternative) -> Payload:
    return STRANGER if one.answer is None else found.payloads[one.answer]


CASES = [(seed, opinions(seed)) for seed in range(120)]


@pytest.mark.parametrize(("seed", "drawn"), CASES)
def test_pick_and_margin_are_those_of_the_selection(seed: int, drawn: list[Sample]) -> None:
    found = explain(drawn, RULES)
    assert found.selection == select(drawn, RULES)
    assert found.payloads[found.pick] == picked(drawn)
    assert found.second.margin == found.selection.gamma
    assert found.second.action != found.payloads[found.pick].action
    for answer, payload in enumerate(found.payloads):
        for other, against in enumerate(found.payloads):
            assert found.standing.distances[answer, other] == brute_median.distance(payload, against, RULES)


@pytest.mark.parametrize(("seed", "drawn"), CASES)
def test_copies__inserted_for_real__win_and_move_from_exactly_that_number_on(seed: int, drawn: list[Sample]) -> None:
    found = explain(drawn, RULES)
    pick = found.payloads[found.pick]
    for one in found.alternatives:
        payload = payload_of(found, one)
        moves = wins = None
        for copies in range(60):
            chosen = picked(inserted(drawn, payload, copies))
            if moves is None and chosen != pick:
                moves = copies
                assert chosen == (STRANGER if one.moved_to is None else found.payloads[one.moved_to])
            if chosen == payload:
                wins = copies
                break
        assert wins == (one.copies if one.copies is None or one.copies < 60 else None)
        assert moves == (one.moving if one.moving is None or one.moving < 60 else None)
        if one.copies is not None:
            assert one.copies_bound is not None and one.copies_bound <= one.copies
            assert one.moving is not None and one.moving <= one.copies


@pytest.mark.parametrize(("seed", "drawn"), CASES[:60])
def test_withstands__no_answer_moves_the_pick_with_so_many_copies_and_one_does_with_one_more(
    seed: int, drawn: list[Sample]
) -> None:
    found = explain(drawn, RULES)
    pick, answers = found.payloads[found.pick], (*found.payloads, STRANGER)
    assert all(picked(inserted(drawn, answer, found.withstands)) == pick for answer in answers)
    assert any(picked(inserted(drawn, answer, found.withstands + 1)) != pick for answer in answers)


@pytest.mark.parametrize(("seed", "drawn"), CASES)
def test_changes__made_for_real__make_the_answer_the_pick(seed: int, drawn: list[Sample]) -> None:
    found = explain(drawn, RULES)
    for one in found.alternatives:
        assert picked(changed(drawn, one.changes, payload_of(found, one))) == payload_of(found, one)
        assert 0 < len(set(one.changes)) == len(one.changes)
        assert one.changes_bound <= len(one.changes)


@pytest.mark.parametrize("seed", range(40))
def test_changes__every_choice_of_fewer_samples_than_the_bound__does_not_win(seed: int) -> None:
    drawn = opinions(seed, most=8)
    found = explain(drawn, RULES)
    valid = [sample.index for sample in drawn if sample.valid]
    for one in found.alternatives:
        payload = payload_of(found, one)
        for size in range(one.changes_bound):
            for chosen in itertools.combinations(valid, size):
                assert picked(changed(drawn, chosen, payload)) != payload


def test_changes__bound_and_trial__agree() -> None:
    """Where they do, the number is exact. The bound lets ties win, so it may be one less."""
    pairs = [(one.changes_bound, len(one.changes)) for _, drawn in CASES for one in explain(drawn, RULES).alternatives]
    assert sum(bound == trial for bound, trial in pairs) > 0.97 * len(pairs)
    assert all(bound <= trial <= bound + 1 for bound, trial in pairs)


@pytest.mark.parametrize(("seed", "drawn"), CASES)
def test_clusters__hold_every_valid_sample_once_and_near_their_example(seed: int, drawn: list[Sample]) -> None:
    found = explain(drawn, RULES)
    together = sorted(index for cluster in found.clusters for index in cluster.samples)
    assert together == [sample.index for sample in drawn if sample.valid]
    assert found.clusters[0].answers[0] == found.pick
    sizes = [len(cluster.samples) for cluster in found.clusters[1:]]
    assert sizes == sorted(sizes, reverse=True)
    for cluster in found.clusters:
        assert all(found.standing.distances[cluster.answers[0], answer] <= NEAR for answer in cluster.answers)
    order, table = matrix(found)
    for row, one in enumerate(order):
        for column, other in enumerate(order):
            x, y = drawn[one].payload, drawn[other].payload
            assert x is not None and y is not None
            assert table[row, column] == brute_median.distance(x, y, RULES)


def test_sixty_against_forty__the_numbers_by_hand() -> None:
    """S(fund) = 40 Q, S(none) = 60 Q: 20 added copies draw level and sample 0 keeps the tie; 10 changes likewise."""
    found = explain(samples([fund({"a": 1})] * 60 + [NONE] * 40), RULES)
    assert [len(cluster.samples) for cluster in found.clusters] == [60, 40]
    assert found.second.margin == Fraction(1, 5)
    assert (found.second.copies_bound, found.second.copies, found.second.moving) == (20, 21, 21)
    # A changed sample 0 takes the tie with it: 50 against 50, and the first one says none.
    assert (found.second.changes_bound, len(found.second.changes)) == (10, 10)
    outsider = found.alternatives[-1]
    assert (outsider.answer, outsider.distance, outsider.copies_bound, outsider.copies) == (None, Q, 60, 61)


def test_one_answer_only__an_action_nobody_chose_needs_as_many_again() -> None:
    found = explain(samples([NONE] * 5), RULES)
    assert found.second is found.alternatives[0] and found.second.answer is None
    assert (found.second.margin, found.second.copies, found.second.changes_bound) == (1, 6, 3)


def test_copies_of_an_extreme_answer__drag_the_pick_to_one_in_between() -> None:
    amounts = [100] * 5 + [130] * 3 + [200]
    found = explain(samples([fund({"a": amount}) for amount in amounts]), RULES)
    far = next(one for one in found.alternatives if one.answer == 2)
    assert far.moved_to == 1 and far.moving is not None and far.copies is not None and far.moving < far.copies


def test_answers_at_distance_zero__never_win_by_copies() -> None:
    """Payloads may differ by less than 1/Q: copies of the later one weigh on neither."""
    found = explain(samples([fund({"a": 10**9}), fund({"a": 10**9 + 1})]), RULES)
    assert (found.alternatives[0].distance, found.alternatives[0].copies) == (0, None)


def test_no_valid_sample__refused() -> None:
    with pytest.raises(Refused, match="no pick to explain: 0 of 2"):
        explain(samples([None, None]), RULES)

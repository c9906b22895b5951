"""Shapley values against the definition (all orders of entry), their axioms, and sampling against the exact value."""

from fractions import Fraction
from itertools import permutations
from math import factorial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism import shapley

SEED = bytes(range(32))
values = st.fractions(min_value=-10, max_value=10, max_denominator=1_000)


def games(least: int = 1, most: int = 5):
    return st.integers(least, most).flatmap(lambda n: st.lists(values, min_size=1 << n, max_size=1 << n))


def by_orders(game: list[Fraction]) -> list[Fraction]:
    """The definition: what a player adds on average over all orders of entry."""
    n = len(game).bit_length() - 1
    totals = [Fraction(0)] * n
    for order in permutations(range(n)):
        mask = 0
        for player in order:
            totals[player] += game[mask | 1 << player] - game[mask]
            mask |= 1 << player
    return [total / factorial(n) for total in totals]


@settings(max_examples=60)
@given(games())
def test_exact__any_game__equals_the_average_over_all_orders(game: list[Fraction]) -> None:
    assert list(shapley.exact(game)) == by_orders(game)


@settings(max_examples=60)
@given(games())
def test_exact__any_game__sums_to_what_all_bring_exactly(game: list[Fraction]) -> None:
    assert sum(shapley.exact(game)) == game[-1] - game[0]


@settings(max_examples=60)
@given(games(2), st.data())
def test_exact__two_players_who_are_interchangeable__get_the_same(game: list[Fraction], data: st.DataObject) -> None:
    n = len(game).bit_length() - 1
    a, b = data.draw(st.permutations(range(n)))[:2]

    def swapped(mask: int) -> int:
        return mask ^ (1 << a | 1 << b) if (mask >> a ^ mask >> b) & 1 else mask

    alike = [game[mask] + game[swapped(mask)] for mask in range(len(game))]
    found = shapley.exact(alike)
    assert found[a] == found[b]


@settings(max_examples=60)
@given(games(2), st.data())
def test_exact__a_player_who_never_adds__gets_nothing(game: list[Fraction], data: st.DataObject) -> None:
    player = data.draw(st.integers(0, len(game).bit_length() - 2))
    idle = [game[mask & ~(1 << player)] for mask in range(len(game))]
    assert shapley.exact(idle)[player] == 0


@settings(max_examples=40)
@given(st.integers(1, 4).flatmap(lambda n: st.tuples(*[st.lists(values, min_size=1 << n, max_size=1 << n)] * 2)))
def test_exact__sum_of_two_games__sum_of_the_values(pair: tuple[list[Fraction], list[Fraction]]) -> None:
    one, two = pair
    both = shapley.exact([a + b for a, b in zip(one, two, strict=True)])
    assert both == tuple(a + b for a, b in zip(shapley.exact(one), shapley.exact(two), strict=True))


@pytest.mark.parametrize("count", [0, 1, 3, 6])
def test_exact__not_a_power_of_two__is_refused(count: int) -> None:
    with pytest.raises(BadInput, match=f"{count} values"):
        shapley.exact([Fraction(0)] * count)


@settings(max_examples=60)
@given(games(2))
def test_leave_one_out__any_game__what_the_whole_loses_without_each(game: list[Fraction]) -> None:
    n = len(game).bit_length() - 1
    found = shapley.leave_one_out(game.__getitem__, n)
    assert found == tuple(game[-1] - game[(1 << n) - 1 - (1 << i)] for i in range(n))


@settings(max_examples=20)
@given(games(2, 4), st.binary(min_size=32, max_size=32))
def test_sampled__any_game_and_seed__sums_exactly_and_repeats(game: list[Fraction], seed: bytes) -> None:
    n = len(game).bit_length() - 1
    found = shapley.sampled(game.__getitem__, n, 6, seed)
    assert sum(found.values) == game[-1] - game[0]
    assert found == shapley.sampled(game.__getitem__, n, 6, seed)


def majority(mask: int) -> Fraction:
    """Twelve players, of whom the first counts for five."""
    return Fraction(int(mask.bit_count() + 4 * (mask & 1) >= 8))


def test_sampled__twelve_players__within_four_standard_errors_of_the_exact_value() -> None:
    exact = shapley.exact([majority(mask) for mask in range(1 << 12)])
    found = shapley.sampled(majority, 12, 600, SEED)
    assert found.coalitions < 4096
    for want, got, error in zip(exact, found.values, found.standard_errors, strict=True):
        assert abs(got - want) <= 4 * error + Fraction(1, 100)
    assert all(0 < error < Fraction(4, 100) for error in found.standard_errors)


def test_sampled__standard_error__is_that_of_the_mean_of_pairs() -> None:
    draws = []
    for order in shapley.orders(12, 50, SEED):
        gains = []
        for way in (order, order[::-1]):
            before = sum(1 << p for p in way[: way.index(0)])
            gains.append(majority(before | 1) - majority(before))
        draws.append(float(sum(gains) / 2))
    mean = sum(draws) / 50
    want = (sum((draw - mean) ** 2 for draw in draws) / 49 / 50) ** 0.5
    found = shapley.sampled(majority, 12, 100, SEED)
    assert float(found.values[0]) == pytest.approx(mean) and float(found.standard_errors[0]) == pytest.approx(want)


def test_coalitions__of_some_orders__are_exactly_those_that_sampling_values() -> None:
    asked: set[int] = set()

    def value(mask: int) -> Fraction:
        asked.add(mask)
        return majority(mask)

    shapley.sampled(value, 12, 40, SEED)
    assert shapley.coalitions(12, 20, SEED) == sorted(asked)


@pytest.mark.parametrize("count", [0, 2, 5])
def test_sampled__too_few_or_unpaired_orders__is_refused(count: int) -> None:
    with pytest.raises(BadInput, match="permutations"):
        shapley.sampled(majority, 12, count, SEED)


def test_shuffled__many_seeds__every_order_about_equally_often() -> None:
    counts: dict[tuple[int, ...], int] = {}
    for number in range(6_000):
        order = tuple(shapley.shuffled(3, number.to_bytes(4, "big")))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert sum((count - 1_000) ** 2 / 1_000 for count in counts.values()) < 20.5  # chi-squared, 5 degrees, p = 0.001


def test_shuffled__fixed_seed__has_this_order() -> None:
    """Pins the draw for whoever writes this a second time."""
    assert shapley.shuffled(8, SEED) == GOLDEN


GOLDEN = [2, 4, 6, 1, 3, 7, 0, 5]

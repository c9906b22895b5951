"""Largest remainder: whole amounts that sum exactly, within one of the quota, ties by key."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism.payouts import largest_remainder

keys = st.text("abc0X", max_size=3)
shares = st.one_of(st.integers(0, 10**20), st.fractions(min_value=0, max_value=10**6))


@given(st.dictionaries(keys, shares, min_size=1).filter(lambda d: any(d.values())), st.integers(0, 10**24))
def test_any_shares__sum_exact_and_within_one_of_the_quota(parts: dict[str, Fraction], amount: int) -> None:
    paid, total = largest_remainder(parts, amount), sum(parts.values())
    assert sum(paid.values()) == amount and list(paid) == list(parts)
    for key, share in parts.items():
        quota = Fraction(share) * amount / total
        assert floor(quota) <= paid[key] <= ceil(quota)


@given(
    st.dictionaries(keys, shares, min_size=1).filter(lambda d: any(d.values())), st.integers(0, 50), st.integers(1, 9)
)
def test_any_shares__order_and_scale_do_not_matter(parts: dict[str, Fraction], amount: int, factor: int) -> None:
    turned = {key: parts[key] * Fraction(factor, 7) for key in reversed(parts)}
    assert largest_remainder(turned, amount) == largest_remainder(parts, amount)


@given(st.dictionaries(keys, shares, min_size=1).filter(lambda d: any(d.values())), st.integers(0, 200))
def test_any_shares__as_handing_out_units_one_by_one(parts: dict[str, Fraction], amount: int) -> None:
    """Second implementation: whole units first, then one unit at a time to whoever is furthest below its quota."""
    total = sum(parts.values())
    quota = {key: Fraction(share) * amount / total for key, share in parts.items()}
    paid = {key: floor(value) for key, value in quota.items()}
    while sum(paid.values()) < amount:
        paid[min(quota, key=lambda key: (paid[key] - quota[key], key))] += 1
    assert largest_remainder(parts, amount) == paid


def test_published_example__six_parties_ten_seats() -> None:
    votes = {"a": 47_000, "b": 16_000, "c": 15_900, "d": 12_000, "e": 6_000, "f": 3_100}
    assert largest_remainder(votes, 10) == {"a": 5, "b": 2, "c": 1, "d": 1, "e": 1, "f": 0}


def test_ties__smaller_key_first() -> None:
    assert largest_remainder({"b": 1, "a": 1, "c": 1}, 4) == {"b": 1, "a": 2, "c": 1}


@pytest.mark.parametrize(
    ("parts", "amount", "words"),
    [
        ({}, 5, "nobody"),
        ({"a": 0}, 5, "nobody"),
        ({"a": -1}, 5, "negative"),
        ({"a": 1}, -5, "negative"),
        ({"a": 0.5}, 5, "exact"),
    ],
)
def test_impossible__refused_in_words(parts, amount: int, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        largest_remainder(parts, amount)
    assert caught.value.hint

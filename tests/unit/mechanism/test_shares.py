"""Additive shares: they sum to the secret, two of them tell nothing, and servers that add are enough."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism import shares

secrets_ = st.lists(st.integers(-(2**255) + 1, 2**255 - 1), max_size=6)


def bits_of(seed: int) -> shares.RandomBits:
    return Random(seed).getrandbits


@given(secrets_, st.integers(0, 2**32))
def test_combine__all_three__the_secret_again(values: list[int], seed: int) -> None:
    assert shares.combine(shares.split(values, bits_of(seed))) == values


@given(st.lists(st.lists(st.integers(-(2**200), 2**200), min_size=3, max_size=3), min_size=1, max_size=6))
def test_add__by_each_server__reveals_the_sum_of_all_secrets(secrets: list[list[int]]) -> None:
    split = [shares.split(values, bits_of(n)) for n, values in enumerate(secrets)]
    sums = [shares.add([parts[server] for parts in split]) for server in range(3)]
    assert shares.combine(sums) == [sum(column) for column in zip(*secrets, strict=True)]


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_split__any_two_shares__are_the_same_for_another_secret(missing: int) -> None:
    """What two servers hold can be completed to any other secret: they know nothing (the pad is explicit here)."""
    secret, other, rng = 12_345, -99, Random(5)
    parts = [part[0] for part in shares.split([secret], rng.getrandbits)]
    completed = list(parts)
    completed[missing] = (parts[missing] + other - secret) % shares.MODULUS
    assert shares.combine([[value] for value in completed]) == [other]


@pytest.mark.parametrize("server", [0, 1, 2])
def test_split__one_share_of_zero__is_uniform(server: int) -> None:
    """The top byte of 4,000 shares of the same secret, by chi-squared over 16 classes."""
    rng = Random(7)
    counts = [0] * 16
    for _ in range(4_000):
        counts[shares.split([0], rng.getrandbits)[server][0] >> 252] += 1
    assert sum((count - 250) ** 2 / 250 for count in counts) < 37.7  # 15 degrees of freedom, p = 0.001


def test_split__same_secret_twice__other_shares() -> None:
    bits = bits_of(1)
    assert shares.split([5], bits) != shares.split([5], bits)


@pytest.mark.parametrize("value", [2**255, -(2**255), 2**300])
def test_split__too_large__is_refused(value: int) -> None:
    with pytest.raises(BadInput, match="cannot be shared"):
        shares.split([value], bits_of(0))


def test_add__nothing_or_unequal__is_refused() -> None:
    with pytest.raises(BadInput, match="no share"):
        shares.add([])
    with pytest.raises(BadInput, match="1 integers among shares of 2"):
        shares.add([[1, 2], [3]])


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_combine__not_three__is_refused(count: int) -> None:
    with pytest.raises(BadInput, match=f"{count} shares"):
        shares.combine([[1]] * count)

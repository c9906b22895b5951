"""Philox against its published vectors; the Gumbel integers against a slow decimal computation."""

import random
from decimal import Decimal, localcontext

import numpy as np
import pytest

from oracle.mechanism.noise import gumbel, gumbel_noise, noise_words, philox4x32, seed_key

SEED = bytes(range(7, 39))
ALL = 0xFFFFFFFF

GOLDEN = [11493, -1684850, 393756, -194351, 1374245, -712244]

# Random123 1.14, tests/kat_vectors, "philox4x32 10": counter, key, result.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ALL, ALL, ALL, ALL), (ALL, ALL), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def philox_slowly(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    """The definition, one block at a time, in Python integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 1 << 32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % (1 << 32), (k1 + 0xBB67AE85) % (1 << 32)
    return c0, c1, c2, c3


def gumbel_slowly(word: int) -> Decimal:
    """-ln(-ln u) in units of 2^-20, to 60 digits."""
    with localcontext() as context:
        context.prec = 60
        uniform = Decimal(2 * word + 1) / Decimal(1 << 33)
        return -((-uniform.ln()).ln()) * (1 << 20)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox__published_vectors__match(
    counter: tuple[int, ...], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    words = philox4x32([np.array([word], dtype=np.uint64) for word in counter], key)
    assert tuple(int(word[0]) for word in words) == expected
    assert philox_slowly(counter, key) == expected


def test_noise_words__any_sample_step_and_token__are_the_words_of_the_stated_counter() -> None:
    indices, vocab, step = [0, 3, 99, 1 << 20], 703, 41
    words = noise_words(SEED, step, indices, vocab)
    assert words.shape == (4, 703)
    for row, index in enumerate(indices):
        for token in (0, 1, 2, 3, 350, 701, 702):
            block = philox_slowly((token >> 2, step, index, 0), (0x0708090A, 0x0B0C0D0E))
            assert int(words[row, token]) == block[token & 3]


def test_gumbel__whole_range_of_words__within_one_unit_of_the_real_value() -> None:
    rng = random.Random(5)
    words = [0, 1, 2, ALL, ALL - 1, 1 << 31, (1 << 31) - 1]
    words += [rng.randrange(1 << 32) for _ in range(2_000)]
    words += [rng.randrange(1 << rng.randrange(1, 32)) for _ in range(1_000)]
    words += [ALL - rng.randrange(1 << rng.randrange(1, 32)) for _ in range(1_000)]
    found = gumbel(np.array(words, dtype=np.uint64))
    worst = max(abs(gumbel_slowly(word) - int(value)) for word, value in zip(words, found, strict=True))
    assert worst < Decimal("0.6")  # half a unit is the rounding itself


def test_gumbel__rising_words__never_falls() -> None:
    near_one = np.arange(ALL - 50_000, ALL + 1, dtype=np.uint64)
    assert np.all(np.diff(gumbel(near_one)) >= 0)
    assert np.all(np.diff(gumbel(np.arange(0, 1 << 32, 65_537, dtype=np.uint64))) >= 0)


def test_gumbel_noise__many_draws__has_the_mean_and_spread_of_a_gumbel() -> None:
    noise = gumbel_noise(SEED, 0, range(400), 700) / (1 << 20)
    assert abs(noise.mean() - 0.5772) < 0.01
    assert abs(noise.var() - 1.6449) < 0.03


def test_gumbel_noise__one_sample_or_many__same_row() -> None:
    many = gumbel_noise(SEED, 7, range(100), 700)
    assert np.array_equal(gumbel_noise(SEED, 7, [42], 700)[0], many[42])


def test_gumbel_noise__fixed_seed__has_these_values() -> None:
    """Pins byte order and fixed point for whoever writes this a second time."""
    assert gumbel_noise(SEED, 2, [5], 6)[0].tolist() == GOLDEN


def test_seed_key__not_32_bytes__is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes, this one has 31"):
        seed_key(bytes(31))

"""Seeded noise: Philox4x32-10 words, and the Gumbel noise made of them as integers in units of 2^-20.

Byte order: the key is the first 8 bytes of the seed read as two big-endian words, k0 = seed[0:4], k1 = seed[4:8]
(on chain: `uint64(bytes8(seed))`, high half first). The counter of sample i, step t and token v is (v >> 2, t, i, 0);
the token takes word v & 3 of that block.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from oracle.mechanism.fixed_point import LOG_BITS, neg_log

Words = npt.NDArray[np.uint64]  # 32-bit words, held in 64 so that products fit
Int64 = npt.NDArray[np.int64]

NOISE_VERSION = "philox-gumbel/v1"
NOISE_BITS = 20
_ROUNDS = 10
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox4x32(counter: Sequence[Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Philox4x32-10 (Salmon et al., SC 2011): four words for each counter of four words; the words broadcast."""
    c0, c1, c2, c3 = (np.asarray(word, dtype=np.uint64) for word in counter)
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c2 = (p1 >> _HALF) ^ c1 ^ np.uint64(k0), (p0 >> _HALF) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & _LOW, p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def seed_key(seed: bytes) -> tuple[int, int]:
    """The Philox key of a 32-byte seed."""
    if len(seed) != 32:
        raise ValueError(f"a seed has 32 bytes, this one has {len(seed)}")
    return int.from_bytes(seed[:4], "big"), int.from_bytes(seed[4:8], "big")


def noise_words(seed: bytes, step: npt.ArrayLike, indices: npt.ArrayLike, vocab: int) -> Words:
    """The Philox word of every (sample, token), shape (len(indices), vocab); one step for all, or one for each."""
    blocks = np.arange((vocab + 3) // 4, dtype=np.uint64)[None, :]
    samples = np.asarray(indices, dtype=np.uint64)[:, None]
    steps = np.asarray(step, dtype=np.uint64).reshape(-1, 1)
    words = philox4x32((blocks, steps, samples, np.zeros((1, 1), np.uint64)), seed_key(seed))
    return np.stack(words, axis=-1).reshape(samples.shape[0], -1)[:, :vocab]


def gumbel(words: Words) -> Int64:
    """-ln(-ln u) with u = (2x + 1) / 2^33 for each word x, in units of 2^-20, rounded half up; within one unit."""
    inner = neg_log(2 * words.astype(np.int64) + 1, 33)
    outer = neg_log(inner, LOG_BITS)
    return (outer + (1 << (LOG_BITS - NOISE_BITS - 1))) >> (LOG_BITS - NOISE_BITS)


def gumbel_noise(seed: bytes, step: int, indices: npt.ArrayLike, vocab: int) -> Int64:
    """Gumbel noise g(seed, i, t, v) of every sample i and token v at step t, shape (len(indices), vocab)."""
    return gumbel(noise_words(seed, step, indices, vocab))

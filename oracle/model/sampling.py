"""Draws many samples at once: the token of sample i at step t is argmax over allowed v of logit / T + Gumbel(i, t, v).

Samples that have drawn the same tokens so far are one row of the batch: their logits are the same by definition, so
they are computed once, and a row splits where its samples part. This changes no sample, only the work.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from oracle.domain.sampler import Sampler
from oracle.mechanism.noise import NOISE_BITS, gumbel, noise_words
from oracle.model.decoder import Decoder, PromptCache, RowCache
from oracle.model.grammar import Cursor, Grammar, Mask
from oracle.model.numerics import Array, Tokens

Int64 = npt.NDArray[np.int64]


@dataclass(slots=True)
class Draw:
    """One sample in the making, and the sha256 over the logits it saw, step by step."""

    tokens: list[int] = field(default_factory=list)
    finished: bool = False
    logits_digest: bytes = b""


@dataclass(slots=True)
class _Row:
    """The common history of some samples."""

    cursor: Cursor
    logits: "hashlib._Hash"

    def next(self, token: int, *, last: bool) -> "_Row":
        """The row after `token`; the last of several continuations takes over instead of copying."""
        row = self if last else _Row(self.cursor.copy(), self.logits.copy())
        row.cursor.advance(token)
        return row


def draw(
    decoder: Decoder,
    prompt: PromptCache,
    grammar: Grammar,
    seed: bytes,
    indices: Sequence[int],
    sampler: Sampler,
    progress: Callable[[int, int], None] | None = None,
) -> list[Draw]:
    """Draws one sample per noise index, each until its grammar is complete or `max_tokens` are drawn."""
    draws = [Draw() for _ in indices]
    active, row_of = np.arange(len(draws)), np.zeros(len(draws), dtype=np.int64)
    noise_indices = np.asarray(indices, dtype=np.int64)
    cache = RowCache(decoder.config, len(draws), sampler.max_tokens, decoder.numerics.dtype)
    rows, logits = [_Row(grammar.start(), hashlib.sha256())], prompt.logits
    drawn = 0
    for step in range(sampler.max_tokens):
        for row, bits in zip(rows, decoder.numerics.logit_bytes(logits), strict=True):
            row.logits.update(bits)
        scores = decoder.numerics.scores(logits, sampler.temperature_milli)
        masks = grammar.masks([row.cursor for row in rows])
        tokens = choose(scores, masks, row_of, noise_words(seed, step, noise_indices[active], scores.shape[1]))
        for sample, token in zip(active.tolist(), tokens.tolist(), strict=True):
            draws[sample].tokens.append(token)
        rows, parents, row_tokens, row_of = _split(rows, row_of, tokens, scores.shape[1])
        open_rows = np.array([not row.cursor.finished for row in rows])
        ending = ~open_rows[row_of] | (step + 1 == sampler.max_tokens)
        for sample, row in zip(active[ending].tolist(), row_of[ending].tolist(), strict=True):
            draws[sample].finished = not open_rows[row]
            draws[sample].logits_digest = rows[row].logits.digest()
        drawn += tokens.size
        active, row_of = active[~ending], (np.cumsum(open_rows) - 1)[row_of[~ending]]
        if progress:
            progress(drawn, len(draws) - active.size)
        if not active.size:
            break
        rows = [row for row, is_open in zip(rows, open_rows.tolist(), strict=True) if is_open]
        cache.reorder(parents[open_rows])
        logits = decoder.step(prompt, cache, row_tokens[open_rows])
    return draws


def choose(scores: Array, masks: Mask, row_of: Tokens, words: npt.NDArray[np.uint64]) -> Tokens:
    """The token of each sample: the allowed one with the highest score + noise, the lowest id among equals.

    scores and masks are (rows, vocab) in units of 2^-20; sample s reads row row_of[s] and noise words[s] (vocab,).
    """
    return contest(scores, masks, row_of, words)[0]


def contest(scores: Array, masks: Mask, row_of: Tokens, words: npt.NDArray[np.uint64]) -> tuple[Tokens, Array]:
    """The token that `choose` takes for each sample, and its score + noise.

    Noise in floats is within 2 units of the integer one (logarithms have 2^-50 of error, the integer noise one unit of
    rounding), so whatever lies more than 4 below the best in floats cannot be the best: few need integers.
    """
    samples, tokens = np.nonzero(masks[row_of])
    base, drawn = scores[row_of[samples], tokens], words[samples, tokens]
    rough = base - np.log(-np.log((2.0 * drawn + 1.0) * 2.0**-33)) * float(1 << NOISE_BITS)
    best = np.maximum.reduceat(rough, np.searchsorted(samples, np.arange(row_of.size)))
    close = np.flatnonzero(rough >= best[samples] - 4)
    samples, tokens, noisy = samples[close], tokens[close], base[close] + gumbel(drawn[close])
    best = np.maximum.reduceat(noisy, np.searchsorted(samples, np.arange(row_of.size)))
    winners = np.flatnonzero(noisy == best[samples])
    first = winners[np.searchsorted(samples[winners], np.arange(row_of.size))]
    return tokens[first], best


def _split(rows: list[_Row], row_of: Tokens, tokens: Tokens, vocab: int) -> tuple[list[_Row], Tokens, Tokens, Tokens]:
    """New rows, their parents, their tokens, and the row of each sample, after each sample drew its token."""
    keys, row_of = np.unique(row_of * vocab + tokens, return_inverse=True)
    parents, row_tokens = np.divmod(keys, vocab)
    last = np.append(parents[1:] != parents[:-1], True)
    split = [
        rows[parent].next(token, last=is_last)
        for parent, token, is_last in zip(parents.tolist(), row_tokens.tolist(), last.tolist(), strict=True)
    ]
    return split, parents, row_tokens, row_of

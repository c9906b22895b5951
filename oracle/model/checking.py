"""Checks samples token by token: teacher forcing over the tree of all answers, in batches of bounded size.

Answers that begin alike are one path of a tree, whose nodes run once each. They run in depth-first order, so that a
batch needs nothing of earlier batches but the path to its first node: memory does not grow with the samples.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import END, SampleCheck, TokenMismatch, tolerates
from oracle.mechanism.noise import gumbel, noise_words
from oracle.model.decoder import Decoder, PromptCache, TreeCache
from oracle.model.grammar import (
    Cursor,
    Grammar,
    GrammarTokenizer,
    Mask,
    MaskWords,
    fill_mask,
    mask_words,
    unpack_masks,
)
from oracle.model.numerics import Array, Tokens
from oracle.model.sampling import contest
from oracle.ports.model import Progress

_CELLS = 1 << 21
"""(sample, token) pairs judged together: bounds the memory for logits and noise."""


@dataclass(slots=True)
class _Batch:
    """Places of the tree that run together, and who draws what there: pairs of a place and an answer."""

    masks: MaskWords
    depths: list[int] = field(default_factory=list)
    """By place: how many tokens come before."""
    tokens: list[int] = field(default_factory=list)
    """By place: the last of these tokens."""
    rows: list[int] = field(default_factory=list)
    """By pair, in order: the place."""
    answers: list[int] = field(default_factory=list)
    """By pair: which answer."""
    got: list[int] = field(default_factory=list)
    """By pair: the token that the answer has next, or END."""

    @property
    def full(self) -> bool:
        """Whether no more places fit."""
        return len(self.depths) == len(self.masks)


Branch = tuple[int, int, list[int], Cursor]
"""Tokens so far, the last of them, the answers that share them, and where they stand in the grammar."""


class Checking:
    """One run of a check; `logits_digests` fills with what generation would have hashed for each index."""

    def __init__(
        self, decoder: Decoder, grammar: Grammar, words: GrammarTokenizer, seed: bytes, sampler: Sampler, chunk: int
    ) -> None:
        self._decoder, self._grammar, self._words = decoder, grammar, words
        self._seed, self._sampler, self._chunk = seed, sampler, chunk
        self._vocab = decoder.config.vocab_size
        self._states: list[hashlib._Hash] = []
        self.logits_digests: dict[int, bytes] = {}

    def run(
        self, prompt: PromptCache, samples: Sequence[RawSample], progress: Progress | None = None
    ) -> Iterator[SampleCheck]:
        """One result per sample, in their order, as soon as it is known."""
        count, head = len(samples), 0
        self._indices = np.array([sample.index for sample in samples], dtype=np.int64)
        self._tokens = [sample.token_ids for sample in samples]
        self._mismatches: list[list[TokenMismatch]] = [[] for _ in samples]
        self._compared, self._worst = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._finished, self._ended = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        for _ in self._batches(prompt):
            if progress:
                progress(int(self._compared.sum()), int(self._ended.sum()))
            while head < count and self._ended[head]:
                yield self._result(head)
                head += 1

    def _result(self, answer: int) -> SampleCheck:
        compared = int(self._compared[answer])
        text = self._words.text([token for token in self._tokens[answer][:compared] if 0 <= token < self._vocab])
        return SampleCheck(
            int(self._indices[answer]),
            tuple(self._mismatches[answer]),
            compared,
            int(self._worst[answer]),
            text,
            bool(self._finished[answer]),
        )

    def _batches(self, prompt: PromptCache) -> Iterator[None]:
        """Judges the tree a batch at a time; the first is its root, whose logits the prompt gives."""
        order = sorted(range(len(self._tokens)), key=self._tokens.__getitem__)
        stack: list[Branch] = [(0, END, order, self._grammar.start())]
        batch = self._fill(stack, 1)
        if batch.depths:
            self._judge(batch, slice(0, 1), prompt.logits)
        yield
        cache = TreeCache(prompt, self._sampler.max_tokens + self._chunk)
        columns: list[int] = []  # by depth - 1: where the latest token of that depth lies behind the prompt
        while stack:
            batch = self._fill(stack, self._chunk)
            if batch.depths:
                cache.keep(columns[: batch.depths[0] - 1])
                columns, hidden = _ancestry(batch.depths)
                x = self._decoder.branch(cache, np.array(batch.tokens), np.array(batch.depths) - 1, hidden)
                size = max(1, _CELLS // self._vocab)
                for start in range(0, len(batch.depths), size):
                    rows = slice(start, min(start + size, len(batch.depths)))
                    self._judge(batch, rows, self._decoder.numerics.logits(x[rows]))
            yield

    def _fill(self, stack: list[Branch], places: int) -> _Batch:
        """Takes places off the stack, depth first, and puts their branches on it; marks the answers that end."""
        batch = _Batch(mask_words(places, self._vocab))
        while stack and not batch.full:
            depth, token, group, cursor = stack.pop()
            following = [self._next(answer, depth) for answer in group]
            if cursor.finished or depth == self._sampler.max_tokens:
                self._end(group, depth, following, finished=cursor.finished)
                continue
            row = len(batch.depths)
            fill_mask(batch.masks, row, cursor)
            batch.depths.append(depth)
            batch.tokens.append(token)
            batch.rows += [row] * len(group)
            batch.answers += group
            batch.got += following
            stack += self._branches(depth, group, following, cursor, batch.masks[row])
        return batch

    def _next(self, answer: int, depth: int) -> int:
        tokens = self._tokens[answer]
        return tokens[depth] if depth < len(tokens) else END

    def _end(self, group: list[int], depth: int, following: list[int], *, finished: bool) -> None:
        for answer, token in zip(group, following, strict=True):
            self._ended[answer], self._finished[answer] = True, finished
            if token != END:
                self._mismatches[answer].append(TokenMismatch(depth, END, token, None))

    def _branches(
        self, depth: int, group: list[int], following: list[int], cursor: Cursor, mask: MaskWords
    ) -> list[Branch]:
        """One branch for each next token that the grammar allows; answers with another one end here."""
        found: list[Branch] = []
        for start, end in _runs(following):
            token = following[start]
            if not (0 <= token < self._vocab and int(mask[token >> 5]) >> (token & 31) & 1):
                self._ended[group[start:end]] = True
                continue
            own = cursor if end == len(group) else cursor.copy()  # the last of several takes over
            found.append((depth + 1, token, group[start:end], own))
        for _, token, _, own in found:
            own.advance(token)
        return found

    def _judge(self, batch: _Batch, rows: slice, logits: Array) -> None:
        """Compares what every answer has at these places with what the rule draws there."""
        numerics = self._decoder.numerics
        scores, masks = (
            numerics.scores(logits, self._sampler.temperature_milli),
            unpack_masks(batch.masks[rows], self._vocab),
        )
        ends = np.searchsorted(batch.rows, [rows.start, rows.stop])
        self._hash(batch, rows, numerics.logit_bytes(logits))
        size = max(1, _CELLS // self._vocab)
        for start in range(int(ends[0]), int(ends[1]), size):
            self._judge_pairs(batch, slice(start, min(start + size, int(ends[1]))), rows.start, scores, masks)

    def _judge_pairs(self, batch: _Batch, pairs: slice, first: int, scores: Array, masks: Mask) -> None:
        """Judges some pairs, whose places begin with the batch's row `first` in scores and masks."""
        got, answers = batch.got[pairs], np.array(batch.answers[pairs])
        rows: Tokens = np.array(batch.rows[pairs]) - first
        steps = np.array(batch.depths)[rows + first]
        words = noise_words(self._seed, steps, self._indices[answers], self._vocab)
        expected, best = contest(scores, masks, rows, words)
        known = np.array([0 <= token < self._vocab for token in got])
        inside = np.array([token if is_known else 0 for token, is_known in zip(got, known.tolist(), strict=True)])
        allowed = masks[rows, inside] & known
        own = scores[rows, inside] + gumbel(words[np.arange(rows.size), inside])
        margins = np.where(allowed, np.ceil(best - own), 0).astype(np.int64)
        np.add.at(self._compared, answers, 1)
        np.maximum.at(self._worst, answers, margins)
        for pair in np.flatnonzero(~allowed | (inside != expected)).tolist():
            answer, margin = int(answers[pair]), int(margins[pair]) if allowed[pair] else None
            if margin is not None and tolerates(self._sampler, margin, chosen=False):
                continue
            self._compared[answer] -= got[pair] == END
            mismatch = TokenMismatch(int(steps[pair]), int(expected[pair]), got[pair], margin)
            self._mismatches[answer].append(mismatch)

    def _hash(self, batch: _Batch, rows: slice, bits: Array) -> None:
        """The digest of all logits on the way to a place, for the answers that draw their last token there."""
        reached = []
        for row, own in zip(range(rows.start, rows.stop), bits, strict=True):
            depth = batch.depths[row]
            state = self._states[depth - 1].copy() if depth else hashlib.sha256()
            state.update(own.data)
            self._states[depth:] = [state]
            reached.append(state)
        for row, answer in zip(batch.rows, batch.answers, strict=True):
            if rows.start <= row < rows.stop and batch.depths[row] + 1 >= len(self._tokens[answer]):
                digest = reached[row - rows.start].digest()
                self.logits_digests[int(self._indices[answer])] = digest


def _runs(values: list[int]) -> Iterator[tuple[int, int]]:
    """Start and end of every run of equal values."""
    starts = [place for place, value in enumerate(values) if place == 0 or value != values[place - 1]]
    return zip(starts, [*starts[1:], len(values)], strict=True)


def _ancestry(depths: list[int]) -> tuple[list[int], Array]:
    """Columns behind the prompt of the last place's ancestors and itself, by depth; and what each place may not see.

    The columns are those of the path to the first place, then those of the batch.
    """
    path = depths[0] - 1
    columns, hidden = list(range(path)), np.ones((len(depths), path + len(depths)), dtype=np.bool_)
    for row, depth in enumerate(depths):
        columns[depth - 1 :] = [path + row]
        hidden[row, columns] = False
    return columns, hidden

"""Checks samples token by token: teacher forcing over the tree of all answers, in batches of bounded size.

Answers that begin alike are one path of a tree, whose nodes run once each. They run in depth-first order, so that a
batch needs nothing of earlier batches but the path to its first node: memory does not grow with the samples.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import END, SampleCheck, TokenMismatch, tolerates
from oracle.mechanism.noise import gumbel, noise_words
from oracle.model.decoder import Decoder, PromptCache, TreeCache
from oracle.model.grammar import Grammar, GrammarTokenizer, Mask
from oracle.model.numerics import Array, Tokens
from oracle.model.sampling import contest
from oracle.ports.model import Progress

_CELLS = 1 << 21
"""(sample, token) pairs judged together: bounds the memory for logits and noise."""


@dataclass(slots=True)
class _Answer:
    """A claimed sample, and what was found of it so far."""

    index: int
    tokens: tuple[int, ...]
    mismatches: list[TokenMismatch] = field(default_factory=list)
    compared: int = 0
    worst: int = 0
    finished: bool = False
    ended: bool = False

    def next(self, depth: int) -> int:
        """The token at a place, or END."""
        return self.tokens[depth] if depth < len(self.tokens) else END


@dataclass(slots=True)
class _Node:
    """A place in the tree where something must be drawn: after `depth` tokens, the last of which is `token`."""

    depth: int
    token: int
    answers: list[_Answer]
    mask: Mask


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
        answers = [_Answer(sample.index, sample.token_ids) for sample in samples]
        waiting = iter(answers)
        head = next(waiting, None)
        for _ in self._batches(prompt, answers):
            if progress:
                progress(sum(answer.compared for answer in answers), sum(answer.ended for answer in answers))
            while head is not None and head.ended:
                yield self._result(head)
                head = next(waiting, None)

    def _result(self, answer: _Answer) -> SampleCheck:
        text = self._words.text([token for token in answer.tokens[: answer.compared] if 0 <= token < self._vocab])
        return SampleCheck(answer.index, tuple(answer.mismatches), answer.compared, answer.worst, text, answer.finished)

    def _batches(self, prompt: PromptCache, answers: list[_Answer]) -> Iterator[None]:
        """Judges the tree a batch at a time."""
        nodes = self._walk(sorted(answers, key=lambda answer: answer.tokens))
        root = next(nodes, None)
        if root is None:
            yield
            return
        self._judge([root], prompt.logits)
        cache = TreeCache(prompt, self._sampler.max_tokens + self._chunk)
        columns: list[int] = []  # by depth - 1: where the latest node of that depth lies behind the prompt
        first = next(nodes, None)
        while first is not None:
            batch = [first, *islice(nodes, self._chunk - 1)]
            cache.keep(columns[: first.depth - 1])
            columns, hidden = _ancestry(batch)
            depths = np.array([node.depth - 1 for node in batch])
            x = self._decoder.branch(cache, np.array([node.token for node in batch]), depths, hidden)
            self._judge_all(batch, x)
            yield
            first = next(nodes, None)
        yield

    def _walk(self, answers: list[_Answer]) -> Iterator[_Node]:
        """The places where answers (in order of tokens) draw a token, depth first; marks the answers that end."""
        stack = [(0, END, answers, self._grammar.start())] if answers else []
        while stack:
            depth, token, group, cursor = stack.pop()
            if cursor.finished or depth == self._sampler.max_tokens:
                for answer in group:
                    answer.ended, answer.finished = True, cursor.finished
                    if answer.next(depth) != END:
                        answer.mismatches.append(TokenMismatch(depth, END, answer.next(depth), None))
                continue
            mask = self._grammar.masks([cursor])[0]
            children = []
            for start, end in _runs([answer.next(depth) for answer in group]):
                following = group[start].next(depth)
                if 0 <= following < self._vocab and mask[following]:
                    children.append((depth + 1, following, group[start:end]))
                    continue
                for answer in group[start:end]:
                    answer.ended = True
            for place, child in enumerate(children):
                last = place + 1 == len(children)
                own = cursor if last else cursor.copy()  # the last of several continuations takes over
                own.advance(child[1])
                stack.append((*child, own))
            yield _Node(depth, token, group, mask)

    def _judge_all(self, nodes: list[_Node], x: Array) -> None:
        rows = max(1, _CELLS // self._vocab)
        for start in range(0, len(nodes), rows):
            self._judge(nodes[start : start + rows], self._decoder.numerics.logits(x[start : start + rows]))

    def _judge(self, nodes: list[_Node], logits: Array) -> None:
        """Compares what every answer has at these nodes with what the rule draws there."""
        for node, bits in zip(nodes, self._decoder.numerics.logit_bytes(logits), strict=True):
            self._hash(node, bits)
        scores = self._decoder.numerics.scores(logits, self._sampler.temperature_milli)
        masks = np.stack([node.mask for node in nodes])
        pairs = [(row, answer) for row, node in enumerate(nodes) for answer in node.answers]
        size = max(1, _CELLS // self._vocab)
        for start in range(0, len(pairs), size):
            self._judge_pairs(nodes, pairs[start : start + size], scores, masks)

    def _judge_pairs(self, nodes: list[_Node], pairs: list[tuple[int, _Answer]], scores: Array, masks: Mask) -> None:
        rows: Tokens = np.array([row for row, _ in pairs])
        steps = [nodes[row].depth for row, _ in pairs]
        words = noise_words(self._seed, steps, [answer.index for _, answer in pairs], self._vocab)
        expected, best = contest(scores, masks, rows, words)
        got = [answer.next(step) for (_, answer), step in zip(pairs, steps, strict=True)]
        known = np.array([0 <= token < self._vocab for token in got])
        inside = np.array([token if is_known else 0 for token, is_known in zip(got, known, strict=True)])
        own = scores[rows, inside] + gumbel(words[np.arange(rows.size), inside])
        allowed = masks[rows, inside] & known
        margins = np.ceil(best - own).astype(np.int64)
        table = zip(pairs, steps, expected.tolist(), got, allowed.tolist(), margins.tolist(), strict=True)
        for (_, answer), step, wanted, token, is_allowed, margin in table:
            if token != END:
                answer.compared += 1
            if not is_allowed:
                answer.mismatches.append(TokenMismatch(step, wanted, token, None))
                continue
            answer.worst = max(answer.worst, margin)
            if not tolerates(self._sampler, margin, chosen=token == wanted):
                answer.mismatches.append(TokenMismatch(step, wanted, token, margin))

    def _hash(self, node: _Node, bits: Array) -> None:
        """The digest of all logits on the way to a node, for the answers that draw their last token there."""
        state = self._states[node.depth - 1].copy() if node.depth else hashlib.sha256()
        state.update(bits.data)
        self._states[node.depth :] = [state]
        for answer in node.answers:
            if node.depth + 1 >= len(answer.tokens):
                self.logits_digests[answer.index] = state.digest()


def _runs(values: list[int]) -> Iterator[tuple[int, int]]:
    """Start and end of every run of equal values."""
    starts = [place for place, value in enumerate(values) if place == 0 or value != values[place - 1]]
    return zip(starts, [*starts[1:], len(values)], strict=True)


def _ancestry(batch: list[_Node]) -> tuple[list[int], Array]:
    """Columns behind the prompt of the last node's ancestors and itself, by depth; and what each node may not see.

    The columns are those of the path to the first node, then those of the batch.
    """
    path = batch[0].depth - 1
    columns, hidden = list(range(path)), np.ones((len(batch), path + len(batch)), dtype=np.bool_)
    for row, node in enumerate(batch):
        columns[node.depth - 1 :] = [path + row]
        hidden[row, columns] = False
    return columns, hidden

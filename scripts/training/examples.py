"""Prompts with several sampled answers each, as token ids laid out for one pass of the network."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from oracle.domain.action import Answer, Payload
from oracle.domain.prompt import Prompt
from oracle.mechanism.actions import answer_text
from oracle.mechanism.rendering import render
from scripts.training.policy import policy
from scripts.training.wording import rationale, signal_text
from scripts.training.worlds import make_prompt

ANSWERS = 4
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """B prompts with their answers behind them, padded to T: tokens, positions and segments are (B, T).

    Segment 0 is the prompt, 1.. its answers, -1 padding; `sources` and `targets` are flat positions and token ids,
    the first `scored` of them of answers, the others of prompts.
    """

    tokens: Ids
    positions: Ids
    segments: Ids
    sources: Ids
    targets: Ids
    scored: int


def draw_answer(prompt: Prompt, rng: random.Random) -> str:
    """One answer text from the policy."""
    choices = policy(prompt)
    (payload,) = rng.choices([payload for payload, _ in choices], [weight for _, weight in choices])
    if payload.action == "signal":
        payload = Payload("signal", {"signal": signal_text(prompt, rng)})
    return answer_text(Answer(payload, rationale(prompt, payload, rng)), prompt)


def groups(seed: int, cut: Callable[[Prompt], Prompt] | None = None) -> Iterator[tuple[str, list[str]]]:
    """Endless prompts, `cut` if asked, with `ANSWERS` answers each; the same seed gives the same stream."""
    rng = random.Random(seed)
    while True:
        prompt = cut(make_prompt(rng)) if cut else make_prompt(rng)
        yield render(prompt), [draw_answer(prompt, rng) for _ in range(ANSWERS)]


def batches(
    seed: int, tokenizer: Tokenizer, end: int, size: int, pool: int = 16, cut: Callable[[Prompt], Prompt] | None = None
) -> Iterator[Batch]:
    """Endless batches of `size` prompts of similar length (sorted within `pool` batches, then shuffled)."""
    stream = groups(seed, cut)
    rng = random.Random(seed + 1)
    while True:
        rows = []
        for text, answers in (next(stream) for _ in range(size * pool)):
            coded = tokenizer.encode_batch([text, *answers], add_special_tokens=False)
            rows.append((coded[0].ids, [[*item.ids, end] for item in coded[1:]]))
        rows.sort(key=lambda row: len(row[0]) + sum(map(len, row[1])))
        order = list(range(pool))
        rng.shuffle(order)
        for index in order:
            yield _batch(rows[index * size : (index + 1) * size])


def _batch(rows: list[tuple[list[int], list[list[int]]]]) -> Batch:
    # The last token of an answer (the end mark) is only a target, never an input.
    length = max(len(prompt) + sum(len(answer) - 1 for answer in answers) for prompt, answers in rows)
    tokens = np.zeros((len(rows), length), dtype=np.int64)
    positions = np.zeros_like(tokens)
    segments = np.full_like(tokens, -1)
    sources: list[int] = []
    targets: list[int] = []
    for row, (prompt, answers) in enumerate(rows):
        at = len(prompt)
        tokens[row, :at], positions[row, :at], segments[row, :at] = prompt, np.arange(at), 0
        for segment, answer in enumerate(answers, start=1):
            end = at + len(answer) - 1
            tokens[row, at:end], segments[row, at:end] = answer[:-1], segment
            positions[row, at:end] = np.arange(len(prompt), len(prompt) + end - at)
            base = row * length
            sources += [base + len(prompt) - 1, *range(base + at, base + end)]
            targets += answer
            at = end
    scored = len(targets)
    for row, (prompt, _) in enumerate(rows):
        sources += range(row * length, row * length + len(prompt) - 1)
        targets += prompt[1:]
    return Batch(tokens, positions, segments, np.array(sources), np.array(targets), scored)

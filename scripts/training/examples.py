"""Prompts with several sampled answers each, as token ids laid out for one pass of the network.

Every token of an answer is scored against the whole policy: not against the one token that was drawn, but against how
often each token follows what stands before it. That takes the noise of drawing out of the gradient.
"""

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
MOST_DECISIONS = 60
Ids = NDArray[np.int64]
Weighted = list[tuple[str, float]]
Coded = list[tuple[list[int], float]]
Group = tuple[list[int], list[list[int]], list[list[dict[int, float]]]]
"""A prompt's ids, its drawn answers' ids, and for each of their tokens the weight of every token in its place."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B prompts with their answers behind them, padded to T: tokens, positions and segments are (B, T).

    Segment 0 is the prompt, 1.. its answers, -1 padding. `sources` (N) are flat positions, the first `scored` of them
    before tokens of answers, the others before tokens of prompts. What should follow source `rows[k]` is token
    `choices[k]` with `weights[k]`; the weights of one source add up to 1.
    """

    tokens: Ids
    positions: Ids
    segments: Ids
    sources: Ids
    rows: Ids
    choices: Ids
    weights: NDArray[np.float32]
    scored: int


def worded(prompt: Prompt, payload: Payload, rng: random.Random) -> str:
    """The text of a decision with a drawn reason."""
    if payload.action == "signal":
        payload = Payload("signal", {"signal": signal_text(prompt, rng)})
    return answer_text(Answer(payload, rationale(prompt, payload, rng)), prompt)


def draw_answer(prompt: Prompt, rng: random.Random) -> str:
    """One answer text from the policy."""
    choices = policy(prompt)
    (payload,) = rng.choices([payload for payload, _ in choices], [weight for _, weight in choices])
    return worded(prompt, payload, rng)


def groups(seed: int, cut: Callable[[Prompt], Prompt] | None = None) -> Iterator[tuple[str, Weighted]]:
    """Endless prompts, `cut` if asked, with the likeliest decisions in words; the same seed gives the same stream."""
    rng = random.Random(seed)
    while True:
        prompt = cut(make_prompt(rng)) if cut else make_prompt(rng)
        likely = [choice for choice in policy(prompt) if choice[1] > 0][:MOST_DECISIONS]
        yield render(prompt), [(worded(prompt, payload, rng), weight) for payload, weight in likely]


def batches(
    seed: int, tokenizer: Tokenizer, end: int, size: int, pool: int = 16, cut: Callable[[Prompt], Prompt] | None = None
) -> Iterator[Batch]:
    """Endless batches of `size` prompts of similar length (sorted within `pool` batches, then shuffled)."""
    stream = groups(seed, cut)
    rng = random.Random(seed + 1)
    while True:
        rows = [_group(tokenizer, end, *next(stream), rng) for _ in range(size * pool)]
        rows.sort(key=lambda row: len(row[0]) + sum(map(len, row[1])))
        order = list(range(pool))
        rng.shuffle(order)
        for index in order:
            yield _batch(rows[index * size : (index + 1) * size])


def _group(tokenizer: Tokenizer, end: int, text: str, answers: Weighted, rng: random.Random) -> Group:
    coded = tokenizer.encode_batch([text, *(answer for answer, _ in answers)], add_special_tokens=False)
    tree = [([*item.ids, end], weight) for item, (_, weight) in zip(coded[1:], answers, strict=True)]
    drawn = [ids for ids, _ in rng.choices(tree, [weight for _, weight in tree], k=ANSWERS)]
    return coded[0].ids, drawn, [_targets(ids, tree) for ids in drawn]


def _targets(ids: list[int], tree: Coded) -> list[dict[int, float]]:
    # Walks down the tree of all answers along `ids`; at each step, how often each token comes next.
    found = []
    for place, token in enumerate(ids):
        total = sum(weight for _, weight in tree)
        shares: dict[int, float] = {}
        for other, weight in tree:
            shares[other[place]] = shares.get(other[place], 0.0) + weight / total
        found.append(shares)
        tree = [item for item in tree if item[0][place] == token]
    return found


def _batch(groups_: list[Group]) -> Batch:
    # The last token of an answer (the end mark) is only a target, never an input.
    length = max(len(prompt) + sum(len(answer) - 1 for answer in answers) for prompt, answers, _ in groups_)
    tokens = np.zeros((len(groups_), length), dtype=np.int64)
    positions = np.zeros_like(tokens)
    segments = np.full_like(tokens, -1)
    sources: list[int] = []
    targets: list[dict[int, float]] = []
    for row, (prompt, answers, wanted) in enumerate(groups_):
        at = len(prompt)
        tokens[row, :at], positions[row, :at], segments[row, :at] = prompt, np.arange(at), 0
        for segment, (answer, shares) in enumerate(zip(answers, wanted, strict=True), start=1):
            end = at + len(answer) - 1
            tokens[row, at:end], segments[row, at:end] = answer[:-1], segment
            positions[row, at:end] = np.arange(len(prompt), len(prompt) + end - at)
            base = row * length
            sources += [base + len(prompt) - 1, *range(base + at, base + end)]
            targets += shares
            at = end
    scored = len(targets)
    for row, (prompt, _, _) in enumerate(groups_):
        sources += range(row * length, row * length + len(prompt) - 1)
        targets += [{token: 1.0} for token in prompt[1:]]
    flat = [(row, token, weight) for row, shares in enumerate(targets) for token, weight in shares.items()]
    rows, choices, weights = (np.array(column) for column in zip(*flat, strict=True))
    return Batch(tokens, positions, segments, np.array(sources), rows, choices, weights.astype(np.float32), scored)

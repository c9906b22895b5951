"""A fake of an engine that runs our logits processor: it obeys orders one request at a time, over embedded fp32 logits.

The rule is the one that runs inside vLLM (`NoiseRows`); only the engine around it is fake.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from oracle.model import forcing
from oracle.model.decoder import PromptCache, RowCache
from oracle.model.embedded import EmbeddedRunner
from oracle.model.noise_rows import NoiseRows


class FakeEngine:
    """Completes prompts of token ids by an order, until `stop` or `room` tokens."""

    def __init__(self, folder: Path, numeric_class: str = "F") -> None:
        self._decoder = EmbeddedRunner(folder, "fp32").decoder
        self._rows = NoiseRows(folder, numeric_class)
        self._prompts: dict[tuple[int, ...], PromptCache] = {}

    def complete(
        self, prompt: list[int], order: forcing.Order, room: int, stop: list[int]
    ) -> Iterator[tuple[int, dict[int, float]]]:
        """Each token, and the values that vLLM would return beside it (`logprobs_mode=processed_logits`)."""
        if tuple(prompt) not in self._prompts:
            self._prompts[tuple(prompt)] = self._decoder.prefill(np.array(prompt))
        known = self._prompts[tuple(prompt)]
        cache = RowCache(self._decoder.config, 1, room, self._decoder.numerics.dtype)
        output: list[int] = []
        row, logits = self._rows.row(order, output), known.logits
        while len(output) < room:
            (choice,) = self._rows.choose([row], logits)
            yield choice.token, {choice.drawn: forcing.margin_value(choice.margin), choice.token: forcing.CHOSEN}
            output.append(choice.token)
            if choice.token in stop:
                return
            logits = self._decoder.step(known, cache, np.array([choice.token]))

"""Ways to compute the logits of given answers, for calibration: each numerics, batch, thread count and attention path.

All take the same answers (teacher forcing), so that their logits differ by arithmetic alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import GengovError
from oracle.model.blas import blas_threads
from oracle.model.config import read_config
from oracle.model.decoder import Decoder, PromptCache, RowCache
from oracle.model.embedded import ENGINES
from oracle.model.exact import LOGIT_BITS
from oracle.model.fp32 import FloatNumerics
from oracle.model.numerics import Tokens
from oracle.model.weights import read_weights

Logits = npt.NDArray[np.float64]
Answers = Sequence[Tokens]


class Backend(Protocol):
    """One way to compute logits; `name` tells what is special about it."""

    @property
    def name(self) -> str:
        """Engine, dtype, batch, threads or attention."""

    @property
    def numeric_class(self) -> str:
        """E, F or B."""

    def logits(self, prompt: Tokens, answers: Answers) -> list[Logits]:
        """Of each answer (length,) the logits (length, vocab) before each of its tokens, in real units."""


@dataclass(frozen=True)
class EmbeddedBackend:
    """The embedded engine: `rows` answers side by side as in generation; with 0 each in one go, as in a check."""

    name: str
    numeric_class: str
    decoder: Decoder
    rows: int = 0
    threads: int = 1

    def logits(self, prompt: Tokens, answers: Answers) -> list[Logits]:
        """See `Backend`."""
        unit = 1.0 / (1 << LOGIT_BITS) if self.numeric_class == "E" else 1.0
        with blas_threads(self.threads):
            cache = self.decoder.prefill(prompt)
            if not self.rows:
                return [self.decoder.follow(cache, answer[:-1]).astype(np.float64) * unit for answer in answers]
            found: list[Logits] = []
            for start in range(0, len(answers), self.rows):
                found += [rows * unit for rows in self._side_by_side(cache, answers[start : start + self.rows])]
        return found

    def _side_by_side(self, prompt: PromptCache, answers: Answers) -> list[Logits]:
        longest = max(answer.size for answer in answers)
        cache = RowCache(self.decoder.config, len(answers), longest, self.decoder.numerics.dtype)
        found = [[prompt.logits[0]] for _ in answers]
        before: list[int] = [0] * len(answers)  # all begin as copies of the one row that the prompt is
        for step in range(longest - 1):
            active = [number for number, answer in enumerate(answers) if answer.size > step + 1]
            places = {number: place for place, number in enumerate(before)} if step else dict.fromkeys(active, 0)
            cache.reorder(np.array([places[number] for number in active]))
            logits = self.decoder.step(prompt, cache, np.array([answers[number][step] for number in active]))
            for number, row in zip(active, logits, strict=True):
                found[number].append(row)
            before = active
        return [np.array(rows, dtype=np.float64) for rows in found]


def embedded_backends(model_dir: Path, engines: Sequence[str]) -> tuple[list[Backend], dict[str, str]]:
    """All ways of `exact` and `fp32` if named, and float64; by name why one is left out (too large for exact mode)."""
    config = read_config(model_dir)
    weights = read_weights(model_dir, config)
    found: list[Backend] = []
    left_out: dict[str, str] = {}
    for name, (numerics, numeric_class) in ENGINES.items():
        if name not in engines:
            continue
        try:
            decoder = Decoder(config, numerics(config, weights))
        except GengovError as error:
            left_out[name] = error.message
            continue
        for way, rows, threads in _WAYS:
            found.append(EmbeddedBackend(f"{name}, {way}", numeric_class, decoder, rows, threads))
    float64: Any = FloatNumerics(config, weights, np.float64)
    found.append(EmbeddedBackend(REFERENCE, "F", Decoder(config, float64)))
    return found, left_out


_WAYS = (
    ("alone", 0, 1),
    ("alone, 2 threads", 0, 2),
    ("batch 1", 1, 1),
    ("batch 17", 17, 1),
    ("batch 100, 2 threads", 100, 2),
)
REFERENCE = "fp64, alone"

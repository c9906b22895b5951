"""The rule on the engine's side: which token each request of a batch takes, from a row of logits and its order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import GengovError
from oracle.mechanism.noise import gumbel, noise_words
from oracle.model.forcing import CANARY_INDEX, Order
from oracle.model.fp32 import float_scores
from oracle.model.grammar import Cursor, token_masks
from oracle.model.sampling import contest
from oracle.model.text import ModelText

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Choice:
    """The token to take; `drawn` is the rule's own, and `margin` how far the taken one lies below it (2^-20)."""

    token: int
    drawn: int
    margin: int = 0


class Row:
    """One request: its order, and the grammar walked along `output`, the engine's own growing list of its tokens."""

    def __init__(self, order: Order, output: list[int], cursor: Cursor | None) -> None:
        self.order, self.output, self._cursor, self._read = order, output, cursor, 0
        self.seed = bytes.fromhex(order.seed)

    @property
    def place(self) -> int:
        """Number of tokens taken so far."""
        return len(self.output)

    def cursor(self) -> Cursor | None:
        """The place in the grammar after all tokens so far; None once nothing more is to be drawn.

        A grammar that fails ends the request: an error would stop the engine for all. The client walks the same
        grammar and reports it.
        """
        try:
            for token in self.output[self._read :]:
                if self._cursor is not None:
                    self._cursor.advance(token)
        except GengovError:
            self._cursor = None
        self._read = self.place
        over = self._cursor is None or self._cursor.finished or self.place >= self.order.max_tokens
        return None if over else self._cursor


class NoiseRows:
    """Applies orders to logits. `numeric_class` is that of the engine's arithmetic."""

    def __init__(self, model_dir: Path, numeric_class: str) -> None:
        self._text = ModelText(model_dir)
        self._canary = CANARY_INDEX[numeric_class]
        self._grammars: dict[str, Cursor] = {}

    def row(self, order: Order, output: list[int]) -> Row:
        """A new request."""
        outside = any(not 0 <= token < self._text.vocab_size for token in order.forced)
        return Row(order, output, None if order.canary or outside else self._start(order.schema))

    def _start(self, schema: str) -> Cursor | None:
        """The start of a prompt's grammar; the last few are kept, all samples of a prompt share one."""
        if schema not in self._grammars:
            while len(self._grammars) >= 8:
                del self._grammars[next(iter(self._grammars))]
            try:
                self._grammars[schema] = self._text.grammar(json.loads(schema)).start()
            except (GengovError, ValueError):
                return None
        return self._grammars[schema].copy()

    def choose(self, rows: Sequence[Row], logits: Logits) -> list[Choice]:
        """One choice per row of the logits (rows, vocab)."""
        choices = [Choice(self._text.end, self._text.end)] * len(rows)
        drawing: list[tuple[bytes, int, int, Cursor]] = []  # seed, temperature, place, cursor
        for place, row in enumerate(rows):
            if row.order.canary:
                choices[place] = self._sing(row)
            elif (cursor := row.cursor()) is not None:
                drawing.append((row.seed, row.order.temperature_milli, place, cursor))
        drawing.sort(key=lambda one: one[:3])
        for (seed, temperature), group in groupby(drawing, key=lambda one: one[:2]):
            places, cursors = zip(*(one[2:] for one in group), strict=True)
            drawn = self._draw(seed, temperature, [rows[place] for place in places], cursors, logits[list(places)])
            for place, choice in zip(places, drawn, strict=True):
                choices[place] = choice
        return choices

    def _sing(self, row: Row) -> Choice:
        words = noise_words(row.seed, row.place, [self._canary], self._text.vocab_size)
        token = int(np.argmax(gumbel(words)[0]))
        return Choice(token, token)

    def _draw(
        self,
        seed: bytes,
        temperature: int,
        rows: Sequence[Row],
        cursors: Sequence[Cursor],
        logits: npt.NDArray[np.float32],
    ) -> list[Choice]:
        """Choices of rows that share seed and temperature."""
        numbers = np.arange(len(rows))
        masks = token_masks(cursors, self._text.vocab_size)
        scores = float_scores(logits[:, : self._text.vocab_size], temperature)
        words = noise_words(seed, [row.place for row in rows], [row.order.index for row in rows], scores.shape[1])
        drawn, best = contest(scores, masks, numbers, words)
        forced = [row.order.forced[row.place] if row.place < len(row.order.forced) else -1 for row in rows]
        taken = np.where(np.array(forced) < 0, drawn, forced)
        margins = np.ceil(best - scores[numbers, taken] - gumbel(words[numbers, taken]))
        table = zip(taken.tolist(), drawn.tolist(), margins.astype(np.int64).tolist(), strict=True)
        return [Choice(token, own, margin) for token, own, margin in table]

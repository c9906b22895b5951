"""The grammar that an answer must follow while it is drawn: llguidance over a JSON schema, without whitespace."""

import json
from collections.abc import Sequence
from pathlib import Path

import llguidance
import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput

GRAMMAR_VERSION = f"llguidance/{llguidance.__version__}"
"""Bound in the sampler: another version may allow other tokens in the same place."""

Mask = npt.NDArray[np.bool_]
MaskWords = npt.NDArray[np.uint32]

_COMPACT = {"item_separator": ",", "key_separator": ":", "whitespace_flexible": False}


class GrammarTokenizer:
    """A tokenizer as the grammar sees it: the bytes of each token. Slow to make, so made once per model."""

    def __init__(self, tokenizer_file: Path, vocab_size: int, eos_tokens: list[int]) -> None:
        self.vocab_size = vocab_size
        try:
            text = tokenizer_file.read_text("utf-8")
            self.inner = llguidance.LLTokenizer(text, n_vocab=vocab_size, eos_token=eos_tokens or None)
        except (OSError, ValueError, RuntimeError) as error:
            raise BadInput(f"{tokenizer_file}: not usable with a grammar: {error}", hint=_TOKENIZER_HINT) from None

    def text(self, tokens: Sequence[int]) -> str:
        """The text of some tokens, by their bytes; bytes that are not UTF-8 become U+FFFD."""
        return bytes(self.inner.decode_bytes(list(tokens))).decode("utf-8", errors="replace")


_TOKENIZER_HINT = "The folder needs a tokenizer.json whose vocabulary fits config.json's vocab_size."


class Cursor:
    """Where one answer stands in the grammar."""

    def __init__(self, matcher: "llguidance.LLMatcher") -> None:
        self.matcher = matcher

    @property
    def finished(self) -> bool:
        """Whether the answer is complete: nothing more can follow."""
        return bool(self.matcher.is_stopped())

    def copy(self) -> "Cursor":
        """The same place, to go on in another way."""
        return Cursor(self.matcher.deep_copy())

    def advance(self, token: int) -> None:
        """Move past a token; raises BadInput if the grammar does not allow it or gives up (too complex)."""
        if not self.matcher.consume_token(token):
            raise BadInput(
                f"the grammar refuses token {token}: {self.matcher.get_error()}",
                hint="Simplify the answer schema of this prompt.",
            )


class Grammar:
    """One prompt's grammar: a JSON schema compiled for one tokenizer; BadInput for a schema that it cannot compile."""

    def __init__(self, tokenizer: GrammarTokenizer, schema: dict[str, object]) -> None:
        self._tokenizer = tokenizer
        compiled = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides=_COMPACT)
        failed, messages = llguidance.LLMatcher.validate_grammar_with_warnings(compiled, tokenizer.inner)
        if failed:
            raise BadInput(f"answer schema: {messages[0]}", hint="Use keywords that the grammar supports.")
        self._first = llguidance.LLMatcher(tokenizer.inner, compiled, log_level=0)
        if self._first.is_error():
            raise BadInput(f"answer schema: {self._first.get_error()}", hint="Use keywords that the grammar supports.")

    def start(self) -> Cursor:
        """The place before the first token."""
        return Cursor(self._first.deep_copy())

    def masks(self, cursors: Sequence[Cursor]) -> Mask:
        """Which tokens may come next at each cursor, (cursors, vocab)."""
        return token_masks(cursors, self._tokenizer.vocab_size)


def token_masks(cursors: Sequence[Cursor], vocab_size: int) -> Mask:
    """Which tokens may come next at each cursor, (cursors, vocab); the cursors may be of different grammars."""
    words = mask_words(len(cursors), vocab_size)
    for row, cursor in enumerate(cursors):
        fill_mask(words, row, cursor)
    return unpack_masks(words, vocab_size)


def mask_words(rows: int, vocab_size: int) -> MaskWords:
    """Room for so many masks, 32 tokens to a word, lowest bit first."""
    return np.zeros((rows, (vocab_size + 31) // 32), dtype="<u4")


def fill_mask(words: MaskWords, row: int, cursor: Cursor) -> None:
    """Writes the mask of what may come next at the cursor into a row."""
    size = words.strides[0]
    cursor.matcher.unsafe_compute_mask_ptr(words.ctypes.data + row * size, size)


def unpack_masks(words: MaskWords, vocab_size: int) -> Mask:
    """Masks (rows, vocab) from their words."""
    bits = np.unpackbits(words.view(np.uint8), axis=1, count=vocab_size, bitorder="little")
    return bits.view(np.bool_)

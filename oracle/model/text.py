"""A model folder without its weights: tokenizer, grammar and limits, for engines that hold the weights elsewhere."""

from collections.abc import Sequence
from pathlib import Path

from oracle.domain.errors import BadInput, Refused
from oracle.model.config import CONFIG_FILE, read_eos_tokens, read_json
from oracle.model.grammar import Grammar, GrammarTokenizer
from oracle.model.manifest import TOKENIZER_FILE
from oracle.model.request import read_tokenizer


class ModelText:
    """What turns text into the model's tokens and back. Raises BadInput naming file and setting.

    `end` is the id that stops an engine once an answer is complete; it is no part of the answer.
    """

    def __init__(self, model_dir: Path) -> None:
        self.model_dir = model_dir
        path = model_dir / CONFIG_FILE
        settings = read_json(path)
        self.vocab_size, self.context = (
            _whole(settings, key, path) for key in ("vocab_size", "max_position_embeddings")
        )
        ends = read_eos_tokens(model_dir)
        if not ends:
            raise Refused(
                f"{path}: no eos_token_id, so an engine outside cannot be told where an answer ends",
                hint='use engine = "exact" or "fp32", or a model that names one',
            )
        self.end = ends[0]
        self._tokenizer = read_tokenizer(model_dir / TOKENIZER_FILE, self.vocab_size)
        self._grammar_tokenizer = GrammarTokenizer(model_dir / TOKENIZER_FILE, self.vocab_size, ends)

    def prompt(self, text: str, answer: int) -> list[int]:
        """Token ids of a prompt; BadInput if it leaves no room for an answer of so many tokens."""
        tokens, room = self.encode(text), self.context - answer
        if not 0 < len(tokens) <= room:
            raise BadInput(
                f"prompt of {len(tokens)} tokens: {self.model_dir.name} holds 1 to {room} beside {answer} of answer",
                hint="Shorten the prompt, or commit a model with a longer context.",
            )
        return tokens

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        return list(self._tokenizer.encode(text).ids)

    def grammar(self, schema: dict[str, object]) -> Grammar:
        """The grammar of one prompt; BadInput for a schema that it cannot compile."""
        return Grammar(self._grammar_tokenizer, schema)

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens; ids outside the vocabulary are left out."""
        return self._grammar_tokenizer.text([token for token in tokens if 0 <= token < self.vocab_size])


def _whole(settings: dict[str, object], key: str, path: Path) -> int:
    value = settings.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadInput(f"{path}: {key} is {value!r}, not a positive whole number", hint="Fetch the folder again.")
    return value

"""What the grammar lets through: exactly the compact JSON of the schema."""

import json
from pathlib import Path

import numpy as np
import pytest

from oracle.domain.errors import BadInput
from oracle.model.grammar import Grammar, GrammarTokenizer
from tests.support.tiny_llama import build_tiny_llama, compact_schema


@pytest.fixture
def tokenizer(tmp_path: Path) -> GrammarTokenizer:
    return GrammarTokenizer(build_tiny_llama(tmp_path) / "tokenizer.json", 264, [257])


def allowed_texts(grammar: Grammar, tokenizer: GrammarTokenizer, prefix: str) -> set[str]:
    cursor = grammar.start()
    for token in tokenizer.inner.tokenize_str(prefix):
        cursor.advance(token)
    return {tokenizer.text([token]) for token in np.flatnonzero(grammar.masks([cursor])[0]).tolist()}


def test_masks__at_the_start__only_the_opening_of_the_object(tokenizer: GrammarTokenizer) -> None:
    grammar = Grammar(tokenizer, compact_schema())
    assert allowed_texts(grammar, tokenizer, "") == {'{"'}


def test_masks__where_the_schema_branches__only_its_branches(tokenizer: GrammarTokenizer) -> None:
    grammar = Grammar(tokenizer, compact_schema())
    assert allowed_texts(grammar, tokenizer, '{"action":"') == {"f", "n"}
    assert allowed_texts(grammar, tokenizer, '{"action":"fund","fund":{"') == {"c"}
    assert allowed_texts(grammar, tokenizer, '{"action":"fund","fund":{"c1":') == {"5"}


def test_masks__inside_text__no_control_characters_no_backslash_and_no_special_tokens(
    tokenizer: GrammarTokenizer,
) -> None:
    texts = allowed_texts(Grammar(tokenizer, compact_schema(3, 9)), tokenizer, '{"action":"none","rationale":"abc')
    assert {"x", " ", '"'} <= texts
    assert all(32 <= ord(char) < 127 and char != "\\" for text in texts for char in text)


def test_masks__several_cursors__one_row_each_and_none_beyond_the_tokenizer(tokenizer: GrammarTokenizer) -> None:
    grammar = Grammar(tokenizer, compact_schema())
    first, second = grammar.start(), grammar.start()
    second.advance(259)
    masks = grammar.masks([first, second])
    assert masks.shape == (2, 264)
    assert masks.dtype == np.bool_
    assert not np.array_equal(masks[0], masks[1])
    assert not masks[:, 260:].any()


def test_cursor__whole_answer__is_finished_at_its_last_token_and_not_before(tokenizer: GrammarTokenizer) -> None:
    cursor = Grammar(tokenizer, compact_schema(1, 9)).start()
    tokens = tokenizer.inner.tokenize_str('{"action":"none","rationale":"ok"}')
    for token in tokens:
        assert not cursor.finished
        cursor.advance(token)
    assert cursor.finished
    assert json.loads(tokenizer.text(tokens)) == {"action": "none", "rationale": "ok"}


def test_cursor__copy__goes_its_own_way(tokenizer: GrammarTokenizer) -> None:
    grammar = Grammar(tokenizer, compact_schema())
    cursor = grammar.start()
    before = grammar.masks([cursor])
    cursor.copy().advance(259)
    assert np.array_equal(grammar.masks([cursor]), before)


def test_cursor__token_outside_the_grammar__is_refused(tokenizer: GrammarTokenizer) -> None:
    with pytest.raises(BadInput, match="the grammar refuses token 5"):
        Grammar(tokenizer, compact_schema()).start().advance(5)


def test_masks__whitespace_asked_for_by_the_schema__is_not_given(tokenizer: GrammarTokenizer) -> None:
    loose = compact_schema() | {"x-guidance": {"whitespace_flexible": True}}
    assert allowed_texts(Grammar(tokenizer, loose), tokenizer, '{"action":') == {'"'}


@pytest.mark.parametrize("schema", [{"type": "objectx"}, {"pattern": "(", "type": "string"}, {"not": {}}])
def test_grammar__schema_it_cannot_compile__is_refused(tokenizer: GrammarTokenizer, schema: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="answer schema: "):
        Grammar(tokenizer, schema)


def test_tokenizer__not_one_that_the_grammar_can_read__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text('{"version":"1.0"}')
    with pytest.raises(BadInput, match=r"tokenizer\.json: not usable with a grammar"):
        GrammarTokenizer(path, 264, [])
    with pytest.raises(BadInput, match="not usable with a grammar"):
        GrammarTokenizer(tmp_path / "gone.json", 264, [])

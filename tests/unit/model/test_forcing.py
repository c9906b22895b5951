"""The rule as an engine outside is told it: what comes back is what the embedded engine draws and finds."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.errors import Refused, Unreachable
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck
from oracle.model import forcing
from oracle.model.embedded import EmbeddedRunner
from oracle.model.grammar import Grammar
from oracle.model.noise_rows import NoiseRows
from oracle.model.text import ModelText
from tests.support.fake_engine import FakeEngine
from tests.support.tiny_llama import build_tiny_llama, compact_schema

SEED = bytes(range(32))
PROMPT = "Who gets paid this week? "
SCHEMA = compact_schema(2, 6)
SAMPLER = Sampler(max_tokens=48, numeric_class="F", tau=1000)
COUNT = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def runner(folder: Path) -> EmbeddedRunner:
    return EmbeddedRunner(folder, "fp32")


@pytest.fixture(scope="module")
def engine(folder: Path) -> FakeEngine:
    return FakeEngine(folder)


@pytest.fixture(scope="module")
def text(folder: Path) -> ModelText:
    return ModelText(folder)


@pytest.fixture(scope="module")
def grammar(text: ModelText) -> Grammar:
    return text.grammar(SCHEMA)


@pytest.fixture(scope="module")
def honest(runner: EmbeddedRunner) -> list[RawSample]:
    return runner.generate(PROMPT, SCHEMA, SEED, range(COUNT), SAMPLER)


def forged(sample: RawSample, tokens: Sequence[int]) -> RawSample:
    return replace(sample, token_ids=tuple(tokens))


def checked(text: ModelText, engine: FakeEngine, sample: RawSample, sampler: Sampler = SAMPLER) -> SampleCheck:
    """A check as an engine outside makes it."""
    claim = forcing.claim(text, text.grammar(SCHEMA), sample, sampler)
    order = claim.order(SCHEMA, SEED, sampler)
    places = engine.complete(text.prompt(PROMPT, sampler.max_tokens), order, claim.places, [])
    reports = [forcing.report(sample.index, token, values) for token, values in places]
    return forcing.judge(text, claim, reports, sampler)


# -- drawing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [48, 5])
def test_orders__obeyed__give_the_samples_of_the_embedded_engine(
    runner: EmbeddedRunner, engine: FakeEngine, text: ModelText, grammar: Grammar, most: int
) -> None:
    sampler = replace(SAMPLER, max_tokens=most, temperature_milli=700)
    prompt = text.prompt(PROMPT, most)
    drawn = []
    for index in range(COUNT):
        order = forcing.draw_order(SCHEMA, SEED, index, sampler)
        tokens = [token for token, _ in engine.complete(prompt, order, most + 1, [text.end])]
        drawn.append(forcing.finish(text, grammar, index, tokens, sampler))
    assert drawn == runner.generate(PROMPT, SCHEMA, SEED, range(COUNT), sampler)


@pytest.mark.parametrize("change", ["shorter", "longer", "forbidden", "outside"])
def test_finish__tokens_that_the_rule_cannot_have_drawn__are_not_believed(
    text: ModelText, grammar: Grammar, honest: list[RawSample], change: str
) -> None:
    tokens = list(honest[0].token_ids)
    changed = {
        "shorter": tokens[:-1],
        "longer": [*tokens, text.end, text.end],
        "forbidden": [tokens[1], *tokens[1:]],
        "outside": [999, *tokens[1:]],
    }[change]
    with pytest.raises(Unreachable, match="sample 3: the engine returned") as caught:
        forcing.finish(text, grammar, 3, changed, SAMPLER)
    assert "pinned version" in caught.value.hint


def test_finish__with_or_without_the_end_mark__is_the_same_sample(
    text: ModelText, grammar: Grammar, honest: list[RawSample]
) -> None:
    for sample in honest:
        for end in ([], [text.end]):
            assert forcing.finish(text, grammar, sample.index, [*sample.token_ids, *end], SAMPLER) == sample


# -- checking ---------------------------------------------------------------------------------------------------------


def test_check__honest_samples__no_mismatch_and_the_same_text(
    engine: FakeEngine, text: ModelText, honest: list[RawSample]
) -> None:
    for sample in honest:
        count = len(sample.token_ids)
        assert checked(text, engine, sample) == SampleCheck(sample.index, (), count, 0, sample.text, sample.finished)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_check__any_forgery__found_as_the_embedded_engine_finds_it(
    data: st.DataObject, runner: EmbeddedRunner, engine: FakeEngine, text: ModelText, honest: list[RawSample]
) -> None:
    sample = data.draw(st.sampled_from(honest))
    tokens = list(sample.token_ids)
    place = data.draw(st.integers(0, len(tokens) - 1))
    other = data.draw(st.sampled_from(honest))
    made = data.draw(
        st.sampled_from(
            [
                tokens[:place],
                [*tokens, data.draw(st.integers(0, 259))],
                [*tokens[:place], data.draw(st.sampled_from([-1, 260, 10**9])), *tokens[place + 1 :]],
                [*tokens[:place], data.draw(st.integers(0, 259)), *tokens[place + 1 :]],
                list(other.token_ids),
                [],
                tokens * 9,
            ]
        )
    )
    claimed = forged(sample, made)
    (expected,) = runner.check(PROMPT, SCHEMA, SEED, [claimed], SAMPLER)
    found = checked(text, engine, claimed)
    assert [replace(one, margin=None) for one in found.mismatches] == [
        replace(one, margin=None) for one in expected.mismatches
    ]
    assert (found.tokens, found.text, found.finished) == (expected.tokens, expected.text, expected.finished)
    assert abs(found.worst_margin - expected.worst_margin) <= 64 + expected.worst_margin / (1 << 22)
    for one, same in zip(found.mismatches, expected.mismatches, strict=True):
        assert (one.margin is None) == (same.margin is None)


def test_report__values_that_the_processor_never_gives__are_not_believed() -> None:
    assert forcing.report(0, 7, {7: 1.0, 8: -9999.0}) == (7, 0)
    assert forcing.report(0, 7, {7: 1.0, 8: -0.5}) == (8, 1 << 19)
    assert forcing.report(0, 7, {7: 1.0, 8: 0.0}) == (8, 0)
    for values in ({}, {7: 0.0}, {8: 1.0}, {7: 1.0, 8: 0.5}, {7: 1.0, 8: -1.0, 9: -2.0}):
        with pytest.raises(Unreachable, match="values"):
            forcing.report(0, 7, values)


def test_judge__too_few_reports__are_not_believed(text: ModelText, grammar: Grammar, honest: list[RawSample]) -> None:
    claim = forcing.claim(text, grammar, honest[0], SAMPLER)
    with pytest.raises(Unreachable, match="reports on 1 of"):
        forcing.judge(text, claim, [(1, 0)], SAMPLER)


# -- the engine's side ------------------------------------------------------------------------------------------------


def test_order__written_and_read__is_the_same() -> None:
    order = forcing.Order(SEED.hex(), 7, json.dumps(SCHEMA), 900, 12, (1, 2))
    assert forcing.loads(order.dumps()) == order


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "not an order"),
        ("{", "not an order"),
        ("[1]", "not an order"),
        ('{"seed":"00"}', "not an order"),
        ('{"seed":"00","index":0,"forced":["x"]}', "not an order"),
        (forcing.Order("00", 0).dumps(), "seed of 32 bytes"),
        (forcing.Order(SEED.hex(), -1).dumps(), "seed of 32 bytes and an index"),
        (forcing.Order(SEED.hex(), 0, temperature_milli=0).dumps(), "temperature"),
        (forcing.Order(SEED.hex(), 0, noise="other/v2").dumps(), "noise other/v2, this engine has philox-gumbel/v1"),
        (forcing.Order(SEED.hex(), 0, grammar="llguidance/1").dumps(), "grammar llguidance/1, this engine has"),
    ],
)
def test_loads__malformed_or_of_another_version__says_what(text: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        forcing.loads(text)


def test_row__resumed_with_its_tokens_so_far__goes_on_as_before(
    folder: Path, text: ModelText, honest: list[RawSample]
) -> None:
    """An engine that ran out of memory takes a request off, and later back with what it had."""
    rows = NoiseRows(folder, "F")
    order = forcing.draw_order(SCHEMA, SEED, 1, SAMPLER)
    logits = np.random.default_rng(5).normal(size=(1, text.vocab_size)).astype(np.float32)
    output: list[int] = []
    steady = rows.row(order, output)
    for token in honest[1].token_ids[:-1]:
        resumed = rows.row(order, list(output))
        assert rows.choose([resumed], logits) == rows.choose([steady], logits)
        output.append(token)


def test_row__order_that_the_grammar_cannot_follow__ends_its_request_only(folder: Path, text: ModelText) -> None:
    rows = NoiseRows(folder, "F")
    good = rows.row(forcing.draw_order(SCHEMA, SEED, 0, SAMPLER), [])
    logits = np.zeros((5, text.vocab_size), dtype=np.float32)
    alone = rows.choose([good], logits[:1])[0]
    bad = [
        rows.row(replace(good.order, schema="{"), []),
        rows.row(replace(good.order, schema='{"type":"nothing"}'), []),
        rows.row(good.order, [5]),
        rows.row(replace(good.order, forced=(10**6,)), []),
    ]
    found = rows.choose([bad[0], good, bad[1], bad[2], bad[3]], logits)
    assert [one.token for one in found] == [text.end, alone.token, text.end, text.end, text.end]


def test_rows__of_several_runs_in_one_batch__choose_as_if_alone(folder: Path, text: ModelText) -> None:
    rows = NoiseRows(folder, "F")
    anything: dict[str, object] = {"type": "string", "pattern": "^[ !#-Z^-~]{20}$"}
    orders = [
        replace(forcing.draw_order(anything, bytes([run]) * 32, index, SAMPLER), temperature_milli=500 + 500 * run)
        for index in range(3)
        for run in range(3)
    ]
    logits = np.random.default_rng(3).normal(size=(len(orders), text.vocab_size)).astype(np.float32) * 9
    padded = np.concatenate([logits, np.full((len(orders), 60), 99, np.float32)], axis=1)  # as engines pad vocabularies
    so_far = text.encode('"a')
    together = rows.choose([rows.row(order, so_far) for order in orders], padded)
    assert together == [rows.choose([rows.row(o, so_far)], logits[i : i + 1])[0] for i, o in enumerate(orders)]
    assert len({choice.token for choice in together}) > 3


def test_text__model_without_an_end_of_text__is_refused_with_a_way_out(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path, eos_token_id=None)
    with pytest.raises(Refused, match="no eos_token_id") as caught:
        ModelText(folder)
    assert "exact" in caught.value.hint

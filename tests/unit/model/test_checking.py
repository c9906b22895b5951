"""Checking: honest samples pass, each kind of false token is named where it stands, and nothing else is."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import END, SampleCheck, TokenMismatch, acceptable, class_tau, tolerates, within
from oracle.mechanism.noise import gumbel_noise
from oracle.model.embedded import EmbeddedRunner
from oracle.model.grammar import Grammar
from tests.support.tiny_llama import build_tiny_llama, compact_schema

SEED = bytes(range(32))
PROMPT = "Who gets paid this week? "
SCHEMA = compact_schema(4, 12)
SAMPLERS = {"exact": Sampler(max_tokens=64), "fp32": Sampler(max_tokens=64, numeric_class="F", tau=1000)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module", params=["exact", "fp32"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def runner(engine: str, folder: Path) -> EmbeddedRunner:
    return EmbeddedRunner(folder, engine)


@pytest.fixture(scope="module")
def sampler(engine: str) -> Sampler:
    return SAMPLERS[engine]


@pytest.fixture(scope="module")
def honest(runner: EmbeddedRunner, sampler: Sampler) -> list[RawSample]:
    return runner.generate(PROMPT, SCHEMA, SEED, range(40), sampler)


def check(runner: EmbeddedRunner, samples: Sequence[RawSample], sampler: Sampler) -> list[SampleCheck]:
    return list(runner.check(PROMPT, SCHEMA, SEED, samples, sampler))


def forged(sample: RawSample, tokens: Sequence[int]) -> RawSample:
    return replace(sample, token_ids=tuple(tokens))


# -- honest -----------------------------------------------------------------------------------------------------------


def test_check__honest_samples__every_token_is_the_best_and_reads_as_the_sample(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler
) -> None:
    assert check(runner, honest, sampler) == [
        SampleCheck(sample.index, (), len(sample.token_ids), 0, sample.text, sample.finished) for sample in honest
    ]


def test_check__cut_off_by_max_tokens__passes_and_says_unfinished(runner: EmbeddedRunner, sampler: Sampler) -> None:
    short = replace(sampler, max_tokens=9)
    samples = runner.generate(PROMPT, SCHEMA, SEED, range(10), short)
    found = check(runner, samples, short)
    assert acceptable(short, found)
    assert [(one.text, one.finished) for one in found] == [(one.text, one.finished) for one in samples]
    assert not all(one.finished for one in found)


@pytest.mark.parametrize("chunk", [1, 7, 33, 1000])
def test_check__any_chunk__same_results_and_in_exact_mode_the_hash_of_generation(
    folder: Path, engine: str, honest: list[RawSample], sampler: Sampler, chunk: int
) -> None:
    small = EmbeddedRunner(folder, engine, chunk=chunk)
    assert acceptable(sampler, check(small, honest, sampler))
    if engine == "exact":
        hashed = small.logits_hash
        small.generate(PROMPT, SCHEMA, SEED, range(40), sampler)
        assert hashed == small.logits_hash


def test_check__some_samples_in_any_order__results_in_that_order(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler
) -> None:
    chosen = [honest[17], honest[3], honest[39]]
    assert [one.index for one in check(runner, chosen, sampler)] == [17, 3, 39]


def test_check__progress__grows_to_all_tokens_and_samples(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler
) -> None:
    calls: list[tuple[int, int]] = []
    list(runner.check(PROMPT, SCHEMA, SEED, honest, sampler, lambda *call: calls.append(call)))
    assert calls == sorted(calls)
    assert calls[-1] == (sum(len(sample.token_ids) for sample in honest), len(honest))


def test_logits__of_given_tokens__are_those_of_a_full_pass(runner: EmbeddedRunner, honest: list[RawSample]) -> None:
    prompt = runner.encode(PROMPT)
    (rows,) = runner.logits(PROMPT, honest[:1])
    assert rows.shape == (len(honest[0].token_ids), 260)
    unit = 2.0**-20 if runner.numeric_class == "E" else 1.0
    for step in (0, 1, len(rows) - 1):
        alone = runner.decoder.prefill(np.append(prompt, honest[0].token_ids[:step]).astype(np.int64)).logits[0]
        assert np.abs(rows[step] - alone * unit).max() <= (0 if unit < 1 else 1e-4)


# -- false ------------------------------------------------------------------------------------------------------------


def test_check__another_allowed_token__is_named_with_the_margin_computed_alone(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler
) -> None:
    sample, place = honest[5], len(honest[5].token_ids) - 4
    grammar = Grammar(runner._grammar_tokenizer, SCHEMA)
    cursor = grammar.start()
    for token in sample.token_ids[:place]:
        cursor.advance(token)
    allowed = np.flatnonzero(grammar.masks([cursor])[0])
    false = next(int(token) for token in allowed if token != sample.token_ids[place] and token < 256)
    (logits,) = runner.logits(PROMPT, [sample])
    noise = gumbel_noise(SEED, place, [5], 260)[0]
    noisy = logits[place] * 2**20 + noise
    found = check(runner, [forged(sample, [*sample.token_ids[:place], false, *sample.token_ids[place + 1 :]])], sampler)
    first = found[0].mismatches[0]
    assert (first.position, first.expected, first.got) == (place, sample.token_ids[place], false)
    assert first.margin is not None
    assert abs(first.margin - (noisy[sample.token_ids[place]] - noisy[false])) <= 16
    assert found[0].worst_margin >= first.margin
    assert found[0].tokens == len(sample.token_ids)  # the comparison went on


@pytest.mark.parametrize("false", [-1, -(2**70), 260, 2**63, 2**80, 257])
def test_check__token_that_cannot_stand_there__ends_the_comparison_without_a_margin(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler, false: int
) -> None:
    """Outside the vocabulary, or 257: an end mark, which the grammar forbids inside an answer."""
    tokens = honest[8].token_ids
    found = check(runner, [honest[7], forged(honest[8], [*tokens[:6], false, *tokens[7:]]), honest[9]], sampler)
    assert [one.mismatches for one in found] == [(), (TokenMismatch(6, tokens[6], false, None),), ()]


def test_check__goes_on_after_the_end_of_the_answer__is_named(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler
) -> None:
    (found,) = check(runner, [forged(honest[2], [*honest[2].token_ids, 65])], sampler)
    assert found.mismatches == (TokenMismatch(len(honest[2].token_ids), END, 65, None),)


@pytest.mark.parametrize("kept", [0, 1, 11])
def test_check__stops_early__is_named_with_the_token_that_should_follow(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler, kept: int
) -> None:
    tokens = honest[2].token_ids
    (found,) = check(runner, [forged(honest[2], tokens[:kept])], sampler)
    assert found.mismatches == (TokenMismatch(kept, tokens[kept], END, None),)
    assert not found.finished


def test_check__longer_than_max_tokens__is_named(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler
) -> None:
    (found,) = check(runner, [honest[2]], replace(sampler, max_tokens=10))
    assert found.mismatches == (TokenMismatch(10, END, honest[2].token_ids[10], None),)


def test_check__tokens_of_another_index__are_found(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler
) -> None:
    swapped = [forged(honest[0], honest[1].token_ids), forged(honest[1], honest[0].token_ids)]
    assert all(one.mismatches for one in check(runner, swapped, sampler))


def test_check__equal_scores__class_e_wants_the_lowest_id_and_class_f_takes_any() -> None:
    assert not tolerates(Sampler(), 0, chosen=False)
    assert tolerates(Sampler(numeric_class="F", tau=1), 0, chosen=False)


# -- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("engine", "numeric_class"), [("fp32", "E"), ("fp32", "N"), ("exact", "N")])
def test_check__class_that_the_engine_cannot_check__is_refused_at_once(
    folder: Path, engine: str, numeric_class: str
) -> None:
    with pytest.raises(Refused, match=f"class {numeric_class}"):
        EmbeddedRunner(folder, engine).check(PROMPT, SCHEMA, SEED, [], Sampler(numeric_class=numeric_class))


def test_check__bad_request__is_refused_before_anything_runs(
    runner: EmbeddedRunner, honest: list[RawSample], sampler: Sampler
) -> None:
    with pytest.raises(BadInput, match="seed"):
        runner.check(PROMPT, SCHEMA, bytes(31), honest, sampler)
    with pytest.raises(BadInput, match="indices"):
        runner.check(PROMPT, SCHEMA, SEED, [honest[0], honest[0]], sampler)
    with pytest.raises(BadInput, match="prompt of"):
        runner.check("x" * 600, SCHEMA, SEED, honest, sampler)
    with pytest.raises(BadInput, match="schema"):
        runner.check(PROMPT, {"type": "nonsense"}, SEED, honest, sampler)


# -- tolerance --------------------------------------------------------------------------------------------------------


def test_within__at_the_border__is_exact() -> None:
    assert within(0, 0) and not within(1, 0)
    assert within(1 << 20, 1_000_000) and not within((1 << 20) + 1, 1_000_000)
    assert within(1048, 1000) and not within(1049, 1000)  # 0.001 x 2^20 = 1048.576


def test_class_b__tolerance_is_at_most_a_quarter() -> None:
    assert class_tau(Sampler(numeric_class="B", tau=900_000)) == 250_000
    assert class_tau(Sampler(numeric_class="F", tau=1000)) == 1000
    assert class_tau(Sampler(tau=1000)) == 0


def test_class_b__35_mismatches_in_6700_tokens__pass_and_36_do_not() -> None:
    sampler = Sampler(numeric_class="B", tau=250_000)

    def slot(mismatches: int, tokens: int, margin: int | None = 1 << 20) -> list[SampleCheck]:
        return [SampleCheck(0, (TokenMismatch(0, 1, 2, margin),) * mismatches, tokens, 0)]

    assert acceptable(sampler, slot(35, 6_700)) and not acceptable(sampler, slot(36, 6_700))
    assert not acceptable(sampler, slot(35, 6_699))
    assert acceptable(sampler, [*slot(5, 900), *slot(0, 100)]) and not acceptable(sampler, slot(5, 900))
    assert not acceptable(sampler, slot(1, 6_700, None))
    assert not acceptable(Sampler(numeric_class="F", tau=1000), slot(1, 6_700))

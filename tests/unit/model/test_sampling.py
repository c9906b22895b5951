"""Drawing: the rule of one token, the independence of samples, the limits, the progress, and every refusal."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism.noise import gumbel, gumbel_noise, noise_words
from oracle.model.embedded import EmbeddedRunner
from oracle.model.grammar import Grammar
from oracle.model.sampling import choose
from tests.support.tiny_llama import build_tiny_llama, compact_schema

SEED = bytes(range(32))
PROMPT = "Who gets paid this week? "
SAMPLER = Sampler(max_tokens=64)
SCHEMA = compact_schema(4, 12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module", params=["exact", "fp32"])
def runner(request: pytest.FixtureRequest, folder: Path) -> EmbeddedRunner:
    return EmbeddedRunner(folder, request.param)


# -- one token --------------------------------------------------------------------------------------------------------


def test_choose__random_scores_and_masks__is_the_masked_argmax_of_score_plus_noise() -> None:
    rng = np.random.default_rng(8)
    scores = rng.integers(-(1 << 23), 1 << 23, size=(7, 130))
    masks = rng.random((7, 130)) < rng.uniform(0.02, 1, size=(7, 1))
    masks[np.arange(7), rng.integers(0, 130, 7)] = True
    row_of = rng.integers(0, 7, size=40)
    words = noise_words(SEED, 3, range(40), 130)
    expected = [
        max(np.flatnonzero(masks[row]), key=lambda v, s=s, row=row: (scores[row, v] + gumbel(words[s])[v], -v))
        for s, row in enumerate(row_of)
    ]
    assert choose(scores, masks, row_of, words).tolist() == [int(token) for token in expected]


def test_choose__equal_scores_and_noise__takes_the_lowest_token() -> None:
    words = np.full((1, 5), 1 << 31, dtype=np.uint64)
    masks = np.array([[False, True, True, False, True]])
    assert choose(np.zeros((1, 5), dtype=np.int64), masks, np.array([0]), words).tolist() == [1]


def test_choose__one_allowed_token__is_taken_whatever_its_score() -> None:
    scores = np.array([[1 << 40, -(1 << 40)]])
    assert choose(scores, np.array([[False, True]]), np.array([0]), noise_words(SEED, 0, [0], 2)).tolist() == [1]


def test_choose__many_draws__follow_the_softmax() -> None:
    """Gumbel-max sampling: frequencies match probabilities (chi-square with 3 degrees of freedom, p ~ 0.001)."""
    scores = (np.log([0.5, 0.3, 0.15, 0.05]) * (1 << 20)).astype(np.int64)[None, :]
    count = 20_000
    words = noise_words(SEED, 0, range(count), 4)
    tokens = choose(scores, np.ones((1, 4), bool), np.zeros(count, dtype=np.int64), words)
    expected = count * np.array([0.5, 0.3, 0.15, 0.05])
    assert (np.square(np.bincount(tokens, minlength=4) - expected) / expected).sum() < 16.3


def test_exact_scores__temperature__divides_rounding_down(folder: Path) -> None:
    numerics = EmbeddedRunner(folder, "exact").decoder.numerics
    logits = np.array([[3.0, -3.0, 1048576.0]])
    assert numerics.scores(logits, 1000).tolist() == [[3, -3, 1048576]]
    assert numerics.scores(logits, 2000).tolist() == [[1, -2, 524288]]
    assert numerics.scores(logits, 800).tolist() == [[3, -4, 1310720]]


# -- whole samples ----------------------------------------------------------------------------------------------------


def test_generate__every_sample__is_a_different_draw_of_the_schema(runner: EmbeddedRunner) -> None:
    samples = runner.generate(PROMPT, SCHEMA, SEED, range(40), SAMPLER)
    assert [sample.index for sample in samples] == list(range(40))
    assert len({sample.text for sample in samples}) > 30
    for sample in samples:
        assert sample.finished
        answer = json.loads(sample.text)
        assert list(answer) in (["action", "rationale"], ["action", "fund", "rationale"])
        assert 4 <= len(answer["rationale"]) <= 12
    assert {json.loads(sample.text)["action"] for sample in samples} == {"fund", "none"}


def test_generate__some_of_the_indices_in_any_order__same_samples(runner: EmbeddedRunner) -> None:
    everything = runner.generate(PROMPT, SCHEMA, SEED, range(30), SAMPLER)
    digests = dict(runner.logits_digests)
    some = runner.generate(PROMPT, SCHEMA, SEED, [29, 3, 17], SAMPLER)
    assert some == [everything[29], everything[3], everything[17]]
    if runner.numeric_class == "E":
        assert runner.logits_digests == {index: digests[index] for index in (29, 3, 17)}


def test_generate__each_token__is_the_argmax_recomputed_alone(folder: Path) -> None:
    """The slow way for one sample: full forward pass per token, no rows, no cache, noise from the formula."""
    runner = EmbeddedRunner(folder, "exact")
    sampler = replace(SAMPLER, temperature_milli=700)
    sample = runner.generate(PROMPT, SCHEMA, SEED, range(10), sampler)[6]
    tokens, grammar = runner.encode(PROMPT), Grammar(runner._grammar_tokenizer, SCHEMA)
    cursor = grammar.start()
    for step, token in enumerate(sample.token_ids):
        logits = runner.decoder.prefill(tokens).logits[0].astype(np.int64)
        scores = logits * 1000 // 700 + gumbel_noise(SEED, step, [6], logits.size)[0]
        scores[~grammar.masks([cursor])[0]] = np.iinfo(np.int64).min
        assert int(scores.argmax()) == token
        cursor.advance(token)
        tokens = np.append(tokens, token)
    assert cursor.finished


def test_generate__other_seed_prompt_temperature_or_schema__other_samples(runner: EmbeddedRunner) -> None:
    def texts(
        prompt: str = PROMPT, seed: bytes = SEED, schema: dict[str, object] = SCHEMA, milli: int = 1000
    ) -> list[str]:
        drawn = runner.generate(prompt, schema, seed, range(5), replace(SAMPLER, temperature_milli=milli))
        return [sample.text for sample in drawn]

    same = texts()
    assert texts() == same
    assert texts(seed=bytes(32)) != same
    assert texts(prompt=PROMPT + "?") != same
    assert texts(schema=compact_schema(2, 7)) != same
    assert texts(milli=300) != same


def test_generate__token_limit__cuts_samples_off_and_says_so(runner: EmbeddedRunner) -> None:
    samples = runner.generate(PROMPT, SCHEMA, SEED, range(20), replace(SAMPLER, max_tokens=34))
    assert {sample.finished for sample in samples} == {True, False}
    for sample in samples:
        assert len(sample.token_ids) == 34 or sample.finished
        assert sample.finished == sample.text.endswith('"}')


def test_generate__one_token_at_most__is_enough_to_stop(runner: EmbeddedRunner) -> None:
    samples = runner.generate(PROMPT, SCHEMA, SEED, [4], replace(SAMPLER, max_tokens=1))
    assert (samples[0].text, samples[0].finished) == ('{"', False)


def test_generate__progress__counts_up_to_all_tokens_and_samples(runner: EmbeddedRunner) -> None:
    seen: list[tuple[int, int]] = []
    samples = runner.generate(PROMPT, SCHEMA, SEED, range(9), SAMPLER, lambda tokens, done: seen.append((tokens, done)))
    assert seen == sorted(seen)
    assert seen[0][0] == 9
    assert seen[-1] == (sum(len(sample.token_ids) for sample in samples), 9)


def test_logits_hash__before_and_after_a_run__covers_every_logit(runner: EmbeddedRunner, folder: Path) -> None:
    fresh = EmbeddedRunner(folder, "exact")
    assert fresh.logits_hash == b""
    fresh.generate(PROMPT, SCHEMA, SEED, range(4), SAMPLER)
    first = fresh.logits_hash
    fresh.generate(PROMPT, SCHEMA, SEED, range(5), SAMPLER)
    assert len(first) == 32
    assert fresh.logits_hash != first
    assert set(fresh.logits_digests) == set(range(5))


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("indices", [[], [-1], [1, 1], [1 << 32]])
def test_generate__indices_that_are_none__are_refused(runner: EmbeddedRunner, indices: list[int]) -> None:
    with pytest.raises(BadInput, match="sample indices"):
        runner.generate(PROMPT, SCHEMA, SEED, indices, SAMPLER)


def test_generate__seed_of_another_length__is_refused(runner: EmbeddedRunner) -> None:
    with pytest.raises(BadInput, match="seed of 31 bytes"):
        runner.generate(PROMPT, SCHEMA, bytes(31), [0], SAMPLER)


@pytest.mark.parametrize("prompt", ["", "x" * 449])
def test_generate__prompt_empty_or_beyond_the_context__is_refused(runner: EmbeddedRunner, prompt: str) -> None:
    with pytest.raises(BadInput, match=r"prompt of \d+ tokens: .* holds 1 to 448 beside 64 of answer"):
        runner.generate(prompt, SCHEMA, SEED, [0], SAMPLER)


@pytest.mark.parametrize("changes", [{"max_tokens": 0}, {"temperature_milli": 0}])
def test_generate__sampler_without_tokens_or_heat__is_refused(runner: EmbeddedRunner, changes: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="Both are at least 1"):
        runner.generate(PROMPT, SCHEMA, SEED, [0], replace(SAMPLER, **changes))


@pytest.mark.parametrize("changes", [{"noise": "mersenne/v1"}, {"grammar": "llguidance/0.0.1"}])
def test_generate__sampler_bound_to_other_versions__is_refused(runner: EmbeddedRunner, changes: dict[str, str]) -> None:
    with pytest.raises(Refused, match="the sampler is bound to"):
        runner.generate(PROMPT, SCHEMA, SEED, [0], replace(SAMPLER, **changes))

"""The forward pass in floats against transformers, and in integers against the floats."""

from pathlib import Path

import numpy as np
import pytest

from oracle.model.config import LlamaConfig, read_config
from oracle.model.decoder import Decoder, RowCache
from oracle.model.exact import LOGIT_BITS, ExactNumerics
from oracle.model.fp32 import FloatNumerics
from oracle.model.numerics import Numerics
from oracle.model.weights import read_weights
from tests.support.tiny_llama import REFERENCE_MODELS, REFERENCE_TOKENS, build_tiny_llama, rewrite_as_bfloat16

REFERENCE = Path(__file__).parents[2] / "data" / "reference_logits.npz"
TOKENS = np.array(REFERENCE_TOKENS)


def numerics_of(folder: Path, kind: str) -> tuple[LlamaConfig, Numerics]:
    config = read_config(folder)
    weights = read_weights(folder, config)
    if kind == "exact":
        return config, ExactNumerics(config, weights)
    return config, FloatNumerics(config, weights, np.float32 if kind == "fp32" else np.float64)


def last_logits(folder: Path, kind: str, prompt: int) -> np.ndarray:
    """Logits after each of the last four tokens: `prompt` tokens as a prompt, the others one by one."""
    config, numerics = numerics_of(folder, kind)
    decoder = Decoder(config, numerics)
    cache = decoder.prefill(TOKENS[:prompt])
    rows = RowCache(config, 1, TOKENS.size, numerics.dtype)
    logits = [cache.logits]
    logits += [decoder.step(cache, rows, TOKENS[i : i + 1]) for i in range(prompt, TOKENS.size)]
    return np.concatenate(logits)[-4:] / (1 << LOGIT_BITS if kind == "exact" else 1)


@pytest.mark.parametrize("name", REFERENCE_MODELS)
@pytest.mark.parametrize(("kind", "tolerance"), [("fp64", 2e-5), ("fp32", 5e-5)])
def test_float_logits__every_option_of_the_architecture__agree_with_transformers(
    tmp_path: Path, name: str, kind: str, tolerance: float
) -> None:
    folder = build_tiny_llama(tmp_path, **REFERENCE_MODELS[name])
    expected = np.load(REFERENCE)[name]
    assert np.abs(expected).max() > 1  # the model says something
    assert np.abs(last_logits(folder, kind, 20) - expected).max() < tolerance


@pytest.mark.parametrize("name", REFERENCE_MODELS)
def test_exact_logits__every_option_of_the_architecture__within_1e_3_of_float64(tmp_path: Path, name: str) -> None:
    folder = build_tiny_llama(tmp_path, **REFERENCE_MODELS[name])
    assert np.abs(last_logits(folder, "exact", 20) - last_logits(folder, "fp64", 20)).max() < 1e-3


def test_exact_logits__weights_of_16_bits__within_2e_4_of_float64(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path)
    rewrite_as_bfloat16(folder)
    assert np.abs(last_logits(folder, "exact", 20) - last_logits(folder, "fp64", 20)).max() < 2e-4


@pytest.mark.parametrize("kind", ["exact", "fp32"])
def test_logits__prompt_split_anywhere__do_not_change(tmp_path: Path, kind: str) -> None:
    folder = build_tiny_llama(tmp_path)
    whole, split = last_logits(folder, kind, 57), last_logits(folder, kind, 1)
    if kind == "exact":
        assert np.array_equal(whole, split)
    assert np.allclose(whole, split, atol=1e-5)


def test_exact_logits__prompt_longer_than_a_chunk__same_as_token_by_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build_tiny_llama(tmp_path)
    expected = last_logits(folder, "exact", 60)
    monkeypatch.setattr("oracle.model.decoder._CHUNK", 7)
    assert np.array_equal(last_logits(folder, "exact", 60), expected)


def test_exact_tensors__all_the_way__are_whole_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, or for queries and scores whole multiples of one power of two: the same after any order of summation."""
    config, numerics = numerics_of(build_tiny_llama(tmp_path), "exact")
    seen: list[np.ndarray] = []
    block_type = type(numerics.blocks[0])
    for method in ("add_attention", "add_mlp", "attend"):
        original = getattr(block_type, method)

        def spied(self: object, *args: np.ndarray, original=original) -> np.ndarray:
            result = original(self, *args)
            seen.extend([*args, result])
            return result

        monkeypatch.setattr(block_type, method, spied)
    logits = Decoder(config, numerics).prefill(TOKENS).logits
    assert len(seen) >= config.num_layers * (3 + 2 + 3)
    for tensor in [*seen, logits]:
        assert np.array_equal(tensor, np.rint(tensor))
        assert np.abs(tensor).max() < 2**53


def test_exact_bounds__of_a_loaded_model__keep_every_sum_below_2_pow_53(tmp_path: Path) -> None:
    """From the weights alone: matrix products, scores (head_dim terms) and averages (context terms)."""
    config, numerics = numerics_of(build_tiny_llama(tmp_path, head_dim=16, attention_bias=True), "exact")
    assert isinstance(numerics, ExactNumerics)
    for block in numerics.blocks:
        for linear in (block._project, block._output, block._gate_up, block._down, numerics._head):
            assert all(int(total) * linear.in_bound < 1 << 53 for total in linear.row_sums)
        assert (numerics.context << 20) * (block._output.in_bound + 1) < 1 << 53
        queries, keys, values = block.project(numerics.embed(TOKENS), np.arange(TOKENS.size))
        assert np.abs(queries / block._score_scale).max() <= 1 << 23
        assert np.abs(keys).max() <= 1 << 23
        assert np.abs(values).max() <= block._output.in_bound
        assert config.head_dim << 46 <= 1 << 52


def test_exact_logits__weights_a_thousand_times_too_large__still_whole_and_finite(tmp_path: Path) -> None:
    """Nothing overflows for any weights: bounds come from the weights, and the MLP product is clamped."""
    logits = last_logits(build_tiny_llama(tmp_path, scale=1000.0), "exact", 20) * (1 << LOGIT_BITS)
    assert np.isfinite(logits).all()
    assert np.array_equal(logits, np.rint(logits))


def test_row_cache__rows_repeated_and_dropped__each_goes_on_from_its_parent(tmp_path: Path) -> None:
    config, numerics = numerics_of(build_tiny_llama(tmp_path), "exact")
    decoder = Decoder(config, numerics)
    prompt = decoder.prefill(TOKENS[:20])

    def run(histories: list[list[int]], parents: list[int], following: list[int]) -> np.ndarray:
        rows = RowCache(config, 8, 4, numerics.dtype)
        rows.reorder(np.zeros(len(histories), dtype=np.int64))
        for tokens in np.array(histories).T:
            decoder.step(prompt, rows, tokens)
        rows.reorder(np.array(parents))
        return decoder.step(prompt, rows, np.array(following))

    histories = [[5, 6], [7, 8], [9, 10]]
    together = run(histories, [2, 2, 0], [1, 2, 3])
    for row, (parent, token) in enumerate([(2, 1), (2, 2), (0, 3)]):
        assert np.array_equal(together[row], run([histories[parent]], [0], [token])[0])

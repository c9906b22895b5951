"""What is refused in a model folder, and what is read from one."""

import json
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oracle.domain.errors import BadInput
from oracle.model import load_runner
from oracle.model.config import read_config, read_eos_tokens
from oracle.model.weights import read_weights
from tests.support.tiny_llama import CONFIG, build_tiny_llama, rewrite_as_bfloat16, write_safetensors


def write_config(folder: Path, **changes: Any) -> Path:
    (folder / "config.json").write_text(json.dumps({k: v for k, v in (CONFIG | changes).items() if v is not None}))
    return folder


# -- config.json ------------------------------------------------------------------------------------------------------


def test_config__plain_llama__exact_numbers(tmp_path: Path) -> None:
    config = read_config(write_config(tmp_path))
    assert (config.head_dim, config.num_kv_heads, config.tied_embeddings) == (12, 2, True)
    assert config.norm_epsilon == Fraction(1, 100_000)
    assert (config.rotary.kind, config.rotary.theta) == ("default", 10_000)


def test_config__defaults__as_transformers_has_them(tmp_path: Path) -> None:
    config = read_config(write_config(tmp_path, num_key_value_heads=None, rope_theta=None, tie_word_embeddings=None))
    assert (config.num_kv_heads, config.rotary.theta, config.tied_embeddings) == (4, 10_000, False)


def test_config__newer_rope_parameters__same_as_theta_and_scaling(tmp_path: Path) -> None:
    scaling = {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    }
    old = read_config(write_config(tmp_path, rope_theta=5e5, rope_scaling=scaling)).rotary
    new = read_config(write_config(tmp_path, rope_theta=None, rope_parameters={"rope_theta": 5e5} | scaling)).rotary
    assert old == new
    assert (new.kind, new.theta, new.factor, new.original_context) == ("llama3", 500_000, 8, 64)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architectures": ["MistralForCausalLM"]}, r"architecture \['MistralForCausalLM'\]"),
        ({"model_type": "qwen2"}, "of type 'qwen2' is not LlamaForCausalLM"),
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu', not 'silu'"),
        ({"hidden_size": None}, "hidden_size is None, not a positive whole number"),
        ({"hidden_size": 48.5}, r"hidden_size is Decimal\('48.5'\)"),
        ({"num_hidden_layers": True}, "num_hidden_layers is True"),
        ({"vocab_size": -1}, "vocab_size is -1"),
        ({"rms_norm_eps": 0}, "rms_norm_eps is 0, not a positive number"),
        ({"tie_word_embeddings": "yes"}, "tie_word_embeddings is 'yes', not true or false"),
        ({"num_key_value_heads": 3}, "4 heads over 3 key heads"),
        ({"head_dim": 13}, "of 13 dimensions"),
        ({"rope_scaling": {"rope_type": "yarn"}}, "rope type 'yarn' is unknown"),
        ({"rope_scaling": {"rope_type": "linear"}}, "rope factor is None"),
        ({"rope_scaling": [1]}, r"rope_scaling is \[1\], not an object"),
    ],
)
def test_config__unknown_or_missing_setting__is_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        read_config(write_config(tmp_path, **changes))
    assert "config.json" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": 1', "\ud800"])
def test_config__not_a_json_object__is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", errors="surrogatepass"))
    with pytest.raises(BadInput, match=r"config\.json: not a"):
        read_config(tmp_path)


def test_config__no_file__is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"config\.json: missing"):
        read_config(tmp_path)


@pytest.mark.parametrize(("value", "expected"), [(None, []), (3, [3]), ([3, 4], [3, 4])])
def test_eos_tokens__one_many_or_none__as_a_list(tmp_path: Path, value: Any, expected: list[int]) -> None:
    assert read_eos_tokens(write_config(tmp_path, eos_token_id=value)) == expected


def test_eos_tokens__text__is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="eos_token_id is '</s>'"):
        read_eos_tokens(write_config(tmp_path, eos_token_id="</s>"))


# -- safetensors ------------------------------------------------------------------------------------------------------


def with_dtype(folder: Path, dtype: str) -> dict[str, np.ndarray]:
    """Rewrites the weights of a folder in another type; returns the values that should be read back."""
    if dtype == "BF16":
        return rewrite_as_bfloat16(folder)
    tensors, values = {}, {}
    for name, tensor in read_weights(folder, read_config(folder)).items():
        raw = tensor.astype("<f2" if dtype == "F16" else "<f8")
        values[name] = raw.astype(np.float32)
        tensors[name] = (dtype, list(tensor.shape), raw.tobytes())
    write_safetensors(folder / "model.safetensors", tensors)
    return values


def test_weights__sharded__same_as_single(tmp_path: Path) -> None:
    single, sharded = build_tiny_llama(tmp_path / "1"), build_tiny_llama(tmp_path / "3", shards=3)
    config = read_config(single)
    one, many = read_weights(single, config), read_weights(sharded, config)
    assert one.keys() == many.keys()
    assert all(np.array_equal(one[name], many[name]) for name in one)


@pytest.mark.parametrize("dtype", ["BF16", "F16"])
def test_weights__16_bits__convert_exactly(tmp_path: Path, dtype: str) -> None:
    folder = build_tiny_llama(tmp_path)
    expected = with_dtype(folder, dtype)
    found = read_weights(folder, read_config(folder))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_weights__64_bits__are_refused(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path)
    with_dtype(folder, "F64")
    with pytest.raises(BadInput, match="is F64"):
        read_weights(folder, read_config(folder))


def edit(folder: Path, change: Any) -> None:
    weights = read_weights(folder, read_config(folder))
    change(weights)
    write_safetensors(
        folder / "model.safetensors",
        {name: ("F32", list(tensor.shape), tensor.astype("<f4").tobytes()) for name, tensor in weights.items()},
    )


NORM = "model.norm.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop(NORM), r"tensor model\.norm\.weight is missing \(1 in all\)"),
        (lambda weights: weights.update(extra=np.zeros(2, np.float32)), "tensor extra is unknown"),
        (
            lambda weights: weights.update({NORM: np.ones(7, np.float32)}),
            r"has shape \[7\], config\.json asks for \[48\]",
        ),
        (lambda weights: weights.update({NORM: np.full(48, np.nan, np.float32)}), "not finite"),
    ],
)
def test_weights__not_those_of_the_config__are_refused_by_name(tmp_path: Path, change: Any, message: str) -> None:
    folder = build_tiny_llama(tmp_path)
    edit(folder, change)
    with pytest.raises(BadInput, match=message):
        read_weights(folder, read_config(folder))


def test_weights__left_over_tensors_of_older_exporters__are_skipped(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path)
    extra = {
        "lm_head.weight": np.zeros((260, 48), np.float32),
        "model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(6),
    }
    edit(folder, lambda weights: weights.update(extra))
    assert "lm_head.weight" not in read_weights(folder, read_config(folder))


@pytest.mark.parametrize("content", [b"", b"12345678", struct.pack("<Q", 1 << 60) + b"{}"])
def test_weights__not_a_safetensors_file__are_refused(tmp_path: Path, content: bytes) -> None:
    folder = build_tiny_llama(tmp_path)
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(BadInput, match=r"model\.safetensors: not a readable safetensors file"):
        read_weights(folder, read_config(folder))


def test_weights__truncated_file__is_refused(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path)
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(BadInput, match="not a readable safetensors file"):
        read_weights(folder, read_config(folder))


def test_weights__no_file_at_all__is_refused(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path)
    (folder / "model.safetensors").unlink()
    with pytest.raises(BadInput, match=r"neither model\.safetensors nor"):
        read_weights(folder, read_config(folder))


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({"weight_map": {"a": "../other.safetensors"}}, r"'\.\./other\.safetensors' is not a safetensors file of this"),
        ({"weight_map": {"a": "pytorch_model.bin"}}, "'pytorch_model.bin' is not a safetensors file"),
        ({"weight_map": {"a": "gone.safetensors"}}, r"gone\.safetensors: missing, though"),
        ({"weight_map": [1]}, "weight_map is not an object"),
        ({}, "weight_map is not an object"),
    ],
)
def test_weights__index_points_elsewhere__is_refused(tmp_path: Path, index: dict[str, Any], message: str) -> None:
    folder = build_tiny_llama(tmp_path, shards=2)
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BadInput, match=message):
        read_weights(folder, read_config(folder))


# -- the whole folder -------------------------------------------------------------------------------------------------


def test_load_runner__unknown_engine__is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="engine 'gpu' is unknown"):
        load_runner(build_tiny_llama(tmp_path), "gpu")


def test_load_runner__no_tokenizer__is_refused(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(BadInput, match=r"tokenizer\.json: missing"):
        load_runner(folder, "exact")


def test_load_runner__malformed_tokenizer__is_refused(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(BadInput, match=r"tokenizer\.json: not a readable tokenizer"):
        load_runner(folder, "exact")


def test_load_runner__tokenizer_larger_than_the_vocabulary__is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"token ids up to 259, but config\.json has vocab_size 200"):
        load_runner(build_tiny_llama(tmp_path, vocab_size=200), "exact")

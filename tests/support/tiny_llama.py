"""Writes small random Llamas in Hugging Face format, so that tests need neither torch nor a download."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from oracle.mechanism.noise import noise_words
from oracle.model.config import read_config
from oracle.model.weights import expected_shapes, read_weights

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "vocab_size": 260,
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-05,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "attention_bias": False,
    "mlp_bias": False,
    "bos_token_id": 256,
    "eos_token_id": 257,
}


def build_tiny_llama(folder: Path, *, seed: int = 0, scale: float = 1.0, shards: int = 1, **changes: Any) -> Path:
    """A model folder with seeded random weights; `scale` spreads the matrices, `changes` edit the config."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {key: value for key, value in (CONFIG | changes).items() if value is not None}
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    write_tokenizer(folder)
    write_weights(folder, random_weights(folder, seed=seed, scale=scale), shards=shards)
    return folder


def random_weights(folder: Path, *, seed: int, scale: float = 1.0) -> dict[str, np.ndarray]:
    """Weights whose answers depend on the prompt: unit-variance projections, norms near one, small biases.

    The numbers come from Philox words, four to a bell curve, so that they are the same under every numpy.
    """
    weights = {}
    step = 0

    def normal(shape: tuple[int, ...]) -> np.ndarray:
        nonlocal step
        step += 1
        count = int(np.prod(shape))
        words = noise_words(seed.to_bytes(32, "little"), step, [0], 4 * count).reshape(count, 4)
        return ((words.astype(np.float64).sum(axis=1) / 2**32 - 2) * np.sqrt(3)).reshape(shape)

    for name, shape in expected_shapes(read_config(folder)).items():
        if name.endswith("norm.weight"):
            values = 1 + 0.2 * normal(shape)
        elif name.endswith("bias"):
            values = 0.1 * normal(shape)
        else:
            values = scale * normal(shape) / np.sqrt(shape[1])
        weights[name] = values.astype(np.float32)
    return weights


def write_weights(folder: Path, weights: dict[str, np.ndarray], *, shards: int = 1) -> None:
    """One safetensors file, or `shards` of them with an index."""
    if shards == 1:
        save_file(weights, folder / "model.safetensors")
        return
    names = sorted(weights)
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {name: weights[name] for name in names[shard::shards]}
        save_file(part, folder / file)
        weight_map |= dict.fromkeys(part, file)
    index = {"metadata": {"total_size": sum(w.nbytes for w in weights.values())}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_safetensors(path: Path, tensors: dict[str, tuple[str, list[int], bytes]]) -> None:
    """A safetensors file of (dtype, shape, bytes) as they are, whether or not they make sense."""
    header, data = {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def rewrite_as_bfloat16(folder: Path) -> dict[str, np.ndarray]:
    """Cuts the weights of a folder to 16 bits, as models ship; returns their new values."""
    cut = {name: (w.view(np.uint32) >> 16) for name, w in read_weights(folder, read_config(folder)).items()}
    tensors = {name: ("BF16", list(w.shape), w.astype("<u2").tobytes()) for name, w in cut.items()}
    write_safetensors(folder / "model.safetensors", tensors)
    return {name: (w << 16).view(np.float32) for name, w in cut.items()}


def write_tokenizer(folder: Path) -> None:
    """A byte-level tokenizer: 256 bytes, <s>, </s> and two merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {symbol: token for token, symbol in enumerate(alphabet)}
    vocab |= {"<s>": 256, "</s>": 257, '":': 258, '{"': 259}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[('"', ":"), ("{", '"')]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.save(str(folder / "tokenizer.json"))


# Small models that together use every option of the architecture; tests/data/reference_logits.npz has their logits.
REFERENCE_MODELS: dict[str, dict[str, Any]] = {
    "grouped": {},
    "llama3": {
        "num_key_value_heads": 4,
        "rope_theta": 500000.0,
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
        "tie_word_embeddings": False,
        "attention_bias": True,
        "mlp_bias": True,
    },
    "linear": {
        "num_key_value_heads": 1,
        "head_dim": 16,
        "rope_scaling": {"type": "linear", "factor": 2.5},
        "rms_norm_eps": 1e-06,
    },
}
REFERENCE_TOKENS = [256, *(int(word % 256) for word in noise_words(bytes(32), 0, [1], 59)[0])]


def compact_schema(shortest: int = 4, longest: int = 24) -> dict[str, object]:
    """An answer schema with two actions and a text of some length."""

    def shape(**properties: object) -> dict[str, object]:
        required = list(properties)
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    text = {"type": "string", "pattern": f"^[ !#-Z^-~]{{{shortest},{longest}}}$"}
    fund = {"enum": [{"c1": 5}, {"c2": 7}, {"c1": 5, "c2": 3}]}
    return {
        "anyOf": [
            shape(action={"const": "fund"}, fund=fund, rationale=text),
            shape(action={"const": "none"}, rationale=text),
        ]
    }

"""Writes small random Llamas in Hugging Face format, so that tests need neither torch nor a download."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from oracle.model.config import read_config
from oracle.model.weights import expected_shapes

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
    """Weights whose answers depend on the prompt: unit-variance projections, norms near one, small biases."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in expected_shapes(read_config(folder)).items():
        if name.endswith("norm.weight"):
            values = 1 + 0.2 * rng.normal(size=shape)
        elif name.endswith("bias"):
            values = 0.1 * rng.normal(size=shape)
        else:
            values = scale * rng.normal(size=shape) / np.sqrt(shape[1])
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

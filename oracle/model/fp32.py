"""Floating-point mode (class F): the same Llama in fp32, or in fp64 as the reference of exact mode."""

import numpy as np
import numpy.typing as npt

from oracle.mechanism.noise import NOISE_BITS
from oracle.mechanism.rotary import RotaryTable
from oracle.model.config import LlamaConfig
from oracle.model.numerics import Array, Tokens, rotate
from oracle.model.weights import Float32

_ROTARY_BITS = 40


class FloatLinear:
    """y = x W^T + b."""

    def __init__(self, parts: list[tuple[Float32, Float32 | None]], dtype: npt.DTypeLike) -> None:
        self._matrix = np.ascontiguousarray(np.concatenate([weight for weight, _ in parts]).T, dtype=dtype)
        biases = [bias for _, bias in parts if bias is not None]
        self._bias = np.concatenate(biases).astype(dtype) if biases else None

    def __call__(self, x: Array) -> Array:
        """(rows, outputs) of (rows, inputs)."""
        y: Array = x @ self._matrix
        if self._bias is not None:
            y += self._bias
        return y


class FloatNorm:
    """RMS norm with its weight."""

    def __init__(self, weight: Float32, epsilon: float, dtype: npt.DTypeLike) -> None:
        self._weight, self._epsilon = weight.astype(dtype), epsilon

    def __call__(self, x: Array) -> Array:
        """(rows, width) normalised."""
        power = np.einsum("ij,ij->i", x, x)[:, None] / x.shape[1]
        rows: Array = x * (1 / np.sqrt(power + self._epsilon)).astype(x.dtype) * self._weight
        return rows


class FloatBlock:
    """One layer in floats; `numerics.Block` says what the methods do."""

    def __init__(self, weights: dict[str, Float32], prefix: str, model: "FloatNumerics") -> None:
        def pair(name: str) -> tuple[Float32, Float32 | None]:
            return weights[f"{prefix}{name}.weight"], weights.get(f"{prefix}{name}.bias")

        config, dtype = model.config, model.dtype
        epsilon = float(config.norm_epsilon)
        self._model = model
        self._heads, self._kv_heads = config.num_heads, config.num_kv_heads
        self._norm = FloatNorm(weights[prefix + "input_layernorm.weight"], epsilon, dtype)
        self._project = FloatLinear([pair(f"self_attn.{part}_proj") for part in "qkv"], dtype)
        self._output = FloatLinear([pair("self_attn.o_proj")], dtype)
        self._mlp_norm = FloatNorm(weights[prefix + "post_attention_layernorm.weight"], epsilon, dtype)
        self._gate_up = FloatLinear([pair("mlp.gate_proj"), pair("mlp.up_proj")], dtype)
        self._down = FloatLinear([pair("mlp.down_proj")], dtype)

    def project(self, x: Array, positions: Tokens) -> tuple[Array, Array, Array]:
        """Queries, keys and values, rotated to the positions."""
        half = self._heads + self._kv_heads
        heads = self._project(self._norm(x)).reshape(x.shape[0], half + self._kv_heads, -1)
        queries = rotate(heads[:, : self._heads], *self._model.angles(positions, self._model.query_table))
        keys = rotate(heads[:, self._heads : half], *self._model.angles(positions, self._model.key_table))
        return queries, keys, heads[:, half:]

    def weigh(self, scores: Array) -> Array:
        """Softmax weights in place; their sums."""
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        total: Array = scores.sum(axis=-1, keepdims=True)
        return total

    def attend(self, sums: Array, totals: Array) -> Array:
        """Weighted averages of values."""
        averages: Array = sums / totals
        return averages

    def add_attention(self, x: Array, attended: Array) -> Array:
        """Residual stream after attention."""
        return x + self._output(attended)

    def add_mlp(self, x: Array) -> Array:
        """Residual stream after the MLP; silu(g) = g / (1 + e^-g)."""
        gate, up = np.split(self._gate_up(self._mlp_norm(x)), 2, axis=1)
        sigmoid = np.exp(-np.maximum(gate, -80))
        sigmoid += 1
        return x + self._down(gate * up / sigmoid)


class FloatNumerics:
    """A Llama in floats; `numerics.Numerics` says what the methods do."""

    masked = -np.inf

    def __init__(self, config: LlamaConfig, weights: dict[str, Float32], dtype: npt.DTypeLike = np.float32) -> None:
        self.config, self.dtype, self.context = config, dtype, config.max_positions
        self.query_table = RotaryTable(config.rotary, _ROTARY_BITS, divide_by_root=config.head_dim)
        self.key_table = RotaryTable(config.rotary, _ROTARY_BITS)
        self.blocks = [FloatBlock(weights, f"model.layers.{layer}.", self) for layer in range(config.num_layers)]
        embedding = weights["model.embed_tokens.weight"]
        self._embedding = embedding.astype(dtype)
        self._norm = FloatNorm(weights["model.norm.weight"], float(config.norm_epsilon), dtype)
        self._head = FloatLinear([(weights.get("lm_head.weight", embedding), None)], dtype)

    def angles(self, positions: Tokens, table: RotaryTable) -> tuple[Array, Array]:
        """Cosines and sines of the positions as floats."""
        cosines, sines = table(positions)
        return (cosines * 2.0**-_ROTARY_BITS).astype(self.dtype), (sines * 2.0**-_ROTARY_BITS).astype(self.dtype)

    def embed(self, tokens: Tokens) -> Array:
        """Rows of the embedding."""
        rows: Array = self._embedding[tokens]
        return rows

    def logits(self, x: Array) -> Array:
        """Logits as floats."""
        return self._head(self._norm(x))

    def scores(self, logits: Array, temperature_milli: int) -> Array:
        """Logits / T as floats in units of 2^-20."""
        return float_scores(logits, temperature_milli)

    def logit_bytes(self, logits: Array) -> Array:
        """Logits as little-endian floats."""
        return np.ascontiguousarray(logits, dtype=np.dtype(self.dtype).newbyteorder("<"))


def float_scores(logits: Array, temperature_milli: int) -> Array:
    """Logits / T as floats in units of 2^-20, of whichever engine the logits are."""
    scores: Array = logits.astype(np.float64) * ((1 << NOISE_BITS) * 1000 / temperature_milli)
    return scores

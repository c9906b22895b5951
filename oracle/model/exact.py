"""Exact mode (class E): a Llama whose every tensor holds integers of a known scale, with the same logits anywhere.

Scales: the residual stream has 30 fractional bits, normalised rows 20. Queries, keys, values and MLP inputs are as fine
as a bound proven from the weights allows: by Cauchy and Schwarz |w . x| <= sqrt(n) ||w gamma|| for a normalised row x.
So nothing overflows for any input. Only the MLP product and the residual stream are clamped, at 2^11 and 2^20.
"""

from fractions import Fraction
from math import isqrt

import numpy as np

from oracle.mechanism.fixed_point import MASKED, SCORE_BITS, Int64, UnitRows, Whole, divide, silu, softmax_weights
from oracle.mechanism.fixed_point import WEIGHT_BITS as SHARE_BITS
from oracle.mechanism.rotary import RotaryTable
from oracle.model.config import LlamaConfig
from oracle.model.linear import WEIGHT_BITS, ExactLinear, quantise
from oracle.model.numerics import Tokens, rotate
from oracle.model.weights import Float32

NUMERICS_VERSION = "integer-llama/v1"
"""Names the scales and roundings of this module and of `linear`; any change of them is another version."""

RESIDUAL_BITS, RESIDUAL_LIMIT = 30, float(1 << 50)
NORM_BITS = 20
ROTARY_BITS = 24
LOGIT_BITS = 20
MLP_BITS, MLP_RANGE_BITS = 29, 11
CONTEXT_LIMIT = 8192
"""With longer contexts too few bits would be left for values: shares of 2^-20 times values, summed, must fit 2^53."""


class ExactNorm:
    """RMS norm and its weight in integers, `NORM_BITS` fractional bits out; no result exceeds `bound`."""

    def __init__(self, weight: Float32, epsilon: Fraction) -> None:
        self._rows = UnitRows(weight.size, RESIDUAL_BITS, epsilon)
        integers, exponents = quantise(weight[None, :])
        self._gamma, self._gamma_exponent = np.abs(integers[0]), int(exponents[0]) - WEIGHT_BITS
        scale = self._gamma_exponent + NORM_BITS - UnitRows.OUT_BITS
        self._weight = np.ldexp(integers[0].astype(np.float64), scale)
        self.bound = int(self._rows.bound * float(np.abs(self._weight).max())) + 1

    def __call__(self, x: Whole) -> Whole:
        """(rows, width) of the residual stream, normalised."""
        rows = self._rows(x)
        rows *= self._weight
        return np.rint(rows, out=rows)

    def reach(self, weight: Float32, bias: Float32 | None = None) -> Fraction:
        """A bound on |w . norm(x) + b| over all x and rows w, in real units; integers only, so alike everywhere."""
        integers, exponents = quantise(weight)
        products = (np.abs(integers) * self._gamma >> 8) + 1  # 22 bits: their squares sum below 2^63
        squares = (products * products).sum(axis=1).tolist()
        most: Fraction = max(
            (isqrt(self._gamma.size * square) + 1) * Fraction(2) ** (exponent - WEIGHT_BITS + self._gamma_exponent + 8)
            for square, exponent in zip(squares, exponents.tolist(), strict=True)
        )
        offset = 0 if bias is None else Fraction(float(np.abs(bias).max()))
        return (most + offset) * Fraction(1025, 1024) + Fraction(1, 1024)  # spare for the roundings


class ExactBlock:
    """One layer in integers; `numerics.Block` says what the methods do."""

    def __init__(self, weights: dict[str, Float32], prefix: str, model: "ExactNumerics") -> None:
        config = model.config
        self._model = model
        self._weights, self._prefix = weights, prefix
        self._heads, self._kv_heads = config.num_heads, config.num_kv_heads
        self._build_attention(config)
        self._build_mlp(config)
        del self._weights

    def _build_attention(self, config: LlamaConfig) -> None:
        self._norm = ExactNorm(self._get("input_layernorm.weight"), config.norm_epsilon)
        parts = {part: self._pair(f"self_attn.{part}_proj") for part in "qkv"}
        reach = {part: self._norm.reach(*pair) for part, pair in parts.items()}
        factor_bits = (52 - (config.head_dim - 1).bit_length()) // 2  # so that |q . k| <= 2^52
        turned = Fraction(3, 2)  # a rotation lengthens a coordinate by sqrt(2) at most
        query_bits = factor_bits - _log2_above(turned * reach["q"] / isqrt(config.head_dim))
        key_bits = factor_bits - _log2_above(turned * reach["k"])
        # Shares of at most 2^20 for each key, times values, stay below 2^52 in sum; with half the divisor below 2^53.
        self._value_bits = 52 - SHARE_BITS - (self._model.context - 1).bit_length() - _log2_above(reach["v"])
        self._score_scale = 2.0 ** (SCORE_BITS - query_bits - key_bits)
        self._project = self._linear(
            "self_attn.qkv_proj",
            [parts[part] for part in "qkv"],
            bits=[query_bits, key_bits, self._value_bits],
        )
        self._output = ExactLinear(
            self._prefix + "self_attn.o_proj",
            *self._pair("self_attn.o_proj"),
            in_bits=self._value_bits,
            in_bound=int(reach["v"] * Fraction(2) ** self._value_bits) + 1,
            out_bits=RESIDUAL_BITS,
        )

    def _build_mlp(self, config: LlamaConfig) -> None:
        self._mlp_norm = ExactNorm(self._get("post_attention_layernorm.weight"), config.norm_epsilon)
        parts = [self._pair("mlp.gate_proj"), self._pair("mlp.up_proj")]
        gate_range, up_range = (_log2_above(self._mlp_norm.reach(*pair)) for pair in parts)
        self._gate_bits, up_bits = min(20, 28 - gate_range), min(20, 24 - up_range)
        product_bits = min(20, MLP_BITS - min(gate_range + up_range, MLP_RANGE_BITS))
        self._product_scale = 2.0 ** (product_bits - self._gate_bits - up_bits)
        self._gate_up = self._linear("mlp.gate_up_proj", parts, bits=[self._gate_bits, up_bits], norm=self._mlp_norm)
        self._down = ExactLinear(
            self._prefix + "mlp.down_proj",
            *self._pair("mlp.down_proj"),
            in_bits=product_bits,
            in_bound=1 << MLP_BITS,
            out_bits=RESIDUAL_BITS,
        )

    def project(self, x: Whole, positions: Tokens) -> tuple[Whole, Whole, Whole]:
        """Queries, keys and values, rotated to the positions."""
        rows, half = x.shape[0], self._heads + self._kv_heads
        heads = self._project(self._norm(x)).reshape(rows, half + self._kv_heads, -1)
        scale = 2.0**-ROTARY_BITS
        queries = rotate(heads[:, : self._heads], *self._model.query_table(positions))
        queries *= scale
        np.rint(queries, out=queries)
        queries *= self._score_scale  # a power of two: q . k comes out in units of a score
        keys = rotate(heads[:, self._heads : half], *self._model.key_table(positions))
        keys *= scale
        return queries, np.rint(keys, out=keys), heads[:, half:]

    def weigh(self, scores: Whole) -> Whole:
        """Softmax weights in place; their sums."""
        return softmax_weights(scores)

    def attend(self, sums: Whole, totals: Whole) -> Whole:
        """Weighted averages of values."""
        return divide(sums, totals)

    def add_attention(self, x: Whole, attended: Whole) -> Whole:
        """Residual stream after attention."""
        return _clamped(x + self._output(attended))

    def add_mlp(self, x: Whole) -> Whole:
        """Residual stream after the MLP."""
        gate, up = np.split(self._gate_up(self._mlp_norm(x)), 2, axis=1)
        product = silu(gate, self._gate_bits)
        product *= up
        product *= self._product_scale
        np.rint(product, out=product)
        np.clip(product, -float(1 << MLP_BITS), float(1 << MLP_BITS), out=product)
        return _clamped(x + self._down(product))

    def _get(self, name: str) -> Float32:
        return self._weights[self._prefix + name]

    def _pair(self, name: str) -> tuple[Float32, Float32 | None]:
        return self._get(name + ".weight"), self._weights.get(f"{self._prefix}{name}.bias")

    def _linear(
        self,
        name: str,
        parts: list[tuple[Float32, Float32 | None]],
        *,
        bits: list[int],
        norm: ExactNorm | None = None,
    ) -> ExactLinear:
        """Several matrices on one normalised input, as one."""
        biases = [bias for _, bias in parts if bias is not None]
        return ExactLinear(
            self._prefix + name,
            np.concatenate([weight for weight, _ in parts]),
            np.concatenate(biases) if biases else None,
            in_bits=NORM_BITS,
            in_bound=(norm or self._norm).bound,
            out_bits=np.repeat(bits, [weight.shape[0] for weight, _ in parts]),
        )


class ExactNumerics:
    """A Llama in integers; `numerics.Numerics` says what the methods do."""

    dtype = np.float64
    masked = MASKED

    def __init__(self, config: LlamaConfig, weights: dict[str, Float32]) -> None:
        self.config = config
        self.context = min(config.max_positions, CONTEXT_LIMIT)
        self.query_table = RotaryTable(config.rotary, ROTARY_BITS, divide_by_root=config.head_dim)
        self.key_table = RotaryTable(config.rotary, ROTARY_BITS)
        self.blocks = [ExactBlock(weights, f"model.layers.{layer}.", self) for layer in range(config.num_layers)]
        embedding = weights["model.embed_tokens.weight"]
        self._embedding = np.rint(np.ldexp(embedding.astype(np.float64), RESIDUAL_BITS))
        self._norm = ExactNorm(weights["model.norm.weight"], config.norm_epsilon)
        head = weights.get("lm_head.weight", embedding)
        self._head = ExactLinear(
            "lm_head", head, None, in_bits=NORM_BITS, in_bound=self._norm.bound, out_bits=LOGIT_BITS
        )

    def embed(self, tokens: Tokens) -> Whole:
        """Rows of the embedding, 30 fractional bits."""
        return _clamped(self._embedding[tokens])

    def logits(self, x: Whole) -> Whole:
        """Logits in units of 2^-20."""
        return self._head(self._norm(x))

    def scores(self, logits: Whole, temperature_milli: int) -> Int64:
        """floor(logits / T), both in units of 2^-20."""
        return logits.astype(np.int64) * 1000 // temperature_milli

    def logit_bytes(self, logits: Whole) -> Int64:
        """Logits as little-endian 64-bit integers."""
        return logits.astype("<i8")


def _log2_above(value: Fraction) -> int:
    """The least k with value <= 2^k."""
    k = value.numerator.bit_length() - value.denominator.bit_length()
    return k if value <= Fraction(2) ** k else k + 1


def _clamped(x: Whole) -> Whole:
    return np.clip(x, -RESIDUAL_LIMIT, RESIDUAL_LIMIT, out=x)

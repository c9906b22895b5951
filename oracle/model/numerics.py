"""What a decoder needs from arithmetic: the same Llama steps in integers (exact) or floats (fp32)."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Tokens = npt.NDArray[np.int64]


class Block(Protocol):
    """One layer. Rows are positions or samples: `x` has shape (rows, hidden)."""

    def project(self, x: Array, positions: Tokens) -> tuple[Array, Array, Array]:
        """Queries (rows, heads, head_dim), keys and values (rows, kv_heads, head_dim).

        Queries and keys are rotated to `positions` (rows,), or all to one position (1,); q . k is a score.
        """

    def weigh(self, scores: Array) -> Array:
        """Overwrites scores (.., keys) by weights that are not yet normalised; returns their sums (.., 1)."""

    def attend(self, sums: Array, totals: Array) -> Array:
        """Weighted sums of values (..., head_dim) over totals (..., 1): the average in the numerics of values."""

    def add_attention(self, x: Array, attended: Array) -> Array:
        """x + output projection of the attended values (rows, heads * head_dim)."""

    def add_mlp(self, x: Array) -> Array:
        """x + down(silu(gate) * up) of the normalised x."""


class Numerics(Protocol):
    """A Llama's parameters in one arithmetic."""

    dtype: npt.DTypeLike
    masked: float
    """A score that gives a weight of zero."""
    blocks: Sequence[Block]
    context: int
    """Longest sequence it can run."""

    def embed(self, tokens: Tokens) -> Array:
        """Residual stream of the tokens, (rows, hidden)."""

    def logits(self, x: Array) -> Array:
        """Logits (rows, vocab) of the last layer's residual stream."""

    def scores(self, logits: Array, temperature_milli: int) -> Array:
        """Logits / T in units of 2^-20, to which Gumbel noise in the same units is added."""

    def logit_bytes(self, logits: Array) -> Array:
        """Logits as they are hashed: contiguous, little-endian, one row per row."""


def rotate(heads: Array, cosines: Array, sines: Array) -> Array:
    """Heads (rows, heads, head_dim) turned by angles (rows or 1, head_dim / 2); pairs are (j, j + head_dim / 2)."""
    half = cosines.shape[-1]
    first, second = heads[..., :half], heads[..., half:]
    cosines, sines = cosines[:, None, :], sines[:, None, :]
    turned = np.empty_like(heads)
    np.subtract(first * cosines, second * sines, out=turned[..., :half])
    np.add(second * cosines, first * sines, out=turned[..., half:])
    return turned

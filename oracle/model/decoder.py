"""The forward pass of a Llama in any numerics: one prompt computed once, then one token for many rows at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from oracle.model.config import LlamaConfig
from oracle.model.numerics import Array, Block, Numerics, Tokens

_BAND = 1 << 18  # scores worked on together: they stay in a processor's cache
_CHUNK = 128  # prompt positions computed together: bounds the score matrix, and changes no result in exact mode


@dataclass(frozen=True, slots=True)
class PromptCache:
    """Keys and values (layers, kv_heads, length, head_dim) that all rows share."""

    keys: Array
    values: Array
    logits: Array
    """Logits (1, vocab) after the last token."""

    @property
    def length(self) -> int:
        """Tokens in the prompt."""
        return int(self.keys.shape[2])


class RowCache:
    """Keys and values (layers, kv_heads, rows, steps, head_dim) of what each row added to the prompt."""

    def __init__(self, config: LlamaConfig, rows: int, steps: int, dtype: npt.DTypeLike) -> None:
        shape = (config.num_layers, config.num_kv_heads, rows, steps, config.head_dim)
        self.keys, self.values = np.empty(shape, dtype), np.empty(shape, dtype)
        self.rows, self.length = 1, 0

    def reorder(self, parents: Tokens) -> None:
        """Row r becomes a copy of the present row parents[r]; rows may be dropped and repeated."""
        if parents.size == self.rows and np.array_equal(parents, np.arange(self.rows)):
            return
        for cache in (self.keys, self.values):
            cache[:, :, : parents.size, : self.length] = cache[:, :, parents, : self.length]
        self.rows = int(parents.size)


class Decoder:
    """Runs a Llama's blocks over prompt and rows."""

    def __init__(self, config: LlamaConfig, numerics: Numerics) -> None:
        self.config, self.numerics = config, numerics
        self._group = config.num_heads // config.num_kv_heads
        self._scratch = np.empty(0, numerics.dtype)

    def prefill(self, tokens: Tokens) -> PromptCache:
        """Keys and values of the prompt (length,), in chunks, and the logits after it."""
        shape = (self.config.num_layers, self.config.num_kv_heads, tokens.size, self.config.head_dim)
        keys, values = np.empty(shape, self.numerics.dtype), np.empty(shape, self.numerics.dtype)
        last = None
        for start in range(0, tokens.size, _CHUNK):
            positions = np.arange(start, min(start + _CHUNK, tokens.size))
            x = self.numerics.embed(tokens[positions])
            for layer, block in enumerate(self.numerics.blocks):
                x = self._prompt_layer(block, x, positions, keys[layer], values[layer])
            last = x[-1:]
        assert last is not None
        return PromptCache(keys, values, self.numerics.logits(last))

    def step(self, prompt: PromptCache, cache: RowCache, tokens: Tokens) -> Array:
        """Appends one token to each row (rows,) and returns the logits after it, (rows, vocab)."""
        positions = np.array([prompt.length + cache.length])
        x = self.numerics.embed(tokens)
        cache.length += 1
        for layer, block in enumerate(self.numerics.blocks):
            x = self._row_layer(block, x, positions, prompt, cache, layer)
        return self.numerics.logits(x)

    def _prompt_layer(self, block: Block, x: Array, positions: Tokens, keys: Array, values: Array) -> Array:
        start, end = int(positions[0]), int(positions[-1]) + 1
        queries, new_keys, new_values = block.project(x, positions)
        keys[:, start:end] = new_keys.transpose(1, 0, 2)
        values[:, start:end] = new_values.transpose(1, 0, 2)
        later = np.triu(np.ones((end - start, end - start), bool), 1)[:, None, :]
        queries = self._by_kv_head(queries)
        for heads, scores in self._bands(queries, end):
            np.matmul(queries[heads], keys[heads, :end].swapaxes(1, 2), out=scores)
            own = scores.reshape(-1, end - start, self._group, end)[..., start:]
            np.copyto(own, self.numerics.masked, where=later)
            totals = block.weigh(scores)
            queries[heads] = block.attend(scores @ values[heads, :end], totals)
        return block.add_mlp(block.add_attention(x, self._by_row(queries)))

    def _row_layer(
        self, block: Block, x: Array, positions: Tokens, prompt: PromptCache, cache: RowCache, layer: int
    ) -> Array:
        rows, length, end = x.shape[0], prompt.length, prompt.length + cache.length
        queries, new_keys, new_values = block.project(x, positions)
        cache.keys[layer, :, :rows, cache.length - 1] = new_keys.transpose(1, 0, 2)
        cache.values[layer, :, :rows, cache.length - 1] = new_values.transpose(1, 0, 2)
        own_keys = cache.keys[layer, :, :rows, : cache.length].swapaxes(2, 3)
        own_values = cache.values[layer, :, :rows, : cache.length]
        queries = self._by_kv_head(queries)
        for heads, scores in self._bands(queries, end):
            query = queries[heads]
            shared, own = scores[..., :length], scores[..., length:].reshape(-1, rows, self._group, cache.length)
            np.matmul(query, prompt.keys[layer, heads].swapaxes(1, 2), out=shared)
            np.matmul(query.reshape(-1, rows, self._group, query.shape[-1]), own_keys[heads], out=own)
            totals = block.weigh(scores)
            sums = shared @ prompt.values[layer, heads]
            sums += (own @ own_values[heads]).reshape(sums.shape)
            queries[heads] = block.attend(sums, totals)  # their place is free now
        return block.add_mlp(block.add_attention(x, self._by_row(queries)))

    def _by_kv_head(self, heads: Array) -> Array:
        """(rows, heads, head_dim) as (kv_heads, rows * group, head_dim)."""
        rows, kv_heads = heads.shape[0], self.config.num_kv_heads
        grouped = heads.reshape(rows, kv_heads, self._group, -1).transpose(1, 0, 2, 3)
        return grouped.reshape(kv_heads, rows * self._group, -1)

    def _by_row(self, heads: Array) -> Array:
        """(kv_heads, rows * group, head_dim) as (rows, heads * head_dim)."""
        rows = heads.shape[1] // self._group
        grouped = heads.reshape(heads.shape[0], rows, self._group, -1).transpose(1, 0, 2, 3)
        return grouped.reshape(rows, -1)

    def _bands(self, queries: Array, keys: int) -> Iterator[tuple[slice, Array]]:
        """Slices of kv heads and an array for their scores (kv heads, rows * group, keys), small enough for a cache."""
        kv_heads, rows = queries.shape[:2]
        band = max(1, min(kv_heads, _BAND // (rows * keys)))
        if self._scratch.size < band * rows * keys:
            self._scratch = np.empty(band * rows * keys, self.numerics.dtype)
        for start in range(0, kv_heads, band):
            heads = slice(start, min(start + band, kv_heads))
            count = heads.stop - start
            yield heads, self._scratch[: count * rows * keys].reshape(count, rows, keys)

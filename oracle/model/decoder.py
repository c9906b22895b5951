"""The forward pass of a Llama in any numerics: one prompt computed once, then one token for many rows at a time."""

from collections.abc import Iterator, Sequence
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


class TreeCache:
    """Keys and values (layers, kv_heads, columns, head_dim): the prompt's, then those of a path, then of a batch.

    A batch holds branches of a tree in depth-first order: all they need of earlier batches is the path to the first.
    """

    def __init__(self, prompt: PromptCache, columns: int) -> None:
        self.trunk = self.used = prompt.length
        layers, kv_heads, _, head_dim = prompt.keys.shape
        shape = (layers, kv_heads, prompt.length + columns, head_dim)
        self.keys, self.values = np.empty(shape, prompt.keys.dtype), np.empty(shape, prompt.keys.dtype)
        self.keys[:, :, : self.used], self.values[:, :, : self.used] = prompt.keys, prompt.values

    def keep(self, columns: Sequence[int]) -> None:
        """Forgets all behind the prompt but these columns (0: the first behind the prompt), which become the path."""
        end, chosen = self.trunk + len(columns), self.trunk + np.array(columns, dtype=np.int64)
        for cache in (self.keys, self.values):
            cache[:, :, self.trunk : end] = cache[:, :, chosen]
        self.used = end


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
            later = np.triu(np.ones((positions.size, positions.size), bool), 1)
            for layer, block in enumerate(self.numerics.blocks):
                known = (keys[layer, :, : start + positions.size], values[layer, :, : start + positions.size])
                x = self._wide_layer(block, x, positions, *known, later)
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

    def branch(self, cache: TreeCache, tokens: Tokens, depths: Tokens, hidden: Array) -> Array:
        """Appends tokens (rows,) of a tree to the cache; returns the residual stream after them, (rows, hidden size).

        `depths` (rows,) are their places behind the prompt, 0 for the first. `hidden` (rows, path + rows) tells what
        of the cache behind the prompt is no ancestor of a row, nor the row itself.
        """
        positions = cache.trunk + depths
        cache.used += tokens.size
        x = self.numerics.embed(tokens)
        for layer, block in enumerate(self.numerics.blocks):
            keys, values = cache.keys[layer, :, : cache.used], cache.values[layer, :, : cache.used]
            x = self._wide_layer(block, x, positions, keys, values, hidden)
        return x

    def follow(self, prompt: PromptCache, tokens: Tokens) -> Array:
        """Logits (1 + length, vocab) after the prompt and after each of the tokens (length,) behind it, in chunks."""
        cache, logits = TreeCache(prompt, tokens.size), [prompt.logits]
        for start in range(0, tokens.size, _CHUNK):
            depths = np.arange(start, min(start + _CHUNK, tokens.size))
            later = np.triu(np.ones((depths.size, depths.size), bool), 1)
            logits.append(self.numerics.logits(self.branch(cache, tokens[depths], depths, later)))
        return np.concatenate(logits)

    def _wide_layer(
        self, block: Block, x: Array, positions: Tokens, keys: Array, values: Array, hidden: Array
    ) -> Array:
        """Rows that are the last of these keys and values; `hidden` (rows, n) masks the last n keys."""
        rows, end = x.shape[0], keys.shape[1]
        queries, new_keys, new_values = block.project(x, positions)
        keys[:, end - rows :] = new_keys.transpose(1, 0, 2)
        values[:, end - rows :] = new_values.transpose(1, 0, 2)
        queries = self._by_kv_head(queries)
        for heads, scores in self._bands(queries, end):
            np.matmul(queries[heads], keys[heads].swapaxes(1, 2), out=scores)
            own = scores.reshape(-1, rows, self._group, end)[..., end - hidden.shape[1] :]
            np.copyto(own, self.numerics.masked, where=hidden[:, None, :])
            totals = block.weigh(scores)
            queries[heads] = block.attend(scores @ values[heads], totals)
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

"""The forward pass of a Llama in any numerics: one prompt computed once, then one token for many rows at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from oracle.model.config import LlamaConfig
from oracle.model.numerics import Array, Block, Numerics, Tokens

_BAND = 1 << 18  # scores worked on together: they stay in a processor's cache
_CHUNK = 128  # prompt positions computed together: bounds the score matrix, and changes no result in exact mode

_PART = 32  # rows that attend together: answers of a tree see few of each other's tokens


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


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows start .. end of a batch, the columns that any of them sees, and which of these each does not see."""

    start: int
    end: int
    columns: Tokens
    hidden: Array


def _parts(hidden: Array) -> list[_Part]:
    """A mask (rows, columns) cut into bands of rows, each without the columns that none of its rows sees."""
    parts = []
    for start in range(0, hidden.shape[0], _PART):
        rows = hidden[start : start + _PART]
        columns = np.flatnonzero(~rows.all(axis=0))
        parts.append(_Part(start, start + rows.shape[0], columns, rows[:, columns]))
    return parts


def _later(count: int) -> Array:
    """The mask of a plain text: no row sees a later one."""
    return np.triu(np.ones((count, count), dtype=np.bool_), 1)


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
            parts = _parts(_later(positions.size))
            for layer, block in enumerate(self.numerics.blocks):
                known = (keys[layer, :, : start + positions.size], values[layer, :, : start + positions.size])
                x = self._wide_layer(block, x, positions, *known, start, parts)
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
        parts = _parts(hidden)
        for layer, block in enumerate(self.numerics.blocks):
            keys, values = cache.keys[layer, :, : cache.used], cache.values[layer, :, : cache.used]
            x = self._wide_layer(block, x, positions, keys, values, cache.trunk, parts)
        return x

    def follow(self, prompt: PromptCache, tokens: Tokens) -> Array:
        """Logits (1 + length, vocab) after the prompt and after each of the tokens (length,) behind it, in chunks."""
        cache, logits = TreeCache(prompt, tokens.size), [prompt.logits]
        for start in range(0, tokens.size, _CHUNK):
            depths = np.arange(start, min(start + _CHUNK, tokens.size))
            hidden = np.zeros((depths.size, start + depths.size), dtype=np.bool_)
            hidden[:, start:] = _later(depths.size)
            logits.append(self.numerics.logits(self.branch(cache, tokens[depths], depths, hidden)))
        return np.concatenate(logits)

    def _wide_layer(
        self, block: Block, x: Array, positions: Tokens, keys: Array, values: Array, trunk: int, parts: list[_Part]
    ) -> Array:
        """Rows whose keys and values are the last of these. All see the first `trunk`, and behind it as `parts` say."""
        start, end = keys.shape[1] - x.shape[0], keys.shape[1]
        queries, new_keys, new_values = block.project(x, positions)
        keys[:, start:end] = new_keys.transpose(1, 0, 2)
        values[:, start:end] = new_values.transpose(1, 0, 2)
        queries = self._by_kv_head(queries)
        for part in parts:
            own_keys, own_values = keys[:, trunk + part.columns], values[:, trunk + part.columns]
            query = queries[:, part.start * self._group : part.end * self._group]
            for heads, scores in self._bands(query, trunk + part.columns.size):
                shared, own = scores[..., :trunk], scores[..., trunk:]
                np.matmul(query[heads], keys[heads, :trunk].swapaxes(1, 2), out=shared)
                np.matmul(query[heads], own_keys[heads].swapaxes(1, 2), out=own)
                by_row = own.reshape(-1, part.end - part.start, self._group, part.columns.size)
                np.copyto(by_row, self.numerics.masked, where=part.hidden[:, None, :])
                totals = block.weigh(scores)
                sums = shared @ values[heads, :trunk]
                sums += own @ own_values[heads]
                query[heads] = block.attend(sums, totals)  # their place is free now
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

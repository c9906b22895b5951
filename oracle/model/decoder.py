"""The forward pass of a Llama in any numerics: one prompt computed once, then one token for many rows at a time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from oracle.model.config import LlamaConfig
from oracle.model.numerics import Array, Block, Numerics, Tokens

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
        positions = np.full(tokens.size, prompt.length + cache.length)
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
        attended = np.empty_like(queries)
        for head, query in self._by_kv_head(queries):
            scores = self._scores(query.shape[0], end)
            np.matmul(query, keys[head, :end].T, out=scores)
            own = scores.reshape(end - start, self._group, end)[..., start:]
            np.copyto(own, self.numerics.masked, where=later)
            totals = block.weigh(scores)
            sums = scores @ values[head, :end]
            self._put(attended, head, block.attend(sums, totals))
        return block.add_mlp(block.add_attention(x, attended.reshape(x.shape[0], -1)))

    def _row_layer(
        self, block: Block, x: Array, positions: Tokens, prompt: PromptCache, cache: RowCache, layer: int
    ) -> Array:
        rows, length, end = x.shape[0], prompt.length, prompt.length + cache.length
        queries, new_keys, new_values = block.project(x, positions)
        keys, values = cache.keys[layer, :, :rows], cache.values[layer, :, :rows]
        keys[:, :, cache.length - 1] = new_keys.transpose(1, 0, 2)
        values[:, :, cache.length - 1] = new_values.transpose(1, 0, 2)
        attended = np.empty_like(queries)
        for head, query in self._by_kv_head(queries):
            scores = self._scores(query.shape[0], end)
            own = scores[:, length:].reshape(rows, self._group, -1)
            np.matmul(query, prompt.keys[layer, head].T, out=scores[:, :length])
            own_keys = keys[head, :, : cache.length].swapaxes(1, 2)
            np.matmul(query.reshape(rows, self._group, -1), own_keys, out=own)
            totals = block.weigh(scores)
            sums = scores[:, :length] @ prompt.values[layer, head]
            sums += np.matmul(own, values[head, :, : cache.length]).reshape(sums.shape)
            self._put(attended, head, block.attend(sums, totals))
        return block.add_mlp(block.add_attention(x, attended.reshape(rows, -1)))

    def _by_kv_head(self, queries: Array) -> list[tuple[int, Array]]:
        """(kv head, its queries (rows * group, head_dim)) of queries (rows, heads, head_dim)."""
        grouped = queries.reshape(queries.shape[0], self.config.num_kv_heads, self._group, -1).transpose(1, 0, 2, 3)
        return [(head, np.ascontiguousarray(part).reshape(-1, part.shape[-1])) for head, part in enumerate(grouped)]

    def _put(self, attended: Array, head: int, part: Array) -> None:
        """Writes the result (rows * group, head_dim) of a kv head to its heads."""
        rows = attended.shape[0]
        attended[:, head * self._group : (head + 1) * self._group] = part.reshape(rows, self._group, -1)

    def _scores(self, rows: int, keys: int) -> Array:
        """A (rows, keys) matrix in memory that is used again for the next head."""
        if self._scratch.size < rows * keys:
            self._scratch = np.empty(rows * keys, self.numerics.dtype)
        return self._scratch[: rows * keys].reshape(rows, keys)

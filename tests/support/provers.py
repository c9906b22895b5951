"""Provers that cheat, each in one real way, with the embedded engine or on weights that were really changed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.model.config import LlamaConfig, read_config, read_eos_tokens
from oracle.model.decoder import Decoder
from oracle.model.exact import ExactNumerics
from oracle.model.fp32 import FloatNumerics
from oracle.model.grammar import Cursor, Grammar, GrammarTokenizer, Mask
from oracle.model.numerics import Array, Numerics, Tokens
from oracle.model.sampling import draw
from oracle.model.weights import Float32, read_weights
from tests.support.models import Task

Weights = dict[str, Float32]
Change = Callable[[Weights, LlamaConfig], Weights]


class Prover:
    """Draws with weights, numerics and rules of its own choice, under the noise of the seed it is given."""

    def __init__(
        self, folder: Path, engine: str = "exact", change: Change | None = None, *, half: bool = False, top_p: float = 1
    ) -> None:
        self.config = read_config(folder)
        weights = read_weights(folder, self.config)
        weights = change(weights, self.config) if change else weights
        numerics: Numerics
        if half:
            numerics = HalfNumerics(self.config, weights)
        else:
            numerics = (ExactNumerics if engine == "exact" else FloatNumerics)(self.config, weights)
        self.nucleus = Nucleus(numerics, top_p)
        self.decoder = Decoder(self.config, self.nucleus)
        self.words = GrammarTokenizer(folder / "tokenizer.json", self.config.vocab_size, read_eos_tokens(folder))

    def generate(self, ids: Tokens, task: Task, seed: bytes, count: int, sampler: Sampler) -> list[RawSample]:
        """Samples 0 .. count - 1 after a prompt of these token ids."""
        grammar = NucleusGrammar(self.words, task.schema, self.nucleus)
        drawn = draw(self.decoder, self.decoder.prefill(ids), grammar, seed, range(count), sampler)
        return [
            RawSample(index, tuple(one.tokens), self.words.text(one.tokens), one.finished)
            for index, one in enumerate(drawn)
        ]


# -- other weights ----------------------------------------------------------------------------------------------------


def other_weights(weights: Weights, config: LlamaConfig) -> Weights:
    """The same network with its first two layers exchanged."""
    names = {"model.layers.0.": "model.layers.1.", "model.layers.1.": "model.layers.0."}
    return {
        next((name.replace(old, new) for old, new in names.items() if name.startswith(old)), name): weight
        for name, weight in weights.items()
    }


def quantised(bits: int, group: int | None = None) -> Change:
    """Rounds every matrix to integers of so many bits, symmetric, with a scale per row or per `group` of a row."""

    def change(weights: Weights, config: LlamaConfig) -> Weights:
        return {name: _rounded(weight, bits, group) if weight.ndim == 2 else weight for name, weight in weights.items()}

    return change


def _rounded(weight: Float32, bits: int, group: int | None) -> Float32:
    grouped = weight.reshape(weight.shape[0], -1, group or weight.shape[1])
    scale = np.abs(grouped).max(axis=2, keepdims=True) / (2 ** (bits - 1) - 1)
    rounded: Float32 = (np.rint(grouped / np.where(scale > 0, scale, 1)) * scale).reshape(weight.shape)
    return rounded.astype(np.float32)


def fine_tuned(texts: Sequence[Tokens], steps: int = 12, rate: float = 0.02) -> Change:
    """`steps` steps of gradient descent on the last layer's down projection, to make these texts likelier.

    The gradient of the mean cross entropy through output layer, norm and product, in closed form.
    """

    def change(weights: Weights, config: LlamaConfig) -> Weights:
        name = f"model.layers.{config.num_layers - 1}.mlp.down_proj.weight"
        tuned = dict(weights)
        for step in range(steps):
            gradient, _ = gradient_of(tuned, config, texts[step % len(texts)])
            tuned[name] = (tuned[name] - rate * gradient).astype(np.float32)
        return tuned

    return change


def gradient_of(weights: Weights, config: LlamaConfig, text: Tokens) -> tuple[Array, float]:
    """Gradient of the loss of a text with respect to the last down projection (hidden, inner), and the loss in nats."""
    captured: dict[str, Array] = {}
    numerics = FloatNumerics(config, weights, np.float64)
    block = numerics.blocks[-1]
    down = block._down

    def capture(product: Array) -> Array:
        captured["inner"] = product
        return down(product)

    block._down = capture  # type: ignore[assignment]
    x = _residual(Decoder(config, numerics), text)
    gamma = weights["model.norm.weight"].astype(np.float64)
    head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"]).astype(np.float64)
    root = np.sqrt(np.square(x).mean(axis=1, keepdims=True) + float(config.norm_epsilon))
    logits = (x / root * gamma) @ head.T
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    rows = np.arange(text.size - 1)
    loss = -np.log(shares[rows, text[1:]]).mean()
    shares[rows, text[1:]] -= 1  # softmax less one-hot: the gradient of the cross entropy
    shares[-1] = 0  # nothing follows the last token
    normed = shares @ head * gamma / rows.size
    along = (normed * x).sum(axis=1, keepdims=True) / (x.shape[1] * root**2)
    return ((normed - x * along) / root).T @ captured["inner"], float(loss)


def _residual(decoder: Decoder, text: Tokens) -> Array:
    """Residual stream (tokens, hidden) behind all layers, for a text that fits one chunk."""
    rows: list[Array] = []
    numerics = decoder.numerics
    before = numerics.logits
    last = numerics.blocks[-1]
    add = last.add_mlp
    last.add_mlp = lambda x: rows.append(add(x)) or rows[-1]  # type: ignore[method-assign, func-returns-value]
    decoder.prefill(text)
    assert numerics.logits == before and len(rows) == 1, "the text must fit one chunk"
    return rows[0]


# -- other arithmetic and other rules ---------------------------------------------------------------------------------


def to_half(x: Array) -> Float32:
    """Nearest bfloat16, ties to even, held in float32."""
    bits = np.ascontiguousarray(x, dtype=np.float32).view(np.uint32)
    rounded: Float32 = ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
    return rounded


class HalfNumerics(FloatNumerics):
    """bfloat16 compute: every tensor between operations is rounded to bfloat16, sums run in fp32, as on a GPU."""

    def __init__(self, config: LlamaConfig, weights: Weights) -> None:
        super().__init__(config, {name: to_half(weight) for name, weight in weights.items()})
        for block in self.blocks:
            for part in ("_norm", "_project", "_output", "_mlp_norm", "_gate_up", "_down"):
                setattr(block, part, _Halved(getattr(block, part)))
            for method in ("project", "attend", "add_attention", "add_mlp"):
                setattr(block, method, _Halved(getattr(block, method)))

    def logits(self, x: Array) -> Array:
        """Logits in bfloat16."""
        return to_half(self._head(to_half(self._norm(x))))


class _Halved:
    """A function whose results are rounded to bfloat16."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Array) -> Any:
        result = self._function(*arguments)
        return tuple(map(to_half, result)) if isinstance(result, tuple) else to_half(result)


class Nucleus:
    """Numerics that remember the last scores, so that a grammar can cut them to the top p of probability."""

    def __init__(self, numerics: Numerics, top_p: float) -> None:
        self._numerics, self.top_p, self.latest = numerics, top_p, np.empty(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._numerics, name)

    def scores(self, logits: Array, temperature_milli: int) -> Array:
        self.latest = self._numerics.scores(logits, temperature_milli)
        return self.latest

    def keep(self, allowed: Mask) -> Mask:
        """The least set of likeliest allowed tokens of each row whose probability reaches top p."""
        nats = np.where(allowed, self.latest / 2**20, -np.inf)
        order = np.argsort(-nats, axis=1, kind="stable")
        shares = np.exp(np.take_along_axis(nats, order, 1) - nats.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        kept = np.zeros_like(allowed)
        np.put_along_axis(kept, order, np.cumsum(shares, axis=1) - shares < self.top_p, axis=1)
        return kept & allowed


class NucleusGrammar(Grammar):
    """A grammar whose masks are cut to the nucleus."""

    def __init__(self, words: GrammarTokenizer, schema: dict[str, object], nucleus: Nucleus) -> None:
        super().__init__(words, schema)
        self._nucleus = nucleus

    def masks(self, cursors: Sequence[Cursor]) -> Mask:
        allowed = super().masks(cursors)
        return self._nucleus.keep(allowed) if self._nucleus.top_p < 1 else allowed


# -- the cheats by name -----------------------------------------------------------------------------------------------


def edited(task: Task) -> Task:
    """One word of the prompt replaced: the goal."""
    assert '"goal":"results"' in task.prompt
    return replace(task, prompt=task.prompt.replace('"goal":"results"', '"goal":"thrift"'))

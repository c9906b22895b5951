"""A second implementation of the rule: logits by transformers, the rest by plain loops; shares noise and grammar only.

Slow and simple on purpose: one forward pass per sample, one token at a time, numpy argmax.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.mechanism.noise import gumbel_noise
from oracle.model.config import read_eos_tokens
from oracle.model.grammar import Grammar, GrammarTokenizer


class TransformersPeer:
    """Draws samples and recomputes their margins with a Hugging Face model of some dtype and attention."""

    def __init__(self, folder: Path, attention: str, dtype: torch.dtype = torch.float32, threads: int = 1) -> None:
        self.threads = threads
        self.model = LlamaForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=attention).eval()
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        vocab = self.model.config.vocab_size
        self.words = GrammarTokenizer(folder / "tokenizer.json", vocab, read_eos_tokens(folder))

    @torch.no_grad()
    def logits(self, prompt: str, tokens: Sequence[int]) -> np.ndarray:
        """(tokens, vocab): row t before token t, from one pass over prompt and answer without a cache."""
        torch.set_num_threads(self.threads)  # of the whole process, so set anew each time
        ids = self.tokenizer(prompt)["input_ids"]
        rows = self.model(torch.tensor([[*ids, *tokens]]), use_cache=False).logits[0, len(ids) - 1 : -1]
        found: np.ndarray = rows.to(torch.float64).numpy()
        return found

    def margins(
        self, prompt: str, schema: dict[str, object], seed: bytes, samples: Sequence[RawSample], sampler: Sampler
    ) -> Iterator[np.ndarray]:
        """For each sample, how far each token's score lies below the best allowed one, in scores; inf if forbidden."""
        grammar = Grammar(self.words, schema)
        for sample in samples:
            cursor, rows, found = grammar.start(), self.logits(prompt, sample.token_ids), []
            for step, (token, row) in enumerate(zip(sample.token_ids, rows, strict=True)):
                allowed = grammar.masks([cursor])[0]
                noisy = scores(row, seed, sample.index, step, sampler)
                found.append(noisy[allowed].max() - noisy[token] if allowed[token] else np.inf)
                cursor.advance(token)
            assert cursor.finished == sample.finished
            yield np.array(found)

    @torch.no_grad()
    def generate(
        self, prompt: str, schema: dict[str, object], seed: bytes, indices: Sequence[int], sampler: Sampler
    ) -> list[RawSample]:
        """Greedy decoding of score + noise, one sample after the other with the library's own key-value cache."""
        torch.set_num_threads(self.threads)
        grammar, drawn = Grammar(self.words, schema), []
        prefix = self.model(torch.tensor([self.tokenizer(prompt)["input_ids"]]), use_cache=True)
        for index in indices:
            cursor, tokens, row = grammar.start(), [], prefix.logits[0, -1]
            while not cursor.finished and len(tokens) < sampler.max_tokens:
                noisy = scores(row.to(torch.float64).numpy(), seed, index, len(tokens), sampler)
                noisy[~grammar.masks([cursor])[0]] = -np.inf
                tokens.append(int(noisy.argmax()))
                cursor.advance(tokens[-1])
                step = self.model(torch.tensor([tokens[-1:]]), past_key_values=prefix.past_key_values, use_cache=True)
                row = step.logits[0, -1]
            prefix.past_key_values.crop(-len(tokens))
            drawn.append(RawSample(index, tuple(tokens), self.words.text(tokens), cursor.finished))
        return drawn


def scores(row: np.ndarray, seed: bytes, index: int, step: int, sampler: Sampler) -> np.ndarray:
    """Logits / T + Gumbel noise, in scores."""
    noise = gumbel_noise(seed, step, [index], row.size)[0] / 2**20
    noisy: np.ndarray = row * 1000 / sampler.temperature_milli + noise
    return noisy

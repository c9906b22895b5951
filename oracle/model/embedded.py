"""The embedded engine: any Llama folder in Hugging Face format, run by numpy alone, exact or in fp32."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck
from oracle.model.blas import blas_threads
from oracle.model.checking import Checking
from oracle.model.config import read_config, read_eos_tokens
from oracle.model.decoder import Decoder
from oracle.model.exact import LOGIT_BITS, ExactNumerics
from oracle.model.fp32 import FloatNumerics
from oracle.model.grammar import Grammar, GrammarTokenizer
from oracle.model.manifest import TOKENIZER_FILE
from oracle.model.numerics import Tokens
from oracle.model.options import EngineOptions
from oracle.model.request import check_class, check_request, read_tokenizer
from oracle.model.sampling import draw
from oracle.model.weights import read_weights
from oracle.ports.model import Progress

ENGINES = {"exact": (ExactNumerics, "E"), "fp32": (FloatNumerics, "F")}


def available() -> str | None:
    """None: what this engine needs is installed with gengov itself."""
    return None


def open_runner(model_dir: Path, name: str, options: EngineOptions) -> "EmbeddedRunner":
    """The runner of the engine `exact` or `fp32`."""
    return EmbeddedRunner(model_dir, name, threads=options.threads or 1)


class EmbeddedRunner:
    """A `ModelRunner` on numpy, whose matrix products use `threads` threads: one is best for small models.

    A check runs `chunk` tokens at a time, which bounds its memory and changes no result in exact mode.
    Raises BadInput, naming file and place, for a folder that is not a whole Llama.
    """

    def __init__(self, model_dir: Path, engine: str, *, threads: int = 1, chunk: int = 256) -> None:
        if engine not in ENGINES:
            raise BadInput(f"engine {engine!r} is unknown", hint=f"Choose one of {', '.join(ENGINES)}.")
        numerics, self.numeric_class = ENGINES[engine]
        self.name, self.model_dir = f"{engine}:{model_dir.name}", model_dir
        self._threads, self._chunk = threads, chunk
        config = read_config(model_dir)
        self._tokenizer = read_tokenizer(model_dir / TOKENIZER_FILE, config.vocab_size)
        self._grammar_tokenizer = GrammarTokenizer(
            model_dir / TOKENIZER_FILE, config.vocab_size, read_eos_tokens(model_dir)
        )
        self.decoder = Decoder(config, numerics(config, read_weights(model_dir, config)))
        self.logits_digests: dict[int, bytes] = {}
        """Noise index -> sha256 over the logits that this sample of the last run saw."""

    @property
    def logits_hash(self) -> bytes:
        """sha256 over the digests of all samples of the last run, in order of index."""
        if not self.logits_digests:
            return b""
        return hashlib.sha256(b"".join(self.logits_digests[index] for index in sorted(self.logits_digests))).digest()

    def generate(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        indices: Sequence[int],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> list[RawSample]:
        """One sample per noise index; see the port."""
        check_request(seed, indices, sampler)
        tokens = self._prompt(prompt_text, sampler.max_tokens)
        grammar = Grammar(self._grammar_tokenizer, schema)
        with blas_threads(self._threads):
            draws = draw(self.decoder, self.decoder.prefill(tokens), grammar, seed, indices, sampler, progress)
        self.logits_digests = {index: drawn.logits_digest for index, drawn in zip(indices, draws, strict=True)}
        return [
            RawSample(index, tuple(drawn.tokens), self._grammar_tokenizer.text(drawn.tokens), drawn.finished)
            for index, drawn in zip(indices, draws, strict=True)
        ]

    def check(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        samples: Sequence[RawSample],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> Iterator[SampleCheck]:
        """One result per sample; see the port. Afterwards `logits_hash` is that of the compared logits."""
        check_class(self.name, self.numeric_class, sampler)
        check_request(seed, [sample.index for sample in samples], sampler)
        tokens = self._prompt(prompt_text, sampler.max_tokens)
        grammar = Grammar(self._grammar_tokenizer, schema)
        return self._check(tokens, grammar, seed, list(samples), sampler, progress)

    def _check(
        self,
        tokens: Tokens,
        grammar: Grammar,
        seed: bytes,
        samples: list[RawSample],
        sampler: Sampler,
        progress: Progress | None,
    ) -> Iterator[SampleCheck]:
        checking = Checking(self.decoder, grammar, self._grammar_tokenizer, seed, sampler, self._chunk)
        self.logits_digests = checking.logits_digests
        with blas_threads(self._threads):
            yield from checking.run(self.decoder.prefill(tokens), samples, progress)

    def logits(self, prompt_text: str, samples: Sequence[RawSample]) -> Iterator[npt.NDArray[np.float64]]:
        """The logits that each sample saw, (tokens of the sample, vocab) in real units: row t before its token t.

        Neither grammar nor noise enter: this is what calibration compares between engines. One sample at a time is
        held in memory. Raises BadInput if prompt and sample exceed the context.
        """
        tokens = self._prompt(prompt_text, max((len(sample.token_ids) for sample in samples), default=0))
        unit = 1.0 / (1 << LOGIT_BITS) if self.numeric_class == "E" else 1.0
        with blas_threads(self._threads):
            prompt = self.decoder.prefill(tokens)
            for sample in samples:
                yield self.decoder.follow(prompt, np.array(sample.token_ids[:-1], dtype=np.int64)) * unit

    def encode(self, text: str) -> Tokens:
        """Token ids of a prompt, with the special tokens that the tokenizer's post-processor adds."""
        return np.array(self._tokenizer.encode(text).ids, dtype=np.int64)

    def _prompt(self, text: str, answer: int) -> Tokens:
        """Token ids of a prompt that leaves room for an answer of so many tokens."""
        tokens, room = self.encode(text), self.decoder.numerics.context - answer
        if not 0 < tokens.size <= room:
            raise BadInput(
                f"prompt of {tokens.size} tokens: {self.name} holds 1 to {room} beside {answer} of answer",
                hint="Shorten the prompt, or commit a model with a longer context.",
            )
        return tokens

"""The engine that turns a prompt and a seed into samples, and checks samples; whichever library computes it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck

Progress = Callable[[int, int], None]
"""Called after each step with (tokens drawn or checked, samples finished), both cumulative over the run."""


class ModelRunner(Protocol):
    """Draws samples from committed weights. Same weights, prompt, schema, seed and index: same sample."""

    @property
    def name(self) -> str:
        """Engine and model for logs and messages, such as `exact:gengov-tiny`."""

    @property
    def numeric_class(self) -> str:
        """`E` (bit-identical everywhere), `F` (fp32, within a tolerance), `B` (16 bits, within a wider one) or `N`.

        Samples of class N cannot be verified by anyone: they come from a server that draws by noise of its own.
        """

    @property
    def model_dir(self) -> Path:
        """The folder whose manifest commits these weights."""

    @property
    def logits_hash(self) -> bytes:
        """sha256 over all logits of the last run (32 bytes), in order of index and step; empty before the first run.

        Equal between machines in class E only. Engines whose logits do not come here (vLLM, servers) leave it empty.
        """

    def generate(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        indices: Sequence[int],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> list[RawSample]:
        """One sample per noise index, in the order of `indices`; each depends on its own index alone.

        `schema` is the JSON schema that the grammar enforces, `seed` the 32 bytes fixed on chain.
        Raises BadInput for a prompt longer than the model's context, a seed that is not 32 bytes, a schema the grammar
        does not know, or indices that are negative or repeated.
        """

    def check(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        samples: Sequence[RawSample],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> Iterator[SampleCheck]:
        """Compares every token of the samples with the one that `generate` would draw; one result per sample, in order.

        The tokens are teacher-forced: each is judged after the tokens that the sample itself has before it. The
        shared prompt runs once, the answers in batches of bounded size, and a result is yielded as soon as it and
        all before it are known. Only token ids and index of a sample are read.
        The tolerance is that of the sampler's numeric class (`domain.verdict.tolerates`). A token that the grammar
        forbids or the vocabulary lacks, one after the end of an answer or beyond `max_tokens`, and an answer that stops
        early are mismatches without a margin, and end the comparison of their sample.
        Raises BadInput as `generate` does; Refused if this engine cannot check the sampler's class.
        """

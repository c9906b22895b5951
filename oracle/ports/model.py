"""The engine that turns a prompt and a seed into samples, whichever library computes it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler

Progress = Callable[[int, int], None]
"""Called after each step with (tokens drawn, samples finished), both cumulative over the run."""


class ModelRunner(Protocol):
    """Draws samples from committed weights. Same weights, prompt, schema, seed and index: same sample."""

    @property
    def name(self) -> str:
        """Engine and model for logs and messages, such as `exact:gengov-tiny`."""

    @property
    def numeric_class(self) -> str:
        """`E` (bit-identical everywhere) or `F` (fp32 within a tolerance): `verification.md` section 3."""

    @property
    def model_dir(self) -> Path:
        """The folder whose manifest commits these weights."""

    @property
    def logits_hash(self) -> bytes:
        """sha256 over all logits of the last run (32 bytes), in order of index and step; empty before the first run."""

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

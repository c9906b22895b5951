"""What a fraud looks like: a poster that draws more answers than the seed allows and keeps those that it likes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck
from oracle.ports.model import ModelRunner, Progress

SWAPPED = 60
"""Of the samples, how many are swapped: enough to move the median."""
TURNS = 12
"""Most secret draws of a whole slot's size."""
SECRET = 1 << 20
"""First noise index of the secret draws: far from those of the slot."""


class CherryPicker:
    """A runner that swaps honest samples for secret ones of the same model that say `wanted`.

    Every answer in it is one that the model really gave; only not for this seed.
    """

    def __init__(self, runner: ModelRunner, wanted: str) -> None:
        self._runner, self._wanted = runner, wanted
        self.swapped = 0

    @property
    def name(self) -> str:
        """It pretends to be what it runs on."""
        return self._runner.name

    @property
    def numeric_class(self) -> str:
        """The class of what it runs on."""
        return self._runner.numeric_class

    @property
    def model_dir(self) -> Path:
        """The folder of what it runs on."""
        return self._runner.model_dir

    @property
    def logits_hash(self) -> bytes:
        """Of the last draw."""
        return self._runner.logits_hash

    def generate(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        indices: Sequence[int],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> list[RawSample]:
        """The honest samples; secret ones, drawn until enough are wanted, take the first places."""
        honest = self._runner.generate(prompt_text, schema, seed, indices, sampler, progress)
        liked: list[RawSample] = []
        for turn in range(TURNS):
            hidden = [SECRET * (turn + 1) + index for index in indices]
            secret = self._runner.generate(prompt_text, schema, seed, hidden, sampler)
            liked = (liked + [sample for sample in secret if self._wanted in sample.text])[:SWAPPED]
            if len(liked) == SWAPPED:
                break
        self.swapped = len(liked)
        swapped = [RawSample(i, pick.token_ids, pick.text, pick.finished) for i, pick in enumerate(liked)]
        return swapped + honest[len(swapped) :]

    def check(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        samples: Sequence[RawSample],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> Iterator[SampleCheck]:
        """An honest check: a fraud can be seen by its own engine."""
        return self._runner.check(prompt_text, schema, seed, samples, sampler, progress)

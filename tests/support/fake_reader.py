"""A fake of the model engine that reads reports: says what `mind` makes of the texts, behind the real engine's port."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck
from oracle.mechanism.reports import Terms
from oracle.mechanism.reports_document import Spec
from oracle.ports.model import Progress
from tests.support.fake_model import compare

Mind = Callable[[str, list[str], int], str]
"""From the first line of the prompt, the texts of the reports and the index of the sample to the answer's text."""


def texts_of(prompt_text: str) -> list[str]:
    """The reports as a reader of the prompt sees them, in their order."""
    records = [json.loads(line) for line in prompt_text.splitlines()[1:-1]]
    return [record["text"] for record in records if "report" in record]


class FakeReader:
    """Answers `mind(instruction, texts, index)`; keeps what it was asked."""

    numeric_class, logits_hash, name = "E", b"", "fake"
    model_dir = Path("fake")

    def __init__(self, mind: Mind) -> None:
        self.mind = mind
        self.asked: list[tuple[str, bytes]] = []

    def generate(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        indices: Sequence[int],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> list[RawSample]:
        self.asked.append((prompt_text, seed))
        said = {index: self._say(prompt_text, index) for index in indices}
        return [RawSample(index, tuple(text.encode()), text, True) for index, text in said.items()]

    def check(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        samples: Sequence[RawSample],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> Iterator[SampleCheck]:
        for sample in samples:
            text = self._say(prompt_text, sample.index)
            found = compare(sample.token_ids, tuple(text.encode()))
            yield SampleCheck(sample.index, found, len(sample.token_ids), 0, text)

    def _say(self, prompt_text: str, index: int) -> str:
        return self.mind(prompt_text.splitlines()[0], texts_of(prompt_text), index)


HASHES = (bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32)
SPEC = Spec(
    question="Is the river safe?",
    reporters=("alice", "bob", "carol"),
    outcome=1,
    terms=Terms(alpha=1_000_000, deposit=1_000_000),
    seed=bytes(range(32)),
    samples=5,
    report_chars=280,
    reports={"alice": "clean", "bob": "clean", "carol": "foul"},
    misreports={},
)


def counting(instruction: str, texts: list[str], index: int) -> str:
    """A reader who counts: 50 % and 10 for every clean, less 10 for every foul; one sample of five is wild."""
    if "agree" in instruction:
        return '{"permille":800}'
    figure = 500 + 100 * texts.count("clean") - 100 * texts.count("foul")
    return f'{{"permille":{999 if index == 2 else figure}}}'

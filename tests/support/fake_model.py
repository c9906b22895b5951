"""A fake of the model engine: instant, seeded, and of a chosen mind, behind the same port as the real one."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import END, SampleCheck, TokenMismatch
from oracle.model.options import EngineOptions
from oracle.ports.model import Progress

Mind = Callable[[int], str]
"""From a number in 0..99, which the seed makes of an index, to the text of the answer."""

FUND = '{"action":"fund","fund":{"A":"full"},"rationale":"the best record"}'
SIGNAL = '{"action":"signal","signal":"we wait","rationale":"nothing is certain"}'
NONE = '{"action":"none","rationale":"nobody deserves it"}'
NONSENSE = '{"action":"dance"}'


def clear(number: int) -> str:
    """Nine of ten would fund A."""
    return FUND if number < 90 else NONE


def torn(number: int) -> str:
    """Half would fund, half would say something: no consensus, whatever the seed."""
    return FUND if number % 2 else SIGNAL


def idle(number: int) -> str:
    """Nine of ten would do nothing."""
    return NONE if number < 90 else FUND


def confused(number: int) -> str:
    """Half of the answers are none."""
    return NONSENSE if number % 2 else FUND


def available() -> str | None:
    """None: it needs nothing."""
    return None


def open_runner(model_dir: Path, name: str, options: EngineOptions) -> "FakeModel":
    """The runner of the engine that tests enter as `fake` into the table of engines."""
    return FakeModel(model_dir=model_dir)


class FakeModel:
    """Answers `mind(rank)` at each index; ranks are a permutation of 0..n-1 that the seed decides."""

    numeric_class, logits_hash, name = "E", b"", "fake"

    def __init__(self, mind: Mind = clear, model_dir: Path = Path("fake")) -> None:
        self.mind, self.model_dir = mind, model_dir
        self.runs = 0

    def generate(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        indices: Sequence[int],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> list[RawSample]:
        self.runs += 1
        rank = ranks(seed, indices)
        drawn = []
        for index in indices:
            text = self.mind(rank[index])
            drawn.append(RawSample(index, tuple(text.encode()), text, finished=True))
            if progress:
                progress(sum(len(one.token_ids) for one in drawn), len(drawn))
        return drawn

    def check(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        samples: Sequence[RawSample],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> Iterator[SampleCheck]:
        """The first token at which a sample leaves what this mind answers; the rank is among the samples given."""
        rank = ranks(seed, [sample.index for sample in samples])
        compared = 0
        for done, sample in enumerate(samples, start=1):
            text = self.mind(rank[sample.index])
            found = compare(sample.token_ids, tuple(text.encode()))
            compared += len(sample.token_ids)
            yield SampleCheck(sample.index, found, len(sample.token_ids), 0, text)
            if progress:
                progress(compared, done)


def ranks(seed: bytes, indices: Sequence[int]) -> dict[int, int]:
    """A permutation of the indices that the seed decides."""
    order = sorted(indices, key=lambda i: sha256(seed + i.to_bytes(4, "big")).digest())
    return {index: place for place, index in enumerate(order)}


def compare(got: tuple[int, ...], expected: tuple[int, ...]) -> tuple[TokenMismatch, ...]:
    """The first difference, if there is one."""
    for position in range(max(len(got), len(expected))):
        found = got[position] if position < len(got) else END
        wanted = expected[position] if position < len(expected) else END
        if found != wanted:
            return (TokenMismatch(position, wanted, found, None),)
    return ()

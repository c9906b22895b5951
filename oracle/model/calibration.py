"""Measures how far the logits of honest backends lie apart, and whether honest answers pass the check that follows."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from oracle.domain.errors import BadInput
from oracle.domain.prompt import Prompt
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import TAU_UNIT, SampleCheck
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.certificate import LEAST_TAU
from oracle.mechanism.noise import NOISE_BITS, gumbel_noise
from oracle.mechanism.rendering import render
from oracle.mechanism.trial_prompts import trial_prompt
from oracle.model.backends import REFERENCE, Backend, EmbeddedBackend, Logits
from oracle.model.config import read_eos_tokens
from oracle.model.embedded import EmbeddedRunner
from oracle.model.grammar import Grammar, GrammarTokenizer, Mask
from oracle.ports.model import ModelRunner

SAMPLES = 100
_CELLS = 1 << 25
"""Logits of one backend that are held at once; large vocabularies are compared in smaller groups."""

Progress = Callable[[int, int, str], None]
"""Called after each piece with (tokens done, tokens wanted, what is being done)."""


@dataclass(slots=True)
class Spread:
    """How far the backends of one numeric class lay apart, over all tokens and the whole vocabulary.

    `eps` is the largest difference in a logit between two of them, `from_reference` that from float64. `margins` are,
    for each backend that is no engine of ours, how far below the best it found the tokens that were drawn: those above
    a thousandth of a score, and 0 for all the others.
    """

    backends: list[str] = field(default_factory=list)
    eps: float = 0.0
    from_reference: float = 0.0
    margins: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """One prompt with its seed and the answers that a generator drew."""

    prompt: Prompt
    seed: bytes
    samples: list[RawSample]

    @property
    def tokens(self) -> int:
        """Tokens of all answers."""
        return sum(len(sample.token_ids) for sample in self.samples)

    @property
    def positions(self) -> int:
        """Tokens with a history of their own: answers that begin alike share some."""
        histories = {one.token_ids[:end] for one in self.samples for end in range(len(one.token_ids))}
        return len(histories)


@dataclass(slots=True)
class Measurement:
    """What was measured on answers of `generator`; `logits_sha256` is over exact mode's logits, empty without it."""

    generator: str = ""
    tokens: int = 0
    positions: int = 0
    prompts: int = 0
    classes: dict[str, Spread] = field(default_factory=dict)
    logits_sha256: bytes = b""


@dataclass(frozen=True, slots=True)
class Pair:
    """An engine that draws, and one that must accept what it drew; `way` says how the checker runs."""

    generator: ModelRunner
    checker: ModelRunner
    way: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """Both engines, without the model's name."""
        generator, checker = (runner.name.partition(":")[0] for runner in (self.generator, self.checker))
        return generator, f"{checker}, {self.way}" if self.way else checker


@dataclass(frozen=True, slots=True)
class HonestRun:
    """Answers that one engine drew and another checked: how many tokens, and what was found."""

    generator: str
    checker: str
    tokens: int
    checks: tuple[SampleCheck, ...]


def trials(generator: ModelRunner, sampler: Sampler, tokens: int, progress: Progress) -> Iterator[Trial]:
    """Prompts with 100 answers each until so many tokens were drawn; prompts and seeds are the same for everybody."""
    drawn, number = 0, 0
    while drawn < tokens:
        prompt = trial_prompt(number)
        seed = hashlib.sha256(f"gengov/calibration/v1/{number}".encode()).digest()
        progress(drawn, tokens, f"{generator.name} draws")
        samples = generator.generate(render(prompt), answer_schema(prompt), seed, range(SAMPLES), sampler)
        trial = Trial(prompt, seed, samples)
        drawn, number = drawn + trial.tokens, number + 1
        yield trial


def _no_progress(done: int, total: int, what: str) -> None:
    """Tells nobody."""


def measure(
    generator: EmbeddedRunner,
    backends: Sequence[Backend],
    sampler: Sampler,
    tokens: int,
    progress: Progress = _no_progress,
) -> Measurement:
    """Compares the backends on at least `tokens` tokens that the generator draws; one of them is the float64 reference.

    Raises BadInput if a backend's logits are not finite: such weights overflow.
    """
    found = Measurement(generator.name.partition(":")[0])
    for backend in backends:
        found.classes.setdefault(backend.numeric_class, Spread()).backends.append(backend.name)
    ordered = sorted(backends, key=lambda backend: backend.name != REFERENCE)
    comparer = _Comparer(generator, ordered, replace(sampler, numeric_class=generator.numeric_class), found)
    digest = hashlib.sha256()
    for trial in trials(generator, comparer.sampler, tokens, progress):
        digest.update(generator.logits_hash)
        comparer.add(trial)
        found.prompts, found.tokens = found.prompts + 1, found.tokens + trial.tokens
        found.positions += trial.positions
        progress(found.tokens, tokens, f"{len(backends)} backends compared")
    if "E" in found.classes and generator.numeric_class == "E":
        found.logits_sha256 = digest.digest()
    return found


def honest_run(pair: Pair, sampler: Sampler, tokens: int, progress: Progress = _no_progress) -> HonestRun:
    """Draws at least `tokens` tokens with one engine and checks them with the other, under the sampler's tolerance."""
    generator, checker = pair.names
    checks: list[SampleCheck] = []
    done = 0
    for trial in trials(pair.generator, sampler, tokens, _no_progress):
        text, schema = render(trial.prompt), answer_schema(trial.prompt)
        checks += pair.checker.check(text, schema, trial.seed, trial.samples, sampler)
        done += trial.tokens
        progress(done, tokens, f"{checker} checks {generator}")
    return HonestRun(generator, checker, done, tuple(checks))


class _Comparer:
    """Runs all backends on the same answers and keeps the largest differences, in groups of bounded size."""

    def __init__(
        self, generator: EmbeddedRunner, backends: Sequence[Backend], sampler: Sampler, found: Measurement
    ) -> None:
        self.sampler = sampler
        self._generator, self._backends, self._found = generator, backends, found
        folder, self._vocab = generator.model_dir, generator.decoder.config.vocab_size
        self._words = GrammarTokenizer(folder / "tokenizer.json", self._vocab, read_eos_tokens(folder))

    def add(self, trial: Trial) -> None:
        """Compares on one prompt's answers."""
        size = max(1, _CELLS // (self.sampler.max_tokens * self._vocab))
        same: dict[tuple[int, ...], list[RawSample]] = {}
        for sample in trial.samples:  # equal answers have equal logits: they are computed once
            same.setdefault(sample.token_ids, []).append(sample)
        groups = list(same.values())
        for start in range(0, len(groups), size):
            self._compare(trial, groups[start : start + size])

    def _compare(self, trial: Trial, groups: Sequence[Sequence[RawSample]]) -> None:
        prompt = self._generator.encode(render(trial.prompt))
        answers = [np.array(samples[0].token_ids, dtype=np.int64) for samples in groups]
        reference: Logits | None = None
        bounds: dict[str, tuple[Logits, Logits]] = {}
        for backend in self._backends:
            rows = np.concatenate(backend.logits(prompt, answers))
            if not np.isfinite(rows).all():
                raise BadInput(
                    f"{self._generator.model_dir}: the logits of {backend.name} are not finite",
                    hint="Such weights overflow in this arithmetic: they cannot be checked in its class.",
                )
            reference = rows if reference is None else reference
            spread = self._found.classes[backend.numeric_class]
            spread.from_reference = max(spread.from_reference, float(np.abs(rows - reference).max()))
            low, high = bounds.get(backend.numeric_class, (rows, rows))
            low, high = np.minimum(low, rows), np.maximum(high, rows)
            bounds[backend.numeric_class] = low, high
            spread.eps = max(spread.eps, float((high - low).max()))
            if not isinstance(backend, EmbeddedBackend):  # ours check as the rule says, in an honest run
                kept = spread.margins.setdefault(backend.name, [0.0])
                kept += [margin for margin in self._margins(trial, groups, rows) if margin > LEAST_TAU / TAU_UNIT]

    def _margins(self, trial: Trial, groups: Sequence[Sequence[RawSample]], rows: Logits) -> Iterator[float]:
        """How far each token's score lies below the best allowed one by these logits, sample by sample."""
        grammar, row = Grammar(self._words, answer_schema(trial.prompt)), 0
        for samples in groups:
            cursor, indices = grammar.start(), [sample.index for sample in samples]
            for step, token in enumerate(samples[0].token_ids):
                mask: Mask = grammar.masks([cursor])[0]
                noise = gumbel_noise(trial.seed, step, indices, self._vocab) / (1 << NOISE_BITS)
                scores = rows[row] * 1000 / self.sampler.temperature_milli + noise
                yield from (scores[:, mask].max(axis=1) - scores[:, token]).tolist()
                cursor.advance(token)
                row += 1

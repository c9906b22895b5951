"""The data file of a settlement by a model: spec, model, sampler and every sample, as one canonical JSON document.

It holds no posterior and no payment that a reader must believe: both follow from the samples.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any, get_type_hints

from oracle.domain.errors import BadInput
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.mechanism import canonical, reports_prompt
from oracle.mechanism.place import MAX_UINT, Place
from oracle.mechanism.reports import Settlement, settle
from oracle.mechanism.reports_document import Spec, document, read_spec
from oracle.mechanism.reports_prompt import Question

VERSION = 1
MAX_QUESTIONS = 1 << 20
_KEYS = ("version", "template", "spec", "model", "sampler", "answers", "payouts")


@dataclass(frozen=True, slots=True)
class DataFile:
    """What a file says: `answers[k]` are the samples of the k-th question that the spec asks.

    `model` are the hashes of weights, tokenizer and engine; `payouts` the claimed ones, None if nothing is paid.
    """

    spec: Spec
    model: tuple[bytes, bytes, bytes]
    sampler: Sampler
    answers: tuple[tuple[RawSample, ...], ...]
    payouts: dict[str, int] | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians of all answers: posteriors by mask, c(r) if asked, all-report posteriors by who misreports."""

    by_mask: dict[int, Fraction]
    consistency: Fraction | None
    misreported: dict[str, Fraction]


def dumps(data: DataFile) -> bytes:
    """Canonical bytes."""
    return canonical.dumps(
        {
            "version": VERSION,
            "template": reports_prompt.TEMPLATE,
            "spec": document(data.spec),
            "model": ["0x" + part.hex() for part in data.model],
            "sampler": asdict(data.sampler),
            "answers": [[_sample(sample) for sample in samples] for samples in data.answers],
            "payouts": data.payouts,
        }
    )


def loads(data: bytes, *, name: str = "data file") -> DataFile:
    """Reads a data file. Raises BadInput naming the place of whatever is malformed."""
    top = Place(canonical.loads_canonical(data, name=name), name)
    top.only(_KEYS)
    if top["version"].number(MAX_UINT) != VERSION or top["template"].text() != reports_prompt.TEMPLATE:
        raise BadInput(f"{name}: only version {VERSION} of {reports_prompt.TEMPLATE} is known")
    spec = read_spec(canonical.dumps(top["spec"].mapping()), name=f"{name}.spec")
    model = tuple(part.hexadecimal(32) for part in top["model"].items(3))
    if len(model) != 3:
        top["model"].fail("hashes of weights, tokenizer and engine")
    asked = reports_prompt.questions(spec)
    answers = top["answers"].items(MAX_QUESTIONS)
    if len(answers) != len(asked):
        raise BadInput(f"{name}.answers: {len(answers)} questions, the spec asks {len(asked)}")
    paid = top["payouts"].mapping_or_none()
    return DataFile(
        spec=spec,
        model=(model[0], model[1], model[2]),
        sampler=_read_sampler(top["sampler"]),
        answers=tuple(_read_samples(place, spec.samples) for place in answers),
        payouts=None if paid is None else {who: top["payouts"][who].number(MAX_UINT, least=-MAX_UINT) for who in paid},
    )


def figures(spec: Spec, asked: Sequence[Question], answers: Sequence[Sequence[RawSample]]) -> Figures:
    """The median of every question. Raises Refused where fewer than 60 % of the answers are valid."""
    found = Figures({}, None, {})
    consistency = None
    for one, samples in zip(asked, answers, strict=True):
        value = reports_prompt.figure(samples, one)
        if one.kind == "consistency":
            consistency = value
        elif one.misreport:
            found.misreported[one.misreport] = value
        else:
            found.by_mask[one.mask] = value
    return Figures(found.by_mask, consistency, found.misreported)


def settlement(spec: Spec, found: Figures) -> Settlement:
    """The payments that follow from the medians. Raises Refused while the outcome is open (but for zero-shot)."""
    return settle(
        spec.terms,
        spec.reporters,
        found.by_mask.__getitem__,
        spec.outcome,
        seed=spec.seed,
        consistency=found.consistency,
    )


def _sample(sample: RawSample) -> dict[str, Any]:
    return {
        "index": sample.index,
        "tokens": sample.token_ids,
        "text": sample.text,
        "finished": sample.finished,
    }


def _read_samples(place: Place, count: int) -> tuple[RawSample, ...]:
    samples = place.items(count)
    if len(samples) != count:
        raise BadInput(f"{place.where}: {len(samples)} samples, the spec says {count}")
    return tuple(_read_sample(sample, index) for index, sample in enumerate(samples))


def _read_sample(place: Place, index: int) -> RawSample:
    place.only(("index", "tokens", "text", "finished"))
    if place["index"].number(MAX_UINT) != index:
        raise BadInput(f"{place['index'].where}: {place['index'].value}, not {index}", hint="Samples come in order.")
    tokens = tuple(token.number((1 << 32) - 1) for token in place["tokens"].items(reports_prompt.MAX_TOKENS))
    return RawSample(index, tokens, place["text"].text(4_000), place["finished"].boolean())


def _read_sampler(place: Place) -> Sampler:
    types = get_type_hints(Sampler)
    place.only([field.name for field in fields(Sampler)])
    values: dict[str, Any] = {
        name: place[name].number(MAX_UINT) if kind is int else place[name].text(200) for name, kind in types.items()
    }
    return Sampler(**values)

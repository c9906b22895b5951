"""Asks a model every question of a round of reports, and checks the answers somebody else says it gave."""

from collections.abc import Callable, Sequence

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck, acceptable
from oracle.mechanism import reports_data, reports_prompt
from oracle.mechanism.reports import Settlement
from oracle.mechanism.reports_data import DataFile, Figures
from oracle.mechanism.reports_document import Spec
from oracle.ports.model import ModelRunner

Step = Callable[[int, int], None]
"""Told (tokens, samples finished) so far."""
Hashes = tuple[bytes, bytes, bytes]


def run(
    spec: Spec, runner: ModelRunner, hashes: Hashes, committed: Sampler, progress: Step | None = None
) -> tuple[DataFile, Figures, Settlement]:
    """Draws all samples and settles. The longest text is asked first, so that one too long is refused at once.

    Raises BadInput (a report missing, a text too long for the model), Refused (too few valid answers, open outcome).
    """
    asked = reports_prompt.questions(spec)
    sampler = reports_prompt.sampler_for(committed, spec, runner.numeric_class)
    seed, answers, tokens = reports_prompt.noise_seed(spec), [], 0
    for done, question in enumerate(asked, start=1):
        samples = runner.generate(question.text, question.schema, seed, range(spec.samples), sampler)
        answers.append(tuple(samples))
        tokens += sum(len(sample.token_ids) for sample in samples)
        if progress:
            progress(tokens, done * spec.samples)
    figures = reports_data.figures(spec, asked, answers)
    settlement = reports_data.settlement(spec, figures)
    return DataFile(spec, hashes, sampler, tuple(answers), settlement.payouts), figures, settlement


def verify(
    data: DataFile, runner: ModelRunner, committed: Sampler, progress: Step | None = None
) -> tuple[Settlement | None, str]:
    """The settlement of a data file whose every token the model would draw, and what is wrong first ("" if nothing).

    The settlement is None if the samples are not the model's. Raises BadInput for an engine of another numeric class.
    """
    if runner.numeric_class != data.sampler.numeric_class:
        raise BadInput(
            f"the answers are of class {data.sampler.numeric_class}, {runner.name} computes in {runner.numeric_class}",
            hint="Choose an engine of that class with --engine.",
        )
    if data.sampler != reports_prompt.sampler_for(committed, data.spec, runner.numeric_class):
        return None, "the sampler is not the model's committed one"
    asked = reports_prompt.questions(data.spec)
    seed, tokens = reports_prompt.noise_seed(data.spec), 0
    checks: list[SampleCheck] = []
    for done, (question, samples) in enumerate(zip(asked, data.answers, strict=True), start=1):
        found = list(runner.check(question.text, question.schema, seed, samples, data.sampler))
        if wrong := _first_wrong(samples, found, data.sampler):
            return None, f"{question.about}: {wrong}"
        checks += found
        tokens += sum(check.tokens for check in found)
        if progress:
            progress(tokens, done * data.spec.samples)
    if not acceptable(data.sampler, checks):
        return None, "too many tokens differ from what the model draws"
    try:
        settlement = reports_data.settlement(data.spec, reports_data.figures(data.spec, asked, data.answers))
    except Refused as error:  # these answers settle nothing, whatever the file says
        return None, error.message
    wrong = "" if settlement.payouts == data.payouts else "the payouts do not follow from the answers"
    return settlement, wrong


def _first_wrong(samples: Sequence[RawSample], checks: Sequence[SampleCheck], sampler: Sampler) -> str:
    """The first sample that is not what the model draws, in words."""
    for sample, check in zip(samples, checks, strict=True):
        if check.mismatches and (sampler.numeric_class != "B" or check.mismatches[0].margin is None):
            first = check.mismatches[0]
            return f"sample {sample.index}, token {first.position} is {first.got}, the model draws {first.expected}"
        if (sample.text, sample.finished) != (check.text, check.finished):
            return f"sample {sample.index} does not read as its tokens do"
    return ""

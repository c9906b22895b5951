"""Settlements by a model: draws what the model says of every coalition, and checks what somebody says it said."""

from pathlib import Path
from typing import Any

from rich.markup import escape

from oracle import wiring
from oracle.cli.engines import engine_of
from oracle.cli.output import err
from oracle.cli.progress import Step, bars
from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism import reports_data, reports_prompt
from oracle.mechanism.reports import Settlement
from oracle.mechanism.reports_data import DataFile, Figures
from oracle.mechanism.reports_document import Spec
from oracle.ports.model import ModelRunner
from oracle.rounds import reports_files, reports_run

Hashes = tuple[bytes, bytes, bytes]


def draw(
    spec: Spec, folder: Path, engine: str, target: Path | None, table: Path | None
) -> tuple[Settlement, dict[str, Any]]:
    """Asks the model and settles; writes all samples to `target` and the medians to `table` where they are given.

    The settlement, and what to add to it. Refused if a file exists.
    """
    for path in (target, table):
        if path is not None and path.exists():
            raise Refused(f"{path} exists", hint="name a new file")
    asked = reports_prompt.questions(spec)
    said = notes(folder)
    for line in said:
        err.print(f"[yellow]![/] {escape(line)}")
    with bars() as shown:
        runner, hashes, sampler = open_model(folder, engine, shown.bytes("reading the model"))
        step = shown.samples(f"asking {len(asked)} questions", len(asked) * spec.samples)
        data, figures, settlement = reports_run.run(spec, runner, hashes, sampler, step)
    more = _more(data, figures, runner) | {"notes": said}
    if target is not None:
        _write(target, reports_data.dumps(data))
        err.print(f"[dim]check it: gengov reports verify {target} --model {folder}[/]")
        more["file"] = str(target)
    if table is not None:
        found = reports_files.Posteriors(figures.by_mask, figures.consistency, figures.misreported)
        _write(table, reports_files.table(spec, found).encode())
    return settlement, more


def check(data: DataFile, folder: Path, engine: str) -> tuple[Settlement | None, str, dict[str, Any]]:
    """Settlement, what is wrong first, and what to add: see `reports_run.verify`. BadInput for another model."""
    with bars() as shown:
        reading, own = shown.bytes("reading the model"), data.sampler.numeric_class
        runner, hashes, sampler = open_model(folder, engine, reading, own)
        if hashes != data.model:
            raise BadInput(f"{folder} is another model than the file names", hint="Name the folder of that model.")
        step = shown.samples("checking", len(data.answers) * data.spec.samples)
        settlement, wrong = reports_run.verify(data, runner, sampler, step)
    return settlement, wrong, {"samples": len(data.answers) * data.spec.samples, "engine": runner.name}


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error


def notes(folder: Path) -> list[str]:
    """What nobody should forget about posteriors by a model."""
    return [
        f"nobody measured how well {folder.resolve().name} judges reports; gengov-tiny, the model that ships, has read "
        "nothing but proposals, and what it says here only demonstrates the mechanism; "
        "run gengov reports audit before money is attached"
    ]


def open_model(
    folder: Path, engine: str, progress: Step, numeric_class: str | None = None
) -> tuple[ModelRunner, Hashes, Sampler]:
    """Runner, hashes and committed sampler of a model folder, by an engine's name or by the engine of a class."""
    committed = wiring.sampler_of(folder)
    chosen = engine_of(engine) if engine else wiring.engine_for(numeric_class or committed.numeric_class)
    runner, manifest = wiring.open_folder(folder, chosen, progress=progress)
    return runner, (manifest.weights_root, manifest.tokenizer_hash, manifest.engine_hash), manifest.sampler


def _more(data: DataFile, figures: Figures, runner: ModelRunner) -> dict[str, Any]:
    spec, everybody = data.spec, (1 << len(data.spec.reporters)) - 1
    return {
        "posterior": str(figures.by_mask[everybody]) if everybody in figures.by_mask else None,
        "consistency": None if figures.consistency is None else str(figures.consistency),
        "questions": len(data.answers),
        "samples": len(data.answers) * spec.samples,
        "tokens": sum(len(sample.token_ids) for samples in data.answers for sample in samples),
        "engine": runner.name,
        "numeric_class": data.sampler.numeric_class,
    }

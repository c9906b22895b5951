"""`gengov model calibrate`: measure how far honest engines lie apart, and write the certificate that is committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from oracle.cli.command import command
from oracle.cli.model import Folder
from oracle.cli.output import err, out
from oracle.cli.progress import bars
from oracle.cli.session import Session
from oracle.domain.errors import BadInput
from oracle.domain.sampler import Sampler
from oracle.mechanism.certificate import LEAST_TOKENS
from oracle.mechanism.template import template
from oracle.model import certify, hashing, honest
from oracle.model.calibration import Progress as Report

app = typer.Typer()


@command(app, "calibrate", chain=False)
def calibrate(
    session: Session,
    folder: Folder,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to compare at least.")] = LEAST_TOKENS,
    engine: Annotated[
        list[str] | None, typer.Option(help="Engine to compare, repeatedly; all that run here if omitted.")
    ] = None,
) -> None:
    """Compare the logits of every engine at hand, derive the tolerance, and check honest answers under it.

    Writes calibration.json into the folder, whole or not at all. Exit 1 where honest answers would be refused.
    """
    unknown = sorted(set(engine or ()) - set(honest.CALIBRATED))
    if unknown:
        raise BadInput(f"--engine {unknown[0]} is unknown", hint=f"Known are {', '.join(honest.CALIBRATED)}.")
    with bars() as shown:
        step = shown.bytes("reading")
        described = hashing.build_manifest(folder, template=template().definition, sampler=Sampler(), progress=step)
    with _bar() as report:
        certificate = honest.calibrate(folder, described, tokens, engine, report)
    path = certify.write_certificate(folder, certificate)
    session.emit({"file": str(path), **certificate}, lambda: _show(path, certificate))


def _show(path: Path, certificate: dict[str, Any]) -> None:
    table = Table("class", "engines", "eps", "from float64", "tau", "honest answers", box=None)
    for name, found in certificate["classes"].items():
        runs = found["honest"]
        missed = sum(run["mismatches"] for run in runs)
        table.add_row(
            name,
            str(len(found["backends"])),
            found["eps"],
            found["from_reference"],
            f"{found['tau'] / 1_000_000:g}",
            f"{missed} mismatches in {sum(run['tokens'] for run in runs):,} tokens",
        )
    out.print(table)
    out.print(f"{path}: {certificate['tokens']:,} tokens of {certificate['prompts']} prompts")
    for name, why in certificate["left_out"].items():
        err.print(f"  [dim]{name} is left out: {why}[/]")
    err.print(f"next: gengov model manifest {path.parent} --force", markup=False)


@contextmanager
def _bar() -> Iterator[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("loading", total=None)
        yield lambda done, total, what: bar.update(task, completed=min(done, total), total=total, description=what)

"""`gengov model doctor`: which engines can run here, what the others lack, and how fast each is."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.model import doctor
from oracle.model.config import CONFIG_FILE
from oracle.model.doctor import Finding

app = typer.Typer()


@command(app, "doctor", chain=False)
def examine(
    session: Session,
    folder: Annotated[
        Path | None, typer.Argument(help="Model folder; the first of the settings' models if omitted.")
    ] = None,
    run: Annotated[bool, typer.Option(help="Draw and check 100 answers with each engine that can run.")] = True,
) -> None:
    """Say which engines can run here, what to install for the others, what a model needs, and how fast each engine is.

    Sizes come from config.json: nothing is loaded before it is known to fit.
    """
    settings = session.settings
    model = folder or next((path.parent for path in sorted(settings.models.glob(f"*/{CONFIG_FILE}"))), None)
    machine, sizes = doctor.about_machine(), dict(doctor.about_model(model)) if model else None
    found: list[Finding] = []
    for finding in doctor.examine(settings.engine_options, model):
        if run and model and finding.reason is None:
            with err.status(f"{finding.engine} draws and checks 100 answers"):
                finding = doctor.measure(finding, model, settings.engine_options)
        found.append(finding)
    data = {"machine": machine, "model": sizes, "engines": [asdict(finding) for finding in found]}
    session.emit(data, lambda: _show(machine, sizes, found))


def _show(machine: dict[str, Any], sizes: dict[str, Any] | None, found: list[Finding]) -> None:
    gpus = ", ".join(machine["gpus"]) or "no GPU"
    out.print(
        f"{machine['processor']}, {machine['cores']} cores, {' '.join(machine['features'])}, "
        f"{_gigabytes(machine['memory_free'])} free, {gpus}",
        markup=False,
    )
    if sizes:
        out.print(f"{sizes['folder']}: {sizes['parameters']:,} parameters, context {sizes['context']:,}", markup=False)
    table = Table("engine", "class", "memory", "draws", "checks", "", box=None)
    for finding in found:
        table.add_row(
            finding.engine,
            finding.numeric_classes,
            _gigabytes(finding.memory) if finding.memory else "",
            _speed(finding.drawn),
            _speed(finding.checked),
            escape(finding.what if finding.reason is None else finding.reason),
        )
    out.print(table)
    for finding in found:
        if finding.reason is not None and finding.mend:
            err.print(f"  [dim]{finding.engine}: {escape(finding.mend)}[/]")


def _speed(rate: float | None) -> str:
    return "" if rate is None else f"{rate:,.0f}/s"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"

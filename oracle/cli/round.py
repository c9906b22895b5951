"""`gengov round`: a round as a folder of files - begin one, check it, hash it, settle it, verify what was settled."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from oracle.cli import reports_model
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.domain.errors import BadInput, Refused
from oracle.model.blas import blas_threads
from oracle.rounds import kind as kinds
from oracle.rounds import settle
from oracle.rounds.folder import PAYOUTS, RESULT, Folder
from oracle.rounds.kinds import KINDS

app = typer.Typer(name="round", no_args_is_help=True, help="A round in a folder: init, check, hash, post-file, verify.")

Place = Annotated[Path, typer.Argument(help="Folder of the round.")]
Model = Annotated[Path | None, typer.Option(help="Folder of the model that the round names, if it names one.")]
Engine = Annotated[str, typer.Option(help="Engine that runs the model; by default the one of its class.")]


@command(app, "init", chain=False)
def init(
    session: Session,
    folder: Place,
    kind: Annotated[str, typer.Option(help="Kind of round; a wrong one lists them all.")] = "judgement",
    title: Annotated[str, typer.Option(help="What is asked.")] = "A round to try",
    prize: Annotated[int, typer.Option(help="Prize in base units.", min=0)] = 1_000_000,
) -> None:
    """Write a small complete round of a kind: change its files to make your own."""
    own, place = settle.kind_of(kind), Folder(folder)
    settle.init(place, own, title, prize)

    def show() -> None:
        out.print(f"{escape(str(folder))}: a round of kind {own.name} - {own.about}")
        for name in place.files:
            out.print(f"  {name}")
        out.print(f"[dim]next: gengov round check {escape(str(folder))}[/]")

    session.emit({"folder": str(folder), "kind": own.name, "files": list(place.files)}, show)


@command(app, "kinds", chain=False)
def list_kinds(session: Session) -> None:
    """The kinds of round that there are."""
    rows = [{"name": own.name, "about": own.about} for own in KINDS.values()]
    session.emit({"kinds": rows}, lambda: out.print("\n".join(f"{row['name']:<12}{row['about']}" for row in rows)))


@command(app, "check", chain=False)
def check(session: Session, folder: Place) -> None:
    """Parse every file and name every mistake by file, row, column and value. Exit 2 if there is one."""
    found, mistakes = settle.examine(Folder(folder))

    def show() -> None:
        for mistake in mistakes:
            err.print(f"[red]✗[/] {escape(mistake.message)}")
            if mistake.hint:
                err.print(f"  [dim]{escape(mistake.hint)}[/]")
        if found:
            out.print(f"{escape(str(folder))}: {found.kind.name}, {len(found.folder.files)} files, no mistake")

    rows = [
        {"message": mistake.message, "hint": mistake.hint}
        | {key: getattr(mistake, key) for key in ("file", "row", "column", "value") if hasattr(mistake, key)}
        for mistake in mistakes
    ]
    session.emit({"folder": str(folder), "valid": found is not None, "mistakes": rows}, show)
    if mistakes:
        raise typer.Exit(BadInput.exit_code)


@command(app, "hash", chain=False)
def hash_(session: Session, folder: Place) -> None:
    """The Merkle root over all files, and over the inputs alone: what is pinned before anyone may settle."""
    place = Folder(folder)
    files = {name: "0x" + digest.hex() for name, digest in place.hashes.items()}
    data = {"root": "0x" + place.root.hex(), "inputs_root": "0x" + place.inputs_root.hex(), "files": files}

    def show() -> None:
        for name, digest in files.items():
            out.print(f"[dim]{digest}[/]  {name}")
        out.print(f"{data['inputs_root']}  inputs")
        out.print(f"[bold]{data['root']}[/]  root")

    session.emit(data, show)


@command(app, "post-file", chain=False)
def post_file(
    session: Session,
    folder: Place,
    model: Model = None,
    engine: Engine = "",
    force: Annotated[bool, typer.Option("--force", help="Write over results that differ.")] = False,
) -> None:
    """Compute result.json and payouts.csv from the inputs and write them: the same bytes on any machine."""
    place = Folder(folder)
    with bars() as progress, blas_threads(1):
        made = settle.post(place, tools(progress, model, engine))
    differ = [name for name in made if name in place.files and place.read(name) != made[name]]
    if differ and not force:
        raise Refused(f"{differ[0]} is there and says something else", hint="gengov round verify tells; or --force")
    place.write(made)
    rows = made[PAYOUTS].decode().splitlines()[1:]
    payouts = {account: int(amount) for account, amount in (row.split(",") for row in rows)}
    data = {"root": "0x" + place.root.hex(), "inputs_root": "0x" + place.inputs_root.hex(), "payouts": payouts}

    def show() -> None:
        out.print(f"wrote {RESULT} and {PAYOUTS}")
        for account, amount in payouts.items():
            out.print(f"  {account}  {amount:,}")
        out.print(f"[bold]{data['root']}[/]  root")

    session.emit(data, show)


@command(app, "verify", chain=False)
def verify(session: Session, folder: Place, model: Model = None, engine: Engine = "") -> None:
    """Compute the results again and compare: exit 1 naming the first difference, 2 if inputs are malformed."""
    place = Folder(folder)
    with bars() as progress, blas_threads(1):
        differences = settle.verify(place, tools(progress, model, engine))
    data = {"root": "0x" + place.root.hex(), "valid": not differences, "differences": differences[:100]}

    def show() -> None:
        if not differences:
            out.print(f"[green]✓[/] {RESULT} and {PAYOUTS} follow from the inputs · root {data['root']}")
            return
        err.print(f"[red]✗[/] {escape(differences[0])}")
        if len(differences) > 1:
            err.print(f"  [dim]and {len(differences) - 1} more differences[/]")

    session.emit(data, show)
    if differences:
        raise typer.Exit(Refused.exit_code)


def tools(progress: kinds.Progress, model: Path | None, engine: str) -> kinds.Tools:
    """What a kind may need: bars, and the model if there is one. Raises BadInput for an engine without a model."""
    if model is None:
        if engine:
            raise BadInput("--engine belongs to --model", hint="Name the folder of the model too.")
        return kinds.Tools(progress)
    reading = partial(progress, "reading the model")
    return kinds.Tools(progress, kinds.Executor(*reports_model.open_model(model, engine, reading)))


@contextmanager
def bars() -> Iterator[kinds.Progress]:
    """Bars on stderr, one for each thing that is told of; they vanish when done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=total)
            shown.update(tasks[what], completed=done, total=total)

        yield told

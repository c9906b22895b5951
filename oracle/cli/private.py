"""`gengov private`: a jury whose answers nobody sees. Jurors share, three servers only add, all three reveal sums."""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, SupportsFloat

import typer
from rich.table import Table

from oracle.cli.command import command
from oracle.cli.list_files import Lists, sources
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import canonical, gram_fit
from oracle.rounds import private_files

app = typer.Typer(
    name="private", no_args_is_help=True, help="A jury's answers hidden in three additive shares: share, add, combine."
)
Target = Annotated[Path, typer.Option("--out", help="New file.")]
MODES = {True: 0o600, False: 0o644}


@command(app, "share", chain=False)
def share(
    session: Session,
    list_: Lists,
    answers: Annotated[Path, typer.Option(help="Your answers, CSV a,b,better,times.")],
    target: Annotated[Path, typer.Option("--out", help="New folder for the three shares.")],
) -> None:
    """Hide one juror's answers in three files, one per server. Any two of them together are noise."""
    names, digest, values = private_files.contribution(answers, sources(list_))
    parts = private_files.share(names, digest, values, secrets.randbits)
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise Refused(f"{target} exists", hint="name a new folder") from None
    files = {part.server: target / f"share-{part.server}.json" for part in parts}
    for part in parts:
        _write(files[part.server], private_files.dumps(part), secret=True)

    def render() -> None:
        for server, file in files.items():
            out.print(f"server {server}: {file}", markup=False)
        err.print(
            "[dim]send each to its server over a private channel, then delete them: all three are your answers[/]"
        )

    data = {"juror": parts[0].jurors[0], "answers": values[0], "lists": list(names), "digest": digest}
    session.emit(data | {"files": {str(server): str(file) for server, file in files.items()}}, render)


@command(app, "add", chain=False)
def add(
    session: Session,
    files: Annotated[list[Path], typer.Argument(help="The shares one server got, one per juror.")],
    target: Target,
) -> None:
    """What a server does: add its shares. It learns nothing but who took part."""
    total = private_files.add([private_files.read(file) for file in files])
    _write(target, private_files.dumps(total), secret=True)
    session.emit(
        {"file": str(target), "server": total.server, "jurors": list(total.jurors)},
        lambda: out.print(f"{target}: server {total.server}, {len(total.jurors)} jurors", markup=False),
    )


@command(app, "combine", chain=False)
def combine(
    session: Session,
    files: Annotated[list[Path], typer.Argument(help="The sums of the three servers.")],
    target: Annotated[Path | None, typer.Option("--out", help="New file for the revealed sums (R'R).")] = None,
) -> None:
    """Reveal the sums of all jurors, and fit the lists to them: the same integers as from plain answers."""
    names, answers, sums = private_files.combine([private_files.read(file) for file in files])
    found = gram_fit.fit(sums)
    if target is not None:
        document = {"lists": names, "answers": answers, "sums": [[str(entry) for entry in row] for row in sums]}
        _write(target, canonical.dumps(document), secret=False)

    def render() -> None:
        table = Table(box=None)
        table.add_column("list")
        table.add_column("weight", justify="right")
        for name, weight in zip(names, found.weights, strict=True):
            table.add_row(name, f"{float(weight):.6f}")
        out.print(table)
        out.print(f"score {float(found.score):.6f} over {answers} answers")

    session.emit(
        {
            "weights": _floats(names, found.weights),
            "exact_weights": {name: str(weight) for name, weight in zip(names, found.weights, strict=True)},
            "score": float(found.score),
            "exact_score": str(found.score),
            "scores": _floats(names, gram_fit.scores(sums)),
            "gap": 0.0,  # this fit is proved exactly, or there is none
            "answers": answers,
            "file": None if target is None else str(target),
        },
        render,
    )


def _floats(names: tuple[str, ...], values: Iterable[SupportsFloat]) -> Mapping[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def _write(path: Path, data: bytes, *, secret: bool) -> None:
    """A new file, for its owner's eyes only if it is a share. Refused if it exists."""
    try:
        path.touch(mode=MODES[secret], exist_ok=False)
        path.write_bytes(data)
    except FileExistsError:
        raise Refused(f"{path} exists", hint="name a new file") from None
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error

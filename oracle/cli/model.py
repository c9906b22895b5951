"""`gengov model`: commit a folder of weights - manifest, verify, register - and see what is registered."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from oracle.cli.amounts import format_duration
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.cli.words import when
from oracle.domain.errors import Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.template import template
from oracle.model import hashing
from oracle.model.folder import MANIFEST_FILE
from oracle.ports.chain import Call

app = typer.Typer(name="model", no_args_is_help=True, help="Committed weights: manifest, verify, register, list.")

Folder = Annotated[Path, typer.Argument(help="Model folder in Hugging Face form.")]
STATUS = ("unknown", "registered", "approved", "revoked")


@command(app, "manifest", chain=False)
def manifest(
    session: Session,
    folder: Folder,
    force: Annotated[bool, typer.Option("--force", help="Write over a manifest that differs.")] = False,
) -> None:
    """Read every byte of a folder once and write its manifest: sizes, sha256, Merkle roots, sampler, template."""
    with _progress("reading") as progress:
        made = hashing.build_manifest(folder, template=template().definition, sampler=Sampler(), progress=progress)
    path = folder / MANIFEST_FILE
    if path.exists() and path.read_bytes() != made.to_bytes() and not force:
        raise Refused(
            f"{path} exists and says something else: the folder changed since",
            hint="gengov model verify names the change; --force commits to the folder as it is",
        )
    hashing.write_manifest(folder, made)
    session.emit(
        {
            "manifest": str(path),
            "identity": made.identity,
            "weights_root": made.weights_root,
            "tokenizer_hash": made.tokenizer_hash,
            "engine_hash": made.engine_hash,
            "sampler_id": sampler_id(made.sampler),
            "bytes": sum(entry.size for entry in made.files),
            "files": len(made.files),
        },
        lambda: out.print(f"{path}: identity 0x{made.identity.hex()}"),
    )


@command(app, "verify", chain=False)
def verify(session: Session, folder: Folder) -> None:
    """Compare every byte of a folder with its manifest; a change is refused naming file and chunk."""
    found = hashing.read_manifest(folder)
    with _progress("checking") as progress:
        hashing.verify_folder(folder, found, progress)
    session.emit(
        {"identity": found.identity, "files": len(found.files), "valid": True},
        lambda: out.print(f"{folder}: {len(found.files)} files are as committed, identity 0x{found.identity.hex()}"),
    )


@command(app, "register", writes=True)
def register(
    session: Session,
    folder: Folder,
    uri: Annotated[str, typer.Option(help="Where others can fetch the folder.")],
) -> None:
    """Register a folder's commitment as its weight setter. The organisation approves it by a slow vote."""
    found = hashing.read_manifest(folder)
    with _progress("checking") as progress:
        hashing.verify_folder(folder, found, progress)
    own = found.commitment(uri)
    committed = (own.weights_root, own.tokenizer_hash, own.engine_hash, own.uri)
    org = session.organisation
    number = org.chain.read("ModelRegistry", "modelIdOf", session.account, committed)
    if org.chain.read("ModelRegistry", "setterOf", number) != "0x" + "00" * 20:
        raise Refused(f"this model is registered already: 0x{number.hex()}")
    receipt = session.write(
        Call("ModelRegistry", "register", (committed,)),
        why=f"Register {folder.name} with you as its weight setter",
        deadline=f"usable once approved, in epochs whose bidding begins {_age(session)} from now or later",
    )
    session.emit(
        {"model_id": number, "setter": session.account, "sent": receipt is not None},
        lambda: out.print(f"model id 0x{number.hex()}"),
    )


@command(app, "list")
def list_(session: Session) -> None:
    """The registered models, their setters and status."""
    org = session.organisation
    names = {model.id: model.name for model in org.file.models}
    current = org.chain.read("ModelRegistry", "constitutionalModel")
    rows: list[dict[str, Any]] = []
    for event in org.chain.events("ModelRegistry", "ModelRegistered", first=org.file.block):
        number = event.args["id"]
        model = org.chain.read("ModelRegistry", "modelOf", number)
        rows.append(
            {
                "model_id": number,
                "name": names.get("0x" + number.hex()),
                "setter": model.setter,
                "status": STATUS[model.status],
                "registered_at": model.registeredAt,
                "constitutional": number == current,
                "uri": model.commitment.uri,
            }
        )
    now = org.chain.head().timestamp

    def render() -> None:
        for row in rows:
            mark = "*" if row["constitutional"] else " "
            out.print(f"{mark} {row['name'] or '-':<16}{row['status']:<12}0x{row['model_id'].hex()}")
            out.print(f"  [dim]setter {row['setter']}, registered {when(row['registered_at'], now)}, {row['uri']}[/]")

    session.emit({"models": rows}, render)


def _age(session: Session) -> str:
    return format_duration(session.organisation.chain.read("ModelRegistry", "minAge"))


@contextmanager
def _progress(verb: str) -> Iterator[hashing.Progress]:
    """A bar over bytes; it takes (done, total)."""
    columns = (TextColumn(verb), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(verb, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

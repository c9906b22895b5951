"""`gengov model`: the manifest of a folder of weights, and the models that are registered."""

from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.command import command
from oracle.cli.output import out
from oracle.cli.progress import bars
from oracle.cli.session import Session
from oracle.cli.words import when
from oracle.domain.errors import Refused
from oracle.mechanism import certificate
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.template import template
from oracle.model import hashing
from oracle.model.folder import MANIFEST_FILE, read_certificate

app = typer.Typer(name="model", no_args_is_help=True, help="Weights: calibrate, commit, verify, list them.")

Folder = Annotated[Path, typer.Argument(help="Model folder in Hugging Face form.")]
STATUS = ("unknown", "registered", "approved", "revoked")


@command(app, "manifest", chain=False)
def manifest(
    session: Session,
    folder: Folder,
    numeric_class: Annotated[
        str, typer.Option(help="E (exact), F (fp32) or B (bf16); as the present manifest says if omitted.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Write over a manifest that differs.")] = False,
) -> None:
    """Read every byte of a folder once and write its manifest: sizes, sha256, Merkle roots, sampler, template.

    The tolerance of classes F and B is that of the folder's calibration certificate.
    """
    path = folder / MANIFEST_FILE
    if not numeric_class and path.exists():
        numeric_class = hashing.read_manifest(folder).sampler.numeric_class
    sampler = certificate.sampler_for(numeric_class or "E", read_certificate(folder))
    with bars() as shown:
        step = shown.bytes("reading")
        made = hashing.build_manifest(folder, template=template().definition, sampler=sampler, progress=step)
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
            "numeric_class": made.sampler.numeric_class,
            "tau": made.sampler.tau,
            "bytes": sum(entry.size for entry in made.files),
            "files": len(made.files),
        },
        lambda: out.print(f"{path}: identity 0x{made.identity.hex()}"),
    )


@command(app, "verify", chain=False)
def verify(session: Session, folder: Folder) -> None:
    """Compare every byte of a folder with its manifest; a change is refused naming file and chunk."""
    found = hashing.read_manifest(folder)
    with bars() as shown:
        hashing.verify_folder(folder, found, shown.bytes("checking"))
    session.emit(
        {"identity": found.identity, "files": len(found.files), "valid": True},
        lambda: out.print(f"{folder}: {len(found.files)} files are as committed, identity 0x{found.identity.hex()}"),
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

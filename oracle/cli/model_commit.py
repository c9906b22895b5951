"""`gengov model commit`: all that a weight setter does: check folder, certificate and an honest run; register."""

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.amounts import format_duration
from oracle.cli.command import command
from oracle.cli.model import Folder
from oracle.cli.output import err, out
from oracle.cli.progress import bars
from oracle.cli.session import Session
from oracle.domain.errors import Refused
from oracle.domain.verdict import acceptable
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.certificate import check_certificate, subject
from oracle.model import hashing, honest
from oracle.model.manifest import Manifest
from oracle.ports.chain import Call

app = typer.Typer()


@command(app, "commit", writes=True)
def commit(
    session: Session,
    folder: Folder,
    uri: Annotated[str, typer.Option(help="Where others can fetch the folder.")],
) -> None:
    """Check a folder as a whole and register it with you as its weight setter; says what is next.

    Every byte against the manifest, the calibration certificate, and 100 honest answers: a model whose honest answers
    fail their own check would lose every dispute.
    """
    found = hashing.read_manifest(folder)
    with bars() as shown:
        hashing.verify_folder(folder, found, shown.bytes("checking"))
    tried = _check_honesty(folder, found)
    own = found.commitment(uri)
    committed = (own.weights_root, own.tokenizer_hash, own.engine_hash, own.uri)
    chain = session.organisation.chain
    number = chain.read("ModelRegistry", "modelIdOf", session.account, committed)
    if chain.read("ModelRegistry", "setterOf", number) != "0x" + "00" * 20:
        raise Refused(f"this model is registered already: 0x{number.hex()}", hint="gengov model list shows its status")
    age = format_duration(chain.read("ModelRegistry", "minAge"))
    receipt = session.write(
        Call("ModelRegistry", "register", (committed,)),
        why=f"Register {folder.name} with you as its weight setter",
        deadline=f"usable once approved, in epochs whose bidding begins {age} from now or later",
    )
    known = chain.read("ModelRegistry", "samplerApproved", sampler_id(found.sampler))
    steps = _next(known)
    session.emit(
        {
            "model_id": number,
            "setter": session.account,
            "identity": found.identity,
            "numeric_class": found.sampler.numeric_class,
            "tau": found.sampler.tau,
            "tokens_tried": tried,
            "sampler_approved": known,
            "next": steps,
            "sent": receipt is not None,
        },
        lambda: out.print(f"model id 0x{number.hex()}"),
    )
    for step in steps:
        err.print(f"next: {step}", markup=False)


def _check_honesty(folder: Path, found: Manifest) -> int:
    """How many tokens were drawn and checked here; Refused where certificate or answers do not hold."""
    measured = subject(found.weights_root, found.tokenizer_hash, found.config)
    check_certificate(found.engine.get("certificate"), found.sampler, measured)
    run = honest.trial(folder, found.sampler)
    if run is None:
        err.print("[dim]no embedded engine runs this model: no honest answers were tried here[/]")
        return 0
    if not acceptable(found.sampler, run.checks):
        missed = sum(len(check.mismatches) for check in run.checks)
        raise Refused(
            f"{folder}: {missed} of {run.tokens:,} honestly drawn tokens fail their own check",
            hint="Calibrate it again: gengov model calibrate; such a model would lose every dispute.",
        )
    return run.tokens


def _next(sampler_approved: bool) -> list[str]:
    steps = [] if sampler_approved else ["the timelock approves the sampling rules, on the slow track: setSampler"]
    return [
        *steps,
        "the timelock approves the model, on the slow track: setStatus; gengov model list shows when",
        "put up collateral for your side of slots: gengov slot collateral AMOUNT",
    ]

"""`gengov proposal verify`: runs the whole check of a proposal, or of a data file without any chain."""

from pathlib import Path
from typing import Annotated, Any

import typer

from oracle import wiring
from oracle.cli.accounts import bytes32, proposal_id
from oracle.cli.command import command
from oracle.cli.engines import engine_of
from oracle.cli.output import err, out
from oracle.cli.progress import Bars, bars
from oracle.cli.session import Session
from oracle.domain.committed_model import ZERO_ADDRESS, CommittedModel
from oracle.domain.dispute import Ground
from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import CheckResult, Failure
from oracle.mechanism import data_file
from oracle.mechanism.committed_rules import require_rules
from oracle.mechanism.model_id import model_id
from oracle.mechanism.verdict import evidence, evidence_hash, sentence
from oracle.ports.model import ModelRunner
from oracle.verification import OpenModel, verify_file, verify_proposal

app = typer.Typer()


@command(app, "verify")
def verify(
    session: Session,
    proposal: Annotated[str, typer.Argument(help="Proposal id, or latest; without --data latest.")] = "",
    data: Annotated[Path | None, typer.Option(help="Data file; alone, no chain is asked.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; by default that of the settings.")] = None,
    seed: Annotated[str, typer.Option(help="The seed that a file alone must be of (0x, 32 bytes).")] = "",
    engine: Annotated[str, typer.Option(help="Engine that checks; by default the one of the model's class.")] = "",
    target: Annotated[Path | None, typer.Option("--out", help="Write the evidence (canonical JSON) here.")] = None,
) -> None:
    """Rebuild everything a proposal claims and ask the model about every token. Exit 0 valid, 1 invalid, 4 no data."""
    alone = data is not None and not proposal
    held = _bytes(data) if data is not None else None
    if alone and model is None:
        raise BadInput("--data alone needs --model DIR", hint="give the folder of the model that the file names")
    if seed and not alone:
        raise BadInput("--seed is for a data file alone", hint="the seed of a proposal is read from the chain")
    number = None if alone else proposal_id(session.organisation, proposal or "latest")
    with bars() as shown:
        step, opened = shown.samples("checking"), _opener(session, model, engine, shown)
        try:
            if number is None:
                wanted = bytes32(seed, "--seed") if seed else None
                result = verify_file(held or b"", opened, seed=wanted, progress=step)
            else:
                at = wiring.on_chain(session.organisation)
                result = verify_proposal(at, number, opened, data=held, progress=step)
        except Refused as error:  # of this machine or what was typed: exit 1 says that the proposal is invalid
            raise BadInput(error.message, hint=error.hint) from error
    if target is not None:
        _write(target, evidence(result))
    session.emit(document(result, number), lambda: render(result))
    if result.failure is not None:
        data_missing = result.failure.ground is Ground.DATA_UNAVAILABLE
        raise typer.Exit(Unreachable.exit_code if data_missing else Refused.exit_code)


def document(result: CheckResult, number: int | None) -> dict[str, Any]:
    """The result of a check as one JSON object."""
    return {
        **({} if number is None else {"proposal_id": number}),
        "valid": result.valid,
        "failure": _failure(result.failure) if result.failure else None,
        "evidence_hash": evidence_hash(result),
        "numeric_class": result.numeric_class or None,
        "tau": result.tau,
        "engine": result.engine or None,
        "samples": result.samples,
        "tokens": result.tokens,
        "worst_margin": result.worst_margin,
        "not_checked": list(result.unchecked),
    }


def render(result: CheckResult) -> None:
    """Say a result to people."""
    if result.failure is not None:
        out.print(f"[bold red]invalid[/] · {result.failure.ground.word}")
        out.print(f"  {sentence(result.failure)}", markup=False)
    else:
        out.print(f"[bold green]valid[/] · {result.samples} samples, {result.tokens:,} tokens by {result.engine}")
    out.print(f"  evidence 0x{evidence_hash(result).hex()}")
    for what in result.unchecked:
        err.print(f"  [dim]not checked: {what}[/]")


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "ground": failure.ground.word,
        "sample": failure.sample,
        "position": failure.position,
        "expected": failure.expected,
        "got": failure.got,
        "margin": failure.margin,
        "what": failure.what,
        "words": sentence(failure),
    }


def _opener(session: Session, folder: Path | None, engine: str, shown: Bars) -> OpenModel:
    """Opens the folder that was named, or the one of the settings that is the model."""

    def opened(model: CommittedModel, sampler: Sampler) -> ModelRunner:
        name = f"0x{model_id(model).hex()}"
        found = folder or wiring.folder_of(session.settings, model.hashes, name)
        chosen = engine_of(engine) if engine else wiring.engine_for(sampler.numeric_class)
        runner, manifest = wiring.open_folder(
            found,
            chosen,
            session.settings.engine_options,
            hashes=model.hashes,
            progress=shown.bytes("reading the model"),
        )
        require_rules(manifest.sampler, sampler, chainless=model.setter == ZERO_ADDRESS)
        return runner

    return opened


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(data_file.MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot read the data file {path}: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error

"""`gengov prompt`: write a prompt document, see what is wrong with it, and see what the model will read."""

from pathlib import Path
from typing import Annotated

import typer

from oracle import wiring
from oracle.cli.accounts import model_id
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.domain.errors import BadInput, Refused
from oracle.domain.prompt import Prompt
from oracle.mechanism import canonical, prompt_rules
from oracle.mechanism.rendering import render as render_text
from oracle.prompts import request as prompt_request

app = typer.Typer(name="prompt", no_args_is_help=True, help="A prompt document: make, lint and render it.")

File = Annotated[Path, typer.Argument(help="Prompt document (JSON).")]


@command(app, "new")
def new(
    session: Session,
    request: Annotated[Path, typer.Argument(help="What you decide (TOML): objective, candidates, advice ...")],
    target: Annotated[Path, typer.Option("--out", help="New file for the prompt document.")],
    model: Annotated[str, typer.Option(help="Model to ask, by name or 0x id; names its sampling rules.")] = "",
) -> None:
    """Make a prompt document from a request and the chain's present state."""
    org = session.organisation
    sampler = wiring.committed_sampler(org, model_id(org, model)) if model else None
    document = wiring.make_prompt(org, prompt_request.read(request), sampler)
    try:
        with target.open("xb") as file:
            file.write(prompt_rules.encode(document))
    except FileExistsError:
        raise Refused(f"{target} exists", hint="name a new file") from None
    except OSError as error:
        raise BadInput(f"cannot write {target}: {error.strerror}") from error
    digest = prompt_rules.prompt_hash(document)
    session.emit(
        {"file": str(target), "prompt_hash": digest, "block": document.block},
        lambda: out.print(f"{target}: as of block {document.block}, prompt hash 0x{digest.hex()}"),
    )


@command(app, "lint", chain=False)
def lint(session: Session, file: File) -> None:
    """Check a document against its template and name every violation. Exit 2 if there is one."""
    found = prompt_rules.lint(canonical.loads(_bytes(file), name=str(file)))
    data = {"file": str(file), "valid": not found, "violations": [_row(v) for v in found]}

    def show() -> None:
        for violation in found:
            err.print(f"[red]✗[/] {violation}", markup=True)
        if not found:
            out.print(f"{file}: every rule holds")

    session.emit(data, show)
    if found:
        raise typer.Exit(BadInput.exit_code)


@command(app, "render", chain=False)
def render(session: Session, file: File) -> None:
    """Print the text that the model reads, and the hash that a bid binds."""
    document = read_file(file)
    text, digest = render_text(document), prompt_rules.prompt_hash(document)
    size = len(prompt_rules.encode(document))

    def show() -> None:
        out.print(text, markup=False)
        err.print(f"[dim]prompt hash 0x{digest.hex()} · {size} bytes[/]")

    session.emit({"prompt_hash": digest, "bytes": size, "text": text}, show)


def read_file(file: Path) -> Prompt:
    """The document in a file, every rule checked. BadInput names each violation."""
    return prompt_rules.read_prompt(_bytes(file))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read the prompt {file}: {error.strerror}") from error


def _row(violation: prompt_rules.Violation) -> dict[str, str]:
    return {"field": violation.field, "problem": violation.problem, "mend": violation.mend}

"""The root of the command line: mounts one sub-application per noun and turns errors into exit codes."""

import sys

import typer

from oracle import __version__
from oracle.cli import (
    anchor,
    bid,
    challenge,
    credit,
    explain,
    judge,
    model,
    model_calibrate,
    model_commit,
    model_doctor,
    model_rows,
    node,
    private,
    prompt,
    proposal,
    reports,
    round,
    sample,
    serve,
    slot,
    token,
    verify,
    vote,
)
from oracle.cli.devnet import commands as devnet
from oracle.cli.output import report_error
from oracle.domain.errors import GengovError

app = typer.Typer(
    name="gengov",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="An on-chain organisation that a language model serves and people steer.",
    epilog="Exit codes: 0 ok, 1 refused, 2 usage, 3 reverted by a contract, 4 unreachable.",
)
for part in (model_calibrate, model_commit, model_doctor, model_rows, sample, serve):
    model.app.add_typer(part.app)
for part in (verify, explain):
    proposal.app.add_typer(part.app)
for module in (devnet, slot, bid, prompt, model, proposal, challenge, vote, token, node):
    app.add_typer(module.app)
for module in (round, judge, credit, anchor, reports, private):
    app.add_typer(module.app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"gengov {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Help is in the application's own words."""


def main() -> None:
    """Entry point of the `gengov` command: 0 ok, 1 refused, 2 usage, 3 reverted, 4 unreachable, 130 interrupted."""
    try:
        app()
    except GengovError as error:
        report_error(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)

"""The root of the command line: mounts one sub-application per noun."""

import typer

app = typer.Typer(name="gengov", no_args_is_help=True, help=__doc__)


@app.callback()
def _root() -> None:
    """An on-chain organisation that a language model serves and people steer."""


def main() -> None:
    """Entry point of the `gengov` command."""
    app()

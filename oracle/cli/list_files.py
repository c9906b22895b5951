"""The option `--list NAME=FILE` of every command that reads lists."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from oracle.domain.errors import BadInput

Lists = Annotated[list[str], typer.Option("--list", metavar="NAME=FILE", help="A list, CSV item,weight; repeat it.")]


def sources(texts: Sequence[str], more: Sequence[str] | None = None) -> dict[str, Path]:
    """name -> file, in the order given. Raises BadInput for what is not NAME=FILE, or a name that stands twice."""
    found: dict[str, Path] = {}
    for text in (*texts, *(more or ())):
        name, sign, file = text.partition("=")
        if not (name and sign and file):
            raise BadInput(f"--list {text!r} is not NAME=FILE", hint="Write it such as --list ada=ada.csv.")
        if name in found:
            raise BadInput(f"two lists are called {name!r}", hint="Give each its own name.")
        found[name] = Path(file)
    return found

"""Where words go: answers to stdout (rich for people, one JSON object for programs), everything else to stderr."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from oracle.domain.errors import GengovError, Reverted

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)


def emit(data: Mapping[str, Any], as_json: bool, render: Callable[[], None]) -> None:
    """Print `data` as one JSON object, or call `render` for people. Amounts are integers in base units."""
    if as_json:
        sys.stdout.write(json.dumps(data, indent=2, default=_plain) + "\n")
    else:
        render()


def report_error(error: GengovError, as_json: bool) -> None:
    """Say what went wrong and how to mend it on stderr; with `as_json` also as an object on stdout."""
    name = error.error if isinstance(error, Reverted) else ""
    if as_json:
        body = {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
        sys.stdout.write(json.dumps({"error": body | ({"revert": name} if name else {})}) + "\n")
    err.print(f"[bold red]{type(error).__name__.lower()}[/]: {escape(error.message)}")
    if error.hint:
        err.print(f"  [dim]{escape(error.hint)}[/]")


def _plain(value: object) -> object:
    """Bytes as 0x hex, everything else as its text."""
    return "0x" + bytes(value).hex() if isinstance(value, bytes | bytearray) else str(value)

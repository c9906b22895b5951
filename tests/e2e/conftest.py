"""The command line as a user runs it: an empty folder, a real chain, the words that were typed."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from oracle.cli.app import main

ROOT = Path(__file__).resolve().parents[2]


class Gengov:
    """Runs the entry point of `gengov` in one folder; `said` is what the latest run wrote to stderr.

    In this process: what a start costs (a second of imports) is not what is tested here. tests/e2e/test_demo.py starts
    the installed command itself.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""

    def __call__(self, *words: str, code: int = 0, stdin: str = "") -> str:
        """Runs the command, checks its exit code, and returns stdout."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GENGOV_")}
        out, err, status = io.StringIO(), io.StringIO(), 0
        with (
            contextlib.chdir(self.folder),
            patch.dict(os.environ, clean | {"COLUMNS": "400", "NO_COLOR": "1"}, clear=True),
            patch.object(sys, "argv", ["gengov", *words]),
            patch.object(sys, "stdin", io.StringIO(stdin)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as stop:
                status = int(stop.code or 0)
        self.said = err.getvalue()
        assert status == code, f"{words}: exit {status}\n{out.getvalue()}\n{self.said}"
        return out.getvalue()

    def json(self, *words: str, code: int = 0) -> Any:
        """The same with `--json`, parsed."""
        return json.loads(self(*words, "--json", code=code))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("user")


@pytest.fixture(scope="module")
def gengov(folder: Path) -> Gengov:
    return Gengov(folder)


@pytest.fixture(scope="module")
def devnet(gengov: Gengov) -> Iterator[Any]:
    """A chain with an organisation on it that the commands of one module share."""
    state = gengov.json("devnet", "up")
    yield state
    gengov("devnet", "down")

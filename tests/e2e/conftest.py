"""The command line as a user runs it: its own process, an empty folder, a real chain."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Gengov:
    """Runs `gengov` in one folder; `last` is the finished process of the latest run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last: subprocess.CompletedProcess[str] | None = None

    def __call__(self, *words: str, code: int = 0, stdin: str = "", timeout: int = 240) -> str:
        """Runs the command, checks its exit code, and returns stdout."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GENGOV_")}
        environment = clean | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}
        self.last = subprocess.run(
            [sys.executable, "-m", "oracle", *words],
            cwd=self.folder,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert self.last.returncode == code, f"{words}: {self.last.returncode}\n{self.last.stdout}\n{self.last.stderr}"
        return self.last.stdout

    def json(self, *words: str, code: int = 0) -> Any:
        """The same with `--json`, parsed."""
        return json.loads(self(*words, "--json", code=code))

    @property
    def said(self) -> str:
        """What the latest run said on stderr."""
        assert self.last is not None
        return self.last.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("user")


@pytest.fixture(scope="module")
def gengov(folder: Path) -> Gengov:
    return Gengov(folder)


@pytest.fixture(scope="module")
def devnet(gengov: Gengov) -> Any:
    """A chain with an organisation on it that the commands of one module share."""
    state = gengov.json("devnet", "up")
    yield state
    gengov("devnet", "down")


Runner = Callable[..., str]

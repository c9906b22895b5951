"""Every command in a document exists and knows every option it is shown with; every link leads somewhere."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from oracle.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
LISTED = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True).stdout.split()
DOCUMENTS = [ROOT / name for name in LISTED if (ROOT / name).is_file()]
TOOLS = {"forge", "anvil", "cast", "npm", "git", "cd", "export", "docker", "curl"}


def commands(text: str) -> list[str]:
    """Lines of the fenced `sh` blocks, continued lines joined, prompts, comments and output left out."""
    blocks = re.findall(r"^```(?:sh|bash|shell)\n(.*?)^```", text, re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def found() -> list[tuple[str, str]]:
    return [(path.relative_to(ROOT).as_posix(), line) for path in DOCUMENTS for line in commands(path.read_text())]


def check_make(words: list[str]) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = [word for word in words if "=" not in word and not word.startswith("-")]
    assert set(named) <= targets, f"make has no {set(named) - targets}"


def check_gengov(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    rest, known = list(words), options(command)
    while names := [word for word in rest if word in getattr(command, "commands", {})]:
        rest = rest[rest.index(names[0]) + 1 :]
        command = command.commands[names[0]]
        known |= options(command)
    plain = [word for word in rest if not word.startswith("-")]
    assert not hasattr(command, "commands") or not plain, f"gengov knows no {plain}"
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= known, f"gengov {' '.join(words)} has no {used - known}"


def options(command: Any) -> set[str]:
    own = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return own | {"--help", "--version"}


@cache
def help_of(script: str) -> str:
    asked = subprocess.run([sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


def check_script(words: list[str]) -> None:
    script, *rest = words
    assert (ROOT / script).is_file(), f"there is no {script}"
    for word in rest:
        if word.startswith("--"):
            assert word.partition("=")[0] in help_of(script), f"{script} has no {word}"


def check_brownie(words: list[str]) -> None:
    assert words[0] in ("run", "test", "console", "compile", "accounts")
    assert words[0] != "run" or (ROOT / words[1]).is_file()


def check_python(words: list[str]) -> None:
    if words[:2] == ["-m", "oracle"]:
        check_gengov(words[2:])
    elif words[0] != "-m":
        check_script(words)


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "make": check_make,
    "gengov": check_gengov,
    "brownie": check_brownie,
    "python": check_python,
}


def check(line: str) -> None:
    for part in re.split(r"\s(?:&&|\|\||\||;|&)\s", re.sub(r"\s(?:&|>.*)$", "", line)):
        words = [word for word in shlex.split(part, comments=True) if word]
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        program = Path(words[0]).name
        if words[0].startswith("scripts/"):
            check_script(words)
        elif program in CHECKS:
            CHECKS[program](words[1:])
        elif not (ROOT / words[0]).is_file():
            assert program in TOOLS, f"nobody checks {program}"


@pytest.mark.parametrize(("document", "line"), found())
def test_command_in_document_exists_with_its_options(document: str, line: str) -> None:
    check(line)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}, which is not there"


@pytest.mark.parametrize(
    "line",
    [
        "make fly",
        "gengov fly",
        "python scripts/fly.py",
        "scripts/deploy.py --fly",
        "gengov --fly",
        "fly --now",
        "brownie fly",
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    with pytest.raises(AssertionError):
        check(line)


def test_what_counts_as_a_command() -> None:
    text = "```sh\n# a remark\nmake \\\n  demo\n\n.venv/bin/gengov --help\n```\n```\nmake nothing\n```\n"
    assert commands(text) == ["make    demo", ".venv/bin/gengov --help"]

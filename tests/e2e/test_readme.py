"""The README's commands, run as they stand, one after the other."""

import re
import shlex
from pathlib import Path

from tests.e2e.conftest import ROOT, Gengov

PROGRAM = ".venv/bin/gengov "


def test_readme__commands_of_the_command_line__all_work_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(ROOT / "models")
    section = (ROOT / "README.md").read_text().split("## From the command line", 1)[1].split("\n## ", 1)[0]
    block = re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)[0]
    lines = [line for line in block.splitlines() if line.startswith(PROGRAM)]
    assert len(lines) >= 9 and lines[-1].startswith(PROGRAM + "devnet down")
    gengov = Gengov(tmp_path)
    for line in lines:
        gengov(*shlex.split(line.removeprefix(PROGRAM), comments=True))


def test_readme__commands_of_the_mechanisms__all_work(tmp_path: Path) -> None:
    for name in ("tests", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    section = (ROOT / "README.md").read_text().split("## The mechanisms, off chain", 1)[1].split("\n## ", 1)[0]
    block = "".join(re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)).replace("\\\n", " ")
    lines = [line for line in block.splitlines() if line.startswith(PROGRAM)]
    assert len(lines) >= 5
    gengov = Gengov(tmp_path)
    for line in lines:
        gengov(*shlex.split(line.removeprefix(PROGRAM), comments=True))

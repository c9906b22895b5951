"""Runs the benchmarks and prints, or writes into the documents, one table of ratios for each.

Use: python -m tests.bench [NAME ...] [--small] [--no-peers] [--json] [--write]
"""

import argparse
import importlib
import json
import os
import platform
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from tests.bench.harness import Row, Run, as_json, table

HERE = Path(__file__).parent
DOCUMENT = HERE / "README.md"


def names() -> list[str]:
    """The benches there are, by file name."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def bench(name: str) -> ModuleType:
    """The module of a bench."""
    return importlib.import_module(f"tests.bench.bench_{name}")


def machine() -> str:
    """What the figures were taken on: processor, memory, versions, how busy it was, date."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", info.read_text() if info.exists() else "", re.M)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores of {found.group(1) if found else platform.machine()}, "
        f"{memory:.0f} GiB, Python {platform.python_version()}, numpy {version('numpy')}, "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )


def section(name: str, rows: list[Row], taken: str) -> str:
    """A bench in the documents: title, machine, table, and what was learned."""
    module = bench(name)
    learned = str(module.LEARNED).strip()
    parts = (f"## {module.TITLE}", f"`python -m tests.bench {name}`: {taken}.", table(rows), learned)
    return "\n\n".join(part for part in parts if part)


def write(sections: dict[str, str]) -> None:
    """Put sections in their places in the document; those of other benches stay as they are."""
    text = DOCUMENT.read_text()
    for name, body in sections.items():
        begin, end = f"<!-- bench {name} -->", f"<!-- end {name} -->"
        whole = f"{begin}\n{body}\n{end}"
        if begin in text:
            text = re.sub(f"{begin}.*?{end}", lambda _, whole=whole: whole, text, flags=re.S)
        else:
            text = f"{text.rstrip()}\n\n{whole}\n"
    DOCUMENT.write_text(text)


def main() -> None:
    """Each bench in turn; a small or peerless run is never written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}; all if none")
    parser.add_argument("--small", action="store_true", help="a look that takes seconds")
    parser.add_argument("--no-peers", action="store_true", help="start no other interpreter")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--write", action="store_true", help="put the tables into tests/bench/README.md")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.names) - set(names())):
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join(names())}")
    if chosen.write and (chosen.small or chosen.no_peers):
        parser.error("only full runs are written")
    run, taken = Run(small=chosen.small, peers=not chosen.no_peers), machine()
    found, sections = {}, {}
    for name in chosen.names or names():
        print(f"bench {name} ...", file=sys.stderr)
        rows = list(bench(name).rows(run))
        found[name], sections[name] = as_json(rows), section(name, rows, taken)
        if not chosen.json:
            print(f"\n{sections[name]}")
        if chosen.write:
            write({name: sections[name]})
    if chosen.json:
        print(json.dumps({"machine": taken, "benches": found}))


if __name__ == "__main__":
    main()

"""What all benchmarks share: timing, a peer in another interpreter, and one table of ratios.

A bench is a module `tests/bench/bench_NAME.py` with `TITLE`, `LEARNED` (sentences for the documents, may be empty) and

    def rows(run: Run) -> Iterator[Row]

that takes seconds when `run.small`. Nothing is asserted about time. `python -m tests.bench` runs them all.
"""

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Row:
    """One figure beside another, measured in the same run: `ours` and `peer` in `unit`.

    `against` names the peer, or the limit if `peer` is one. `peer` is None where the peer is not installed. A rate
    (more is better, such as tokens/s) says `rate=True`.
    """

    name: str
    ours: float
    peer: float | None
    against: str
    unit: str = "ms"
    note: str = ""
    rate: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better ours is than the peer; below 1 it is worse."""
        if self.peer is None:
            return None
        return self.ours / self.peer if self.rate else self.peer / self.ours


@dataclass(frozen=True)
class Timing:
    """Wall seconds of some runs, the least processor seconds of one, and what the last one returned."""

    least: float
    median: float
    processor: float
    result: Any

    @property
    def ms(self) -> float:
        """The fastest run in milliseconds: what the machine can do when nobody else wants it."""
        return 1_000 * self.least

    @property
    def idle_ms(self) -> float:
        """Milliseconds as on an idle machine, for limits: wall or processor time, whichever is less."""
        return 1_000 * min(self.least, self.processor)


def timed(work: Callable[[], Any], repeats: int = 5, warm: int = 1) -> Timing:
    """Runs `work` `warm` times unmeasured, then `repeats` times measured."""
    for _ in range(warm):
        work()
    seconds, processor = [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        result = work()
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return Timing(min(seconds), median(seconds), min(processor), result)


def side_by_side(work: Callable[[], Any], peer: Callable[[], Any], repeats: int = 5) -> tuple[Timing, Timing]:
    """Both timed in turns, so that a machine that is busy for a while is so for both; each once unmeasured."""
    turns = [(timed(work, 1, warm=int(not turn)), timed(peer, 1, warm=int(not turn))) for turn in range(repeats)]
    ours, theirs = (_joined(side) for side in zip(*turns, strict=True))
    return ours, theirs


def _joined(parts: Sequence[Timing]) -> Timing:
    walls, processor = [part.least for part in parts], min(part.processor for part in parts)
    return Timing(min(walls), median(walls), processor, parts[-1].result)


def peak_memory(work: Callable[[], Any]) -> float:
    """MiB that `work` holds at its worst over what was there before, in Python and numpy."""
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


@dataclass(frozen=True)
class Run:
    """How a bench is run: `small` for a look that takes seconds; without `peers` no other interpreter is started."""

    small: bool = False
    peers: bool = True

    def repeats(self, count: int) -> int:
        """`count`, or 1 in a small run."""
        return 1 if self.small else count

    def python(self, environment: str) -> Path | None:
        """The interpreter of `.venv-<environment>`; None if it was not made or peers are not wanted."""
        path = ROOT / f".venv-{environment}" / "bin" / "python"
        return path if self.peers and path.exists() else None

    def peer(self, environment: str, module: str, question: object, *, timeout: float = 900) -> Any | None:
        """Asks `python -m module` of another environment: JSON on stdin, JSON as the last line of stdout.

        None if the environment was not made or lacks a library (said on stderr); SystemExit if the peer fails.
        """
        python = self.python(environment)
        if python is None:
            return None
        done = subprocess.run(
            [str(python), "-m", module],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=timeout,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        if "ModuleNotFoundError" in done.stderr and done.returncode:
            print(f"peer left out: {done.stderr.strip().splitlines()[-1]} in .venv-{environment}", file=sys.stderr)
            return None
        if done.returncode:
            raise SystemExit(f"{module} failed in .venv-{environment}:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])


def answer(work: Callable[[Any], object]) -> None:
    """The other end of `Run.peer`: reads the question from stdin, prints the answer as one line of JSON."""
    print(json.dumps(work(json.load(sys.stdin))))


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, columns aligned."""
    head = ("what", "unit", "ours", "peer", "times better", "against", "note")
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(head))]
    rules = ["-" * (width - 1) + (":" if 2 <= place <= 4 else "-") for place, width in enumerate(widths)]
    lines = [cells[0], tuple(rules), *cells[1:]]
    return "\n".join("| " + " | ".join(_pad(cell, *at) for cell, *at in _places(line, widths)) + " |" for line in lines)


def as_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows as plain objects, the ratio with them."""
    return [asdict(row) | {"ratio": row.ratio} for row in rows]


def _places(line: Sequence[str], widths: Sequence[int]) -> list[tuple[str, int, bool]]:
    return [(cell, width, 2 <= place <= 4) for place, (cell, width) in enumerate(zip(line, widths, strict=True))]


def _pad(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)


def _cells(row: Row) -> tuple[str, ...]:
    peer = "-" if row.peer is None else _figure(row.peer)
    ratio = "-" if row.ratio is None else f"{_figure(row.ratio)} x"
    return row.name, row.unit, _figure(row.ours), peer, ratio, row.against, row.note


def _figure(value: float) -> str:
    """Three digits that count; thousands with commas."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3g}"

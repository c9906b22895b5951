"""The timeline that `devnet demo` draws: one line per step as it happens, amounts and addresses in words."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from oracle.cli.amounts import short
from oracle.domain.errors import GengovError

STAGE_WIDTH = 14


@dataclass
class Timeline:
    """Prints steps to `console`, and keeps the seconds of each stage and the gas of each kind of transaction."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)
    gas: dict[str, int] = field(default_factory=dict)

    def heading(self, text: str) -> None:
        """A rule with a title."""
        self.console.rule(f"[bold]{escape(text)}", align="left", style="dim")

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times everything inside under `name`; the same name again adds up."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)

    def step(self, stage: str, text: str, *, tx: bytes | None = None, gas: int = 0, kind: str = "") -> None:
        """One thing that happened; `kind` names the transaction in the gas table (the first of a kind counts)."""
        if kind and gas:
            self.gas.setdefault(kind, gas)
        proof = f"  [dim]tx {short('0x' + tx.hex())} · {gas:,} gas[/]" if tx else ""
        self.console.print(f"[green]✓[/] [bold cyan]{stage:<{STAGE_WIDTH}}[/]{escape(text)}{proof}")

    def failure(self, stage: str, error: GengovError) -> None:
        """A step that was refused, why, and how to mend it."""
        self.console.print(f"[red]✗[/] [bold cyan]{stage:<{STAGE_WIDTH}}[/]{escape(error.message)}")
        if error.hint:
            self.note(error.hint)

    def skip(self, text: str) -> None:
        """Time that was skipped, not waited for."""
        self.console.print(f"[dim]→ {'time':<{STAGE_WIDTH}}{escape(text)}[/]")

    def note(self, text: str) -> None:
        """A dim line under a step."""
        self.console.print(f"  {'':<{STAGE_WIDTH}}[dim]{escape(text)}[/]")

    @contextmanager
    def samples(self, total: int) -> Iterator["SampleBar"]:
        """A progress bar over `total` samples with tokens per second."""
        progress = Progress(
            SpinnerColumn(),
            TextColumn(f"[bold cyan]{'sample':<{STAGE_WIDTH}}[/]"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:.0f}/{task.total:.0f} samples · {task.fields[rate]:,.0f} tokens/s"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        with progress:
            yield SampleBar(progress, progress.add_task("sample", total=total, rate=0.0))


class SampleBar:
    """Feeds the engine's progress into the bar; `tokens` and `rate` stay readable afterwards."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task
        self._start = time.perf_counter()
        self.tokens, self.samples, self.rate = 0, 0, 0.0

    def __call__(self, tokens: int, samples: int) -> None:
        """Called by the engine with the totals so far."""
        self.tokens, self.samples = tokens, samples
        self.rate = tokens / max(time.perf_counter() - self._start, 1e-9)
        self._progress.update(self._task, completed=samples, rate=self.rate)

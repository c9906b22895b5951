"""Bars on stderr: over bytes that are read, and over samples that are drawn or checked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn

from oracle.cli.output import err

Step = Callable[[int, int], None]


class Bars:
    """The bars of one command; a terminal shows them together, and forgets them at the end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def bytes(self, verb: str) -> Step:
        """A bar over bytes; it takes (done, total)."""
        task = self._progress.add_task(verb, total=None, note="")

        def step(done: int, total: int) -> None:
            note = f"{decimal(done)} of {decimal(total)}"
            self._progress.update(task, completed=done, total=total, note=note)

        return step

    def samples(self, verb: str, total: int | None = None) -> Step:
        """A bar over samples; it takes (tokens, samples finished) so far, and shows from the first step on."""
        task = self._progress.add_task(verb, total=total, note="", visible=False)

        def step(tokens: int, samples: int) -> None:
            note = f"{samples:,} samples, {tokens:,} tokens"
            self._progress.update(task, completed=samples, note=note, visible=True)

        return step


@contextmanager
def bars() -> Iterator[Bars]:
    """Shows bars while the block runs."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=err, transient=True) as progress:
        yield Bars(progress)

"""Time as the oracle sees it: injected, so that tests and local chains may skip it."""

from typing import Protocol


class Clock(Protocol):
    """Wall time in whole seconds and a stopwatch. Deadlines are never judged by it: only block time counts."""

    def now(self) -> int:
        """Seconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds of a stopwatch that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits."""
        ...

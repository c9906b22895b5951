"""The machine's clock, behind the port."""

import time


class SystemClock:
    """Implements `oracle.ports.clock.Clock`."""

    def now(self) -> int:
        """Seconds since 1970."""
        return int(time.time())

    def monotonic(self) -> float:
        """Seconds of the stopwatch."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

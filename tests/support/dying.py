"""A process that dies at every boundary of its steps, once."""

from collections.abc import Callable
from typing import Any


class Crash(BaseException):
    """The process dies here."""


class Dying:
    """Stands before a part of the oracle and dies once before, and once after, each new call of the named methods."""

    def __init__(self, part: Any, methods: tuple[str, ...], seen: set[str]) -> None:
        self._part, self._methods, self._seen = part, methods, seen

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return self._around(name, found) if name in self._methods else found

    def _around(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            # What is called, not with which bytes: a repeated call of the same step is the same boundary.
            step = f"{name} {[a for a in args if not isinstance(a, bytes | list)]}"
            self._die_once(f"before {step}")
            result = method(*args, **kwargs)
            self._die_once(f"after {step}")
            return result

        return call

    def _die_once(self, boundary: str) -> None:
        if boundary not in self._seen:
            self._seen.add(boundary)
            raise Crash(boundary)

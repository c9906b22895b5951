"""For every custom error: what it means, and how to mend it. {names} are the error's arguments."""

HINTS: dict[str, tuple[str, str]] = {}

"""The kinds of round that there are, by name."""

from oracle.rounds.kind import Kind

KINDS: dict[str, Kind] = {}

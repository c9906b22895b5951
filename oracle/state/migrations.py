"""How a ledger file of any earlier version becomes one of today's, one step per version."""

from collections.abc import Callable

from sqlalchemy import Connection, text

from oracle.domain.errors import Refused
from oracle.state import tables


def _first(connection: Connection) -> None:
    tables.metadata.create_all(connection)


def _checks(connection: Connection) -> None:
    tables.checks.create(connection, checkfirst=True)


STEPS: tuple[Callable[[Connection], None], ...] = (_first, _checks)
"""Step i brings a file from version i to version i + 1; a step that was released is never changed."""


def migrate(connection: Connection, place: str) -> int:
    """Brings the file to version len(STEPS) inside the caller's transaction; returns the version it had."""
    version = int(connection.execute(text("PRAGMA user_version")).scalar_one())
    if version > len(STEPS):
        raise Refused(
            f"the ledger {place} has version {version}, this program knows up to {len(STEPS)}",
            hint="it was written by a newer release: upgrade gengov",
        )
    for number, step in enumerate(STEPS[version:], start=version + 1):
        step(connection)
        connection.execute(text(f"PRAGMA user_version = {number}"))
    return version

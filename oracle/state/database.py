"""The SQLite file: opened durable (WAL, full sync, foreign keys), its failures told in sentences."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from oracle.domain.errors import Refused, Unreachable
from oracle.state.migrations import migrate


class Database:
    """One ledger file. Every transaction takes the write lock at once and is on disk when it ends."""

    def __init__(self, path: Path, *, patience: float = 10.0) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError as error:
            raise Unreachable(
                f"cannot open the ledger {path}: {error.strerror}", hint="set ledger to a path that can be written"
            ) from error
        self._engine = _engine(path, patience)
        with self.transaction() as connection:
            migrate(connection, str(path))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction: committed and synced at the end, undone by an exception."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            raise _mended(error, self.path) from error

    def close(self) -> None:
        """Releases the file."""
        self._engine.dispose()


def _engine(path: Path, patience: float) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": patience})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # SQLAlchemy begins transactions below; the driver must not begin its own, later and weaker ones.
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _mended(error: DatabaseError, path: Path) -> Refused | Unreachable:
    reason = str(error.orig)
    if "locked" in reason:
        return Unreachable(
            f"the ledger {path} is locked by another process", hint="one process at a time may write it: stop the other"
        )
    if "not a database" in reason or "malformed" in reason:
        return Refused(
            f"the ledger {path} is damaged ({reason})", hint="restore it from a back-up; sealed bids from their export"
        )
    return Unreachable(f"the ledger {path} failed: {reason}", hint="check the disk's space and the file's permissions")

"""The ledger in SQLite: what this oracle sealed, drew, chose, sent and decided, for one organisation."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, insert, select, update

from oracle.domain.errors import Refused
from oracle.domain.records import (
    CheckRow,
    Decision,
    Intent,
    IntentState,
    SealedBid,
    SelectionRow,
    Stage,
    TransactionRecord,
)
from oracle.domain.sample import RawSample
from oracle.state import bids_file, rows, tables
from oracle.state.database import Database

_OPEN = (IntentState.INTENDED, IntentState.SIGNED)


class SqlLedger:
    """Implements `oracle.ports.ledger.Ledger` on a `Database`; rows of other organisations are invisible."""

    def __init__(self, database: Database, organisation: str) -> None:
        self._database, self._organisation = database, organisation

    @property
    def bids_copy(self) -> Path:
        """The file beside the ledger that always holds every sealed bid of this organisation."""
        path = self._database.path
        return path.with_name(f"{path.stem}.bids-{_slug(self._organisation)}.json")

    def save_bid(self, bid: SealedBid) -> None:
        """Keeps the bid in the database and in the copy beside it; both are on disk before this returns."""
        with self._database.transaction() as connection:
            if self._add_bid(connection, bid):
                bids_file.write_beside(self.bids_copy, self._dump(connection))

    def bid(self, epoch: int, bidder: str) -> SealedBid | None:
        """The bid of one bidder, whatever the letters' case in the address."""
        return next((b for b in self.bids() if b.epoch == epoch and b.bidder.lower() == bidder.lower()), None)

    def bids(self) -> list[SealedBid]:
        """All sealed bids, by epoch then bidder."""
        with self._database.transaction() as connection:
            return self._bids(connection)

    def export_bids(self) -> str:
        """The bids and their prompts as JSON text, salts included."""
        with self._database.transaction() as connection:
            return self._dump(connection)

    def import_bids(self, text: str) -> int:
        """Adds what is missing; all or nothing."""
        bids, prompts = bids_file.load(self._organisation, text)
        with self._database.transaction() as connection:
            added = sum(self._add_bid(connection, bid) for bid in bids)
            for prompt_hash, document in prompts.items():
                _add_prompt(connection, prompt_hash, document)
            bids_file.write_beside(self.bids_copy, self._dump(connection))
        return added

    def save_prompt(self, prompt_hash: bytes, document: bytes) -> None:
        """Keeps a prompt document; the same again is no change."""
        with self._database.transaction() as connection:
            _add_prompt(connection, prompt_hash, document)

    def prompt(self, prompt_hash: bytes) -> bytes | None:
        """The document behind a prompt hash."""
        with self._database.transaction() as connection:
            return _prompt(connection, prompt_hash)

    def save_samples(self, epoch: int, seed: bytes, drawn: Sequence[RawSample]) -> None:
        """Keeps a whole draw at once, so that a crash leaves all of it or nothing."""
        key = {"organisation": self._organisation, "epoch": epoch, "seed": seed}
        with self._database.transaction() as connection:
            if connection.execute(select(tables.draws).where(_equal(tables.draws, key))).first():
                return
            connection.execute(insert(tables.draws).values(**key))
            if drawn:
                connection.execute(insert(tables.samples), [key | rows.sample_values(row) for row in drawn])

    def samples(self, epoch: int, seed: bytes) -> list[RawSample]:
        """The draw, by index."""
        table = tables.samples
        where = _equal(table, {"organisation": self._organisation, "epoch": epoch, "seed": seed})
        with self._database.transaction() as connection:
            found = connection.execute(select(table).where(where).order_by(table.c.index)).all()
        return [rows.sample(row) for row in found]

    def save_selection(self, row: SelectionRow) -> None:
        """Keeps the median answer; the first one stands, being a function of the samples."""
        key = {"organisation": self._organisation, "epoch": row.epoch, "seed": row.seed}
        with self._database.transaction() as connection:
            if connection.execute(select(tables.selections).where(_equal(tables.selections, key))).first():
                return
            values = {n: getattr(row, n) for n in ("pick", "gamma_bps", "dispersion_bps", "valid", "data_digest")}
            summary = json.dumps(dict(row.summary), sort_keys=True)
            connection.execute(insert(tables.selections).values(**key, **values, summary=summary))

    def selection(self, epoch: int, seed: bytes) -> SelectionRow | None:
        """The median answer of (epoch, seed)."""
        where = _equal(tables.selections, {"organisation": self._organisation, "epoch": epoch, "seed": seed})
        with self._database.transaction() as connection:
            row = connection.execute(select(tables.selections).where(where)).first()
        if row is None:
            return None
        values = {k: v for k, v in row._mapping.items() if k not in ("organisation", "summary")}
        return SelectionRow(**values, summary=json.loads(row.summary))

    def intent(self, stage: Stage, key: str) -> Intent | None:
        """The row of (stage, key)."""
        with self._database.transaction() as connection:
            row = connection.execute(select(tables.intents).where(self._intent(stage, key))).first()
        return None if row is None else rows.intent(row)

    def open_intents(self) -> list[Intent]:
        """What was meant and not finished, oldest first."""
        table = tables.intents
        where = and_(table.c.organisation == self._organisation, table.c.state.in_([s.value for s in _OPEN]))
        with self._database.transaction() as connection:
            found = connection.execute(select(table).where(where).order_by(table.c.id)).all()
        return [rows.intent(row) for row in found]

    def intend(self, stage: Stage, key: str, sender: str) -> Intent:
        """Writes, or after a drop rewrites, the intent; an open one is returned as it stands."""
        table = tables.intents
        with self._database.transaction() as connection:
            row = connection.execute(select(table).where(self._intent(stage, key))).first()
            if row is not None and row.state == IntentState.CONFIRMED:
                raise Refused(f"{stage} of {key} is already done in 0x{row.tx_hash.hex()}")
            if row is not None and row.state != IntentState.DROPPED:
                return rows.intent(row)
            fresh = {"state": IntentState.INTENDED.value, "sender": sender, "detail": ""}
            if row is None:
                identity = {"organisation": self._organisation, "stage": stage.value, "key": key}
                connection.execute(insert(table).values(**identity, **fresh))
            else:
                self._set_intent(connection, stage, key, **fresh, tx_hash=None, nonce=None, raw=None)
            return Intent(stage, key, IntentState.INTENDED, sender)

    def signed(self, stage: Stage, key: str, *, tx_hash: bytes, nonce: int, raw: bytes) -> None:
        """Keeps the signed transaction, to be found or sent again after a crash."""
        with self._database.transaction() as connection:
            state = IntentState.SIGNED.value
            self._set_intent(connection, stage, key, state=state, tx_hash=tx_hash, nonce=nonce, raw=raw)

    def confirm(self, record: TransactionRecord) -> None:
        """Closes the intent and keeps the transaction, in one step."""
        table = tables.transactions
        values = {name: getattr(record, name) for name in TransactionRecord.__slots__}
        values |= {"organisation": self._organisation, "stage": record.stage.value}
        with self._database.transaction() as connection:
            state = IntentState.CONFIRMED.value
            self._set_intent(connection, record.stage, record.key, state=state, tx_hash=record.tx_hash, raw=None)
            known = _equal(table, {"organisation": self._organisation, "tx_hash": record.tx_hash})
            if connection.execute(select(table.c.id).where(known)).first() is None:
                connection.execute(insert(table).values(**values))

    def drop(self, stage: Stage, key: str, reason: str) -> None:
        """Closes an intent of which nothing is on chain."""
        with self._database.transaction() as connection:
            self._set_intent(connection, stage, key, state=IntentState.DROPPED.value, raw=None, detail=reason)

    def transactions(self) -> list[TransactionRecord]:
        """Confirmed transactions, oldest first."""
        return [
            TransactionRecord(**{**row, "stage": Stage(row["stage"])})
            for row in self._all(tables.transactions, TransactionRecord.__slots__)
        ]

    def decide(self, decision: Decision) -> None:
        """Keeps a decision once."""
        identity = {
            "organisation": self._organisation,
            "stage": decision.stage.value,
            "key": decision.key,
            "verdict": decision.verdict,
        }
        with self._database.transaction() as connection:
            if connection.execute(select(tables.decisions.c.id).where(_equal(tables.decisions, identity))).first():
                return
            connection.execute(insert(tables.decisions).values(**identity, reason=decision.reason, at=decision.at))

    def decisions(self, key: str | None = None) -> list[Decision]:
        """Decisions, oldest first."""
        found = self._all(tables.decisions, Decision.__slots__)
        return [Decision(**{**row, "stage": Stage(row["stage"])}) for row in found if key in (None, row["key"])]

    def save_check(self, row: CheckRow) -> None:
        """Keeps a check, or replaces the earlier one."""
        identity = {"organisation": self._organisation, "proposal_id": row.proposal_id}
        values = {name: getattr(row, name) for name in CheckRow.__slots__ if name != "proposal_id"}
        with self._database.transaction() as connection:
            changed = connection.execute(update(tables.checks).where(_equal(tables.checks, identity)).values(**values))
            if not changed.rowcount:
                connection.execute(insert(tables.checks).values(**identity, **values))

    def check(self, proposal_id: int) -> CheckRow | None:
        """The last check of one proposal."""
        return next((row for row in self.checks() if row.proposal_id == proposal_id), None)

    def checks(self) -> list[CheckRow]:
        """All of them, in the order of first checks."""
        return [CheckRow(**row) for row in self._all(tables.checks, CheckRow.__slots__)]

    def cursor(self, name: str) -> tuple[int, bytes] | None:
        """Where the reading of events named `name` stands."""
        where = _equal(tables.cursors, {"organisation": self._organisation, "name": name})
        with self._database.transaction() as connection:
            row = connection.execute(select(tables.cursors).where(where)).first()
        return None if row is None else (row.number, row.hash)

    def set_cursor(self, name: str, number: int, block_hash: bytes) -> None:
        """Moves a cursor."""
        identity = {"organisation": self._organisation, "name": name}
        values = {"number": number, "hash": block_hash}
        with self._database.transaction() as connection:
            moved = connection.execute(update(tables.cursors).where(_equal(tables.cursors, identity)).values(**values))
            if not moved.rowcount:
                connection.execute(insert(tables.cursors).values(**identity, **values))

    def _add_bid(self, connection: Connection, bid: SealedBid) -> bool:
        known = [b for b in self._bids(connection) if (b.epoch, b.bidder.lower()) == (bid.epoch, bid.bidder.lower())]
        if known and known[0] != bid:
            raise Refused(
                f"the ledger already holds another sealed bid of {bid.bidder} for epoch {bid.epoch}",
                hint="one bid per account and epoch: bid from another account, or in the next epoch",
            )
        if known:
            return False
        values = {name: getattr(bid, name) for name in SealedBid.__slots__}
        connection.execute(insert(tables.bids).values(organisation=self._organisation, **values))
        return True

    def _bids(self, connection: Connection) -> list[SealedBid]:
        table = tables.bids
        query = select(table).where(table.c.organisation == self._organisation).order_by(table.c.epoch, table.c.bidder)
        found = connection.execute(query).all()
        return [SealedBid(**{k: v for k, v in row._mapping.items() if k != "organisation"}) for row in found]

    def _dump(self, connection: Connection) -> str:
        bids = self._bids(connection)
        prompts = {bid.prompt_hash: _prompt(connection, bid.prompt_hash) for bid in bids}
        return bids_file.dump(self._organisation, bids, {k: v for k, v in prompts.items() if v is not None})

    def _all(self, table: Table, names: Sequence[str]) -> list[dict[str, Any]]:
        query = select(*(table.c[name] for name in names)).where(table.c.organisation == self._organisation)
        with self._database.transaction() as connection:
            return [dict(row._mapping) for row in connection.execute(query.order_by(table.c.id))]

    def _intent(self, stage: Stage, key: str) -> ColumnElement[bool]:
        return _equal(tables.intents, {"organisation": self._organisation, "stage": stage.value, "key": key})

    def _set_intent(self, connection: Connection, stage: Stage, key: str, **values: Any) -> None:
        changed = connection.execute(update(tables.intents).where(self._intent(stage, key)).values(**values))
        if not changed.rowcount:
            raise Refused(f"no intent for {stage} of {key}: write it before acting")


def _equal(table: Table, values: dict[str, Any]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in values.items()))


def _add_prompt(connection: Connection, prompt_hash: bytes, document: bytes) -> None:
    if _prompt(connection, prompt_hash) is None:
        connection.execute(insert(tables.prompts).values(prompt_hash=prompt_hash, document=document))


def _prompt(connection: Connection, prompt_hash: bytes) -> bytes | None:
    table = tables.prompts
    found = connection.execute(select(table.c.document).where(table.c.prompt_hash == prompt_hash)).scalar()
    return None if found is None else bytes(found)


def _slug(organisation: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in organisation)[:80]

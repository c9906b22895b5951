import json
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.domain.records import (
    Decision,
    IntentState,
    SealedBid,
    SelectionRow,
    Stage,
    TransactionRecord,
)
from oracle.domain.sample import RawSample
from oracle.state import bids_file
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger

ORGANISATION = "31337:0xPromptUpdate:abc"
BIDDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SEED = bytes([7]) * 32
SENT = TransactionRecord(b"\x01" * 32, Stage.POST, "3", BIDDER, 12, 400_000, 2 * 10**9)


def sealed(epoch: int = 3, amount: int = 5 * 10**18) -> SealedBid:
    return SealedBid(epoch, BIDDER, amount, 2**200, b"m" * 32, b"p" * 32, b"s" * 32, b"c" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqlLedger]:
    database = Database(path, patience=0.2)
    yield SqlLedger(database, ORGANISATION)
    database.close()


def reopened(path: Path, organisation: str = ORGANISATION) -> SqlLedger:
    return SqlLedger(Database(path, patience=0.2), organisation)


def test_sealed_bid_survives_reopening_with_its_salt(ledger: SqlLedger, path: Path) -> None:
    ledger.save_bid(sealed())
    assert reopened(path).bid(3, BIDDER.lower()) == sealed()


def test_same_bid_again_changes_nothing_and_another_is_refused(ledger: SqlLedger) -> None:
    ledger.save_bid(sealed())
    ledger.save_bid(sealed())
    with pytest.raises(Refused, match="already holds another sealed bid"):
        ledger.save_bid(sealed(amount=1))
    assert ledger.bids() == [sealed()]


def test_salt_never_shows_in_a_representation() -> None:
    assert sealed().salt.hex() not in repr(sealed())
    assert "hidden" in repr(sealed())


def test_bids_lie_a_second_time_beside_the_ledger_for_the_owner_only(ledger: SqlLedger, path: Path) -> None:
    ledger.save_bid(sealed(3))
    ledger.save_bid(sealed(4))
    path.unlink()
    restored = SqlLedger(Database(path.with_name("new.sqlite")), ORGANISATION)
    assert restored.import_bids(ledger.bids_copy.read_text()) == 2
    assert restored.bids() == [sealed(3), sealed(4)]
    assert ledger.bids_copy.stat().st_mode & 0o077 == 0


def test_bid_is_not_kept_when_its_copy_cannot_be_written(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Unreachable, match="No space left"):
        ledger.save_bid(sealed())
    assert ledger.bids() == []


def test_export_goes_into_another_ledger_once(ledger: SqlLedger, tmp_path: Path) -> None:
    ledger.save_bid(sealed(3))
    ledger.save_bid(sealed(4))
    other = reopened(tmp_path / "other.sqlite")
    other.save_bid(sealed(4))
    assert other.import_bids(ledger.export_bids()) == 1
    assert other.import_bids(ledger.export_bids()) == 0
    assert other.bids() == ledger.bids()


def test_prompt_goes_with_its_bid_through_export_and_copy(ledger: SqlLedger, tmp_path: Path) -> None:
    document = b'{"version":1}'
    bid = replace(sealed(), prompt_hash=keccak(document))
    ledger.save_prompt(bid.prompt_hash, document)
    ledger.save_bid(bid)
    for number, text in enumerate([ledger.export_bids(), ledger.bids_copy.read_text()]):
        other = reopened(tmp_path / f"other{number}.sqlite")
        other.import_bids(text)
        assert other.prompt(bid.prompt_hash) == document


def test_import_that_contradicts_the_ledger_adds_nothing(ledger: SqlLedger, tmp_path: Path) -> None:
    other = reopened(tmp_path / "other.sqlite")
    other.save_bid(sealed(2))
    other.save_bid(sealed(3, amount=1))
    ledger.save_bid(sealed(3))
    with pytest.raises(Refused):
        ledger.import_bids(other.export_bids())
    assert ledger.bids() == [sealed(3)]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda d: "nonsense", "not an export"),
        (lambda d: json.dumps([1]), "not an export"),
        (lambda d: json.dumps({**d, "version": 9}), "version 9"),
        (lambda d: json.dumps({**d, "organisation": "1:0x"}), "another organisation"),
        (lambda d: json.dumps({**d, "bids": [{**d["bids"][0], "salt": "0x12"}]}), "bid 1 of the export: salt"),
        (lambda d: json.dumps({**d, "bids": [{**d["bids"][0], "amount": "ten"}]}), "bid 1 of the export: amount"),
        (lambda d: json.dumps({**d, "bids": [1]}), "bid 1 of the export: epoch"),
        (lambda d: json.dumps({**d, "prompts": {"0x12": "{}"}}), "prompt 0x12 of the export"),
        (lambda d: json.dumps({**d, "prompts": {"0x12": 7}}), "prompt 0x12 of the export"),
        (lambda d: json.dumps({**d, "prompts": []}), "not an export"),
    ],
)
def test_malformed_export_is_refused_naming_the_entry(ledger: SqlLedger, edit: object, reason: str) -> None:
    text = edit(json.loads(bids_file.dump(ORGANISATION, [sealed()], {})))  # type: ignore[operator]
    with pytest.raises(BadInput, match=reason):
        ledger.import_bids(text)


def test_organisations_in_one_file_do_not_see_each_other(ledger: SqlLedger, path: Path) -> None:
    ledger.save_bid(sealed())
    ledger.intend(Stage.POST, "3", BIDDER)
    other = reopened(path, "31337:0xPromptUpdate:after-a-reset")
    assert other.bids() == []
    assert other.open_intents() == []
    other.save_bid(sealed(amount=1))
    assert ledger.bid(3, BIDDER) == sealed()


def test_prompt_is_found_by_its_hash(ledger: SqlLedger) -> None:
    ledger.save_prompt(b"h" * 32, b"{}")
    ledger.save_prompt(b"h" * 32, b"{}")
    assert ledger.prompt(b"h" * 32) == b"{}"
    assert ledger.prompt(b"x" * 32) is None


def test_samples_come_back_as_they_were_drawn(ledger: SqlLedger) -> None:
    rows = [RawSample(i, (i, 2**31, 0), f"text {i} é", i % 2 == 0) for i in range(100)]
    ledger.save_samples(3, SEED, rows)
    ledger.save_samples(3, SEED, rows[:1])
    assert ledger.samples(3, SEED) == rows
    assert ledger.samples(3, bytes(32)) == []


def test_selection_needs_its_samples_and_stands_once_made(ledger: SqlLedger) -> None:
    row = SelectionRow(3, SEED, 41, 1500, 900, 100, b"d" * 32, {"action": "fund"})
    with pytest.raises(Unreachable, match="FOREIGN KEY"):
        ledger.save_selection(row)
    ledger.save_samples(3, SEED, [])
    ledger.save_selection(row)
    ledger.save_selection(replace(row, pick=None))
    assert ledger.selection(3, SEED) == row
    assert ledger.selection(4, SEED) is None


def test_intent_walks_from_intended_over_signed_to_confirmed(ledger: SqlLedger) -> None:
    assert ledger.intend(Stage.POST, "3", BIDDER).state is IntentState.INTENDED
    ledger.signed(Stage.POST, "3", tx_hash=SENT.tx_hash, nonce=9, raw=b"raw")
    (intent,) = ledger.open_intents()
    assert (intent.state, intent.tx_hash, intent.nonce, intent.raw) == (IntentState.SIGNED, SENT.tx_hash, 9, b"raw")
    ledger.confirm(SENT)
    assert ledger.open_intents() == []
    assert ledger.transactions() == [SENT]


def test_intent_that_is_open_is_returned_as_it_stands(ledger: SqlLedger) -> None:
    ledger.intend(Stage.POST, "3", BIDDER)
    ledger.signed(Stage.POST, "3", tx_hash=SENT.tx_hash, nonce=9, raw=b"raw")
    assert ledger.intend(Stage.POST, "3", BIDDER).tx_hash == SENT.tx_hash


def test_confirmed_intent_cannot_be_meant_again(ledger: SqlLedger) -> None:
    ledger.intend(Stage.POST, "3", BIDDER)
    ledger.confirm(SENT)
    with pytest.raises(Refused, match="already done"):
        ledger.intend(Stage.POST, "3", BIDDER)


def test_dropped_intent_may_be_meant_again(ledger: SqlLedger) -> None:
    ledger.intend(Stage.POST, "3", BIDDER)
    ledger.signed(Stage.POST, "3", tx_hash=SENT.tx_hash, nonce=9, raw=b"raw")
    ledger.drop(Stage.POST, "3", "nonce taken")
    assert ledger.open_intents() == []
    again = ledger.intend(Stage.POST, "3", BIDDER)
    assert (again.state, again.tx_hash) == (IntentState.INTENDED, None)
    assert ledger.intent(Stage.POST, "3") == again


def test_confirming_twice_keeps_one_transaction(ledger: SqlLedger) -> None:
    ledger.intend(Stage.POST, "3", BIDDER)
    ledger.confirm(SENT)
    ledger.confirm(SENT)
    assert ledger.transactions() == [SENT]


def test_acting_without_an_intent_is_refused(ledger: SqlLedger) -> None:
    with pytest.raises(Refused, match="write it before acting"):
        ledger.signed(Stage.POST, "3", tx_hash=SENT.tx_hash, nonce=9, raw=b"raw")
    with pytest.raises(Refused, match="write it before acting"):
        ledger.confirm(SENT)
    assert ledger.transactions() == []


def test_decision_is_written_once_and_found_by_its_key(ledger: SqlLedger) -> None:
    why = Decision(Stage.SELECT, "3", "abstain", "66 of 100 answers are valid", 1_700_000_000)
    ledger.decide(why)
    ledger.decide(replace(why, at=1_800_000_000))
    assert ledger.decisions() == [why]
    assert ledger.decisions("3") == [why]
    assert ledger.decisions("4") == []


def test_cursor_moves(ledger: SqlLedger) -> None:
    assert ledger.cursor("events") is None
    ledger.set_cursor("events", 5, b"a" * 32)
    ledger.set_cursor("events", 9, b"b" * 32)
    assert ledger.cursor("events") == (9, b"b" * 32)


def test_kill_right_after_saving_a_bid_loses_nothing(path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_save_and_die, args=(path,))
    process.start()
    process.join(20)
    assert process.exitcode == -signal.SIGKILL
    assert reopened(path).bid(3, BIDDER) == sealed()


def _save_and_die(path: Path) -> None:
    reopened(path).save_bid(sealed())
    os.kill(os.getpid(), signal.SIGKILL)


def test_every_commit_waits_for_the_disk(path: Path) -> None:
    database = Database(path)
    with database.transaction() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_locked_ledger_is_named_instead_of_waited_for(ledger: SqlLedger, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unreachable, match="locked by another process"):
        ledger.save_bid(sealed())
    other.close()


def test_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is not a database, and it is long enough to have a header" * 20)
    with pytest.raises(Refused, match="damaged"):
        Database(path)


def test_ledger_of_a_newer_release_is_refused_and_left_alone(path: Path) -> None:
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Refused, match="version 99"):
        Database(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


def test_ledger_where_no_file_can_be_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="cannot open the ledger"):
        Database(tmp_path / "file" / "ledger.sqlite")

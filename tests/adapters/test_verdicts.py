"""Signed verdicts: their form, their signers, and the two inboxes in which members leave them for each other."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from eth_account import Account

from oracle.chain import verdicts
from oracle.domain.dispute import Ruling, SignedVerdict, Verdict
from oracle.domain.errors import BadInput, GengovError, Refused, Unreachable
from oracle.mechanism import verdict_message
from oracle.ports.inbox import VerdictInbox
from oracle.storage.inbox_folder import FolderInbox
from oracle.storage.inbox_http import HttpInbox
from oracle.web.inbox import inbox_app
from oracle.web.server import serving
from tests.support.fake_committee import COMMITTEE, MEMBERS, STRANGER, fake_committee
from tests.support.one_answer import one_answer

CHAIN = fake_committee()
VERDICT = Verdict(2**255 + 7, 1, Ruling.INVALID, b"\x07" * 32, 1_800_000_000)


def signed(place: int = 0, verdict: Verdict = VERDICT) -> SignedVerdict:
    return verdicts.sign(CHAIN, MEMBERS[place], verdict)


def message(place: int = 0, verdict: Verdict = VERDICT) -> bytes:
    return verdicts.dumps(CHAIN, signed(place, verdict))


# Form and signature


def test_accept__a_members_message__gives_what_was_signed() -> None:
    assert verdicts.accept(CHAIN, message()) == signed()
    attested = replace(signed(), attestation=b"quote")
    assert verdicts.accept(CHAIN, verdicts.dumps(CHAIN, attested)).attestation == b"quote"


@pytest.mark.parametrize(
    "change",
    [
        {"proposal_id": "5"},
        {"round": 2},
        {"ruling": "valid"},
        {"evidence_hash": "0x" + "08" * 32},
        {"deadline": 1_800_000_001},
        {"signer": MEMBERS[1].address},
        {"signature": "0x" + "00" * 65},
        {"signature": "0x" + "ff" * 65},
    ],
)
def test_accept__anything_changed__is_refused(change: dict[str, Any]) -> None:
    changed = json.loads(message()) | change
    with pytest.raises(Refused, match="did not sign it"):
        verdicts.accept(CHAIN, json.dumps(changed, sort_keys=True, separators=(",", ":")).encode())


def test_accept__the_twin_of_a_good_signature__is_refused() -> None:
    """Anyone can make it, and the chain, which takes one of the two, would refuse the whole relay."""
    good = signed()
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(good.signature[32:64], "big")
    twin = good.signature[:32] + s.to_bytes(32, "big") + bytes([55 - good.signature[64]])
    short = good.signature[:64] + bytes([good.signature[64] - 27])
    for other in (twin, short):
        with pytest.raises(Refused, match="would not take"):
            verdicts.accept(CHAIN, verdicts.dumps(CHAIN, replace(good, signature=other)))


def test_accept__a_stranger__is_refused() -> None:
    with pytest.raises(Refused, match="no member"):
        verdicts.accept(CHAIN, verdicts.dumps(CHAIN, verdicts.sign(CHAIN, STRANGER, VERDICT)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "gengov/verdict/v2"}, "format"),
        ({"chain_id": 1}, "chain_id"),
        ({"committee": MEMBERS[0].address}, "committee"),
        ({"proposal_id": 5}, "proposal_id"),
        ({"proposal_id": "-5"}, "proposal_id"),
        ({"proposal_id": "05"}, "proposal_id"),
        ({"proposal_id": "²"}, "proposal_id"),
        ({"proposal_id": str(2**256)}, "proposal_id"),
        ({"round": -1}, "round"),
        ({"round": True}, "round"),
        ({"ruling": "none"}, "ruling"),
        ({"evidence_hash": "0x07"}, "evidence_hash"),
        ({"deadline": 2**256}, "deadline"),
        ({"signer": COMMITTEE.lower()}, "signer"),
        ({"signature": "0x"}, "signature"),
        ({"attestation": None}, "attestation"),
        ({"more": 1}, "more"),
    ],
)
def test_loads__malformed__names_the_field(change: dict[str, Any], said: str) -> None:
    changed = json.dumps(json.loads(message()) | change, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(BadInput, match=said):
        verdicts.accept(CHAIN, changed)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"nonsense", b"\xff", b" " + message(), b"x" * (1 << 17)])
def test_loads__no_verdict_at_all__is_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput):
        verdicts.accept(CHAIN, data)


def test_typed__is_what_a_wallet_would_sign() -> None:
    typed = verdict_message.typed(31337, COMMITTEE, VERDICT)
    by_wallet = Account.sign_typed_data(MEMBERS[0]._account.key, full_message=typed)
    assert bytes(by_wallet.signature) == signed().signature


# Inboxes


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """A real server of an inbox on a free port; its address."""
    app = inbox_app(FolderInbox(folder), lambda data: verdicts.accept(CHAIN, data))
    with serving(app, "127.0.0.1:0") as url:
        yield url


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "served").mkdir()
    with serve(tmp_path / "served") as url:
        yield url


@pytest.fixture(params=["folder", "http"])
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> VerdictInbox:
    if request.param == "folder":
        (tmp_path / "shared").mkdir()
        return FolderInbox(tmp_path / "shared")
    return HttpInbox(request.getfixturevalue("served"), timeout=5)


def leave(inbox: VerdictInbox, place: int, verdict: Verdict = VERDICT) -> None:
    inbox.put(verdict.proposal_id, verdict.round, MEMBERS[place].address, message(place, verdict))


def test_inbox__messages_of_one_round__come_back_once_each(inbox: VerdictInbox) -> None:
    assert inbox.messages(VERDICT.proposal_id, 1) == []
    for place in (1, 0, 0):
        leave(inbox, place)
    leave(inbox, 2, replace(VERDICT, round=2))
    found = inbox.messages(VERDICT.proposal_id, 1)
    assert {verdicts.accept(CHAIN, each).signer for each in found} == {MEMBERS[0].address, MEMBERS[1].address}
    assert len(found) == 2
    assert inbox.messages(VERDICT.proposal_id, 2) == [message(2, replace(VERDICT, round=2))]


def test_inbox__a_later_verdict_of_the_same_member__replaces_the_first(inbox: VerdictInbox) -> None:
    leave(inbox, 0)
    later = replace(VERDICT, deadline=VERDICT.deadline + 1)
    leave(inbox, 0, later)
    assert inbox.messages(VERDICT.proposal_id, 1) == [message(0, later)]


def test_folder__oversized_and_foreign_files__are_left_out(tmp_path: Path) -> None:
    inbox = FolderInbox(tmp_path)
    leave(inbox, 0)
    folder = tmp_path / str(VERDICT.proposal_id) / "1"
    (folder / f"{MEMBERS[1].address}.json").write_bytes(b"x" * (verdict_message.MAX_MESSAGE + 1))
    (folder / "notes.txt").write_text("hello")
    (folder / f"{MEMBERS[2].address}.json").mkdir()
    (folder / f"{STRANGER.address}.json").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / f"{COMMITTEE}.json")
    assert inbox.messages(VERDICT.proposal_id, 1) == [message(0)]


def test_folder__other_users_can_read_what_is_left(tmp_path: Path) -> None:
    leave(FolderInbox(tmp_path), 0)
    file = next(tmp_path.rglob("0x*.json"))
    assert file.stat().st_mode & 0o777 == 0o644


def test_folder__not_mounted_or_not_writable__is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no folder"):
        FolderInbox(tmp_path / "gone").messages(1, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="cannot leave"):
        leave(FolderInbox(tmp_path / "file"), 0)


def test_folder__a_signer_that_is_a_path__is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no address"):
        FolderInbox(tmp_path).put(1, 1, "../../etc/passwd", b"{}")
    assert list(tmp_path.iterdir()) == []


def test_http__a_stranger_or_another_round__is_not_taken(served: str, tmp_path: Path) -> None:
    inbox = HttpInbox(served, timeout=5)
    of_stranger = verdicts.dumps(CHAIN, verdicts.sign(CHAIN, STRANGER, VERDICT))
    for signer, round_, data in (
        (STRANGER.address, 1, of_stranger),
        (MEMBERS[0].address, 2, message()),
        (MEMBERS[1].address, 1, message()),
        (MEMBERS[0].address, 1, b"nonsense"),
        (MEMBERS[0].address, 1, b"x" * (1 << 20)),
    ):
        with pytest.raises(GengovError):
            inbox.put(VERDICT.proposal_id, round_, signer, data)
    assert list((tmp_path / "served").iterdir()) == []
    assert requests.delete(f"{served}/verdicts/1/1", timeout=5).status_code == 405


def test_http__what_was_there_before__cannot_be_put_back(served: str) -> None:
    """Anybody can fetch a member's messages, and take a verdict's attestation away, for nobody signs that."""
    url = f"{served}/verdicts/{VERDICT.proposal_id}/1/{MEMBERS[0].address}"

    def put(data: bytes) -> int:
        return requests.put(url, data=data, timeout=5).status_code

    later = replace(VERDICT, deadline=VERDICT.deadline + 1)
    attested = verdicts.dumps(CHAIN, replace(signed(0, later), attestation=b"quote"))
    spoiled = verdicts.dumps(CHAIN, replace(signed(0, later), attestation=b"nonsense"))
    assert [put(message()), put(message(0, later)), put(message(0, later)), put(attested)] == [204] * 4
    assert [put(message()), put(message(0, later)), put(spoiled)] == [409] * 3
    assert put(message(0, replace(later, ruling=Ruling.VALID))) == 409
    with pytest.raises(Refused, match="is here, and stays"):
        leave(HttpInbox(served, timeout=5), 0)
    assert HttpInbox(served, timeout=5).messages(VERDICT.proposal_id, 1) == [attested]


@pytest.mark.parametrize("place", ["x/1", "-1/1", "1/x", f"{10**78}/1", "9" * 5_000 + "/1", "%C2%B2/1"])
def test_http__no_case__is_not_found(served: str, place: str) -> None:
    assert requests.get(f"{served}/verdicts/{place}", timeout=5).status_code == 404
    assert requests.put(f"{served}/verdicts/{place}/{MEMBERS[0].address}", data=b"", timeout=5).status_code == 404


def test_http__a_message_that_never_ends__is_cut_off(tmp_path: Path) -> None:
    app = inbox_app(FolderInbox(tmp_path), lambda data: verdicts.accept(CHAIN, data), patience=0.2)
    with (
        serving(app, "127.0.0.1:0") as url,
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as line,
    ):
        line.settimeout(20)
        line.sendall(b"PUT /verdicts/1/1/0x HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nabc")
        assert b" 408 " in line.recv(1 << 12).split(b"\r\n")[0]


def test_http__an_answer_that_never_ends__is_cut_off() -> None:
    """A byte now and then keeps every single wait short."""
    with one_answer(b" " * 10_000, pause=0.02) as url, pytest.raises(Unreachable, match="TimeoutError"):
        HttpInbox(url, timeout=0.5).messages(1, 1)


def test_http__nobody_or_somebody_else_there__is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="does not answer"):
        HttpInbox(f"http://127.0.0.1:{port}", timeout=1).messages(1, 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = HttpInbox(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        with pytest.raises(Unreachable, match="does not answer"):
            mute.messages(1, 1)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"messages": 5}', b'{"messages": ["?"]}', b'{"messages": [5]}', b"\xff", b"[" * 100_000]
)
def test_http__garbage__is_unreachable(body: bytes) -> None:
    with one_answer(body) as url, pytest.raises(Unreachable, match="no list of verdicts"):
        HttpInbox(url, timeout=5).messages(1, 1)


def test_served__its_folder_is_gone__answers_503(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with serve(tmp_path / "file") as url:
        with pytest.raises(Unreachable, match="503"):
            leave(HttpInbox(url, timeout=5), 0)
        with pytest.raises(Unreachable, match="503"):
            HttpInbox(url, timeout=5).messages(1, 1)


def test_serving__a_port_that_is_taken_or_none__is_unreachable(served: str) -> None:
    app = inbox_app(FolderInbox(Path()), lambda data: signed())
    for address in (served.removeprefix("http://"), "127.0.0.1:99999", "203.0.113.7:8600"):
        with pytest.raises(Unreachable, match="cannot listen"), serving(app, address):
            pass


def test_serving__what_does_not_start__is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    app = inbox_app(FolderInbox(Path()), lambda data: signed())
    with pytest.raises(Unreachable, match="did not start"), serving(app, "127.0.0.1:0"):
        pass

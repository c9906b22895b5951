"""Which verdicts count together, and until when they are signed."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from oracle.chain import verdicts
from oracle.domain.dispute import Ruling, SignedVerdict, Verdict
from oracle.domain.errors import Refused, Unreachable
from oracle.jobs.context import Context
from oracle.jobs.disputes.cases import verdict_deadline
from oracle.jobs.disputes.close import withdraw
from oracle.jobs.disputes.judge import agreement, collect, leave
from oracle.jobs.view import View
from oracle.ports.chain import Chain
from tests.support.fake_committee import MEMBERS, fake_committee

CHAIN = fake_committee()
VERDICT = Verdict(7, 1, Ruling.INVALID, b"\x07" * 32, 1_000)


class FakeInbox:
    """An inbox that keeps all it is given, or is away."""

    place = "memory"

    def __init__(self, *kept: bytes, away: bool = False) -> None:
        self.kept, self.away, self.puts = list(kept), away, 0

    def put(self, proposal_id: int, round_: int, signer: str, message: bytes) -> None:
        if self.away:
            raise Unreachable("away")
        self.puts += 1
        self.kept.append(message)

    def messages(self, proposal_id: int, round_: int) -> list[bytes]:
        if self.away:
            raise Unreachable("away")
        return self.kept


def signed(place: int, verdict: Verdict = VERDICT) -> SignedVerdict:
    return verdicts.sign(CHAIN, MEMBERS[place], verdict)


def test_agreement__expired_verdicts__do_not_stand_before_their_successors() -> None:
    """As when one inbox missed the second signing."""
    later = replace(VERDICT, deadline=2_000)
    found = [signed(0), signed(1), signed(0, later), signed(1, later)]
    assert {each.verdict for each in agreement(found, 2, now=1_000)} == {VERDICT}
    assert {each.verdict for each in agreement(found, 2, now=1_001)} == {later}
    assert agreement(found, 2, now=2_001) == []


def test_agreement__one_member_twice__counts_once() -> None:
    twice = [signed(0), replace(signed(0), attestation=b"quote")]
    assert agreement(twice, 2, now=0) == []
    assert len(agreement([*twice, signed(1)], 2, now=0)) == 2


def test_leave__only_where_it_lacks_and_somewhere_at_least() -> None:
    there, empty, away = FakeInbox(verdicts.dumps(CHAIN, signed(0))), FakeInbox(), FakeInbox(away=True)
    assert leave(CHAIN, [there, empty, away], signed(0)) == [there, empty]
    assert (there.puts, empty.puts) == (0, 1)
    assert leave(CHAIN, [], signed(0)) == []
    with pytest.raises(Refused, match="no inbox takes"):
        leave(CHAIN, [away], signed(0))


def test_leave__an_attestation_made_later__follows() -> None:
    inbox = FakeInbox(verdicts.dumps(CHAIN, signed(0)))
    leave(CHAIN, [inbox], replace(signed(0), attestation=b"quote"))
    assert inbox.puts == 1


def test_collect__hostile_messages__are_left_out() -> None:
    good = verdicts.dumps(CHAIN, signed(0))
    other_round = verdicts.dumps(CHAIN, signed(1, replace(VERDICT, round=2)))
    inbox = FakeInbox(b"[" * 60_000, b"\xff", other_round, good)
    assert collect(CHAIN, [inbox, FakeInbox(away=True)], 7, 1) == [signed(0)]
    assert collect(CHAIN, [], 7, 1) == []


class FakeClockChain:
    """A chain that knows its time and the deadline of one case."""

    def __init__(self, now: int, extended: int) -> None:
        self._now, self._extended = now, extended

    def head(self) -> Any:
        return SimpleNamespace(timestamp=self._now)

    def read(self, contract: str, function: str, *args: Any) -> int:
        assert (contract, function, args) == ("DisputeResolver", "deadlineOf", (7,))
        return self._extended


@pytest.mark.parametrize(
    ("now", "extended", "expected"),
    [(99, 100, 100), (100, 100, None), (99, 500, 100), (100, 500, 500), (499, 500, 500), (500, 500, None)],
)
def test_verdict_deadline__the_stored_one_while_it_lasts__then_the_end_of_voting(
    now: int, extended: int, expected: int | None
) -> None:
    """Members who sign at different times before the stored deadline sign the same words."""
    assert verdict_deadline(cast(Chain, FakeClockChain(now, extended)), 7, 100) == expected


def test_withdraw__a_node_without_logs__is_unreachable() -> None:
    chain = SimpleNamespace(read=lambda *_: 5, events=lambda *_, **__: [])
    ctx = cast(Context, SimpleNamespace(chain=chain, account=MEMBERS[0].address, first_block=0))
    with pytest.raises(Unreachable, match="event of a credit"):
        withdraw(ctx, cast(View, None))

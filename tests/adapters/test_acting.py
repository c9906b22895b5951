"""Writes that survive a crash at every boundary, against real chains: nothing twice, nothing lost."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from oracle.chain.clock import SystemClock
from oracle.domain.action import Deployment
from oracle.domain.errors import Refused, Reverted, Unreachable
from oracle.domain.records import IntentState, Stage
from oracle.jobs.acting import act, reconcile
from oracle.jobs.context import Context, Step
from oracle.jobs.runner import run_due
from oracle.jobs.view import View
from oracle.ports.chain import Call
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger
from oracle.storage.folder import FolderStore
from tests.adapters.conftest import Ground


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Bench:
    ctx: Context
    ground: Ground

    @property
    def balance(self) -> int:
        return self.ground.balance(self.ground.alice.address)

    def mint(self, amount: int) -> Call:
        return Call("ReserveToken", "mint", (self.ground.alice.address, amount))

    def again(self) -> "Bench":
        """The same oracle after a restart: nothing survives but the ledger's file."""
        ledger = self.ctx.ledger
        assert isinstance(ledger, SqlLedger)
        return Bench(replace(self.ctx, ledger=SqlLedger(Database(ledger._database.path), "test")), self.ground)


@pytest.fixture
def bench(ground: Ground, tmp_path: Path) -> Iterator[Bench]:
    snapshot = ground.node.time.snapshot()
    ledger = SqlLedger(Database(tmp_path / "ledger.sqlite"), "test")
    ctx = Context(
        chain=ground.chain,
        deployment=Deployment(ground.node.chain_id, {}, 6),
        ledger=ledger,
        store=FolderStore(tmp_path),
        signer=ground.alice,
        clock=SystemClock(),
        open_model=lambda *_: pytest.fail("no model is needed here"),
    )
    yield Bench(ctx, ground)
    ground.node.time.revert(snapshot)


def die(*_: Any, **__: Any) -> Any:
    raise Crash


def test_act_does_one_write_and_keeps_its_receipt(bench: Bench) -> None:
    before = bench.balance
    step = act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "did it")
    assert bench.balance == before + 5
    assert step.done
    assert step.gas > 21_000
    (record,) = bench.ctx.ledger.transactions()
    assert (record.tx_hash, record.stage, record.key) == (step.tx_hash, Stage.SETTLE, "3")


def test_done_write_is_not_done_again(bench: Bench) -> None:
    act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    before = bench.balance
    with pytest.raises(Refused, match="already done"):
        act(bench.again().ctx, Stage.SETTLE, "3", bench.mint(5), "")
    assert bench.balance == before


@pytest.mark.parametrize("boundary", ["sign", "broadcast", "wait"])
def test_crash_at_any_boundary_ends_with_exactly_one_write(
    bench: Bench, boundary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bench.balance
    with monkeypatch.context() as dying, pytest.raises(Crash):
        dying.setattr(type(bench.ctx.chain), boundary, die)
        act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    after = bench.again()
    (step,) = reconcile(after.ctx)
    if boundary == "sign":
        assert not step.done
        act(after.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    assert bench.balance == before + 5
    assert after.ctx.ledger.open_intents() == []
    assert len(after.ctx.ledger.transactions()) == 1
    assert reconcile(after.ctx) == []
    assert bench.balance == before + 5


def test_crash_after_the_receipt_is_found_done(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bench.balance
    with monkeypatch.context() as dying, pytest.raises(Crash):
        dying.setattr(SqlLedger, "confirm", die)
        act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    (step,) = reconcile(bench.again().ctx)
    assert step.done
    assert bench.balance == before + 5


def test_transaction_displaced_by_another_is_dropped_and_may_start_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bench.balance
    with monkeypatch.context() as dying, pytest.raises(Crash):
        dying.setattr(type(bench.ctx.chain), "broadcast", die)
        act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    bench.ground.chain.send(bench.mint(100), bench.ground.alice)
    (step,) = reconcile(bench.ctx)
    assert "displaced" in step.detail
    act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    assert bench.balance == before + 105


def test_interrupted_transaction_that_fails_when_sent_again_is_dropped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob spends an allowance while Alice's transfer of all she has is only signed."""
    alice, bob, chain = bench.ground.alice, bench.ground.bob, bench.ground.chain
    chain.send(bench.mint(7), alice)
    chain.send(Call("ReserveToken", "approve", (bob.address, 7)), alice)
    with monkeypatch.context() as dying, pytest.raises(Crash):
        dying.setattr(type(bench.ctx.chain), "broadcast", die)
        act(bench.ctx, Stage.SETTLE, "3", Call("ReserveToken", "transfer", (bob.address, bench.balance)), "")
    chain.send(Call("ReserveToken", "transferFrom", (alice.address, bob.address, 7)), bob)
    (step,) = reconcile(bench.ctx)
    assert isinstance(step.error, Reverted)
    assert step.error.error == "ERC20InsufficientBalance"
    assert bench.ctx.ledger.open_intents() == []


def test_refused_write_closes_its_intent_with_the_reason(bench: Bench) -> None:
    call = Call("ReserveToken", "transfer", (bench.ground.bob.address, 10**40))
    with pytest.raises(Reverted, match="ERC20InsufficientBalance"):
        act(bench.ctx, Stage.SETTLE, "3", call, "")
    assert bench.ctx.ledger.open_intents() == []
    intent = bench.ctx.ledger.intent(Stage.SETTLE, "3")
    assert intent is not None
    assert intent.state is IntentState.DROPPED
    assert "ERC20InsufficientBalance" in intent.detail


def test_unreachable_chain_leaves_the_intent_open(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bench.balance

    def gone(*_: Any) -> Any:
        raise Unreachable("the chain is gone")

    with monkeypatch.context() as outage, pytest.raises(Unreachable):
        outage.setattr(type(bench.ctx.chain), "wait", gone)
        act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    assert len(bench.ctx.ledger.open_intents()) == 1
    assert reconcile(bench.ctx)[0].done
    assert bench.balance == before + 5


def test_open_write_is_finished_instead_of_begun_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bench.balance
    with monkeypatch.context() as dying, pytest.raises(Crash):
        dying.setattr(type(bench.ctx.chain), "wait", die)
        act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    assert act(bench.again().ctx, Stage.SETTLE, "3", bench.mint(5), "").done
    assert bench.balance == before + 5


def test_write_that_a_reorganisation_undid_is_done_anew(bench: Bench) -> None:
    machine = bench.ground.node.time
    before, snapshot = bench.balance, machine.snapshot()
    act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    machine.revert(snapshot)
    machine.mine()
    assert bench.balance == before
    act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    assert bench.balance == before + 5


def test_silent_chain_is_not_taken_for_a_reorganisation(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    before = bench.balance

    def gone(*_: Any) -> Any:
        raise Unreachable("the chain is gone")

    with monkeypatch.context() as outage, pytest.raises(Unreachable):
        outage.setattr(type(bench.ctx.chain), "receipt", gone)
        act(bench.ctx, Stage.SETTLE, "3", bench.mint(5), "")
    intent = bench.ctx.ledger.intent(Stage.SETTLE, "3")
    assert intent is not None
    assert intent.state is IntentState.CONFIRMED
    assert bench.balance == before


def test_run_asks_each_job_until_none_has_more_to_do(bench: Bench) -> None:
    before, seen = bench.balance, list[Step]()

    def pay_up(ctx: Context, _: View) -> Step | None:
        missing = before + 30 - bench.balance
        return act(ctx, Stage.SETTLE, str(missing), bench.mint(10), "paid") if missing > 0 else None

    def waits(ctx: Context, _: View) -> Step | None:
        return Step(Stage.FIX_SEED, "3", "waits", done=False)

    ctx = replace(bench.ctx, report=seen.append)
    jobs = [(Stage.SETTLE, pay_up), (Stage.FIX_SEED, waits)]
    steps = run_due(ctx, jobs)
    assert [step.detail for step in steps] == ["paid", "waits", "paid", "paid"]
    assert seen == steps
    assert [step.done for step in run_due(ctx, jobs)] == [False]
    assert bench.balance == before + 30


def test_failing_job_is_told_once_and_does_not_stop_the_others(bench: Bench) -> None:
    before = bench.balance

    def fails(ctx: Context, _: View) -> Step | None:
        raise Refused("no bond", hint="approve it")

    def pays(ctx: Context, _: View) -> Step | None:
        return act(ctx, Stage.SETTLE, "3", bench.mint(1), "") if bench.balance == before else None

    steps = run_due(bench.ctx, [(Stage.POST, fails), (Stage.SETTLE, pays)])
    assert [(step.stage, step.done) for step in steps] == [(Stage.POST, False), (Stage.SETTLE, True)]
    assert steps[0].error is not None
    assert [d.reason for d in bench.ctx.ledger.decisions()] == ["no bond"]


def test_unreachable_chain_ends_the_run(bench: Bench) -> None:
    def gone(ctx: Context, _: View) -> Step | None:
        raise Unreachable("the chain is gone")

    with pytest.raises(Unreachable):
        run_due(bench.ctx, [(Stage.POST, gone)])


def test_job_that_never_ends_is_stopped(bench: Bench) -> None:
    def endless(ctx: Context, _: View) -> Step | None:
        return Step(Stage.ROLL, "1", "again")

    assert len(run_due(bench.ctx, [(Stage.ROLL, endless)])) == 100

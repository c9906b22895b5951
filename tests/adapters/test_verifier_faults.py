"""Verifiers whose store, allowance, inbox or engine fails them, on a real chain: no window is missed for it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.chain import devnode
from oracle.chain.devnode import NodeKind
from oracle.domain.dispute import Ground
from oracle.domain.errors import Refused, Unreachable
from oracle.domain.proposal import ProposalState
from oracle.domain.records import Role, Stage
from oracle.jobs.disputes import cases
from oracle.jobs.disputes.challenge import challenge as challenge_job
from oracle.jobs.pipeline import jobs_of
from oracle.jobs.runner import run_due
from oracle.jobs.view import View
from oracle.ports.store import ContentStore, Stored
from oracle.storage.folder import FolderStore
from oracle.storage.inbox_folder import FolderInbox
from tests.support.organisation import Organisation, found
from tests.support.verifiers import CHALLENGER, PATIENCE, Watch, challenge, dishonest, members, post, rich, state, watch
from tests.support.way import restarted, to_samples

RESOLVER = "DisputeResolver"


@pytest.fixture(scope="module")
def auctioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with devnode.start(NodeKind.ANVIL) as node:
        made = found(node, tmp_path_factory.mktemp("faults"))
        to_samples(made)
        yield made


@pytest.fixture
def org(auctioned: Organisation, tmp_path: Path) -> Iterator[Organisation]:
    """The prompter has won; its data goes to a store of this test's own."""
    for made in restarted(auctioned, tmp_path):
        yield replace(made, ctx=replace(made.ctx, store=FolderStore(tmp_path / "store")))


class FullStore:
    """A store in front of another that takes nothing more."""

    def __init__(self, store: ContentStore) -> None:
        self._store = store

    def put(self, data: bytes) -> Stored:
        raise Unreachable("the disk is full")

    def get(self, digest: bytes) -> bytes:
        return self._store.get(digest)

    def has(self, digest: bytes) -> bool:
        return self._store.has(digest)


def test_budget__a_lost_stake_counts__until_somebody_raises_it(org: Organisation, tmp_path: Path) -> None:
    """Else a verifier whose engine is broken would lose one stake after the other."""
    number = post(org, mind=dishonest, store=tmp_path / "elsewhere")
    stake = rich(org, CHALLENGER, 3)
    challenger = watch(org, CHALLENGER, tmp_path, budget=3 * stake - 1)
    challenger.run()
    org.node.time.skip(PATIENCE)
    challenger.run()
    assert cases.staked(challenger.ctx) == stake
    run_due(replace(org.ctx, store=FolderStore(tmp_path / "elsewhere"), roles=frozenset({Role.POSTER})))
    assert cases.staked(challenger.ctx) == stake  # lost, for the data was published
    assert challenger.run() == [Stage.VERIFY]
    assert any("lost would pass the budget" in step.detail for step in challenger.steps())
    raised = watch(org, CHALLENGER, tmp_path, budget=3 * stake)
    assert raised.run() == [Stage.CHALLENGE, Stage.CHALLENGE]
    for member in members(org, tmp_path)[:2]:
        member.run()
    assert org.chain.read(RESOLVER, "ruledInvalid", number)
    assert cases.staked(challenger.ctx) == stake  # the second one came back


def test_allowance_used_elsewhere__is_given_again(org: Organisation, tmp_path: Path) -> None:
    """The ledger knows the approval as done; the stake must be made all the same while the window is open."""
    number = post(org, mind=dishonest)
    stake = rich(org, CHALLENGER)
    challenger = watch(org, CHALLENGER, tmp_path, budget=stake)
    verifying = [(stage, job) for stage, job in jobs_of(challenger.ctx.roles) if stage is not Stage.CHALLENGE]
    run_due(challenger.ctx, verifying)
    approved = challenge_job(challenger.ctx, View(challenger.ctx))
    assert approved is not None and approved.key == f"approve/{number}/1"
    org.send(CHALLENGER, "ReserveToken", "approve", org.chain.address(RESOLVER), 0)
    assert challenger.run() == [Stage.CHALLENGE, Stage.CHALLENGE]
    assert org.chain.read(RESOLVER, "caseOf", number).open


def test_store_that_takes_nothing__does_not_keep_a_fraud_alive(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest)
    stake = rich(org, CHALLENGER)
    challenger = watch(org, CHALLENGER, tmp_path, budget=stake)
    full = Watch(replace(challenger.ctx, store=FullStore(challenger.ctx.store)))
    assert full.run() == [Stage.VERIFY, Stage.CHALLENGE, Stage.CHALLENGE]
    assert org.chain.read(RESOLVER, "caseOf", number).open
    assert "evidence not stored" in {each.verdict for each in full.ctx.ledger.decisions(str(number))}


def test_voted_down_while_disputed__is_judged_all_the_same(org: Organisation, tmp_path: Path) -> None:
    """The bond of a fraud must not be saved by nobody voting for it."""
    number = post(org, mind=dishonest)
    ends = int(org.chain.read("Governance", "proposalDeadline", number))
    org.node.time.skip_to(ends - 10)
    challenge(org, CHALLENGER, number)
    org.node.time.skip_to(ends + 1)
    assert state(org, number) is ProposalState.DEFEATED
    alice, bob, _ = members(org, tmp_path)
    assert alice.run() == [Stage.VERIFY, Stage.SIGN]
    assert bob.run() == [Stage.VERIFY, Stage.SIGN, Stage.RELAY]
    assert org.chain.read(RESOLVER, "bondOf", number).amount == 0


def test_inbox_that_was_away__gets_the_verdict_later_and_one_that_forgets_is_no_news(
    org: Organisation, tmp_path: Path
) -> None:
    number = post(org, mind=dishonest)
    challenge(org, CHALLENGER, number)
    alice = watch(org, "alice", tmp_path)
    assert alice.ctx.verifier is not None
    away = FolderInbox(tmp_path / "away")
    both = replace(alice.ctx.verifier, inboxes=(*alice.ctx.verifier.inboxes, away))
    (tmp_path / "away").write_text("")
    alice = Watch(replace(alice.ctx, verifier=both))
    assert alice.run() == [Stage.VERIFY, Stage.SIGN]
    (tmp_path / "away").unlink()
    (tmp_path / "away").mkdir()
    for _ in range(2):
        assert alice.run() == []
        assert len(away.messages(number, 1)) == 1
        shutil.rmtree(tmp_path / "away" / str(number))


def test_poster_that_lost_its_data__says_so_and_does_the_rest(org: Organisation, tmp_path: Path) -> None:
    number = post(org, store=tmp_path / "elsewhere")
    challenge(org, CHALLENGER, number, Ground.DATA_UNAVAILABLE)
    steps = org.run()  # in the roles of poster and keeper
    assert [(step.stage, type(step.error)) for step in steps if step.error] == [(Stage.PUBLISH, Refused)]
    org.node.time.skip(org.parameter(RESOLVER, "publishWindow"))
    steps = run_due(replace(org.ctx, store=FolderStore(tmp_path / "elsewhere")))
    assert not [step for step in steps if step.error]  # too late to publish, which the chain need not be asked
    assert Stage.TIME_OUT in {step.stage for step in steps if step.done}

"""The veto window on a real chain: frauds are caught, withheld data is answered, honest proposals survive."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.chain import devnode
from oracle.chain.devnode import NodeKind
from oracle.domain.dispute import Ground, Ruling
from oracle.domain.errors import Refused, Reverted
from oracle.domain.proposal import ProposalState
from oracle.domain.records import Role, Stage
from oracle.jobs.runner import run_due
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger
from oracle.storage.folder import FolderStore
from oracle.storage.inbox_folder import FolderInbox
from tests.support.dying import Crash, Dying
from tests.support.fake_model import FakeModel
from tests.support.organisation import FOR, Organisation, found
from tests.support.verifiers import (
    CHALLENGER,
    PATIENCE,
    Watch,
    challenge,
    dishonest,
    members,
    money,
    post,
    rich,
    state,
    watch,
)
from tests.support.way import restarted, to_samples

RESOLVER = "DisputeResolver"


@pytest.fixture(scope="module", params=list(NodeKind))
def auctioned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with devnode.start(request.param) as node:
        made = found(node, tmp_path_factory.mktemp("disputed"))
        to_samples(made)
        yield made


@pytest.fixture
def org(auctioned: Organisation, tmp_path: Path) -> Iterator[Organisation]:
    """The prompter has won, and the block of the seed is there; its data goes to a store of this test's own."""
    for made in restarted(auctioned, tmp_path):
        yield replace(made, ctx=replace(made.ctx, store=FolderStore(tmp_path / "store")))


def vote_through(org: Organisation, number: int) -> None:
    """Everybody votes for it, and voting is over."""
    org.node.time.skip(1)
    for who in ("alice", "bob", "carol"):
        org.send(who, "Governance", "castVote", number, FOR)
    org.node.time.skip_to(int(org.chain.read("Governance", "proposalDeadline", number)) + 1)
    org.run()


def test_fraud__is_caught_loses_its_bond_and_never_executes(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest)
    stake = rich(org, CHALLENGER)
    bond = org.parameter("PromptUpdate", "proposalBond")
    challenger = watch(org, CHALLENGER, tmp_path, budget=stake)
    assert challenger.run() == [Stage.VERIFY, Stage.CHALLENGE, Stage.CHALLENGE]  # the second after the approval
    assert money(org, CHALLENGER) == 0
    case = org.chain.read(RESOLVER, "caseOf", number)
    assert (case.ground, case.challenger) == (Ground.SAMPLES, org.address(CHALLENGER))

    alice, bob, carol = members(org, tmp_path)
    assert alice.run() == [Stage.VERIFY, Stage.SIGN]
    assert bob.run() == [Stage.VERIFY, Stage.SIGN, Stage.RELAY]
    assert carol.run() == []  # it is over
    assert state(org, number) is ProposalState.CANCELED
    assert challenger.run() == [Stage.WITHDRAW]
    assert money(org, CHALLENGER) == stake + bond // 2
    with pytest.raises(Reverted, match="GovernorUnexpectedProposalState"):
        vote_through(org, number)

    ruled = org.chain.events(RESOLVER, "Ruled", first=org.first_block, where={"id": number})[0].args
    evidences = {watched.ctx.ledger.check(number) for watched in (alice, bob, challenger)}
    assert len({found.evidence for found in evidences if found}) == 1
    assert ruled["ruling"] == Ruling.INVALID


def test_honest_proposal_wrongly_challenged__survives_and_executes_later(org: Organisation, tmp_path: Path) -> None:
    number = post(org)
    watching = watch(org, CHALLENGER, tmp_path, budget=10**12)
    assert watching.run() == [Stage.VERIFY]  # nothing to challenge
    vote_through(org, number)
    challenge(org, "setter", number)
    lost = money(org, "setter")
    alice, bob, _ = members(org, tmp_path)
    assert alice.run() == [Stage.VERIFY, Stage.SIGN]
    assert bob.run() == [Stage.VERIFY, Stage.SIGN, Stage.RELAY]
    case = org.chain.read(RESOLVER, "caseOf", number)
    assert (case.ruling, case.open) == (Ruling.VALID, False)
    free = int(org.chain.read(RESOLVER, "executionBlockedUntil", number))
    assert free - org.chain.head().timestamp > org.parameter(RESOLVER, "postRulingDelay") - 60
    org.node.time.skip_to(max(free, int(org.chain.read("Governance", "proposalEta", number))))
    done = [step.stage for step in org.run() if step.done]
    assert done == [Stage.EXECUTE, Stage.RELEASE, Stage.WITHDRAW]  # its bond, and half the stake
    assert state(org, number) is ProposalState.EXECUTED
    assert money(org, "setter") == lost
    assert org.chain.read(RESOLVER, "creditOf", org.address("setter")) == 0


def test_withheld_data__is_challenged_after_patience_and_invalid_by_time(org: Organisation, tmp_path: Path) -> None:
    number = post(org, store=tmp_path / "elsewhere")
    stake = rich(org, CHALLENGER)
    challenger = watch(org, CHALLENGER, tmp_path, budget=stake)
    assert challenger.run() == [Stage.VERIFY]
    assert challenger.run() == []  # it may yet come
    org.node.time.skip(PATIENCE)
    assert challenger.run() == [Stage.CHALLENGE, Stage.CHALLENGE]
    assert org.chain.read(RESOLVER, "caseOf", number).ground == Ground.DATA_UNAVAILABLE
    assert members(org, tmp_path)[0].run() == [Stage.VERIFY]  # no judge is needed
    org.node.time.skip(org.parameter(RESOLVER, "publishWindow"))
    assert challenger.run() == [Stage.TIME_OUT, Stage.WITHDRAW]
    assert org.chain.read(RESOLVER, "ruledInvalid", number) and state(org, number).final
    assert money(org, CHALLENGER) > stake


def test_withheld_data__its_poster_publishes_by_itself_and_keeps_the_bond(org: Organisation, tmp_path: Path) -> None:
    number = post(org, store=tmp_path / "elsewhere")
    stake = rich(org, CHALLENGER)
    challenger = watch(org, CHALLENGER, tmp_path, budget=stake)
    challenger.run()
    org.node.time.skip(PATIENCE)
    challenger.run()
    poster = replace(org.ctx, store=FolderStore(tmp_path / "elsewhere"), roles=frozenset({Role.POSTER}))
    done = [step.stage for step in run_due(poster) if step.done]
    assert done == [Stage.PUBLISH, Stage.WITHDRAW]
    assert org.chain.read(RESOLVER, "caseOf", number).ruling == Ruling.VALID
    # Now the data is on chain: everybody checks it there, and finds nothing wrong.
    assert challenger.run() == [Stage.VERIFY]
    known = challenger.ctx.ledger.check(number)
    assert known is not None and known.valid
    assert state(org, number) is not ProposalState.CANCELED


def test_published_fraud__is_challenged_again_on_what_is_wrong(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest, store=tmp_path / "elsewhere")
    stake = rich(org, CHALLENGER, 3)
    challenger = watch(org, CHALLENGER, tmp_path, budget=3 * stake)
    challenger.run()
    org.node.time.skip(PATIENCE)
    challenger.run()
    run_due(replace(org.ctx, store=FolderStore(tmp_path / "elsewhere"), roles=frozenset({Role.POSTER})))
    assert challenger.run() == [Stage.VERIFY, Stage.CHALLENGE, Stage.CHALLENGE]
    case = org.chain.read(RESOLVER, "caseOf", number)
    assert (case.ground, case.round, case.stake) == (Ground.SAMPLES, 2, 2 * stake)


def test_budget__is_never_passed(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest)
    stake = rich(org, CHALLENGER)
    poor = watch(org, CHALLENGER, tmp_path, budget=stake - 1)
    steps = poor.steps()
    assert [step.stage for step in steps if step.done] == [Stage.VERIFY]
    assert any("budget" in step.detail for step in steps)
    assert money(org, CHALLENGER) == stake and not org.chain.read(RESOLVER, "caseOf", number).open
    only_watching = watch(org, CHALLENGER, tmp_path, name="watching")
    assert only_watching.run() == [Stage.VERIFY]


def test_overruled__does_not_throw_good_money_after_bad(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest)
    stake = rich(org, CHALLENGER, 9)
    challenger = watch(org, CHALLENGER, tmp_path, budget=9 * stake)
    challenger.run()
    for blind in (watch(org, who, tmp_path, engine=FakeModel(dishonest)) for who in ("alice", "bob")):
        blind.run()
    assert org.chain.read(RESOLVER, "caseOf", number).ruling == Ruling.VALID
    assert challenger.run() == []
    assert "overruled" in {decision.verdict for decision in challenger.ctx.ledger.decisions(str(number))}


def test_keeper_that_checks__does_not_execute_what_failed(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest)
    vote_through(org, number)
    careful = watch(org, "alice", tmp_path)
    both = Watch(replace(careful.ctx, roles=frozenset({Role.VERIFIER, Role.KEEPER})))
    assert both.run() == [Stage.VERIFY]
    org.node.time.skip_to(int(org.chain.read("Governance", "proposalEta", number)))
    told = [step.detail for step in both.steps() if step.stage is Stage.EXECUTE]
    assert told and "is left to others" in told[0]
    assert state(org, number) is ProposalState.QUEUED
    assert Stage.EXECUTE in [step.stage for step in org.run() if step.done]  # a keeper that does not look


def test_members_who_disagree__rule_nothing(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest)
    challenge(org, CHALLENGER, number)
    alice = watch(org, "alice", tmp_path)
    bob = watch(org, "bob", tmp_path, engine=FakeModel(dishonest))
    assert alice.run() == [Stage.VERIFY, Stage.SIGN]
    assert bob.run() == [Stage.VERIFY, Stage.SIGN]
    assert org.chain.read(RESOLVER, "caseOf", number).open
    assert watch(org, "carol", tmp_path).run() == [Stage.VERIFY, Stage.SIGN, Stage.RELAY]  # two of three agree now


def test_dead_committee__time_decides_and_both_sides_are_refunded(org: Organisation, tmp_path: Path) -> None:
    number = post(org)
    challenge(org, CHALLENGER, number)
    before = money(org, CHALLENGER)
    org.node.time.skip(org.parameter(RESOLVER, "rulingTimeout"))
    late = watch(org, "alice", tmp_path)
    assert late.run() == [Stage.TIME_OUT]  # too late to sign, and the vote has lapsed
    assert org.chain.read(RESOLVER, "ruledInvalid", number) and state(org, number).final  # fast track: nobody judged
    stake = org.parameter(RESOLVER, "baseStake")
    assert org.chain.read(RESOLVER, "creditOf", org.address(CHALLENGER)) == stake
    assert before == 0


def test_an_unknown_model__does_not_keep_others_from_being_checked(org: Organisation, tmp_path: Path) -> None:
    post(org)

    def missing(model: object, numeric_class: str) -> object:
        raise Refused("no such model here", hint="put it there")

    alone = watch(org, "alice", tmp_path)
    blind = Watch(replace(alone.ctx, verifier=replace(alone.ctx.verifier, open_model=missing)))
    steps = blind.steps()
    assert [step.stage for step in steps if step.error] == [Stage.VERIFY]


def test_silent_inbox__is_passed_over_while_another_answers(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest)
    challenge(org, CHALLENGER, number)
    alice, bob, _ = members(org, tmp_path)
    assert alice.ctx.verifier is not None and bob.ctx.verifier is not None
    alice.run()
    gone = FolderInbox(tmp_path / "file")
    (tmp_path / "file").write_text("")
    deaf = replace(bob.ctx, verifier=replace(bob.ctx.verifier, inboxes=(*bob.ctx.verifier.inboxes, gone)))
    assert Watch(deaf).run() == [Stage.VERIFY, Stage.SIGN, Stage.RELAY]


def test_no_inbox_at_all__is_said_and_ends_nothing_else(org: Organisation, tmp_path: Path) -> None:
    number = post(org, mind=dishonest)
    challenge(org, CHALLENGER, number)
    alone = watch(org, "alice", tmp_path)
    assert alone.ctx.verifier is not None
    (tmp_path / "file").write_text("")
    deaf = replace(alone.ctx, verifier=replace(alone.ctx.verifier, inboxes=(FolderInbox(tmp_path / "file"),)))
    steps = Watch(deaf).steps()
    assert [step.stage for step in steps if step.done] == [Stage.VERIFY]
    assert {step.stage for step in steps if step.error} == {Stage.SIGN, Stage.RELAY}
    assert all(isinstance(step.error, Refused) for step in steps if step.error)


def test_crash_at_every_boundary__stakes_once_and_misses_no_window(org: Organisation, tmp_path: Path) -> None:
    if org.node.kind is NodeKind.GANACHE:
        pytest.skip("one kind of chain is enough for where the oracle dies")
    number = post(org, mind=dishonest)
    stake = rich(org, "alice", 4)
    before = money(org, "alice")
    seen: set[str] = set()
    deaths = 0
    steady = watch(org, "alice", tmp_path, budget=4 * stake)
    assert steady.ctx.verifier is not None
    inbox = Dying(FolderInbox(tmp_path / "inbox"), ("put", "messages"), seen)
    while True:
        ledger = SqlLedger(Database(tmp_path / "alice.sqlite"), "test")
        ctx = replace(
            steady.ctx,
            chain=Dying(org.chain, ("sign", "broadcast", "wait"), seen),
            ledger=Dying(ledger, ("intend", "signed", "confirm", "save_check", "decide"), seen),
            store=Dying(org.ctx.store, ("put",), seen),
            verifier=replace(steady.ctx.verifier, inboxes=(inbox,)),
        )
        try:
            if not [step for step in run_due(ctx) if step.done]:
                break
        except Crash:
            deaths += 1
    assert deaths > 20
    assert watch(org, "bob", tmp_path).run() == [Stage.VERIFY, Stage.SIGN, Stage.RELAY]
    opened = org.chain.events(RESOLVER, "Challenged", first=org.first_block, where={"id": number})
    assert len(opened) == 1 and money(org, "alice") == before - stake
    assert state(org, number) is ProposalState.CANCELED

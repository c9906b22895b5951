"""The oracle's jobs walk a whole slot on a real chain, with the contracts of this tree and a fake model."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.chain import devnode
from oracle.chain.devnode import NodeKind
from oracle.domain.epoch import EpochStage
from oracle.domain.errors import Refused, Reverted, Unreachable
from oracle.domain.proposal import ProposalState
from oracle.domain.records import Stage
from oracle.mechanism import data_file, generation
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger
from tests.support import fake_model
from tests.support.organisation import CANDIDATE, TOKEN, Organisation, found
from tests.support.way import did, live_epoch, restarted, the_prompt, to_execution, to_queue, to_samples, to_settlement

NOBODY = "0x" + "0" * 40

ON_BOTH = pytest.mark.parametrize("founded", list(NodeKind), indirect=True)
"""For the test that walks the whole way; the others need one kind of chain only."""


@pytest.fixture(scope="module")
def founded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with devnode.start(getattr(request, "param", NodeKind.ANVIL)) as node:
        yield found(node, tmp_path_factory.mktemp("organisation"))


@pytest.fixture
def org(founded: Organisation, tmp_path: Path) -> Iterator[Organisation]:
    """The same start for every test: before any bid."""
    yield from restarted(founded, tmp_path)


@pytest.fixture(scope="module")
def auctioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with devnode.start(NodeKind.ANVIL) as node:
        made = found(node, tmp_path_factory.mktemp("auctioned"))
        to_samples(made)
        yield made


@pytest.fixture
def won(auctioned: Organisation, tmp_path: Path) -> Iterator[Organisation]:
    """The same later start: the prompter has won, and the block of the seed is there."""
    yield from restarted(auctioned, tmp_path)


def test_bids_of_the_ledger_are_opened_in_their_phase_and_not_before(org: Organisation) -> None:
    epoch, prompt = org.to_commit_phase(), the_prompt(org)
    org.bid("prompter", epoch, 3 * TOKEN, prompt)
    org.bid("rival", epoch, 2 * TOKEN, prompt)
    assert org.run() == []
    org.node.time.skip_to(org.windows(epoch).revealStart)
    assert did(org.run()) == [Stage.REVEAL, Stage.REVEAL]
    assert org.run() == []
    assert org.chain.read("PromptUpdate", "auction", epoch).winner == org.address("prompter")


def test_bid_that_cannot_be_opened_does_not_keep_the_others_sealed(org: Organisation) -> None:
    epoch, prompt = org.to_commit_phase(), the_prompt(org)
    org.bid("alice", epoch, 2 * TOKEN, prompt)  # without collateral
    org.bid("rival", epoch, 2 * TOKEN, prompt)
    org.node.time.skip_to(org.windows(epoch).revealStart)
    steps = org.run()
    assert did(steps) == [Stage.REVEAL]
    (failed,) = [step.error for step in steps if step.error]
    assert isinstance(failed, Reverted)
    assert failed.error == "InsufficientCollateral"
    assert org.address("alice") in failed.message


def test_auction_is_settled_at_the_second_price_and_the_seed_waited_for(org: Organisation) -> None:
    epoch = to_settlement(org)
    steps = org.run()
    assert did(steps) == [Stage.SETTLE]
    assert "waits for block" in steps[-1].detail
    assert org.chain.read("PromptUpdate", "auction", epoch).price == 2 * TOKEN
    assert [step.done for step in org.run()] == [False]


def test_won_slot_is_sampled_selected_bonded_and_posted_in_one_run(won: Organisation) -> None:
    epoch = live_epoch(won)
    steps = won.run()
    assert did(steps) == [Stage.FIX_SEED, Stage.SAMPLE, Stage.SELECT, Stage.POST, Stage.POST]
    assert won.model.runs == 1
    seed = won.chain.read("PromptUpdate", "auction", epoch).seed
    row = won.ctx.ledger.selection(epoch, seed)
    assert row is not None
    assert row.valid == 100
    posted = won.chain.events("PromptUpdate", "ProposalPosted", first=won.first_block)[-1]
    assert posted.args["generation"].dataDigest == row.data_digest
    file = data_file.loads(won.ctx.store.get(row.data_digest))
    again = generation.build(file.slot, file.prompt, file.sampler, file.samples, won.deployment)
    assert again.generation.as_abi() == tuple(posted.args["generation"])
    assert won.chain.read("DisputeResolver", "bondOf", posted.args["proposalId"]).amount == won.parameter(
        "PromptUpdate", "proposalBond"
    )


def test_running_again_changes_nothing_at_any_point_of_the_way(won: Organisation) -> None:
    won.run()
    block, runs = won.chain.head().number, won.model.runs
    assert won.run() == []
    assert (won.chain.head().number, won.model.runs) == (block, runs)


def test_proposal_is_queued_executed_and_pays_the_candidate(won: Organisation) -> None:
    proposal = to_queue(won)
    steps = won.run()
    assert did(steps) == [Stage.QUEUE]
    assert "veto window" in steps[-1].detail
    won.node.time.skip_to(int(won.chain.read("Governance", "proposalEta", proposal)))
    assert did(won.run())[0] is Stage.EXECUTE
    assert won.chain.read("Governance", "state", proposal) == ProposalState.EXECUTED
    assert won.chain.read("BToken", "balanceOf", CANDIDATE) == 5 * TOKEN


@ON_BOTH
def test_slot_without_a_successor_is_rolled_and_its_reward_settled(org: Organisation) -> None:
    to_samples(org)
    org.run()
    org.buy("alice", 50 * TOKEN)
    to_execution(org)
    org.node.time.skip_to(int(org.chain.read("PromptUpdate", "matureAt", 1)))
    before = org.tokens("prompter")
    assert Stage.SETTLE_REWARD in did(org.run())
    settled = org.chain.events("PromptUpdate", "RewardSettled", first=org.first_block)[-1].args["outcome"]
    assert settled.delta > 0
    assert org.tokens("prompter") - before == settled.prompterTokens > 0
    assert org.chain.read("PromptUpdate", "slot", 1).settled
    assert org.run() == []


@pytest.mark.parametrize(
    ("mind", "reason"),
    [(fake_model.torn, "do not agree"), (fake_model.idle, "nothing"), (fake_model.confused, "50 of 100")],
)
def test_samples_that_yield_no_proposal_are_reported_and_cost_the_price_only(
    won: Organisation, mind: fake_model.Mind, reason: str
) -> None:
    won.model.mind = mind
    epoch = live_epoch(won)
    steps = won.run()
    assert did(steps)[-1] is Stage.POST
    assert "abstained" in steps[-1].detail
    assert EpochStage(won.chain.read("PromptUpdate", "stage", epoch)) is EpochStage.ABSTAINED
    assert won.chain.read("PromptUpdate", "activeProposal") == 0
    (why,) = [d for d in won.ctx.ledger.decisions(str(epoch)) if d.stage is Stage.SELECT]
    assert reason in why.reason
    won.send("prompter", "PromptUpdate", "withdrawBid", epoch, won.address("prompter"))
    assert won.run() == []


def test_winner_who_did_not_submit_is_forfeited(org: Organisation) -> None:
    epoch = to_settlement(org)
    org.node.time.skip_to(org.windows(epoch).submitEnd)
    assert did(org.run()) == [Stage.FORFEIT]
    assert EpochStage(org.chain.read("PromptUpdate", "stage", epoch)) is EpochStage.FORFEITED
    assert org.run() == []


def test_oracle_of_somebody_else_keeps_the_way_but_does_not_post(won: Organisation) -> None:
    stranger = replace(won, ctx=replace(won.ctx, signer=won.people["carol"]))
    assert did(stranger.run()) == [Stage.FIX_SEED]
    assert won.model.runs == 0


def test_operator_posts_for_the_winner_who_approved_the_bond(won: Organisation) -> None:
    won.send("prompter", "PromptUpdate", "setOperator", won.address("carol"), True)
    operator = replace(won, ctx=replace(won.ctx, signer=won.people["carol"]))
    (failed,) = [step for step in operator.run() if step.error]
    assert isinstance(failed.error, Refused)
    assert "winner must approve the bond" in failed.error.hint
    bond = won.parameter("PromptUpdate", "proposalBond")
    won.send("prompter", "ReserveToken", "approve", won.chain.address("PromptUpdate"), bond)
    assert did(operator.run()) == [Stage.POST]


def test_winner_without_the_bond_is_told_and_posts_once_it_has_it(won: Organisation) -> None:
    held = int(won.chain.read("ReserveToken", "balanceOf", won.address("prompter")))
    won.send("prompter", "ReserveToken", "transfer", won.address("rival"), held)
    (failed,) = [step for step in won.run() if step.error]
    assert isinstance(failed.error, Reverted)
    assert failed.error.error == "ERC20InsufficientBalance"
    won.send("rival", "ReserveToken", "transfer", won.address("prompter"), held)
    assert did(won.run()) == [Stage.POST]


@pytest.mark.parametrize(("other", "hint"), [("F", "would lose every dispute"), ("N", "nobody can verify")])
def test_engine_of_another_numeric_class_draws_nothing(won: Organisation, other: str, hint: str) -> None:
    won.model.numeric_class = other
    (failed,) = [step for step in won.run() if step.error]
    assert isinstance(failed.error, Refused)
    assert f"binds answers of class E, fake draws {other}" in failed.error.message
    assert hint in failed.error.hint
    assert won.model.runs == 0


def test_prompt_that_names_an_unknown_sampler_is_refused(won: Organisation) -> None:
    stranger = replace(won, ctx=replace(won.ctx, samplers=()))
    (failed,) = [step for step in stranger.run() if step.error]
    assert failed.error is not None
    assert "names sampler" in failed.error.message


def test_prompt_that_was_lost_is_named_and_nothing_is_drawn(won: Organisation, tmp_path: Path) -> None:
    fresh = SqlLedger(Database(tmp_path / "fresh.sqlite"), "test")
    lost = replace(won, ctx=replace(won.ctx, ledger=fresh))
    (failed,) = [step for step in lost.run() if step.error]
    assert failed.error is not None
    assert "is not in the ledger" in failed.error.message
    assert won.model.runs == 0


def test_proposal_whose_event_the_endpoint_does_not_give_ends_the_run(
    won: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    won.run()
    monkeypatch.setattr(type(won.chain), "events", lambda *_, **__: [])
    with pytest.raises(Unreachable, match="does not give the event of proposal") as caught:
        won.run()
    assert "keeps logs" in caught.value.hint


def test_second_slot_costs_the_faded_reserve_price_and_closes_the_one_before(won: Organisation) -> None:
    to_execution(won)
    first = int(won.chain.read("PromptUpdate", "slot", 1).epoch)
    assert won.chain.read("PromptUpdate", "slot", 2).prompter == NOBODY
    epoch = won.to_commit_phase()
    reserve = int(won.chain.read("PromptUpdate", "reservePrice", epoch))
    assert reserve == 2 * TOKEN // (epoch - first) + 1
    won.bid("prompter", epoch, 3 * TOKEN, the_prompt(won))
    won.node.time.skip_to(won.windows(epoch).revealStart)
    won.run()
    won.node.time.skip_to(won.windows(epoch).start)
    won.run()
    won.node.time.mine(won.parameter("PromptUpdate", "seedDelay") + 1)
    assert did(won.run())[-1] is Stage.POST
    last = int(won.chain.read("PromptUpdate", "slotCount"))
    assert won.chain.read("PromptUpdate", "slot", last).price == reserve
    before, after = won.chain.read("PromptUpdate", "slot", last - 1), won.chain.read("PromptUpdate", "slot", last)
    assert before.closedAt == after.openedAt

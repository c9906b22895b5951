"""The way of a slot in strides, for tests that begin somewhere on it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from oracle.domain.prompt import Prompt
from oracle.domain.records import Stage
from oracle.jobs.context import Step
from oracle.prompts import state as prompt_state
from oracle.prompts.request import CandidateRequest, PromptRequest
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger
from tests.support.fake_model import FakeModel
from tests.support.organisation import CANDIDATE, FOR, TOKEN, Organisation

REQUEST = PromptRequest(
    objective="results",
    source="mint",
    budget=20,
    candidates=(CandidateRequest(title="Library", address=CANDIDATE, ask=5, done=9),),
)


def restarted(made: Organisation, folder: Path) -> Iterator[Organisation]:
    """The organisation with a fresh oracle beside it; afterwards the chain is put back."""
    snapshot = made.node.time.snapshot()
    model, seen = FakeModel(), list[Step]()
    ledger = SqlLedger(Database(folder / "ledger.sqlite"), "test")
    ledger.import_bids(made.ctx.ledger.export_bids())
    ctx = replace(made.ctx, ledger=ledger, open_model=lambda *_: model, report=seen.append)
    yield replace(made, ctx=ctx, model=model, seen=seen)
    made.node.time.revert(snapshot)


def the_prompt(org: Organisation) -> Prompt:
    return prompt_state.build(org.chain, org.deployment, REQUEST, first_block=org.first_block)


def to_settlement(org: Organisation) -> int:
    """Two sealed bids, opened by the oracle; time is at the start of the epoch."""
    epoch, prompt = org.to_commit_phase(), the_prompt(org)
    org.bid("prompter", epoch, 3 * TOKEN, prompt, deposit=5 * TOKEN)
    org.bid("rival", epoch, 2 * TOKEN, prompt)
    org.node.time.skip_to(org.windows(epoch).revealStart)
    org.run()
    org.node.time.skip_to(org.windows(epoch).start)
    return epoch


def to_samples(org: Organisation) -> int:
    """The auction is settled and the block of the seed is there."""
    epoch = to_settlement(org)
    org.run()
    org.node.time.mine(org.parameter("PromptUpdate", "seedDelay") + 1)
    return epoch


def live_epoch(org: Organisation) -> int:
    return int(org.chain.read("PromptUpdate", "liveEpoch"))


def to_queue(org: Organisation) -> int:
    """From a won auction: posted, everybody voted for, and voting is over; returns the proposal's id."""
    org.run()
    proposal = int(org.chain.read("PromptUpdate", "activeProposal"))
    org.node.time.skip(1)
    for who in ("alice", "bob", "carol"):
        org.send(who, "Governance", "castVote", proposal, FOR)
    org.node.time.skip_to(int(org.chain.read("Governance", "proposalDeadline", proposal)) + 1)
    return proposal


def to_execution(org: Organisation) -> int:
    """From a won auction: executed, and the slot rolled once the market had its window, for epochs passed meanwhile."""
    proposal = to_queue(org)
    org.run()
    org.node.time.skip_to(int(org.chain.read("Governance", "proposalEta", proposal)))
    assert did(org.run()) == [Stage.EXECUTE, Stage.RELEASE, Stage.WITHDRAW]
    org.node.time.skip(org.parameter("PromptUpdate", "capWindow"))
    assert did(org.run()) == [Stage.ROLL]
    return proposal


def did(steps: Sequence[Step]) -> list[Stage]:
    return [step.stage for step in steps if step.done]

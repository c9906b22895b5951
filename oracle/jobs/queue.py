"""Queues a proposal that the vote let through, which starts its veto window."""

from oracle.domain.proposal import ProposalState
from oracle.domain.records import Stage
from oracle.jobs.acting import act
from oracle.jobs.context import Context, Step
from oracle.jobs.proposals import GOVERNANCE, active
from oracle.ports.chain import Call


def queue(ctx: Context) -> Step | None:
    """Anyone may, once the proposal succeeded."""
    proposal = active(ctx)
    if proposal is None or proposal.state is not ProposalState.SUCCEEDED:
        return None
    call = Call(GOVERNANCE, "queue", proposal.calls)
    return act(ctx, Stage.QUEUE, proposal.key, call, f"proposal of epoch {proposal.epoch} waits out its veto window")

"""Queues a proposal that the vote let through, which starts its veto window."""

from oracle.domain.proposal import ProposalState
from oracle.domain.records import Stage
from oracle.jobs.acting import act
from oracle.jobs.context import Context, Step
from oracle.jobs.view import GOVERNANCE, View
from oracle.ports.chain import Call


def queue(ctx: Context, view: View) -> Step | None:
    """Anyone may, once the proposal succeeded."""
    proposal = view.proposal_at(ProposalState.SUCCEEDED)
    if proposal is None:
        return None
    call = Call(GOVERNANCE, "queue", proposal.calls)
    return act(ctx, Stage.QUEUE, proposal.key, call, f"proposal of epoch {proposal.epoch} waits out its veto window")

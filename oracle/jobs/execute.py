"""Executes a queued proposal once its veto window and every dispute are over."""

from oracle.domain.proposal import ProposalState
from oracle.domain.records import Stage
from oracle.jobs.acting import act, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.proposals import GOVERNANCE, active
from oracle.ports.chain import Call

_NOT_YET = frozenset({"TimelockUnexpectedOperationState", "ExecutionBlocked", "GovernorUnexpectedProposalState"})


def execute(ctx: Context) -> Step | None:
    """Anyone may; the governor itself says when, so that block time alone decides."""
    proposal = active(ctx)
    if proposal is None or proposal.state is not ProposalState.QUEUED:
        return None
    call = Call(GOVERNANCE, "execute", proposal.calls)
    if refusal(ctx, call, _NOT_YET) is not None:
        return Step(Stage.EXECUTE, proposal.key, "waits for the veto window and open disputes", done=False)
    return act(ctx, Stage.EXECUTE, proposal.key, call, f"executed the proposal of epoch {proposal.epoch}")

"""Executes a queued proposal once its veto window and every dispute are over."""

from oracle.domain.proposal import ProposalState
from oracle.domain.records import Stage
from oracle.jobs.acting import act, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.view import GOVERNANCE, View
from oracle.ports.chain import Call

_NOT_YET = frozenset({"TimelockUnexpectedOperationState", "ExecutionBlocked", "GovernorUnexpectedProposalState"})


def execute(ctx: Context, view: View) -> Step | None:
    """Anyone may; the governor itself says when, so that block time alone decides.

    What this oracle's own check found wrong it does not execute, whoever else may.
    """
    proposal = view.proposal_at(ProposalState.QUEUED)
    if proposal is None:
        return None
    known = ctx.ledger.check(proposal.id)
    if known is not None and not known.valid:
        return Step(Stage.EXECUTE, proposal.key, f"is left to others: {known.found}", done=False)
    call = Call(GOVERNANCE, "execute", proposal.calls)
    if refusal(ctx, call, _NOT_YET) is not None:
        return Step(Stage.EXECUTE, proposal.key, "waits for the veto window and open disputes", done=False)
    return act(ctx, Stage.EXECUTE, proposal.key, call, f"executed the proposal of epoch {proposal.epoch}")

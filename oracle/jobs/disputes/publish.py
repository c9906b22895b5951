"""Answers a challenge that data is unavailable: puts the data of this account's proposal on chain."""

from oracle.domain.dispute import Ground
from oracle.domain.errors import GengovError, Refused
from oracle.domain.records import Stage
from oracle.jobs.acting import act
from oracle.jobs.context import Context, Step
from oracle.jobs.disputes.cases import RESOLVER
from oracle.jobs.view import View
from oracle.ports.chain import Call


def publish(ctx: Context, view: View) -> Step | None:
    """For proposals whose bond is this account's, or whose winner it works for; anyone could.

    Refused, and no reason to end the run, if the data is in no store here.
    """
    missing: GengovError | None = None
    for proposal in view.bonded:
        case = proposal.open_case
        if case is None or case.ground is not Ground.DATA_UNAVAILABLE or not _own(ctx, proposal.proposer):
            continue
        if ctx.chain.head().timestamp >= case.deadline:
            continue
        try:
            data = ctx.store.get(proposal.data_digest)
        except GengovError as error:
            missing = error
            continue
        call = Call(RESOLVER, "publish", (proposal.id, data))
        return act(ctx, Stage.PUBLISH, proposal.round_key, call, f"published the data of epoch {proposal.epoch}")
    if missing is not None:
        raise Refused(f"data is challenged and cannot be published: {missing.message}", hint=missing.hint)
    return None


def _own(ctx: Context, proposer: str) -> bool:
    return proposer == ctx.account or bool(ctx.chain.read("PromptUpdate", "isOperator", proposer, ctx.account))

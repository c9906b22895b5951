"""Ends what only waits for somebody to say so: cases past their deadline, bonds of final proposals, money to take."""

from oracle.domain.errors import Unreachable
from oracle.domain.records import Stage
from oracle.jobs.acting import act, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.disputes.cases import RESOLVER, in_reserve
from oracle.jobs.view import View
from oracle.ports.chain import Call

_NOT_YET = frozenset({"CaseNotOverdue", "NoOpenCase"})


def time_out(ctx: Context, view: View) -> Step | None:
    """Anyone may, once nobody ruled (or published) in time."""
    for proposal in view.bonded:
        call = Call(RESOLVER, "timeout", (proposal.id,))
        if proposal.open_case and refusal(ctx, call, _NOT_YET) is None:
            detail = f"the case about the proposal of epoch {proposal.epoch} ended by time"
            return act(ctx, Stage.TIME_OUT, proposal.round_key, call, detail)
    return None


def release(ctx: Context, view: View) -> Step | None:
    """Credits this account's bond behind a proposal that is final."""
    for proposal in view.bonded:
        if proposal.proposer == ctx.account and proposal.state.final and not proposal.open_case:
            call = Call(RESOLVER, "releaseBond", (proposal.id,))
            return act(ctx, Stage.RELEASE, str(proposal.id), call, f"released the bond of epoch {proposal.epoch}")
    return None


def withdraw(ctx: Context, view: View) -> Step | None:
    """Takes out what disputes and released bonds credited to this account. Unreachable without the logs of credits."""
    amount = int(ctx.chain.read(RESOLVER, "creditOf", ctx.account))
    if not amount:
        return None
    where = {"account": ctx.account}
    credits = ctx.chain.events(RESOLVER, "Credited", first=ctx.first_block, where=where)
    if not credits:
        raise Unreachable("the chain does not give the event of a credit", hint="use an endpoint that keeps logs")
    last = credits[-1]
    key = f"{last.block_number}/{last.log_index}"  # each credit is taken once, however much it is
    return act(ctx, Stage.WITHDRAW, key, Call(RESOLVER, "withdraw"), f"withdrew {in_reserve(ctx, amount)}")

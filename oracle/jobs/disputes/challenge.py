"""Challenges a proposal that failed its check, with a stake out of a budget."""

from oracle.domain.dispute import Ground, Ruling
from oracle.domain.records import CheckRow, Stage
from oracle.jobs.acting import act, decide, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.disputes.cases import RESOLVER, Bonded, in_reserve
from oracle.jobs.view import View
from oracle.mechanism import dispute
from oracle.ports.chain import Call

RESERVE = "ReserveToken"
_NOT_NOW = frozenset({"NotChallengeable", "CaseOpen", "AlreadyPublished", "ArbitratorReplacement"})
GROUNDS = {ground.word: ground for ground in Ground}


def challenge(ctx: Context, view: View) -> Step | None:
    """One proposal at a time: lets the resolver take the stake if it may not yet, then stakes.

    A round is staked on once, whatever happens between: its key is (proposal, round).
    """
    if ctx.verifier is None or not ctx.verifier.challenge_budget:
        return None
    for proposal in view.bonded:
        found = ctx.ledger.check(proposal.id)
        if found is not None and _wants(ctx, proposal, found) and (step := _stake(ctx, view, proposal, found)):
            return step
    return None


def _wants(ctx: Context, proposal: Bonded, found: CheckRow) -> bool:
    """Whether there is something to win: an undisputed fault in somebody else's proposal."""
    if found.valid or proposal.state.final or proposal.open_case or proposal.proposer == ctx.account:
        return False
    case = proposal.case
    if case is not None and case.ruling is Ruling.VALID and case.ground is not Ground.DATA_UNAVAILABLE:
        decide(ctx, Stage.CHALLENGE, str(proposal.id), "overruled", f"the arbitrator does not see that {found.found}")
        return False
    return found.ground != Ground.DATA_UNAVAILABLE.word or _waited(ctx, proposal, found)


def _waited(ctx: Context, proposal: Bonded, found: CheckRow) -> bool:
    """Data may come late: patience, unless the window is about to close."""
    assert ctx.verifier is not None
    now, patience = ctx.chain.head().timestamp, ctx.verifier.data_patience
    eta = int(ctx.chain.read("Governance", "proposalEta", proposal.id))
    return now >= found.at + patience or bool(eta and now + 2 * patience >= eta)


def _stake(ctx: Context, view: View, proposal: Bonded, found: CheckRow) -> Step | None:
    """None if the chain would not take the challenge, or the budget does not allow it."""
    assert ctx.verifier is not None
    stake = dispute.next_stake(view.dispute_terms, proposal.rounds)
    if stake is None:
        return None
    key = f"{proposal.id}/{proposal.rounds + 1}"
    at_stake = sum(p.case.stake for p in view.bonded if p.case and p.case.open and p.case.challenger == ctx.account)
    if at_stake + stake > ctx.verifier.challenge_budget:
        most = in_reserve(ctx, ctx.verifier.challenge_budget)
        reason = f"{in_reserve(ctx, at_stake + stake)} at stake would pass the budget of {most}"
        decide(ctx, Stage.CHALLENGE, key, "over budget", reason)
        return Step(Stage.CHALLENGE, key, f"cannot challenge: {reason}", done=False)
    spender = ctx.chain.address(RESOLVER)
    if int(ctx.chain.read(RESERVE, "allowance", ctx.account, spender)) < stake:
        approve = Call(RESERVE, "approve", (spender, stake))
        return act(
            ctx,
            Stage.CHALLENGE,
            f"approve/{key}",
            approve,
            f"let the resolver take a stake of {in_reserve(ctx, stake)}",
        )
    uri = ctx.store.put(found.evidence).uri
    call = Call(RESOLVER, "challenge", (proposal.id, int(GROUNDS[found.ground]), uri))
    if refusal(ctx, call, _NOT_NOW) is not None:
        return None
    return act(ctx, Stage.CHALLENGE, key, call, f"challenged the proposal of epoch {proposal.epoch}: {found.ground}")

"""Challenges a proposal that failed its check, with a stake out of a budget."""

from oracle.domain.dispute import Ground, Ruling
from oracle.domain.errors import GengovError
from oracle.domain.records import CheckRow, IntentState, Stage
from oracle.jobs.acting import act, decide, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.disputes.cases import RESOLVER, Bonded, in_reserve, staked
from oracle.jobs.view import View
from oracle.mechanism import dispute
from oracle.ports.chain import Call

RESERVE = "ReserveToken"
_NOT_NOW = frozenset({"NotChallengeable", "CaseOpen", "AlreadyPublished", "ArbitratorReplacement", "NotBonded"})
GROUNDS = {ground.word: ground for ground in Ground}


def challenge(ctx: Context, view: View) -> Step | None:
    """One proposal at a time: lets the resolver take the stake if it may not yet, then stakes.

    A round is staked on once, whatever happens between: its key is (proposal, round).
    """
    if ctx.verifier is None or not ctx.verifier.challenge_budget:
        return None
    waiting: Step | None = None
    for proposal in view.bonded:
        found = ctx.ledger.check(proposal.id)
        if found is not None and _wants(ctx, proposal, found) and (step := _stake(ctx, view, proposal, found)):
            if step.done:
                return step
            waiting = waiting or step  # another stake may be small enough
    return waiting


def _wants(ctx: Context, proposal: Bonded, found: CheckRow) -> bool:
    """Whether there is something to win: an undisputed fault in somebody else's proposal."""
    if found.valid or proposal.state.final or proposal.open_case or proposal.proposer == ctx.account:
        return False
    case = proposal.case
    if case is not None and case.ruling is Ruling.VALID and case.ground is not Ground.DATA_UNAVAILABLE:
        decide(ctx, Stage.CHALLENGE, str(proposal.id), "overruled", f"it was ruled valid, although {found.found}")
        return False
    return _in_time(ctx, proposal) and (found.ground != Ground.DATA_UNAVAILABLE.word or _waited(ctx, proposal, found))


def _in_time(ctx: Context, proposal: Bonded) -> bool:
    """Whether the chain would take a challenge, so that nothing is approved for one that it would not."""
    read = ctx.chain.read
    if read("Governance", "replacesArbitratorOnly", proposal.id):
        return False
    eta = int(read("Governance", "proposalEta", proposal.id))
    blocked = int(read(RESOLVER, "executionBlockedUntil", proposal.id))
    return dispute.challengeable(proposal.state, eta, blocked, ctx.chain.head().timestamp)


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
    spent, budget = staked(ctx), ctx.verifier.challenge_budget
    if spent + stake > budget:
        reason = f"{in_reserve(ctx, spent + stake)} at stake or lost would pass the budget of {in_reserve(ctx, budget)}"
        decide(ctx, Stage.CHALLENGE, key, "over budget", reason)
        return Step(Stage.CHALLENGE, key, f"cannot challenge: {reason}", done=False)
    if int(ctx.chain.read(RESERVE, "allowance", ctx.account, ctx.chain.address(RESOLVER))) < stake:
        return _approve(ctx, f"approve/{key}", stake)
    uri = _keep_evidence(ctx, found)
    call = Call(RESOLVER, "challenge", (proposal.id, int(GROUNDS[found.ground]), uri))
    if refusal(ctx, call, _NOT_NOW) is not None:
        return None
    return act(ctx, Stage.CHALLENGE, key, call, f"challenged the proposal of epoch {proposal.epoch}: {found.ground}")


def _approve(ctx: Context, key: str, stake: int) -> Step:
    """Lets the resolver take the stake. It may be done again, unlike a stake: the allowance may have gone elsewhere."""
    intent = ctx.ledger.intent(Stage.CHALLENGE, key)
    if intent is not None and intent.state is IntentState.CONFIRMED:
        ctx.ledger.drop(Stage.CHALLENGE, key, "what it allowed is not enough any more")
    call = Call(RESERVE, "approve", (ctx.chain.address(RESOLVER), stake))
    return act(ctx, Stage.CHALLENGE, key, call, f"let the resolver take a stake of {in_reserve(ctx, stake)}")


def _keep_evidence(ctx: Context, found: CheckRow) -> str:
    """Where the evidence lies; empty if the store does not take it, for it can be made again and the window closes."""
    try:
        return ctx.store.put(found.evidence).uri
    except GengovError as error:
        decide(ctx, Stage.CHALLENGE, str(found.proposal_id), "evidence not stored", error.message)
        return ""

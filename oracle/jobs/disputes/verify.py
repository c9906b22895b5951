"""Checks every proposal that can still be executed, once; one whose data was missing again when it turns up."""

from oracle.domain.dispute import Ground
from oracle.domain.errors import GengovError, Refused, Unreachable
from oracle.domain.records import CheckRow, Stage
from oracle.jobs.acting import decide
from oracle.jobs.context import Context, Step
from oracle.jobs.disputes.cases import Bonded, to_judge
from oracle.jobs.view import View
from oracle.mechanism.verdict import evidence, sentence
from oracle.verification import OnChain, verify_proposal


def verify(ctx: Context, view: View) -> Step | None:
    """One proposal at a time. A proposal that cannot be checked here does not keep the others from being checked."""
    if ctx.verifier is None:
        return None
    failed: list[GengovError] = []
    for proposal in view.bonded:
        known = ctx.ledger.check(proposal.id)
        if known is not None and known.ground != Ground.DATA_UNAVAILABLE.word:
            continue
        # A proposal that was voted down is still judged: somebody's stake and the bond hang on it.
        if proposal.state.final and not to_judge(ctx, proposal):
            continue
        try:
            found = check(ctx, proposal)
        except GengovError as error:
            failed.append(error)
            continue
        if known is None or known.ground != found.ground:
            return _keep(ctx, found)
    if failed:
        # An endpoint without the state of a past block is no reason to end the run, as a silent one would be.
        raise Refused(failed[0].message, hint=failed[0].hint) if isinstance(failed[0], Unreachable) else failed[0]
    return None


def check(ctx: Context, proposal: Bonded) -> CheckRow:
    """Runs the whole check of one proposal with this oracle's own engine and store."""
    if ctx.verifier is None:
        raise Refused("this oracle runs no checks", hint="give it the role verifier")
    at = OnChain(ctx.chain, ctx.store, ctx.deployment, ctx.first_block)
    result = verify_proposal(at, proposal.id, ctx.verifier.open_model, progress=ctx.progress)
    return CheckRow(
        proposal_id=proposal.id,
        ground=result.failure.ground.word if result.failure else "",
        evidence=evidence(result),
        found=sentence(result.failure) if result.failure else "the proposal is what the committed model answered",
        engine=result.engine,
        at=ctx.chain.head().timestamp,
    )


def _keep(ctx: Context, found: CheckRow) -> Step:
    ctx.ledger.save_check(found)
    try:
        ctx.store.put(found.evidence)
    except GengovError as error:  # a whole check was paid for it, and anyone can make the evidence again
        decide(ctx, Stage.VERIFY, str(found.proposal_id), "evidence not stored", error.message)
    decide(ctx, Stage.VERIFY, str(found.proposal_id), found.ground or "valid", found.found)
    verdict = "valid" if found.valid else f"invalid: {found.found}"
    return Step(Stage.VERIFY, str(found.proposal_id), f"checked a proposal: {verdict}")

"""A member of the committee judges open cases by its own check; whoever has enough verdicts relays them."""

from collections import defaultdict
from collections.abc import Sequence

from eth_hash.auto import keccak

from oracle.chain import verdicts
from oracle.domain.dispute import Ground, Ruling, SignedVerdict, Verdict
from oracle.domain.errors import GengovError, Refused
from oracle.domain.records import Stage
from oracle.jobs.acting import act, decide, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.disputes.cases import COMMITTEE, RESOLVER, Bonded
from oracle.jobs.view import View
from oracle.ports.chain import Call, Chain
from oracle.ports.inbox import VerdictInbox

_NOT_NOW = frozenset({"VerdictExpired", "WrongRound", "NoOpenCase", "CaseOverdue", "NotAMember"})


def sign(ctx: Context, view: View) -> Step | None:
    """Signs one verdict and leaves it in the inbox. Signing again gives the same bytes, so a crash costs nothing.

    What a challenge says is wrong does not matter: the whole proposal was checked, and what was found anywhere decides.
    """
    if ctx.verifier is None or not ctx.verifier.inboxes or not view.is_member:
        return None
    for proposal in view.bonded:
        verdict = verdict_on(ctx, proposal)
        if verdict is None or ctx.account in _signers(ctx, proposal, verdict):
            continue
        signed = verdicts.sign(ctx.chain, ctx.signer, verdict)
        message = verdicts.dumps(ctx.chain, signed)
        _leave(ctx.verifier.inboxes, signed, message)
        word = verdict.ruling.word
        decide(ctx, Stage.SIGN, proposal.round_key, word, f"evidence 0x{verdict.evidence_hash.hex()}")
        return Step(Stage.SIGN, proposal.round_key, f"signed {word} on the proposal of epoch {proposal.epoch}")
    return None


def _leave(inboxes: Sequence[VerdictInbox], signed: SignedVerdict, message: bytes) -> None:
    """In every inbox that takes it; Refused if none does."""
    failed = []
    for inbox in inboxes:
        try:
            inbox.put(signed.verdict.proposal_id, signed.verdict.round, signed.signer, message)
        except GengovError as error:
            failed.append(error)
    if len(failed) == len(inboxes):
        raise Refused(f"no inbox takes the verdict: {failed[0].message}", hint=failed[0].hint)


def verdict_on(ctx: Context, proposal: Bonded) -> Verdict | None:
    """What this oracle has to say about an open case; None if there is nothing to judge, or the data is missing.

    All members must sign the same words, so the deadline is the case's own, not one of their choosing.
    """
    case, found = proposal.open_case, ctx.ledger.check(proposal.id)
    if case is None or case.ground is Ground.DATA_UNAVAILABLE:
        return None
    if found is None or found.ground == Ground.DATA_UNAVAILABLE.word:
        return None
    now = ctx.chain.head().timestamp
    # On the slow track a case outlives its stored deadline while voting goes on.
    deadline = case.deadline if now < case.deadline else int(ctx.chain.read(RESOLVER, "deadlineOf", proposal.id))
    if now >= deadline:
        return None
    ruling = Ruling.VALID if found.valid else Ruling.INVALID
    return Verdict(proposal.id, case.round, ruling, keccak(found.evidence), deadline)


def relay(ctx: Context, view: View) -> Step | None:
    """Anyone may. Verdicts count together only if they say the same."""
    if ctx.verifier is None or not ctx.verifier.inboxes:
        return None
    for proposal in view.bonded:
        case = proposal.open_case
        if case is None or case.ground is Ground.DATA_UNAVAILABLE:
            continue
        agreed = agreement(collected(ctx, proposal), view.threshold)
        if not agreed:
            continue
        verdict = agreed[0].verdict
        call = relaying(agreed)
        if refusal(ctx, call, _NOT_NOW) is None:
            detail = f"{len(agreed)} verifiers rule the proposal of epoch {proposal.epoch} {verdict.ruling.word}"
            return act(ctx, Stage.RELAY, proposal.round_key, call, detail)
    return None


def collected(ctx: Context, proposal: Bonded) -> list[SignedVerdict]:
    """Verdicts of members on the present round of a proposal, from all inboxes."""
    inboxes = ctx.verifier.inboxes if ctx.verifier else ()
    return collect(ctx.chain, inboxes, proposal.id, proposal.rounds)


def collect(chain: Chain, inboxes: Sequence[VerdictInbox], proposal_id: int, round_: int) -> list[SignedVerdict]:
    """Verdicts of members on one round, each once; what is malformed or forged is left out.

    An inbox that does not answer is passed over as long as another one does. Refused if none answers.
    """
    found: dict[tuple[str, Verdict], SignedVerdict] = {}
    silent: list[GengovError] = []
    for inbox in inboxes:
        try:
            messages = inbox.messages(proposal_id, round_)
        except GengovError as error:
            silent.append(error)
            continue
        for message in messages:
            try:
                signed = verdicts.accept(chain, message)
            except GengovError:
                continue
            if (signed.verdict.proposal_id, signed.verdict.round) == (proposal_id, round_):
                found[signed.signer, signed.verdict] = signed
    if silent and len(silent) == len(inboxes):
        raise Refused(f"no inbox answers: {silent[0].message}", hint=silent[0].hint)
    return list(found.values())


def agreement(found: Sequence[SignedVerdict], threshold: int) -> list[SignedVerdict]:
    """At least `threshold` verdicts that say the same, by different members in order of address; else none."""
    same: dict[Verdict, list[SignedVerdict]] = defaultdict(list)
    for signed in found:
        same[signed.verdict].append(signed)
    enough = [group for group in same.values() if len({each.signer for each in group}) >= threshold]
    return sorted(enough[0], key=lambda each: each.signer)[:threshold] if enough else []


def relaying(agreed: Sequence[SignedVerdict]) -> Call:
    """The call that hands agreeing verdicts to the committee's contract."""
    return Call(COMMITTEE, "relay", (agreed[0].verdict.as_abi(), [each.signature for each in agreed]))


def _signers(ctx: Context, proposal: Bonded, verdict: Verdict) -> set[str]:
    return {each.signer for each in collected(ctx, proposal) if each.verdict == verdict}

"""A member of the committee judges open cases by its own check; whoever has enough verdicts relays them."""

from collections import defaultdict
from collections.abc import Sequence

from eth_hash.auto import keccak

from oracle.chain import verdicts
from oracle.domain.dispute import Ground, Ruling, SignedVerdict, Verdict
from oracle.domain.errors import GengovError, Refused, Unreachable
from oracle.domain.records import Stage
from oracle.jobs.acting import act, decide, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.disputes.cases import COMMITTEE, Bonded, verdict_deadline
from oracle.jobs.view import View
from oracle.ports.chain import Call, Chain
from oracle.ports.inbox import VerdictInbox

_NOT_NOW = frozenset({"VerdictExpired", "WrongRound", "NoOpenCase", "CaseOverdue", "NotAMember"})


def sign(ctx: Context, view: View) -> Step | None:
    """Signs one verdict and leaves it in each inbox that lacks it. Signing again gives the same bytes: a crash is free.

    What a challenge says is wrong does not matter: the whole proposal was checked, and what was found anywhere decides.
    """
    if ctx.verifier is None or not ctx.verifier.inboxes or not view.is_member:
        return None
    for proposal in view.bonded:
        verdict = verdict_on(ctx, proposal)
        if verdict is None:
            continue
        signed = verdicts.sign(ctx.chain, ctx.signer, verdict)
        leave(ctx.chain, ctx.verifier.inboxes, signed)
        word, said = verdict.ruling.word, f"{verdict.ruling.word}, signed by {ctx.account}"
        if any(known.verdict == said for known in ctx.ledger.decisions(proposal.round_key)):
            continue  # an inbox that forgets does not make it news
        decide(ctx, Stage.SIGN, proposal.round_key, said, f"evidence 0x{verdict.evidence_hash.hex()}")
        return Step(Stage.SIGN, proposal.round_key, f"signed {word} on the proposal of epoch {proposal.epoch}")
    return None


def leave(chain: Chain, inboxes: Sequence[VerdictInbox], signed: SignedVerdict) -> list[VerdictInbox]:
    """Leaves a signed verdict in every inbox that takes it, unless it is there already; returns where it now lies.

    Refused if no inbox takes it.
    """
    number, round_, message = signed.verdict.proposal_id, signed.verdict.round, verdicts.dumps(chain, signed)
    failed, lies = list[GengovError](), list[VerdictInbox]()
    for inbox in inboxes:
        try:
            if not _has(chain, inbox, signed):
                inbox.put(number, round_, signed.signer, message)
            lies.append(inbox)
        except GengovError as error:
            failed.append(error)
    if failed and not lies:
        raise Refused(f"no inbox takes the verdict: {failed[0].message}", hint=failed[0].hint)
    return lies


def _has(chain: Chain, inbox: VerdictInbox, signed: SignedVerdict) -> bool:
    """Whether the very verdict is there, with an attestation if `signed` has one."""
    for held in _accepted(chain, inbox, signed.verdict.proposal_id, signed.verdict.round):
        if (held.signer, held.verdict) == (signed.signer, signed.verdict):
            return not signed.attestation or held.attestation == signed.attestation
    return False


def verdict_on(ctx: Context, proposal: Bonded) -> Verdict | None:
    """What this oracle has to say about an open case; None if there is nothing to judge, or the data is missing."""
    case, found = proposal.open_case, ctx.ledger.check(proposal.id)
    if case is None or case.ground is Ground.DATA_UNAVAILABLE:
        return None
    if found is None or found.ground == Ground.DATA_UNAVAILABLE.word:
        return None
    deadline = verdict_deadline(ctx.chain, proposal.id, case.deadline)
    if deadline is None:
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
        agreed = agreement(collected(ctx, proposal), view.threshold, ctx.chain.head().timestamp)
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
            for signed in _accepted(chain, inbox, proposal_id, round_):
                found[signed.signer, signed.verdict] = signed
        except GengovError as error:
            silent.append(error)
    if silent and len(silent) == len(inboxes):
        raise Refused(f"no inbox answers: {silent[0].message}", hint=silent[0].hint)
    return list(found.values())


def _accepted(chain: Chain, inbox: VerdictInbox, proposal_id: int, round_: int) -> list[SignedVerdict]:
    found = []
    for message in inbox.messages(proposal_id, round_):
        try:
            signed = verdicts.accept(chain, message)
        except Unreachable:
            raise
        except GengovError:
            continue
        if (signed.verdict.proposal_id, signed.verdict.round) == (proposal_id, round_):
            found.append(signed)
    return found


def agreement(found: Sequence[SignedVerdict], threshold: int, now: int) -> list[SignedVerdict]:
    """At least `threshold` verdicts that say the same, by different members in order of address; else none.

    Those whose deadline is over by `now` (seconds) do not count: another inbox may have their successors.
    """
    same: dict[Verdict, dict[str, SignedVerdict]] = defaultdict(dict)
    for signed in found:
        if now <= signed.verdict.deadline:
            same[signed.verdict][signed.signer] = signed
    enough = [group for group in same.values() if len(group) >= threshold]
    return [enough[0][signer] for signer in sorted(enough[0])][:threshold] if enough else []


def relaying(agreed: Sequence[SignedVerdict]) -> Call:
    """The call that hands agreeing verdicts to the committee's contract."""
    return Call(COMMITTEE, "relay", (agreed[0].verdict.as_abi(), [each.signature for each in agreed]))

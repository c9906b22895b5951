"""`gengov challenge verdict|settle|evidence`: judge a case as a member, bring it to its end, repeat what was judged."""

from pathlib import Path
from typing import Annotated, Any

import typer
from eth_hash.auto import keccak

from oracle import wiring
from oracle.chain import verdicts
from oracle.cli.accounts import proposal_id
from oracle.cli.cases import COMMITTEE, RESOLVER, standing
from oracle.cli.checking import check, repeated_by
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.cli.words import when
from oracle.domain.attestation import report_data
from oracle.domain.dispute import Ground, Ruling, SignedVerdict, Verdict
from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.enclave import quote
from oracle.enclave.policy import read_policy
from oracle.jobs.disputes.cases import verdict_deadline
from oracle.jobs.disputes.judge import agreement, collect, leave, relaying
from oracle.mechanism.verdict import evidence as evidence_of
from oracle.mechanism.verdict import sentence
from oracle.mechanism.verdict_message import MAX_MESSAGE
from oracle.ports.chain import Call

app = typer.Typer()
ATTESTED, UNATTESTED = "attested", "unattested"
Proposal = Annotated[str, typer.Argument(help="Proposal id, or latest.")]
Files = Annotated[list[Path] | None, typer.Option("--signed", help="File with a member's signed verdict; repeatable.")]


@command(app, "verdict", writes=True)
def verdict(
    session: Session,
    proposal: Proposal = "latest",
    target: Annotated[Path | None, typer.Option("--out", help="Write the signed verdict here.")] = None,
    attestation: Annotated[Path | None, typer.Option(help="Enclave quote over this verdict, to send along.")] = None,
) -> None:
    """As a member of the committee: check the proposal, sign what you found, leave it for the others."""
    org = session.organisation
    number = proposal_id(org, proposal)
    case = standing(org, number)
    if not case.open:
        raise Refused(f"no case about proposal {number} is open", hint="gengov challenge status")
    if case.ground is Ground.DATA_UNAVAILABLE:
        raise Refused("whether data is available needs no judge", hint="gengov challenge publish, or settle in time")
    if not org.chain.read(COMMITTEE, "isMember", session.account):
        raise Refused(f"{session.account} is no member of the committee", hint="sign with a member's account")
    found = check(session, number)
    if found.failure is not None and found.failure.ground is Ground.DATA_UNAVAILABLE:
        raise Unreachable(
            f"nothing can be judged: {sentence(found.failure)}", hint="fetch the data, or let time decide"
        )
    deadline = verdict_deadline(org.chain, number, case.stored_deadline)
    if deadline is None:
        raise Refused("it is too late for a verdict", hint="gengov challenge settle ends the case by time")
    evidence = evidence_of(found)
    ruling = Ruling.VALID if found.valid else Ruling.INVALID
    said = Verdict(number, case.round, ruling, keccak(evidence), deadline)
    vouched = _read(attestation, "attestation") if attestation else b""
    if attestation and (word := attested(session, SignedVerdict(said, session.account, b"", vouched))) != ATTESTED:
        raise Refused(
            f"{attestation} is of no use: {word}", hint="the quote must be of the digest, by an enclave_policy"
        )
    signed = verdicts.sign(org.chain, session.signer, said, vouched)
    left = _leave(session, signed, target)
    org.store.put(evidence)
    data = {
        "proposal_id": number,
        "round": said.round,
        "ruling": ruling.word,
        "evidence_hash": said.evidence_hash,
        "signer": signed.signer,
        "signature": signed.signature,
        "digest": verdicts.digest(org.chain, said),
        "attestation": ATTESTED if vouched else UNATTESTED,
        "left_at": left,
    }
    why = sentence(found.failure) if found.failure else "the proposal is what the committed model answered"

    def show() -> None:
        out.print(f"{ruling.word}: {why}", markup=False)
        out.print(f"  signed by {signed.signer}, left at {', '.join(left) or 'no inbox'}", markup=False)
        out.print(f"  anyone brings it to its end once enough members signed: gengov challenge settle {number}")

    session.emit(data, show)


@command(app, "settle", writes=True)
def settle(session: Session, proposal: Proposal = "latest", signed: Files = None) -> None:
    """Bring a case to its end: relay verdicts, time it out, or give a bond back. Anyone may; the chain decides."""
    org = session.organisation
    number = proposal_id(org, proposal)
    case = standing(org, number)
    now = org.chain.head().timestamp
    if not case.open:
        if not (case.bond and case.state.final):
            raise Refused(f"there is nothing to settle about proposal {number}", hint="gengov challenge status")
        call, why = Call(RESOLVER, "releaseBond", (number,)), "Give the bond of a final proposal back to its proposer"
        deadline = "it is credited, and taken out by: gengov challenge withdraw"
    elif now >= case.deadline:
        call, why = (
            Call(RESOLVER, "timeout", (number,)),
            f"End the case about proposal {number}: nobody decided in time",
        )
        deadline = "what becomes of bond and stake follows from the track and the votes"
    elif case.ground is Ground.DATA_UNAVAILABLE:
        raise Refused(
            f"the data of proposal {number} may be published until {when(case.deadline, now)}",
            hint="gengov challenge publish ends it before, if you have the data",
        )
    else:
        agreed = _agreed(session, number, case.round, signed or [])
        said = agreed[0].verdict
        call, why = relaying(agreed), f"Rule proposal {number} {said.ruling.word} by {len(agreed)} verdicts"
        deadline = f"counts until {when(case.deadline, now)}; evidence 0x{said.evidence_hash.hex()}"
    receipt = session.write(call, why=why, deadline=deadline)
    after = standing(org, number)
    session.emit(
        {
            "proposal_id": number,
            "by": call.function,
            "ruling": after.ruling.word,
            "open": after.open,
            "sent": receipt is not None,
        },
        lambda: out.print(f"{call.function}: ruled {after.ruling.word}" if receipt else "nothing was sent"),
    )


@command(app, "evidence")
def evidence(
    session: Session,
    proposal: Proposal = "latest",
    target: Annotated[Path | None, typer.Option("--out", help="Write the evidence (canonical JSON) here.")] = None,
) -> None:
    """Make the evidence again from chain and store alone; exit 1 if it is not what was ruled on."""
    org = session.organisation
    number = proposal_id(org, proposal)
    found = check(session, number)
    made = evidence_of(found)
    own = keccak(made)
    rulings = org.chain.events(RESOLVER, "Ruled", first=org.file.block, where={"id": number})
    last = rulings[-1].args if rulings else None
    same = None if last is None else last["evidenceHash"] == own
    if target is not None:
        _write(target, made)
    data: dict[str, Any] = {
        "proposal_id": number,
        "evidence": made.decode("ascii"),
        "evidence_hash": own,
        "ruling": Ruling(last["ruling"]).word if last else None,
        "ruled_on": last["evidenceHash"] if last else None,
        "same": same,
        "repeat": repeated_by(session, number),
    }

    def show() -> None:
        out.print(made.decode("ascii"), markup=False, soft_wrap=True)
        out.print(f"  keccak256 0x{own.hex()}")
        if last is None:
            out.print("  nobody ruled on it yet")
        else:
            word = Ruling(last["ruling"]).word
            out.print(
                f"  round {last['round']} was ruled {word} on " + ("this very evidence" if same else "another one")
            )
        out.print(f"  anyone repeats this with: {repeated_by(session, number)}", markup=False)

    session.emit(data, show)
    if same is False:
        raise typer.Exit(Refused.exit_code)


def signed_so_far(session: Session, number: int, round_: int) -> list[dict[str, Any]]:
    """The verdicts of one round that lie in the inboxes: who says what, and whether an enclave vouches for it."""
    inboxes = wiring.open_inboxes(session.settings)
    try:
        found = collect(session.organisation.chain, inboxes, number, round_)
    except Refused as error:  # the chain's part of the answer stands without them
        err.print(error.message, markup=False)
        found = []
    return [
        {"signer": each.signer, "ruling": each.verdict.ruling.word, "attestation": attested(session, each)}
        for each in sorted(found, key=lambda each: each.signer)
    ]


def attested(session: Session, signed: SignedVerdict) -> str:
    """Whether an enclave vouches for a verdict: `attested`, `unattested`, or why an attestation does not count."""
    if not signed.attestation:
        return UNATTESTED
    if session.settings.enclave_policy is None:
        return f"{UNATTESTED}: no enclave_policy is set here"
    policy, chain = read_policy(session.settings.enclave_policy), session.organisation.chain
    try:
        data = report_data(verdicts.digest(chain, signed.verdict))
        quote.check(signed.attestation, policy, data, chain.head().timestamp)
    except (BadInput, Refused) as error:
        return f"{UNATTESTED}: {error.message}"
    return ATTESTED


def _leave(session: Session, signed: SignedVerdict, target: Path | None) -> list[str]:
    """Writes the verdict to the file, and leaves it in every inbox that takes it; Refused if nothing does."""
    chain, inboxes = session.organisation.chain, wiring.open_inboxes(session.settings)
    message = verdicts.dumps(chain, signed)
    if len(message) > MAX_MESSAGE:
        raise BadInput(
            f"the signed verdict would have {len(message):,} bytes", hint=f"at most {MAX_MESSAGE:,}: send it unattested"
        )
    if target is not None:
        _write(target, message)
    elif not inboxes:
        raise Refused(
            "there is no inbox to leave the verdict in", hint="set inboxes in the settings, or give --out FILE"
        )
    written = [] if target is None else [str(target)]
    try:
        return [inbox.place for inbox in leave(chain, inboxes, signed)] + written
    except Refused as error:
        if target is None:
            raise
        err.print(error.message, markup=False)
        return written


def _agreed(session: Session, number: int, round_: int, files: list[Path]) -> list[SignedVerdict]:
    """Enough verdicts that say the same, from files and inboxes. Refused, saying who signed what, if there are not."""
    chain, now = session.organisation.chain, session.organisation.chain.head().timestamp
    needed = int(chain.read(COMMITTEE, "threshold"))
    found = []
    for path in files:
        one = verdicts.accept(chain, _read(path, "signed verdict"), name=str(path))
        if (one.verdict.proposal_id, one.verdict.round) != (number, round_):
            raise BadInput(f"{path} is about another case", hint=f"this one is round {round_} of proposal {number}")
        found.append(one)
    if agreed := agreement(found, needed, now):
        return agreed  # what is at hand is enough, whether or not an inbox answers
    found += collect(chain, wiring.open_inboxes(session.settings), number, round_)
    agreed = agreement(found, needed, now)
    if not agreed:
        said = [f"{each.signer} {each.verdict.ruling.word}" for each in found] or ["nobody signed yet"]
        raise Refused(
            f"{needed} members must sign the same verdict: {'; '.join(said)}",
            hint="members sign with: gengov challenge verdict; give their files with --signed",
        )
    return agreed


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_MESSAGE + 1)
    except OSError as error:
        raise BadInput(f"cannot read the {what} {path}: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error

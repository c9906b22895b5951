"""`gengov challenge`: dispute a proposal in its veto window, answer a challenge, judge it, take out what it left."""

from typing import Annotated

import typer

from oracle.cli import verdict
from oracle.cli.accounts import proposal_id
from oracle.cli.cases import RESOLVER, Standing, document, render, stakes, standing
from oracle.cli.checking import check
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.cli.words import res, when
from oracle.domain.dispute import Ground
from oracle.domain.errors import BadInput, GengovError, Refused
from oracle.domain.verdict import CheckResult
from oracle.mechanism.verdict import evidence as evidence_of
from oracle.mechanism.verdict import sentence
from oracle.ports.chain import Call

app = typer.Typer(name="challenge", no_args_is_help=True, help="Dispute a proposal in its veto window, and judge it.")
app.add_typer(verdict.app)

GROUNDS = {ground.word: ground for ground in Ground}
Proposal = Annotated[str, typer.Argument(help="Proposal id, or latest.")]


@command(app, "open", writes=True)
def open_(
    session: Session,
    proposal: Proposal = "latest",
    ground: Annotated[
        str, typer.Option(help=f"What is wrong, if not what the check finds: {', '.join(GROUNDS)}.")
    ] = "",
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="With --ground: stake though it verifies or cannot be checked."),
    ] = False,
) -> None:
    """Check a proposal and, if it fails, stake on that. Nothing executes while the case is open."""
    if ground and ground not in GROUNDS:
        raise BadInput(f"--ground: {ground!r} is no ground", hint=f"one of {', '.join(GROUNDS)}")
    org = session.organisation
    number = proposal_id(org, proposal)
    found = standing(org, number)
    stake = _possible(session, found)
    insists = anyway and bool(ground)
    checked = _checked(session, number, insists)
    failure = checked.failure if checked else None
    if failure is None and not insists:
        raise Refused(
            f"proposal {number} verifies: a challenge would lose {res(org, stake)}",
            hint="gengov proposal verify shows the check; --anyway with --ground insists",
        )
    said = GROUNDS[ground] if ground else failure.ground if failure else Ground.SAMPLES
    if failure is not None:
        err.print(f"the check found: {sentence(failure)}", markup=False)
    session.approve("ReserveToken", RESOLVER, stake, res(org, stake))
    uri = org.store.put(evidence_of(checked)).uri if checked and not session.dry_run else ""
    until = when(found.challengeable_until, org.chain.head().timestamp)
    receipt = session.write(
        Call(RESOLVER, "challenge", (number, int(said), uri)),
        why=f"Challenge proposal {number} on its {said.word} with {res(org, stake)}",
        deadline="; ".join([*stakes(org, found), f"it can be challenged until {until}"]),
    )
    data = {"proposal_id": number, "ground": said.word, "stake": stake, "evidence": uri, "sent": receipt is not None}
    after = f"the case is open: nothing executes until it is ruled on; gengov challenge status {number}"
    session.emit(data, lambda: out.print(after if receipt else "nothing was sent"))


@command(app, "status")
def status(session: Session, proposal: Proposal = "latest") -> None:
    """The bond behind a proposal, the case if there is one, and until when what can happen."""
    org = session.organisation
    number = proposal_id(org, proposal)
    found = standing(org, number)
    signed = verdict.signed_so_far(session, number, found.round) if found.open else []

    def show() -> None:
        render(org, found)
        for each in signed:
            out.print(f"  {'signed':<11}{each['ruling']} by {each['signer']}, {each['attestation']}", markup=False)

    session.emit(document(found) | {"verdicts": signed}, show)


@command(app, "publish", writes=True)
def publish(session: Session, proposal: Proposal = "latest") -> None:
    """Put the data of a proposal on chain, which ends a challenge that it is unavailable. Anyone may."""
    org = session.organisation
    number = proposal_id(org, proposal)
    found = standing(org, number)
    if org.chain.read(RESOLVER, "published", number):
        raise Refused(f"the data of proposal {number} is on chain already", hint="gengov challenge status")
    data = org.store.get(found.digest)
    challenged = found.open and found.ground is Ground.DATA_UNAVAILABLE
    now = org.chain.head().timestamp
    receipt = session.write(
        Call(RESOLVER, "publish", (number, data)),
        why=f"Publish the data of proposal {number}, {len(data):,} bytes",
        deadline=f"the case ends as valid if this is mined before {when(found.deadline, now)}"
        if challenged
        else "nobody challenged that it is available; afterwards nobody can",
    )
    session.emit(
        {"proposal_id": number, "bytes": len(data), "ended_case": challenged, "sent": receipt is not None},
        lambda: out.print("the data is on chain" if receipt else "nothing was sent"),
    )


@command(app, "withdraw", writes=True)
def withdraw(session: Session) -> None:
    """Take out what disputes and released bonds left you."""
    org = session.organisation
    credit = org.chain.read(RESOLVER, "creditOf", session.account)
    if credit == 0:
        raise Refused(f"nothing is credited to {session.account}", hint="gengov challenge status PROPOSAL")
    receipt = session.write(Call(RESOLVER, "withdraw"), why=f"Withdraw {res(org, credit)}")
    session.emit({"amount": credit, "sent": receipt is not None}, lambda: out.print(f"{res(org, credit)} are yours"))


def _checked(session: Session, number: int, insists: bool) -> CheckResult | None:
    """The check; None, and a word about it, if it cannot be made here and somebody insists all the same."""
    try:
        return check(session, number)
    except GengovError as error:
        if not insists:
            raise
        err.print(f"not checked: {error.message}", markup=False)
        return None


def _possible(session: Session, found: Standing) -> int:
    """The stake, before any time is spent on a check. Refused, with the reason, where no challenge can be opened."""
    org, number = session.organisation, found.number
    if found.open:
        raise Refused(f"a case about proposal {number} is open already", hint="gengov challenge status")
    if not found.bond:
        raise Refused(f"nothing stands behind proposal {number} any more", hint="its bond was lost or given back")
    if found.next_stake is None:
        raise Refused(f"proposal {number} was challenged three times", hint="only the vote can stop it now")
    if not found.challengeable:
        raise Refused(
            f"proposal {number} can not be challenged (any more): it is {found.state.name.capitalize()}",
            hint="a challenge counts while it is voted on and until it can be executed, but for a new arbitrator alone",
        )
    has: int = org.chain.read("ReserveToken", "balanceOf", session.account)
    if has < found.next_stake:
        raise Refused(
            f"the stake is {res(org, found.next_stake)}, the account has {res(org, has)}",
            hint="get more reserve tokens",
        )
    return found.next_stake

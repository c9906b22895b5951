"""`gengov challenge`: dispute a proposal with a stake, see how the case stands, take out what it left."""

from typing import Annotated, Any

import typer

from oracle.cli.accounts import proposal_id
from oracle.cli.command import command
from oracle.cli.output import out
from oracle.cli.session import Session
from oracle.cli.words import bps, res, when
from oracle.domain.dispute import Ground, Ruling
from oracle.domain.errors import BadInput, Refused
from oracle.ports.chain import Call

app = typer.Typer(name="challenge", no_args_is_help=True, help="Dispute a proposal in its veto window.")

GROUNDS = tuple(ground.word for ground in Ground)
Proposal = Annotated[str, typer.Argument(help="Proposal id, or latest.")]


@command(app, "open", writes=True)
def open_(
    session: Session,
    proposal: Proposal,
    ground: Annotated[str, typer.Option(help=f"What is wrong: {', '.join(GROUNDS)}.")],
    evidence: Annotated[str, typer.Option(help="Where the evidence lies (URI).")] = "",
) -> None:
    """Stake on a proposal being wrong. Nothing executes while the case is open."""
    if ground not in GROUNDS:
        raise BadInput(f"--ground: {ground!r} is no ground", hint=f"one of {', '.join(GROUNDS)}")
    org, chain = session.organisation, session.organisation.chain
    number = proposal_id(org, proposal)
    stake = chain.read("DisputeResolver", "nextStake", number)
    bond = chain.read("DisputeResolver", "bondOf", number).amount
    share = chain.read("DisputeResolver", "parameter", b"treasuryBps".ljust(32, b"\0"))
    has = chain.read("ReserveToken", "balanceOf", session.account)
    if has < stake:
        raise Refused(
            f"the stake is {res(org, stake)}, the account has {res(org, has)}", hint="get more reserve tokens"
        )
    session.approve("ReserveToken", "DisputeResolver", stake, res(org, stake))
    won = bond - bond * share // 10_000
    receipt = session.write(
        Call("DisputeResolver", "challenge", (number, GROUNDS.index(ground), evidence)),
        why=f"Challenge proposal {number} on its {ground} with {res(org, stake)}",
        deadline=f"ruled invalid, you get {res(org, stake + won)}; valid, you lose {res(org, stake)} "
        f"({bps(share)} to the treasury)",
    )
    session.emit(
        {"proposal_id": number, "ground": ground, "stake": stake, "sent": receipt is not None},
        lambda: out.print(f"the case is open: nothing executes until it is ruled on; gengov challenge status {number}"),
    )


@command(app, "status")
def status(session: Session, proposal: Proposal = "latest") -> None:
    """The bond behind a proposal, the case if there is one, and until when what can happen."""
    org, read = session.organisation, session.organisation.chain.read
    number = proposal_id(org, proposal)
    bond, case = read("DisputeResolver", "bondOf", number), read("DisputeResolver", "caseOf", number)
    held = bool(int(case.challenger, 16))
    data: dict[str, Any] = {
        "proposal_id": number,
        "bond": bond.amount,
        "proposer": bond.proposer,
        "next_stake": read("DisputeResolver", "nextStake", number),
        "blocked_until": read("DisputeResolver", "executionBlockedUntil", number),
        "ruled_invalid": read("DisputeResolver", "ruledInvalid", number),
        "case": {
            "challenger": case.challenger,
            "stake": case.stake,
            "ground": GROUNDS[case.ground],
            "round": case.round,
            "deadline": case.deadline,
            "ruling": Ruling(case.ruling).word,
            "open": case.open,
        }
        if held
        else None,
    }
    now = org.chain.head().timestamp

    def render() -> None:
        out.print(f"bond {res(org, bond.amount)} of {bond.proposer}; a challenge takes {res(org, data['next_stake'])}")
        if not held:
            out.print("nobody challenged it")
            return
        state = "open" if case.open else f"ruled {Ruling(case.ruling).word}"
        out.print(f"case {state}: {GROUNDS[case.ground]} by {case.challenger}, stake {res(org, case.stake)}")
        if case.open:
            out.print(f"to be ruled on by {when(case.deadline, now)}")

    session.emit(data, render)


@command(app, "withdraw", writes=True)
def withdraw(session: Session) -> None:
    """Take out what disputes and released bonds left you."""
    org = session.organisation
    credit = org.chain.read("DisputeResolver", "creditOf", session.account)
    if credit == 0:
        raise Refused(f"nothing is credited to {session.account}", hint="gengov challenge status PROPOSAL")
    receipt = session.write(Call("DisputeResolver", "withdraw"), why=f"Withdraw {res(org, credit)}")
    session.emit({"amount": credit, "sent": receipt is not None}, lambda: out.print(f"{res(org, credit)} are yours"))

"""`gengov vote`: cast a vote on a proposal, and delegate voting power."""

from typing import Annotated

import typer

from oracle.cli.accounts import address_or_role, proposal_id
from oracle.cli.command import command
from oracle.cli.output import out
from oracle.cli.session import Session
from oracle.cli.words import tok, when
from oracle.domain.errors import BadInput, Refused
from oracle.domain.proposal import ProposalState
from oracle.ports.chain import Call

app = typer.Typer(name="vote", no_args_is_help=True, help="Vote on proposals; delegate voting power.")

CHOICES = {"against": 0, "for": 1, "abstain": 2}


@command(app, "cast", writes=True)
def cast(
    session: Session,
    proposal: Annotated[str, typer.Argument(help="Proposal id, or latest.")],
    choice: Annotated[str, typer.Argument(help="for, against or abstain")],
    reason: Annotated[str, typer.Option(help="A sentence that goes on chain with the vote.")] = "",
) -> None:
    """Vote with the tokens that were delegated to you when the vote began and voteAge before."""
    if choice not in CHOICES:
        raise BadInput(f"{choice!r} is no choice", hint=f"write {', '.join(CHOICES)}")
    org, chain = session.organisation, session.organisation.chain
    number = proposal_id(org, proposal)
    state = ProposalState(chain.read("Governance", "state", number))
    if state is not ProposalState.ACTIVE:
        raise Refused(
            f"proposal {number} is {state.name.lower()}, votes count while it is active",
            hint="see its times: gengov proposal show",
        )
    if chain.read("Governance", "hasVoted", number, session.account):
        raise Refused(f"{session.account} has voted on proposal {number} already")
    snapshot = chain.read("Governance", "proposalSnapshot", number)
    power = chain.read("Governance", "getVotes", session.account, snapshot)
    if power == 0:
        raise Refused(
            f"{session.account} has no votes on proposal {number}: tokens count once delegated, and only as many as it "
            "had both at the snapshot and voteAge before",
            hint="for the next one: gengov vote delegate SELF",
        )
    now = chain.head().timestamp
    function, extra = ("castVoteWithReason", (reason,)) if reason else ("castVote", ())
    receipt = session.write(
        Call("Governance", function, (number, CHOICES[choice], *extra)),
        why=f"Vote {choice} with {tok(org, power)}",
        deadline=f"voting ends {when(chain.read('Governance', 'proposalDeadline', number), now)}",
    )
    session.emit(
        {"proposal_id": number, "choice": choice, "votes": power, "sent": receipt is not None},
        lambda: out.print(f"voted {choice} with {tok(org, power)}" if receipt else "not sent"),
    )


@command(app, "delegate", writes=True)
def delegate(
    session: Session,
    to: Annotated[str, typer.Argument(help="Address, devnet role, or self.")],
) -> None:
    """Let an account vote with your tokens. Only delegated tokens count, your own included."""
    org = session.organisation
    who = session.account if to.lower() == "self" else address_or_role(to)
    receipt = session.write(Call("BToken", "delegate", (who,)), why=f"Delegate your votes to {who}")
    votes = org.chain.read("BToken", "getVotes", who)
    session.emit(
        {"delegate": who, "votes": votes, "sent": receipt is not None},
        lambda: out.print(f"{who} now votes with {tok(org, votes)}"),
    )

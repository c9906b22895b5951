"""What the chain says of a proposal's bond and of the case about it, and the same for people."""

from dataclasses import dataclass
from typing import Any

from oracle.cli.output import out
from oracle.cli.words import bps, res, when
from oracle.domain.dispute import DisputeTerms, Ground, Ruling, Shares
from oracle.domain.proposal import ProposalState, Track
from oracle.mechanism import dispute
from oracle.wiring import Organisation

RESOLVER = "DisputeResolver"
COMMITTEE = "VerifierCommittee"


@dataclass(frozen=True)
class Standing:
    """A proposal in dispute, or that may come to be: everything that a challenger or a member decides by."""

    number: int
    state: ProposalState
    track: Track
    proposer: str
    bond: int
    digest: bytes
    challenger: str
    stake: int
    ground: Ground
    round: int
    ruling: Ruling
    open: bool
    deadline: int
    stored_deadline: int
    blocked_until: int
    challengeable: bool
    challengeable_until: int
    next_stake: int | None
    terms: DisputeTerms

    @property
    def if_invalid(self) -> Shares:
        """Who gets what if the open case, or else the next one, is ruled Invalid."""
        return dispute.settlement(Ruling.INVALID, self.bond, self._at_stake, self.terms.treasury_bps)

    @property
    def if_valid(self) -> Shares:
        """Who gets what if it is ruled Valid."""
        return dispute.settlement(Ruling.VALID, self.bond, self._at_stake, self.terms.treasury_bps)

    @property
    def _at_stake(self) -> int:
        return self.stake if self.open else self.next_stake or 0


def standing(org: Organisation, number: int) -> Standing:
    """Reads it all. Reverted if governance knows no such proposal."""
    read = org.chain.read
    bond, case = read(RESOLVER, "bondOf", number), read(RESOLVER, "caseOf", number)
    state = ProposalState(read("Governance", "state", number))
    eta, ends = read("Governance", "proposalEta", number), read("Governance", "proposalDeadline", number)
    blocked, now = read(RESOLVER, "executionBlockedUntil", number), org.chain.head().timestamp
    window = read("TimelockController", "getMinDelay")
    replaces_arbitrator = read("Governance", "replacesArbitratorOnly", number)
    can = not case.open and not replaces_arbitrator and dispute.challengeable(state, eta, blocked, now)
    terms = DisputeTerms(
        *(
            read(RESOLVER, "parameter", name.ljust(32, b"\0"))
            for name in (b"baseStake", b"publishWindow", b"rulingTimeout", b"postRulingDelay", b"treasuryBps")
        )
    )
    return Standing(
        number=number,
        state=state,
        track=Track(read("Governance", "trackOf", number)),
        proposer=bond.proposer,
        bond=bond.amount,
        digest=bond.dataDigest,
        challenger=case.challenger,
        stake=case.stake,
        ground=Ground(case.ground),
        round=case.round,
        ruling=Ruling(case.ruling),
        open=case.open,
        deadline=read(RESOLVER, "deadlineOf", number) if case.open else case.deadline,
        stored_deadline=case.deadline,
        blocked_until=0 if case.open else blocked,
        challengeable=can,
        # Before it is queued nobody knows its eta: it is the veto window after the end of voting, or later.
        challengeable_until=max(eta or max(ends, now) + window, blocked) if can else 0,
        next_stake=dispute.next_stake(terms, case.round),
        terms=terms,
    )


def document(found: Standing) -> dict[str, Any]:
    """As one JSON object; amounts in reserve base units, times in seconds."""
    case = {
        "challenger": found.challenger,
        "stake": found.stake,
        "ground": found.ground.word,
        "round": found.round,
        "deadline": found.deadline,
        "ruling": found.ruling.word,
        "open": found.open,
    }
    return {
        "proposal_id": found.number,
        "state": found.state.name.capitalize(),
        "track": found.track.name.lower(),
        "bond": found.bond,
        "proposer": found.proposer,
        "next_stake": found.next_stake,
        "challengeable_until": found.challengeable_until or None,
        "blocked_until": found.blocked_until or None,
        "ruled_invalid": found.ruling is Ruling.INVALID,
        "challenger_gets_if_invalid": found.if_invalid.challenger,
        "proposer_gets_if_valid": found.if_valid.proposer,
        "treasury_bps": found.terms.treasury_bps,
        "case": case if found.round else None,
    }


def render(org: Organisation, found: Standing) -> None:
    """For people: what is behind the proposal, how the case stands, until when what can happen."""
    now = org.chain.head().timestamp
    out.print(f"proposal {found.number}")
    out.print(f"  {'state':<11}[cyan]{found.state.name.capitalize()}[/], {found.track.name.lower()} track")
    out.print(f"  {'bond':<11}{res(org, found.bond)} of {found.proposer}" if found.bond else f"  {'bond':<11}none left")
    if not found.round:
        out.print(f"  {'case':<11}nobody challenged it")
    else:
        how = "[yellow]open[/]" if found.open else f"ruled {found.ruling.word}"
        out.print(f"  {'case':<11}round {found.round} {how}: {found.ground.word}, by {found.challenger}")
        out.print(f"  {'stake':<11}{res(org, found.stake)}")
    if found.open:
        what = "published" if found.ground is Ground.DATA_UNAVAILABLE else "ruled on"
        out.print(f"  {'until':<11}{when(found.deadline, now)} it can be {what}; nothing executes before")
        for line in stakes(org, found):
            out.print(f"  {'':<11}{line}")
    elif found.challengeable and found.next_stake is not None and found.bond:
        out.print(f"  {'challenge':<11}with {res(org, found.next_stake)}, until {when(found.challengeable_until, now)}")
        for line in stakes(org, found):
            out.print(f"  {'':<11}{line}")
    if found.blocked_until > now:
        out.print(f"  {'execution':<11}from {when(found.blocked_until, now)}, a day after the ruling")


def stakes(org: Organisation, found: Standing) -> list[str]:
    """What can be won and lost, in two sentences."""
    invalid, valid = found.if_invalid, found.if_valid
    share = bps(found.terms.treasury_bps)
    return [
        f"ruled invalid, the challenger gets {res(org, invalid.challenger)}, the treasury {res(org, invalid.treasury)}",
        f"ruled valid, the stake is lost: {res(org, valid.proposer)} to the proposer, {share} to the treasury",
    ]

"""Rules of a dispute: what a challenge costs, until when it can be opened and decided, and who gets the money.

Twin of `DisputeResolver.sol` (rules D2-D6). Amounts in reserve base units, times in seconds.
"""

from oracle.domain.dispute import DisputeTerms, Ground, Ruling, Shares, Votes
from oracle.domain.proposal import ProposalState, Track

BPS = 10_000
MAX_ROUNDS = 3


def next_stake(terms: DisputeTerms, rounds: int) -> int | None:
    """The stake of the next challenge after `rounds` earlier ones: it doubles; None once three rounds are over."""
    return None if rounds >= MAX_ROUNDS else terms.base_stake << rounds


def challengeable(state: ProposalState, eta: int, reopened_until: int, now: int) -> bool:
    """Whether time and state still allow a challenge; `eta` and `reopened_until` are 0 where there is none.

    At eta exactly (or at the end of the post-ruling delay) the proposal can be executed and no longer challenged.
    """
    if eta and now < max(eta, reopened_until):
        return True
    return state in (ProposalState.PENDING, ProposalState.ACTIVE, ProposalState.SUCCEEDED)


def deadline(terms: DisputeTerms, ground: Ground, opened_at: int, track: Track, voting_ends: int) -> int:
    """First second at which a case opened at `opened_at` can no longer be ruled on (or its data published).

    On the slow track the arbitrator has at least until the voters are through, who decide if it does not.
    """
    if ground is Ground.DATA_UNAVAILABLE:
        return opened_at + terms.publish_window
    ruled_by = opened_at + terms.ruling_timeout
    return ruled_by if track is Track.FAST else max(ruled_by, voting_ends + 1)


def settlement(ruling: Ruling, bond: int, stake: int, treasury_bps: int) -> Shares:
    """The loser's money: the treasury's share, rounded down, and the rest to the winner, who keeps its own.

    Raises ValueError for NONE, which settles nothing.
    """
    if ruling is Ruling.NONE:
        raise ValueError("a case without a ruling is not settled")
    lost = stake if ruling is Ruling.VALID else bond
    share = lost * treasury_bps // BPS
    if ruling is Ruling.VALID:
        return Shares(challenger=0, proposer=lost - share, treasury=share, bond_left=bond)
    return Shares(challenger=stake + lost - share, proposer=0, treasury=share, bond_left=0)


def refund(bond: int, stake: int) -> Shares:
    """Nobody judged: the proposal falls, and each side has its own back."""
    return Shares(challenger=stake, proposer=bond, treasury=0, bond_left=0)


def voted_valid(votes: Votes) -> bool:
    """For has at least 20 % of the electorate and two thirds of the votes cast."""
    cast = votes.in_favour + votes.against + votes.abstain
    return votes.in_favour * 5 >= votes.electorate and votes.in_favour * 3 >= cast * 2


def timeout(
    ground: Ground, track: Track, votes: Votes, bond: int, stake: int, treasury_bps: int
) -> tuple[Ruling, Shares]:
    """How a case ends that nobody decided in time.

    Data that stayed away is ruled Invalid like any other fault. Else the voters of the slow track stand in for the
    arbitrator; without their majority, and on the fast track, the proposal falls and nobody pays.
    """
    if ground is Ground.DATA_UNAVAILABLE:
        return Ruling.INVALID, settlement(Ruling.INVALID, bond, stake, treasury_bps)
    if track is Track.SLOW and voted_valid(votes):
        return Ruling.VALID, settlement(Ruling.VALID, bond, stake, treasury_bps)
    return Ruling.INVALID, refund(bond, stake)

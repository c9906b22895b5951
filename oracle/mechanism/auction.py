"""The slot auction: a sealed second-price auction above a reserve price that decays with the epochs without a slot.

Twin of `AuctionMath.sol`. Token base units; the seed's rule (b > b1 / n) is the reserve price, its max b_-i the second.
"""

from collections.abc import Iterable

from oracle.domain.errors import BadInput
from oracle.domain.slot import AuctionResult, Bid, Phase, Schedule

BPS = 10_000

UNREVEALED_PENALTY_BPS = 500
"""Share of the deposit that a bidder loses who does not open its bid."""


def reserve_price(min_bid: int, last_price: int, epochs_since: int) -> int:
    """max(minBid, floor(lastPrice / epochsSince) + 1); `epochs_since` is e - lastFilledEpoch, at least 1.

    Before any slot was filled `last_price` is 0. Raises BadInput if the epoch is not after the last filled one.
    """
    if epochs_since < 1:
        raise BadInput(f"{epochs_since} epochs since the last filled one", hint="The epoch must come after it.")
    return max(min_bid, last_price // epochs_since + 1)


def settle(bids: Iterable[Bid], reserve: int) -> AuctionResult | None:
    """The highest bid wins and pays max(second highest, reserve); of equal bids the one revealed first wins.

    `bids` come in the order of their reveal; those below the reserve do not count. None if no bid is left.
    """
    winner: Bid | None = None
    second = 0
    for bid in bids:
        if bid.amount < reserve:
            continue
        if winner is None or bid.amount > winner.amount:
            second = winner.amount if winner else 0
            winner = bid
        else:
            second = max(second, bid.amount)
    return AuctionResult(winner.bidder, winner.amount, max(second, reserve)) if winner else None


def unrevealed_penalty(deposit: int) -> int:
    """What an unopened bid loses: floor(5 % of the deposit)."""
    return deposit * UNREVEALED_PENALTY_BPS // BPS


def phase(schedule: Schedule, epoch: int, now: int) -> Phase:
    """Where an epoch stands: each phase begins at its first second and ends before the next one's."""
    if now < schedule.commit_opens(epoch):
        return Phase.EARLY
    if now < schedule.reveal_opens(epoch):
        return Phase.COMMIT
    if now < schedule.start(epoch):
        return Phase.REVEAL
    return Phase.SUBMIT if now < schedule.submit_closes(epoch) else Phase.OVER


def epoch_at(schedule: Schedule, now: int) -> int:
    """The epoch that runs at `now` (its auction is over). Raises BadInput before genesis."""
    if now < schedule.genesis:
        raise BadInput(f"{now} is before the first epoch, which starts at {schedule.genesis}")
    return (now - schedule.genesis) // schedule.epoch_length

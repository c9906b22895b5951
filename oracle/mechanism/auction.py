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


def rank(bid: Bid) -> tuple[int, int, int]:
    """Order of bids, the best first: by amount, then by time of commitment, then by the lower address."""
    return -bid.amount, bid.committed_at, int(bid.bidder, 16)


def settle(bids: Iterable[Bid], reserve: int) -> AuctionResult | None:
    """The best bid wins and pays max(second, reserve). Bids below the reserve do not count; None without one."""
    ranked = sorted((bid for bid in bids if bid.amount >= reserve), key=rank)
    if not ranked:
        return None
    second = ranked[1].amount if len(ranked) > 1 else 0
    return AuctionResult(ranked[0].bidder, ranked[0].amount, max(second, reserve))


def unrevealed_penalty(deposit: int) -> int:
    """What an unopened bid loses: floor(5 % of the deposit)."""
    return deposit * UNREVEALED_PENALTY_BPS // BPS


def required_collateral(supply: int, reward_cap_bps: int, min_collateral: int) -> int:
    """max(minCollateral, ceil(rewardCapBps of the supply when the commit phase began)): what each side puts up."""
    return max(min_collateral, -(-supply * reward_cap_bps // BPS))


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

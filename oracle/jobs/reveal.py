"""Opens the sealed bids of the ledger once their reveal phase is on."""

from oracle.domain.epoch import BidStatus, EpochStage
from oracle.domain.records import Stage
from oracle.domain.slot import Opening
from oracle.jobs.acting import act
from oracle.jobs.auctions import PROMPT_UPDATE, live
from oracle.jobs.context import Context, Step
from oracle.ports.chain import Call


def reveal(ctx: Context) -> Step | None:
    """Opens one bid of the live epoch; anyone may, so all bids kept here are opened by this account."""
    auction = live(ctx)
    if auction is None or auction.stage is not EpochStage.REVEAL:
        return None
    for bid in ctx.ledger.bids():
        if bid.epoch != auction.epoch:
            continue
        if ctx.chain.read(PROMPT_UPDATE, "bidOf", bid.epoch, bid.bidder).status == BidStatus.SEALED:
            opening = Opening(bid.amount, bid.model_id, bid.prompt_hash, bid.salt)
            call = Call(PROMPT_UPDATE, "revealBid", (bid.epoch, bid.bidder, opening.as_abi()))
            return act(ctx, Stage.REVEAL, f"{bid.epoch}/{bid.bidder}", call, f"opened the bid of {bid.bidder}")
    return None

"""Opens the sealed bids of the ledger once their reveal phase is on."""

from oracle.domain.epoch import BidStatus, EpochStage
from oracle.domain.errors import Reverted
from oracle.domain.records import SealedBid, Stage
from oracle.domain.slot import Opening
from oracle.jobs.acting import act
from oracle.jobs.context import Context, Step
from oracle.jobs.view import PROMPT_UPDATE, View
from oracle.ports.chain import Call


def reveal(ctx: Context, view: View) -> Step | None:
    """Opens one bid of the live epoch; anyone may, so all bids kept here are opened by this account.

    A bid that the chain refuses does not keep the others sealed: its error is raised once no other is left.
    """
    auction = view.auction_at(EpochStage.REVEAL)
    if auction is None:
        return None
    refused: list[Reverted] = []
    for bid in ctx.ledger.bids():
        if bid.epoch != auction.epoch or not _sealed(ctx, bid):
            continue
        opening = Opening(bid.amount, bid.model_id, bid.prompt_hash, bid.salt)
        call = Call(PROMPT_UPDATE, "revealBid", (bid.epoch, bid.bidder, opening.as_abi()))
        try:
            return act(ctx, Stage.REVEAL, f"{bid.epoch}/{bid.bidder}", call, f"opened the bid of {bid.bidder}")
        except Reverted as error:
            refused.append(error)
    if refused:
        raise refused[0]
    return None


def _sealed(ctx: Context, bid: SealedBid) -> bool:
    return bool(ctx.chain.read(PROMPT_UPDATE, "bidOf", bid.epoch, bid.bidder).status == BidStatus.SEALED)

"""Settles the auction at the second price once bidding is over."""

from oracle.domain.epoch import EpochStage
from oracle.domain.records import Stage
from oracle.jobs.acting import act
from oracle.jobs.auctions import PROMPT_UPDATE, live
from oracle.jobs.context import Context, Step
from oracle.ports.chain import Call


def settle(ctx: Context) -> Step | None:
    """Anyone may settle; the call also names the block whose hash will be the seed."""
    auction = live(ctx)
    if auction is None or auction.stage is not EpochStage.SETTLE:
        return None
    detail = f"{auction.winner} wins epoch {auction.epoch}"
    return act(ctx, Stage.SETTLE, str(auction.epoch), Call(PROMPT_UPDATE, "settleAuction", (auction.epoch,)), detail)

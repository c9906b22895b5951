"""Settles the auction at the second price once bidding is over."""

from oracle.domain.epoch import EpochStage
from oracle.domain.records import Stage
from oracle.jobs.acting import act
from oracle.jobs.context import Context, Step
from oracle.jobs.view import PROMPT_UPDATE, View
from oracle.ports.chain import Call


def settle(ctx: Context, view: View) -> Step | None:
    """Anyone may settle; the call also names the block whose hash will be the seed."""
    auction = view.auction_at(EpochStage.SETTLE)
    if auction is None:
        return None
    detail = f"{auction.winner} wins epoch {auction.epoch}"
    return act(ctx, Stage.SETTLE, auction.key, Call(PROMPT_UPDATE, "settleAuction", (auction.epoch,)), detail)

"""Fixes the seed of the samples once the block that settlement named is on the chain."""

from oracle.domain.epoch import EpochStage
from oracle.domain.records import Stage
from oracle.jobs.acting import act
from oracle.jobs.context import Context, Step
from oracle.jobs.view import PROMPT_UPDATE, View
from oracle.ports.chain import Call


def fix_seed(ctx: Context, view: View) -> Step | None:
    """Anyone may, within 256 blocks of that block; before it there is nothing to do but wait."""
    auction = view.auction_at(EpochStage.SEED)
    if auction is None:
        return None
    head = ctx.chain.head().number
    if head < auction.seed_block:
        missing = auction.seed_block - head
        return Step(Stage.FIX_SEED, auction.key, f"waits for block {auction.seed_block}, {missing} more", done=False)
    call = Call(PROMPT_UPDATE, "fixSeed", (auction.epoch,))
    return act(ctx, Stage.FIX_SEED, auction.key, call, f"the seed comes from block {auction.seed_block}")

"""Fixes the seed of the samples once the block that settlement named is on the chain."""

from oracle.domain.epoch import EpochStage
from oracle.domain.records import Stage
from oracle.jobs.acting import act
from oracle.jobs.auctions import PROMPT_UPDATE, live
from oracle.jobs.context import Context, Step
from oracle.ports.chain import Call


def fix_seed(ctx: Context) -> Step | None:
    """Anyone may, within 256 blocks of that block; before it there is nothing to do but wait."""
    auction = live(ctx)
    if auction is None or auction.stage is not EpochStage.SEED:
        return None
    key, head = str(auction.epoch), ctx.chain.head().number
    if head < auction.seed_block:
        missing = auction.seed_block - head
        return Step(Stage.FIX_SEED, key, f"waits for block {auction.seed_block}, {missing} more", done=False)
    call = Call(PROMPT_UPDATE, "fixSeed", (auction.epoch,))
    return act(ctx, Stage.FIX_SEED, key, call, f"the seed comes from block {auction.seed_block}")

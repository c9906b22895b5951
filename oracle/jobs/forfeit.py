"""Burns the bid of a winner who did not submit in time, which frees the way for the next auction."""

from oracle.domain.epoch import EpochStage
from oracle.domain.records import Stage
from oracle.jobs.acting import act, decide
from oracle.jobs.auctions import PROMPT_UPDATE, live
from oracle.jobs.context import Context, Step
from oracle.ports.chain import Call


def forfeit(ctx: Context) -> Step | None:
    """Anyone may, once the submit window is over or the seed is out of reach."""
    auction = live(ctx)
    if auction is None or auction.stage is not EpochStage.LAPSED:
        return None
    key = str(auction.epoch)
    if auction.winner == ctx.account:
        decide(ctx, Stage.FORFEIT, key, "lost", "this account won and did not submit in time")
    call = Call(PROMPT_UPDATE, "forfeit", (auction.epoch,))
    return act(ctx, Stage.FORFEIT, key, call, f"{auction.winner} did not submit: its bid is burned")

"""Burns the bid of a winner who did not submit in time, which frees the way for the next auction."""

from oracle.domain.epoch import EpochStage
from oracle.domain.records import Stage
from oracle.jobs.acting import act, decide
from oracle.jobs.context import Context, Step
from oracle.jobs.view import PROMPT_UPDATE, View
from oracle.ports.chain import Call


def forfeit(ctx: Context, view: View) -> Step | None:
    """Anyone may, once the submit window is over or the seed is out of reach."""
    auction = view.auction_at(EpochStage.LAPSED)
    if auction is None:
        return None
    if auction.winner == ctx.account:
        decide(ctx, Stage.FORFEIT, auction.key, "lost", "this account won and did not submit in time")
    call = Call(PROMPT_UPDATE, "forfeit", (auction.epoch,))
    return act(ctx, Stage.FORFEIT, auction.key, call, f"{auction.winner} did not submit: its bid is burned")

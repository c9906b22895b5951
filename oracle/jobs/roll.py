"""Closes a slot that nobody followed with a proposal, and opens an empty one for its weight setter."""

from oracle.domain.records import Stage
from oracle.jobs.acting import act, refusal
from oracle.jobs.auctions import PROMPT_UPDATE
from oracle.jobs.context import Context, Step
from oracle.ports.chain import Call

_NOT_YET = frozenset({"NoOpenSlot", "NotRollable", "PreviousProposalPending"})


def roll(ctx: Context) -> Step | None:
    """Anyone may; the contract says when."""
    slot = int(ctx.chain.read(PROMPT_UPDATE, "openSlot"))
    call = Call(PROMPT_UPDATE, "rollSlot")
    if slot == 0 or refusal(ctx, call, _NOT_YET) is not None:
        return None
    return act(ctx, Stage.ROLL, f"slot/{slot}", call, f"slot {slot} closed without a new proposal")

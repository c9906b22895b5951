"""Closes a slot that nobody followed with a proposal, and opens an empty one for its weight setter."""

from oracle.domain.records import Stage
from oracle.jobs.acting import act, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.view import PROMPT_UPDATE, View
from oracle.ports.chain import Call

_NOT_YET = frozenset({"NoOpenSlot", "NotRollable", "OutsideWindow", "PreviousProposalPending"})


def roll(ctx: Context, view: View) -> Step | None:
    """Anyone may; the contract says when."""
    slot = 0 if view.proposal else int(ctx.chain.read(PROMPT_UPDATE, "openSlot"))
    call = Call(PROMPT_UPDATE, "rollSlot")
    if slot == 0 or refusal(ctx, call, _NOT_YET) is not None:
        return None
    return act(ctx, Stage.ROLL, f"slot/{slot}", call, f"slot {slot} closed without a new proposal")

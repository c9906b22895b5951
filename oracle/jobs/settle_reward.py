"""Settles the reward of closed slots once they are mature: pays or burns what the market cap says."""

from oracle.domain.records import Stage
from oracle.jobs.acting import act, refusal
from oracle.jobs.context import Context, Step
from oracle.jobs.view import PROMPT_UPDATE, View
from oracle.ports.chain import Call

_NOT_YET = frozenset({"SlotStillOpen", "NotMature", "PreviousProposalPending"})
_LOOK_BACK = 8
"""Settled slots in a row, newest first, after which older ones are taken to be settled too: they mature in order."""


def settle_reward(ctx: Context, view: View) -> Step | None:
    """Settles one slot that is due, the newest first; the contract says when."""
    settled_in_a_row = 0
    for slot_id in range(int(ctx.chain.read(PROMPT_UPDATE, "slotCount")), 0, -1):
        if ctx.chain.read(PROMPT_UPDATE, "slot", slot_id).settled:
            settled_in_a_row += 1
            if settled_in_a_row == _LOOK_BACK:
                return None
            continue
        settled_in_a_row = 0
        call = Call(PROMPT_UPDATE, "settleReward", (slot_id,))
        if refusal(ctx, call, _NOT_YET) is None:
            outcome = ctx.chain.simulate(call, ctx.account)
            how = "earned" if outcome.delta >= 0 else "lost"
            detail = f"slot {slot_id} {how} {abs(outcome.delta) * 100 / outcome.m0:.2f} % of market cap"
            return act(ctx, Stage.SETTLE_REWARD, f"slot/{slot_id}", call, detail)
    return None

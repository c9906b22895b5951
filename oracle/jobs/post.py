"""Posts the median answer as a proposal with its proof and bond, or abstains where the samples yield none."""

from oracle.domain.errors import Refused
from oracle.domain.records import Stage
from oracle.jobs.acting import act
from oracle.jobs.bound import prompt_of
from oracle.jobs.context import Context, Step
from oracle.jobs.select import posting_of
from oracle.jobs.view import PROMPT_UPDATE, Auction, View
from oracle.mechanism.generation import Posting
from oracle.mechanism.median import Outcome
from oracle.ports.chain import Call

RESERVE = "ReserveToken"
_BOND = b"proposalBond".ljust(32, b"\0")


def post(ctx: Context, view: View) -> Step | None:
    """Lets PromptUpdate take the bond if it may not yet, then posts; or abstains and keeps the bond."""
    auction = view.won
    if auction is None or ctx.ledger.selection(auction.epoch, auction.seed) is None:
        return None
    posting = posting_of(ctx, auction)
    stored = ctx.store.put(posting.data)
    _, document = prompt_of(ctx, auction)
    generation = posting.generation.as_abi()
    if posting.selection.outcome is not Outcome.PROPOSE:
        call = Call(PROMPT_UPDATE, "abstain", (auction.epoch, generation, stored.uri, document))
        return act(ctx, Stage.POST, auction.key, call, f"abstained: {posting.selection.reason}")
    if (allowed := _allow_bond(ctx, auction)) is not None:
        return allowed
    call = Call(
        PROMPT_UPDATE,
        "updatePrompt",
        (auction.epoch, generation, posting.proof.as_abi(), _actions(posting), stored.uri, document),
    )
    detail = f"posted answer {posting.generation.pick} as a proposal, its data is {stored.cid}"
    return act(ctx, Stage.POST, auction.key, call, detail)


def _allow_bond(ctx: Context, auction: Auction) -> Step | None:
    """The contract pulls the bond from the winner: approve it, if that is this account and it has not been done."""
    bond = int(ctx.chain.read(PROMPT_UPDATE, "parameter", _BOND))
    spender = ctx.chain.address(PROMPT_UPDATE)
    if int(ctx.chain.read(RESERVE, "allowance", auction.winner, spender)) >= bond:
        return None
    if auction.winner != ctx.account:
        raise Refused(
            f"{auction.winner} won epoch {auction.epoch} but does not let PromptUpdate take the bond of {bond}",
            hint="the winner must approve the bond itself: its operator cannot",
        )
    call = Call(RESERVE, "approve", (spender, bond))
    return act(ctx, Stage.POST, f"{auction.epoch}/bond", call, "allowed PromptUpdate to take the bond")


def _actions(posting: Posting) -> tuple[list[str], list[int], list[bytes]]:
    return list(posting.actions.targets), list(posting.actions.values), list(posting.actions.calldatas)

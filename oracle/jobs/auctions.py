"""Reads of the live auction that several jobs share."""

from dataclasses import dataclass

from oracle.domain.epoch import EpochStage
from oracle.domain.errors import Refused
from oracle.domain.prompt import Prompt
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.jobs.context import Context
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.prompt_rules import read_prompt

PROMPT_UPDATE = "PromptUpdate"
_NOBODY = "0x" + "0" * 40


@dataclass(frozen=True, slots=True)
class Live:
    """The one auction that can still move: hashes are 32 bytes, `seed` is zero until it is fixed."""

    epoch: int
    stage: EpochStage
    winner: str
    model_id: bytes
    prompt_hash: bytes
    price: int
    seed_block: int
    seed: bytes


def live(ctx: Context) -> Live | None:
    """The last epoch that somebody bid for, with its auction; None if nobody ever did."""
    epoch = int(ctx.chain.read(PROMPT_UPDATE, "liveEpoch"))
    if epoch == 0:
        return None
    auction = ctx.chain.read(PROMPT_UPDATE, "auction", epoch)
    return Live(
        epoch=epoch,
        stage=EpochStage(ctx.chain.read(PROMPT_UPDATE, "stage", epoch)),
        winner=auction.winner,
        model_id=auction.modelId,
        prompt_hash=auction.promptHash,
        price=auction.price,
        seed_block=auction.seedBlock,
        seed=auction.seed,
    )


def won(ctx: Context) -> Live | None:
    """The live auction, if this account is to post for its winner now."""
    auction = live(ctx)
    if auction is None or auction.stage is not EpochStage.SUBMIT or auction.winner == _NOBODY:
        return None
    if auction.winner == ctx.account or ctx.chain.read(PROMPT_UPDATE, "isOperator", auction.winner, ctx.account):
        return auction
    return None


def slot_of(ctx: Context, auction: Live) -> SlotContext:
    """What the samples of a won slot are bound to."""
    return SlotContext(
        chain_id=ctx.chain.chain_id,
        prompt_update=ctx.chain.address(PROMPT_UPDATE),
        epoch=auction.epoch,
        winner=auction.winner,
        model_id=auction.model_id,
        seed=auction.seed,
    )


def prompt_of(ctx: Context, auction: Live) -> tuple[Prompt, bytes]:
    """The prompt that the winning bid bound, and its canonical bytes. Refused if it was not kept here."""
    document = ctx.ledger.prompt(auction.prompt_hash)
    if document is None:
        raise Refused(
            f"epoch {auction.epoch} is won, but its prompt 0x{auction.prompt_hash.hex()} is not in the ledger",
            hint="run where the bid was made, or import the prompt there with the bid",
        )
    return read_prompt(document), document


def sampler_of(ctx: Context, prompt: Prompt) -> Sampler:
    """The sampling rule that the prompt names. Refused if this oracle does not know it."""
    for sampler in ctx.samplers:
        if "0x" + sampler_id(sampler).hex() == prompt.sampler_id:
            return sampler
    raise Refused(
        f"the prompt names sampler {prompt.sampler_id}, which this oracle does not know",
        hint="its engine or its grammar library has another version: install the one of the model's manifest",
    )

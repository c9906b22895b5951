"""What a won auction binds: the slot, the prompt behind the hash in its bid, and the sampling rule in the prompt."""

from oracle.domain.committed_model import CommittedModel
from oracle.domain.errors import Refused
from oracle.domain.prompt import Prompt
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.jobs.context import Context
from oracle.jobs.view import PROMPT_UPDATE, Auction
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.prompt_rules import read_prompt


def slot_of(ctx: Context, auction: Auction) -> SlotContext:
    """What the samples of a won slot are bound to."""
    return SlotContext(
        chain_id=ctx.chain.chain_id,
        prompt_update=ctx.chain.address(PROMPT_UPDATE),
        epoch=auction.epoch,
        winner=auction.winner,
        model=_model_of(ctx, auction),
        seed=auction.seed,
    )


def _model_of(ctx: Context, auction: Auction) -> CommittedModel:
    """The registry's commitment of the model that the winning bid named."""
    found = ctx.chain.read("ModelRegistry", "modelOf", auction.model_id)
    own = found.commitment
    return CommittedModel(found.setter, own.weightsRoot, own.tokenizerHash, own.engineHash, own.uri)


def prompt_of(ctx: Context, auction: Auction) -> tuple[Prompt, bytes]:
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

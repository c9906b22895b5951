"""Chooses the median answer of the samples and stores the data that proves it."""

from oracle.domain.records import SelectionRow, Stage
from oracle.jobs.acting import decide
from oracle.jobs.bound import prompt_of, sampler_of, slot_of
from oracle.jobs.context import Context, Step
from oracle.jobs.view import Auction, View
from oracle.mechanism.actions import payload_document
from oracle.mechanism.generation import Posting, build


def select(ctx: Context, view: View) -> Step | None:
    """A pure function of the samples: what is kept here is for reading, `post` builds it again."""
    auction = view.won
    if auction is None or ctx.ledger.selection(auction.epoch, auction.seed):
        return None
    if not ctx.ledger.samples(auction.epoch, auction.seed):
        return None
    began = ctx.clock.monotonic()
    posting = posting_of(ctx, auction)
    stored = ctx.store.put(posting.data)
    chosen = posting.selection
    payload = posting.samples[chosen.pick].payload if chosen.pick is not None else None
    row = SelectionRow(
        epoch=auction.epoch,
        seed=auction.seed,
        pick=chosen.pick,
        gamma_bps=posting.generation.gamma_bps,
        dispersion_bps=chosen.dispersion_bps,
        valid=chosen.valid,
        data_digest=stored.digest,
        summary={
            "outcome": str(chosen.outcome),
            "reason": chosen.reason,
            "answer": payload_document(payload) if payload else None,
            "uri": stored.uri,
        },
    )
    ctx.ledger.save_selection(row)
    decide(ctx, Stage.SELECT, auction.key, str(chosen.outcome), chosen.reason)
    action = payload.action if payload else "nothing"
    detail = f"{chosen.valid} of {chosen.asked} valid; the median says {action}, margin {chosen.gamma_bps} bps"
    return Step(Stage.SELECT, auction.key, detail, seconds=ctx.clock.monotonic() - began)


def posting_of(ctx: Context, auction: Auction) -> Posting:
    """What the kept samples of a won slot amount to."""
    prompt, _ = prompt_of(ctx, auction)
    raw = ctx.ledger.samples(auction.epoch, auction.seed)
    return build(slot_of(ctx, auction), prompt, sampler_of(ctx, prompt), raw, ctx.deployment)

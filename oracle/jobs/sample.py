"""Draws the samples of a won slot from the committed weights, once."""

from oracle.domain.records import Stage
from oracle.jobs.auctions import prompt_of, sampler_of, won
from oracle.jobs.context import Context, Step
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.rendering import render


def sample(ctx: Context) -> Step | None:
    """All samples are kept at once, so that a crash leaves a whole draw or none; the same seed draws the same again."""
    auction = won(ctx)
    if auction is None or ctx.ledger.samples(auction.epoch, auction.seed):
        return None
    prompt, _ = prompt_of(ctx, auction)
    sampler = sampler_of(ctx, prompt)
    runner = ctx.open_model(auction.model_id)
    began = ctx.clock.monotonic()
    drawn = runner.generate(
        render(prompt), answer_schema(prompt), auction.seed, range(sampler.n), sampler, ctx.progress
    )
    ctx.ledger.save_samples(auction.epoch, auction.seed, drawn)
    seconds = ctx.clock.monotonic() - began
    tokens = sum(len(one.token_ids) for one in drawn)
    detail = f"{len(drawn)} answers, {tokens:,} tokens by {runner.name}, {tokens / max(seconds, 1e-9):,.0f} tokens/s"
    return Step(Stage.SAMPLE, str(auction.epoch), detail, seconds=seconds)

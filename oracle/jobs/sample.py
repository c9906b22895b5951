"""Draws the samples of a won slot from the committed weights, once."""

from oracle.domain.errors import Refused
from oracle.domain.records import Stage
from oracle.jobs.bound import prompt_of, sampler_of
from oracle.jobs.context import Context, Step
from oracle.jobs.view import View
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.rendering import render


def sample(ctx: Context, view: View) -> Step | None:
    """All samples are kept at once, so that a crash leaves a whole draw or none; the same seed draws the same again."""
    auction = view.won
    if auction is None or ctx.ledger.samples(auction.epoch, auction.seed):
        return None
    prompt, _ = prompt_of(ctx, auction)
    sampler = sampler_of(ctx, prompt)
    runner = ctx.open_model(auction.model_id)
    if runner.numeric_class != sampler.numeric_class:
        raise Refused(
            f"the prompt binds answers of class {sampler.numeric_class}, {runner.name} draws {runner.numeric_class}",
            hint="set engine = exact: answers of another class would lose every dispute",
        )
    began = ctx.clock.monotonic()
    drawn = runner.generate(
        render(prompt), answer_schema(prompt), auction.seed, range(sampler.n), sampler, ctx.progress
    )
    ctx.ledger.save_samples(auction.epoch, auction.seed, drawn)
    seconds = ctx.clock.monotonic() - began
    tokens = sum(len(one.token_ids) for one in drawn)
    detail = f"{len(drawn)} answers, {tokens:,} tokens by {runner.name}, {tokens / max(seconds, 1e-9):,.0f} tokens/s"
    return Step(Stage.SAMPLE, auction.key, detail, seconds=seconds)

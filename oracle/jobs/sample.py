"""Draws the samples of a won slot from the committed weights, once."""

from oracle.domain.errors import Refused
from oracle.domain.records import Stage
from oracle.domain.sampler import Sampler
from oracle.jobs.bound import prompt_of, sampler_of
from oracle.jobs.context import Context, Step
from oracle.jobs.view import View
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.rendering import render
from oracle.ports.model import ModelRunner


def sample(ctx: Context, view: View) -> Step | None:
    """All samples are kept at once, so that a crash leaves a whole draw or none; the same seed draws the same again."""
    auction = view.won
    if auction is None or ctx.ledger.samples(auction.epoch, auction.seed):
        return None
    prompt, _ = prompt_of(ctx, auction)
    sampler = sampler_of(ctx, prompt)
    runner = ctx.open_model(auction.model_id, sampler)
    require_class(runner, sampler)
    began = ctx.clock.monotonic()
    drawn = runner.generate(
        render(prompt), answer_schema(prompt), auction.seed, range(sampler.n), sampler, ctx.progress
    )
    ctx.ledger.save_samples(auction.epoch, auction.seed, drawn)
    seconds = ctx.clock.monotonic() - began
    tokens = sum(len(one.token_ids) for one in drawn)
    detail = f"{len(drawn)} answers, {tokens:,} tokens by {runner.name}, {tokens / max(seconds, 1e-9):,.0f} tokens/s"
    return Step(Stage.SAMPLE, auction.key, detail, seconds=seconds)


def require_class(runner: ModelRunner, sampler: Sampler) -> None:
    """Refused if the engine's samples are of another numeric class than the sampler binds: they would not verify.

    So samples of class N, which nobody can verify, are posted only where the sampler itself is of class N.
    """
    if runner.numeric_class == sampler.numeric_class:
        return
    hint = "choose an engine of that class: answers of another one would lose every dispute"
    if runner.numeric_class == "N":
        hint = "nobody can verify samples of class N: run gengov's processor at the servers (oracle/README.md)"
    raise Refused(
        f"the prompt binds answers of class {sampler.numeric_class}, {runner.name} draws {runner.numeric_class}",
        hint=hint,
    )

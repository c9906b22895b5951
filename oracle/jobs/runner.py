"""Walks everything that is due, once: reconciles with the chain, then asks each job until none has more to do."""

from collections.abc import Sequence

from oracle.domain.errors import GengovError, Reverted, Unreachable
from oracle.domain.records import Stage
from oracle.jobs.acting import decide, reconcile
from oracle.jobs.context import Context, Step
from oracle.jobs.pipeline import Job, jobs_of
from oracle.jobs.view import View

MOST_PASSES = 100
"""A bound on steps per run: a contract that never settles must not keep an oracle spending for ever."""


def run_due(ctx: Context, jobs: Sequence[tuple[Stage, Job]] | None = None) -> list[Step]:
    """Does what is due of `jobs`, by default of all that the context's roles do.

    Returns what was done, waits, or failed, in order; each step also goes to `ctx.report` as it happens.

    A job that fails is reported and not asked again in this run; the others go on. Unreachable ends the run, for
    nothing can be known any more.
    """
    steps: list[Step] = []
    for found in reconcile(ctx):
        _report(ctx, steps, found)
    failed: set[Stage] = set()
    view = View(ctx)
    jobs = jobs_of(ctx.roles) if jobs is None else jobs
    for _ in range(MOST_PASSES):
        acted = False
        for stage, job in jobs:
            if stage in failed:
                continue
            step = _ask(ctx, view, stage, job)
            if step is None:
                continue
            if step.error is not None:
                failed.add(stage)
            elif step.done:
                acted, view = True, View(ctx)
            if step.done or step not in steps:
                _report(ctx, steps, step)
        if not acted:
            break
    return steps


def _ask(ctx: Context, view: View, stage: Stage, job: Job) -> Step | None:
    try:
        return job(ctx, view)
    except Unreachable:
        raise
    except GengovError as error:
        verdict = f"{type(error).__name__} {error.error}" if isinstance(error, Reverted) else type(error).__name__
        decide(ctx, stage, "failed", verdict, error.message)
        return Step(stage, "", error.message, done=False, error=error)


def _report(ctx: Context, steps: list[Step], step: Step) -> None:
    steps.append(step)
    ctx.report(step)

"""`gengov node`: the oracle itself walking over all that is due, once or again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from oracle import wiring
from oracle.chain import verdicts
from oracle.chain.clock import SystemClock
from oracle.cli.command import command
from oracle.cli.devnet.timeline import Timeline
from oracle.cli.output import err
from oracle.cli.session import Session
from oracle.jobs.context import Step
from oracle.jobs.runner import run_due
from oracle.web.inbox import inbox_app
from oracle.web.server import serving

app = typer.Typer(
    name="node", no_args_is_help=True, help="The oracle: does all that is due, in the roles of its settings."
)


@command(app, "run", writes=True)
def run(
    session: Session,
    once: Annotated[bool, typer.Option("--once", help="Walk all that is due, then end.")] = False,
    every: Annotated[int, typer.Option(help="Seconds between two walks without --once.", min=1)] = 15,
) -> None:
    """Do everything that is due for the signing account. Run twice, it changes nothing more."""
    timeline, clock = Timeline(err), SystemClock()
    with _inbox(session):
        while True:
            steps = _walk(session, timeline)
            if once:
                break
            clock.sleep(every)
    rows = [_row(step) for step in steps]
    session.emit({"account": session.account, "steps": rows}, lambda: None if rows else err.print("nothing is due"))
    failed = [step.error for step in steps if step.error]
    if failed:
        raise typer.Exit(failed[0].exit_code)


@contextmanager
def _inbox(session: Session) -> Iterator[None]:
    """Keeps the committee's inbox while the oracle runs, if the settings say where."""
    settings, chain = session.settings, session.organisation.chain
    if settings.inbox_listen is None:
        yield
        return
    app = inbox_app(wiring.own_inbox(settings), lambda message: verdicts.accept(chain, message))
    with serving(app, settings.inbox_listen) as url:
        err.print(f"the committee's inbox is open at {url}", markup=False)
        yield


def _walk(session: Session, timeline: Timeline) -> list[Step]:
    with timeline.samples(100) as bar:
        context = wiring.open_context(
            session.organisation, session.signer, report=lambda step: _tell(timeline, step), progress=bar
        )
        return run_due(context)


def _tell(timeline: Timeline, step: Step) -> None:
    if step.error:
        timeline.failure(str(step.stage), step.error)
    elif step.done:
        timeline.step(str(step.stage), step.detail, tx=step.tx_hash, gas=step.gas)
    else:
        timeline.skip(f"{step.stage}: {step.detail}")


def _row(step: Step) -> dict[str, object]:
    return {
        "stage": str(step.stage),
        "key": step.key,
        "detail": step.detail,
        "done": step.done,
        "tx": "0x" + step.tx_hash.hex() if step.tx_hash else None,
        "gas": step.gas,
        "seconds": round(step.seconds, 3),
        "error": str(step.error) if step.error else None,
    }

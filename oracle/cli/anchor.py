"""`gengov anchor`: what each forecaster weighs after its forecasts were scored, and whether that was a good guide."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from oracle.cli import anchor_picture, pictures
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.mechanism.anchor_audit import audit as audited
from oracle.mechanism.anchoring import DEFAULT_ETA, Anchored, Forecasts, Rule, anchor
from oracle.mechanism.anchoring_exact import WAD, Weights, brier
from oracle.mechanism.losses import Loss, losses
from oracle.rounds.forecast_files import read_appeals, read_forecasts

app = typer.Typer(name="anchor", no_args_is_help=True, help="Epistemic anchoring: weights by predictive success.")

File = Annotated[Path, typer.Option("--forecasts", help="CSV question,forecaster,belief,outcome, in order of time.")]
RuleOption = Annotated[Rule, typer.Option(help="wsu is truthful; smallest follows the leader.")]
Eta = Annotated[float | None, typer.Option(help="Learning rate; with simplex the ridge to equal weights.")]
Share = Annotated[float, typer.Option(help="After each question, deal out this part of all weight equally.")]
LossOption = Annotated[Loss, typer.Option(help="What beliefs are: probabilities, classes a|b|c, quantiles a|b|c.")]
Low = Annotated[float, typer.Option(help="With --loss numbers: the least that can happen.")]
High = Annotated[float, typer.Option(help="With --loss numbers: the most.")]

_EXACT_CELLS = 1_000_000


@command(app, "score", chain=False)
def score(
    session: Session,
    forecasts: File,
    rule: RuleOption = Rule.WSU,
    eta: Eta = None,
    share: Share = 0.0,
    loss: LossOption = Loss.BRIER,
    low: Low = 0.0,
    high: High = 1.0,
) -> None:
    """The weight of each forecaster after all questions, and how well the weighted forecast did along the way."""
    found, read = _anchored(forecasts, rule, eta, share, loss, low, high)
    weights = dict(zip(read.forecasters, found.weights[-1].tolist(), strict=True))
    answer: dict[str, Any] = {
        "rule": str(rule),
        "eta": DEFAULT_ETA[rule] if eta is None else eta,
        "weights": weights,
        "total_brier": found.total,
        "uniform_brier": found.uniform,
        "forecasters": dict(zip(read.forecasters, found.own.tolist(), strict=True)),
        "questions": len(read.outcomes),
        "loss": str(loss),
    }
    if rule is Rule.WSU and loss is Loss.BRIER and not share and read.beliefs.size <= _EXACT_CELLS:
        answer["units"] = _units(read, answer["eta"])
    session.emit(answer, lambda: _show(answer, read))


@command(app, "draw", chain=False)
def draw(
    session: Session,
    forecasts: File,
    to: Annotated[Path, typer.Option("--out", help="The picture, .svg or .png.")],
    rule: RuleOption = Rule.WSU,
    eta: Eta = None,
    share: Share = 0.0,
    loss: LossOption = Loss.BRIER,
    low: Low = 0.0,
    high: High = 1.0,
) -> None:
    """A picture of the weights over time."""
    pictures.check_suffix(to)
    found, read = _anchored(forecasts, rule, eta, share, loss, low, high)
    title = f"{rule}: summed loss {found.total:.2f}; equal weights {found.uniform:.2f}"
    anchor_picture.draw(found, read.forecasters, title, to)
    session.emit({"picture": str(to), "questions": len(read.outcomes)}, lambda: out.print(escape(str(to))))


@command(app, "audit", chain=False)
def audit(
    session: Session,
    forecasts: File,
    appeals: Annotated[Path, typer.Option(help="CSV appeal,forecaster,upheld: 1 if its decision stood, else 0.")],
    loss: LossOption = Loss.BRIER,
    low: Low = 0.0,
    high: High = 1.0,
    permutations: Annotated[int, typer.Option(help="Of the permutation test.", min=100, max=1_000_000)] = 10_000,
) -> None:
    """Does who predicts well also judge well? Refuses below 20 appeals, for then nothing can be said."""
    with _progress() as say:
        read = read_forecasts(forecasts, loss, low=low, high=high, progress=lambda rows: say("rows", rows, None))
    means = np.nanmean(losses(loss, read.beliefs, read.outcomes), axis=0)
    found = audited(
        list(zip(read.forecasters, means.tolist(), strict=True)), read_appeals(appeals), permutations=permutations
    )
    rows = {
        name: {"loss": one, "upheld": other}
        for name, one, other in zip(found.forecasters, found.loss, found.quality, strict=True)
    }
    answer = {
        "correlation": found.correlation,
        "p_value": found.p_value,
        "appeals": found.appeals,
        "permutations": found.permutations,
        "forecasters": rows,
    }

    def show() -> None:
        table = Table(box=None, header_style="dim")
        for title in ("forecaster", "mean loss", "upheld"):
            table.add_column(title, justify="left" if title == "forecaster" else "right")
        for name, row in sorted(rows.items(), key=lambda item: item[1]["loss"]):
            table.add_row(escape(name), f"{row['loss']:.4f}", f"{row['upheld']:.1%}")
        out.print(table)
        told = "goes with" if found.p_value < 0.05 and found.correlation < 0 else "does not visibly go with"
        out.print(
            f"good prediction {told} good judgement: rank correlation of loss and upheld verdicts "
            f"{found.correlation:+.3f}, p = {found.p_value:.4f} over {found.appeals} appeals"
        )

    session.emit(answer, show)


def _anchored(
    path: Path, rule: Rule, eta: float | None, share: float, loss: Loss, low: float, high: float
) -> tuple[Anchored, Forecasts]:
    with _progress() as say:
        read = read_forecasts(
            path, loss, low=low, high=high, progress=lambda rows: say(f"rows of {path.name}", rows, None)
        )
        count = len(read.outcomes)
        return anchor(read, rule, eta, share=share, progress=lambda done: say("questions", done, count)), read


def _units(read: Forecasts, eta: float) -> dict[str, int]:
    """The same weights as a contract would hold them: units of 1e-18, exactly 1e18 in sum."""
    weights = Weights(eta=_wad(eta))
    here = read.present
    for t, outcome in enumerate(read.outcomes.tolist()):
        happened = _wad(outcome)
        present = np.flatnonzero(here[t]).tolist()
        weights.update({read.forecasters[k]: brier(_wad(float(read.beliefs[t, k, 0])), happened) for k in present})
    return {name: weights.units[name] for name in read.forecasters}


def _wad(value: float) -> int:
    """In units of 1e-18, from the shortest decimal that gives this float: the one that was written."""
    return int((Decimal(repr(value)) * WAD).to_integral_value())


def _show(answer: dict[str, Any], read: Forecasts) -> None:
    table = Table(box=None, header_style="dim")
    for title in ("forecaster", "weight", "own loss", "forecasts"):
        table.add_column(title, justify="left" if title == "forecaster" else "right")
    counts = dict(zip(read.forecasters, read.present.sum(axis=0).tolist(), strict=True))
    for name, weight in sorted(answer["weights"].items(), key=lambda item: (-item[1], item[0])):
        table.add_row(escape(name), f"{weight:.6f}", f"{answer['forecasters'][name]:.3f}", f"{counts[name]:,}")
    out.print(table)
    out.print(
        f"[dim]{answer['questions']:,} questions, rule {answer['rule']}, eta {answer['eta']:g} · "
        f"summed loss of the weighted forecast {answer['total_brier']:.4f}, "
        f"of equal weights {answer['uniform_brier']:.4f}[/]"
    )
    if answer["rule"] == Rule.SMALLEST:
        err.print("[yellow]smallest[/] follows whoever leads: on real forecasts it did worst of all rules")


@contextmanager
def _progress() -> Iterator[Any]:
    columns = (TextColumn("{task.completed:,.0f} {task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("rows", total=None)
        yield lambda what, done, total: bar.update(task, description=escape(what), completed=done, total=total)

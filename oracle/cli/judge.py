"""`gengov judge`: fit lists to a jury's answers, mix them, choose what to ask next, and audit before paying."""

import csv
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from oracle.cli import pictures
from oracle.cli.command import command
from oracle.cli.list_files import Lists, sources
from oracle.cli.output import err, out
from oracle.cli.round import bars
from oracle.cli.session import Session
from oracle.domain.errors import BadInput
from oracle.mechanism import flags
from oracle.model.blas import blas_threads
from oracle.rounds import audit as auditing
from oracle.rounds import lists, panel
from oracle.rounds.cells import exact

app = typer.Typer(name="judge", no_args_is_help=True, help="Distilled judgement: fit, mix, ask, audit, flags.")

More = Annotated[list[str] | None, typer.Argument(metavar="NAME=FILE", help="More lists.")]
AnswersFile = Annotated[Path, typer.Option(help="CSV a,b,better,times (or repo_a,repo_b,choice,multiplier).")]
ItemsFile = Annotated[Path | None, typer.Option(help="CSV item[,group]: exactly these items, compared within groups.")]
House = Annotated[bool, typer.Option("--house", help="Let a list of equal weights take part.")]
Loss = Annotated[Literal["square", "huber"], typer.Option(help="Huber: large misses count in proportion.")]
Delta = Annotated[str, typer.Option(help="Huber: from how many nats on a miss is large.")]


@command(app, "fit", chain=False)
def fit(
    session: Session,
    list_: Lists,
    answers: AnswersFile,
    more: More = None,
    loss: Loss = "square",
    delta: Delta = "1",
    items: ItemsFile = None,
    house: House = False,
    fast: Annotated[bool, typer.Option("--fast", help="Floats only, without the exact proof.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw the weights (.svg or .png).")] = None,
) -> None:
    """The mix of lists that matches the answers best: weights of 0 or more that sum to 1, which also split the reward.

    score = sum over answers of (ln x_b - ln x_a - ln ratio)^2. A gap of 0 means proved exactly, in integers.
    """
    if picture:
        pictures.check_suffix(picture)
    with bars() as progress, blas_threads(1):
        read = panel.read(sources(list_, more), answers, items=items, house=house, progress=progress)
        progress("fitting", 0, 1)
        found = panel.fit(read, _delta(loss, delta), exactly=not fast)
    if picture:
        _draw(picture, found)
    session.emit(_fitted(read, found, loss), lambda: _show_fit(read, found))


@command(app, "mix", chain=False)
def mix(
    session: Session,
    list_: Lists,
    answers: AnswersFile,
    target: Annotated[Path, typer.Option("--out", help="File for the combined list, CSV item,weight.")],
    more: More = None,
    loss: Loss = "square",
    delta: Delta = "1",
    items: ItemsFile = None,
    house: House = False,
) -> None:
    """Fit, then write the combined list over all items: exp(sum of weight times ln), summing to 1 in each group."""
    named = sources(list_, more)
    with bars() as progress, blas_threads(1):
        whole = panel.read_whole(named, items, progress)
        read = panel.panel_of(whole, answers, named, items, house)
        found = panel.fit(read, _delta(loss, delta))
        progress("writing", 0, 1)
        panel.write_mix(whole, found.weights, target)
    data = {"file": str(target), "items": len(whole.items), "groups": len(whole.groups), **_fitted(read, found, loss)}

    def show() -> None:
        _show_fit(read, found)
        out.print(f"{escape(str(target))}: {len(whole.items):,} items")

    session.emit(data, show)


@command(app, "ask", chain=False)
def ask(
    session: Session,
    list_: Lists,
    more: More = None,
    count: Annotated[int, typer.Option("-n", "--count", help="How many pairs.", min=1, max=100_000)] = 100,
    by: Annotated[
        Literal["disagreement", "uniform"],
        typer.Option(help="Pairs where the lists disagree more often, or all alike."),
    ] = "disagreement",
    seed: Annotated[int, typer.Option(help="Same seed, same pairs.", min=0)] = 0,
    flagged: Annotated[Path | None, typer.Option(help="CSV a,b: pairs that are asked in any case.")] = None,
    items: ItemsFile = None,
    target: Annotated[Path | None, typer.Option("--out", help="Write them as CSV a,b,stratum,disagreement.")] = None,
) -> None:
    """Pairs to ask the jury about. Where lists disagree, an answer tells more: about half the excess error is saved."""
    with bars() as progress, blas_threads(1):
        whole = panel.read_whole(sources(list_, more), items, progress)
        given = lists.read_pairs(flagged, whole.group_of()) if flagged else []
        chosen = panel.questions(whole, count, by=by, seed=seed, flagged=given)
    rows = [(one.a, one.b, one.stratum, one.disagreement) for one in chosen]
    if target:
        _write(target, ("a", "b", "stratum", "disagreement"), rows)
    names = ("a", "b", "stratum", "disagreement")
    data = {"by": by, "seed": seed, "pairs": [dict(zip(names, row, strict=True)) for row in rows]}

    def show() -> None:
        for a, b, stratum, spread in rows:
            mark = "[yellow]![/] " if stratum == "flagged" else "  "
            out.print(f"{mark}{escape(a)} or {escape(b)}? [dim]spread {spread:.3f}[/]")

    session.emit(data, show)


@command(app, "audit", chain=False)
def audit(
    session: Session,
    list_: Lists,
    answers: AnswersFile,
    more: More = None,
    tau: Annotated[str, typer.Option(help="Lists within so many nats (root mean square) are copies.")] = "0.1",
    gate: Annotated[str, typer.Option(help="Share of error to explain on each half of the answers.")] = "0.1",
    items: ItemsFile = None,
    house: House = False,
) -> None:
    """What to look at before paying: near copies (earliest --list first), the spam gate, each juror's leverage."""
    with bars() as progress, blas_threads(1):
        read = panel.read(sources(list_, more), answers, items=items, house=house, progress=progress)
        found = auditing.audit(read, _decimal(tau, "--tau"), _decimal(gate, "--gate"), progress)
    data: dict[str, Any] = {
        "copies": dict(found.copies),
        "gate": dict(found.passed),
        "leverage": dict(found.leverage),
        "condition": found.condition,
        "cap": {"lists": len(read.names), "most": found.most},
        "warnings": list(found.warnings),
    }
    session.emit(data, lambda: _show_audit(read, found))


@command(app, "flags", chain=False)
def settle_flags(
    session: Session,
    flagged: Annotated[Path, typer.Option(help="CSV a,b,better,flagger, earliest first.")],
    answers: AnswersFile,
    reward: Annotated[int, typer.Option(help="For a flag that the jury agrees with, in base units.", min=0)],
    deposit: Annotated[int, typer.Option(help="Lost by a flag that it refutes, in base units.", min=0)],
) -> None:
    """Pay who flagged pairs: a reward where the jury's median agrees, the deposit lost where it does not."""
    given = lists.read_flags(flagged)
    found = flags.settle(given, lists.verdicts(lists.read_answers(answers).answers), reward, deposit)
    ends = {"agreed": found.agreed, "refuted": found.refuted, "open": found.open}
    data = {"amounts": dict(found.amounts), **{end: [place + 2 for place in places] for end, places in ends.items()}}

    def show() -> None:
        for flagger, amount in sorted(found.amounts.items()):
            out.print(f"{escape(flagger)}  {amount:+,}")
        out.print(f"[dim]{', '.join(f'{len(places)} {end}' for end, places in ends.items())}[/]")

    session.emit(data, show)


def _decimal(text: str, option: str) -> Fraction:
    try:
        value = exact(text)
    except ValueError as error:
        raise BadInput(f"{option} {text!r} {error}", hint="Write a number such as 0.1.") from None
    if value < 0:
        raise BadInput(f"{option} {text} is below 0", hint="Write a number such as 0.1.")
    return value


def _delta(loss: str, delta: str) -> Fraction | None:
    return _decimal(delta, "--delta") if loss == "huber" else None


def _fitted(read: panel.Panel, found: panel.Found, loss: str) -> dict[str, Any]:
    return {
        "weights": {name: float(weight) for name, weight in found.weights.items()},
        "score": found.score,
        "scores": found.scores,
        "gap": found.gap,
        "answers": len(read.jury.answers),
        "mean": found.score / len(read.jury.answers),
        "loss": loss,
        "exact": found.exact,
        "warnings": list(read.warnings),
    }


def _show_fit(read: panel.Panel, found: panel.Found) -> None:
    table = Table("list", "weight", "", "score alone", box=None, pad_edge=False)
    for name, weight in sorted(found.weights.items(), key=lambda pair: (-pair[1], pair[0])):
        bar = "█" * round(24 * float(weight))
        table.add_row(escape(name), f"{float(weight):.6f}", f"[cyan]{bar:<24}[/]", f"{found.scores[name]:,.6f}")
    out.print(table)
    proof = "proved exactly" if found.exact else f"relative gap {found.gap:.1e}"
    answers = len(read.jury.answers)
    out.print(f"score of the mix {found.score:,.6f} over {answers} answers (mean {found.score / answers:.6f}), {proof}")
    _warn(read.warnings)


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        err.print(f"[yellow]![/] {escape(warning)}")


def _show_audit(read: panel.Panel, found: auditing.Audit) -> None:
    table = Table("list", "gate", "copy of", box=None, pad_edge=False)
    for name in read.names:
        passed = "[green]passes[/]" if found.passed[name] else "[red]fails[/]"
        table.add_row(escape(name), passed, escape(found.copies.get(name, "")))
    out.print(table)
    for juror, shift in sorted(found.leverage.items(), key=lambda pair: -pair[1])[:10]:
        out.print(f"without {escape(juror)} [bold]{100 * shift:.2f} %[/] of the weight moves")
    out.print(
        f"condition number {found.condition:,.0f}; {len(read.names)} lists, at most {found.most} for these answers"
    )
    _warn(found.warnings)


def _draw(path: Path, found: panel.Found) -> None:
    names = sorted(found.weights, key=lambda name: (found.weights[name], name))[-40:]
    with pictures.picture(path, height=1.5 + 0.3 * len(names)) as axes:
        axes.barh(names, [float(found.weights[name]) for name in names], color=pictures.COLOURS[0])
        axes.set_xlabel(f"weight in the best mix (score {found.score:.4g})")
        axes.spines[["top", "right"]].set_visible(False)


def _write(target: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    try:
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
    except OSError as error:
        raise BadInput(f"cannot write {target}: {error.strerror}", hint="Name another file.") from None

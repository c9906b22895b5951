"""`gengov reports`: pay natural-language reports by what they add to a forecast, and see why copies and lies lose."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from oracle.cli import reports_audit, reports_model
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.reports_xor import xor_figures
from oracle.cli.session import Session
from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import over_determination, reports, reports_data, reports_prompt
from oracle.mechanism.reports import Rule, Settlement
from oracle.mechanism.reports_document import Spec
from oracle.rounds import reports_files

app = typer.Typer(
    name="reports", no_args_is_help=True, help="Reports in natural language: settle, verify, audit, the XOR example."
)
SpecFile = Annotated[Path, typer.Option("--spec", help="The round (JSON): question, reporters, outcome, terms.")]
EngineName = Annotated[
    str, typer.Option("--engine", help="Engine that runs the model; by default the one of its class.")
]
RuleName = Annotated[
    Rule | None, typer.Option("--rule", help="Pay by this rule; the spec's own if omitted.", show_default=False)
]


@command(app, "settle", chain=False)
def settle(
    session: Session,
    spec: SpecFile,
    posteriors: Annotated[
        Path | None, typer.Option(help="Table reports,p: the posterior of each coalition of reporters.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder: it reads the reports and says posteriors.")] = None,
    rule: RuleName = None,
    engine: EngineName = "",
    target: Annotated[Path | None, typer.Option("--out", help="New file for all samples of the model.")] = None,
    table_file: Annotated[
        Path | None, typer.Option("--table", help="New file for the model's posteriors, as --posteriors reads them.")
    ] = None,
) -> None:
    """Pay each report by the posteriors of coalitions, exactly; whole payouts by largest remainder."""
    found = reports_files.read_spec_file(spec, rule)
    if (posteriors is None) == (model is None):
        raise BadInput("posteriors come from a table or from a model", hint="Give --posteriors FILE or --model DIR.")
    if model is not None:
        settlement, more = reports_model.draw(found, model, engine, target, table_file)
        show(session, found, settlement, more)
        return
    if engine or target or table_file:
        raise BadInput("--engine, --out and --table belong to --model", hint="A table of posteriors needs neither.")
    assert posteriors is not None
    table = reports_files.read_posteriors(posteriors, found)
    table.require(found, needed(found), posteriors.name)
    settlement = reports.settle(
        found.terms,
        found.reporters,
        table.lookup,
        found.outcome,
        seed=found.seed,
        consistency=table.consistency,
    )
    show(session, found, settlement, {})


@command(app, "verify", chain=False)
def verify(
    session: Session,
    data: Annotated[Path, typer.Argument(help="Data file that settle --model wrote.")],
    model: Annotated[Path, typer.Option(help="Folder of the model that the file names.")],
    engine: EngineName = "",
) -> None:
    """Ask the model about every token of a settlement and settle again. Exit 0 if it holds, 1 if not."""
    try:
        claimed = reports_data.loads(data.read_bytes(), name=data.name)
    except OSError as error:
        raise BadInput(f"cannot read {data}: {error.strerror}") from error
    settlement, wrong, more = reports_model.check(claimed, model, engine)

    def render() -> None:
        if wrong:
            out.print(f"[bold red]invalid[/] {escape(wrong)}")
        else:
            out.print(f"[bold green]valid[/] · {more['samples']:,} samples by {more['engine']}")

    payouts = settlement.payouts if settlement else None
    session.emit({"valid": not wrong, "failure": wrong or None, "payouts": payouts, **more}, render)
    if wrong:
        raise typer.Exit(Refused.exit_code)


def needed(spec: Spec) -> list[int]:
    """The coalitions a settlement reads; without an outcome zero-shot reads c(r) alone."""
    if spec.terms.rule is Rule.ZERO_SHOT and spec.outcome is None:
        return []
    return reports.coalitions(spec.terms, len(spec.reporters), spec.seed)


def show(session: Session, spec: Spec, settlement: Settlement, more: dict[str, Any]) -> None:
    """The settlement as a table or one JSON object; warnings on stderr in both cases."""
    groups = reports_prompt.alike(spec)
    copies = [f"{', '.join(group)} say the same: copies, or one mind under several names" for group in groups]
    warnings = [*settlement.warnings, *copies]
    for warning in warnings:
        err.print(f"[yellow]![/] {escape(warning)}")

    def render() -> None:
        table = Table(box=None, title=spec.question, title_justify="left", title_style="bold")
        table.add_column("reporter")
        for name in ("payment", "± se", "payout"):
            table.add_column(name, justify="right")
        errors = settlement.standard_errors or {}
        for who, paid in settlement.payments.items():
            error = f"{float(errors[who]):,.2f}" if who in errors else ""
            whole = f"{settlement.payouts[who]:,}" if settlement.payouts else "-"
            table.add_row(who, f"{float(paid):,.6f}", error, whole)
        out.print(table)
        if settlement.value is not None:
            out.print(
                f"information value {float(settlement.value):.6f} · payments sum to {float(settlement.total):,.6f}"
            )

    session.emit(settlement_json(spec, settlement) | {"warnings": warnings} | more, render)


def settlement_json(spec: Spec, settlement: Settlement) -> dict[str, Any]:
    """The settlement as JSON can say it: fractions as text `n/d`, payouts as integers in base units."""
    errors = settlement.standard_errors
    return {
        "rule": str(settlement.rule),
        "outcome": spec.outcome,
        "payments": {who: str(paid) for who, paid in settlement.payments.items()},
        "payouts": settlement.payouts,
        "total": str(settlement.total),
        "paid": sum(settlement.payouts.values()) if settlement.payouts is not None else 0,
        "information_value": None if settlement.value is None else str(settlement.value),
        "standard_errors": errors and {who: f"{float(one):.6f}" for who, one in errors.items()},
        "coalitions": settlement.coalitions,
    }


@command(app, "xor", chain=False)
def xor(session: Session) -> None:
    """The six-player exclusive-or example by enumeration: no market moves, reports tell all, copies lose."""
    figures = xor_figures()

    def render() -> None:
        table = Table(box=None)
        table.add_column("figure")
        table.add_column("exact")
        table.add_column("about", justify="right")
        for name, value in figures.items():
            if isinstance(value, str) and _is_number(value):
                table.add_row(name.replace("_", " "), value, f"{float(Fraction(value)):.6f}")
            else:
                table.add_row(name.replace("_", " "), str(value), "")
        out.print(table)

    session.emit(figures, render)


def _is_number(text: str) -> bool:
    try:
        Fraction(text)
    except ValueError:
        return False
    return True


@command(app, "audit", chain=False)
def audit(
    session: Session,
    paths: Annotated[
        list[Path], typer.Argument(help="Resolved rounds: folders with spec.json and posteriors.csv, or data files.")
    ],
) -> None:
    """Estimate whether the others' reports give a misreport away. Exit 1 if not, or if too few rounds can tell."""
    rounds, still_open = reports_audit.read_rounds(paths)
    found = over_determination.audit(rounds)
    data = reports_audit.document(found, still_open)

    def render() -> None:
        word = "[bold green]over-determined[/]" if found.over_determined else "[bold red]not over-determined[/]"
        out.print(f"{word} · {found.misreport.rounds} resolved rounds, p = {float(found.p_value):.4f}")
        table = Table(box=None)
        for name in ("reporter", "rounds", "a misreport costs", "± se"):
            table.add_column(name, justify="left" if name == "reporter" else "right")
        for who, gap in {"all": found.misreport, **found.by_reporter}.items():
            error = "" if gap.standard_error is None else f"{float(gap.standard_error):.6f}"
            table.add_row(who, str(gap.rounds), f"{float(gap.mean):.6f}", error)
        out.print(table)
        for who in found.exposed:
            err.print(f"[yellow]![/] misreports of {escape(who)} did not make the forecast worse")

    session.emit(data, render)
    if not found.over_determined:
        raise typer.Exit(Refused.exit_code)

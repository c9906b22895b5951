"""`gengov reports`: pay natural-language reports by what they add to a forecast, and see why copies and lies lose."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.reports_xor import xor_figures
from oracle.cli.session import Session
from oracle.domain.errors import BadInput
from oracle.mechanism import reports
from oracle.mechanism.reports import Rule, Settlement
from oracle.mechanism.reports_document import Spec
from oracle.rounds import reports_files

app = typer.Typer(
    name="reports", no_args_is_help=True, help="Reports in natural language: settle, verify, audit, the XOR example."
)
SpecFile = Annotated[Path, typer.Option("--spec", help="The round (JSON): question, reporters, outcome, terms.")]
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
    rule: RuleName = None,
) -> None:
    """Pay each report by the posteriors of coalitions, exactly; whole payouts by largest remainder."""
    found = reports_files.read_spec_file(spec, rule)
    if posteriors is None:
        raise BadInput("nobody says how likely the outcome was", hint="Give --posteriors FILE.")
    table = reports_files.read_posteriors(posteriors, found)
    table.require(found, needed(found), posteriors.name)
    settlement = reports.settle(
        found.terms,
        found.reporters,
        table.lookup(found),
        found.outcome,
        seed=found.seed,
        consistency=table.consistency,
    )
    show(session, found, settlement, {})


def needed(spec: Spec) -> list[int]:
    """The coalitions a settlement reads; without an outcome zero-shot reads c(r) alone."""
    if spec.terms.rule is Rule.ZERO_SHOT and spec.outcome is None:
        return []
    return reports.coalitions(spec.terms, len(spec.reporters), spec.seed)


def show(session: Session, spec: Spec, settlement: Settlement, more: dict[str, Any]) -> None:
    """The settlement as a table or one JSON object; warnings on stderr in both cases."""
    for warning in settlement.warnings:
        err.print(f"[yellow]![/] {warning}")

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
            out.print(f"information value {float(settlement.value):.6f} · payments sum to {settlement.total}")

    session.emit(settlement_json(spec, settlement) | more, render)


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
        "warnings": list(settlement.warnings),
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

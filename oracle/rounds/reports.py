"""Rounds of reports: people write what they know, an executor says how likely, the outcome tells what each added.

The prize holds the sponsor's stake (alpha times the worst loss) and every reporter's deposit. A reporter gets the
deposit and alpha times the Shapley value of the error reduction, which may be negative; the sponsor gets the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Annotated, Any, Literal

from pydantic import Field

from oracle.domain.errors import BadInput
from oracle.mechanism import reports
from oracle.mechanism.canonical import Json
from oracle.mechanism.reports import Loss, Rule, Terms
from oracle.mechanism.reports_document import Spec, check_spec
from oracle.rounds import kind
from oracle.rounds.cells import BadCell, Column
from oracle.rounds.folder import Folder
from oracle.rounds.parse import read_rows
from oracle.rounds.reports_files import Posteriors, read_posteriors

NOBODY = "0x" + "00" * 20
Amount = Annotated[int, Field(ge=1, lt=2**128)]
_OUTCOME = (Column("question"), Column("outcome", choices=("0", "1")))


class ReportsRule(kind.Rule):
    """What was asked and promised. alpha and deposit say how the prize is divided, whatever its units."""

    question: Annotated[str, Field(min_length=1, max_length=250)] = "Will the river be safe on 1 July?"
    loss: Literal["brier", "log"] = "brier"
    alpha: Amount = 400_000
    deposit: Amount = 400_000
    sponsor: Annotated[str, Field(pattern=r"^0x[0-9a-f]{40}$")] = NOBODY
    """Who gets what the reports did not earn; nobody can claim the zero account's part."""
    seed: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")] = "0x" + "00" * 32
    """Draws the permutations where more than eight report."""
    permutations: Annotated[int, Field(ge=4, le=10_000, multiple_of=2)] = 400
    report_chars: Annotated[int, Field(ge=1, le=4_000)] = 280


@dataclass(frozen=True, slots=True)
class Inputs:
    """The round as a spec with its outcome, and the posteriors of coalitions."""

    spec: Spec
    posteriors: Posteriors


class Reports(kind.Kind):
    """`reports/<address>.txt`, `answers.csv` (reports,p: posteriors), `outcomes.csv` (question,outcome)."""

    name = "reports"
    about = "reports in natural language; pay by the Shapley value of the forecast error they take away"
    rule = ReportsRule

    def skeleton(self) -> Mapping[str, str]:
        """Three reports, all eight posteriors, the outcome."""
        said = ("I took samples upstream, all clean.", "The works had no overflow in June.", "It smelled last week.")
        texts = {f"reports/0x{str(n) * 40}.txt": text + "\n" for n, text in enumerate(said, start=1)}
        chances = ("none,0.5", "#0,0.7", "#1,0.6", "#2,0.4", "#0+1,0.8", "#0+2,0.6", "#1+2,0.5", "all,0.75")
        outcome = f"question,outcome\n{ReportsRule().question},1\n"
        return {**texts, "answers.csv": "\n".join(["reports,p", *chances]) + "\n", "outcomes.csv": outcome}

    def parse(self, folder: Folder, rule: Any, mistakes: list[BadInput]) -> Inputs | None:
        """All files; None where there are mistakes. The posteriors read the texts; here they only have to be there."""
        texts = {}
        for account, name in folder.accounts("reports").items():
            try:
                texts[account] = folder.read(name).decode("utf-8").removesuffix("\n")
            except UnicodeDecodeError as error:
                mistakes.append(BadInput(f"{name}: byte {error.start} is not UTF-8", hint="Save it as UTF-8 text."))
        spec = _spec(rule, texts, _outcome(folder, rule, mistakes))
        mistakes += [BadInput(line, hint="Mend round.json or the report named.") for line in check_spec(spec)]
        if not texts:
            mistakes.append(BadInput("there is no report", hint="Add reports/ADDRESS.txt."))
        if mistakes:
            return None
        table = read_posteriors(folder.file("answers.csv"), spec)
        table.require(spec, reports.coalitions(spec.terms, len(spec.reporters), spec.seed), "answers.csv")
        return Inputs(spec, table)

    def solve(self, inputs: Inputs, rule: Any, tools: kind.Tools) -> kind.Outcome:
        """Shapley payments, exact for eight reporters or fewer."""
        spec = inputs.spec
        tools.progress("settling reports", 0, 1)
        found = reports.settle(spec.terms, spec.reporters, inputs.posteriors.lookup, spec.outcome, seed=spec.seed)
        tools.progress("settling reports", 1, 1)
        shares: dict[str, int | Fraction] = {who: rule.deposit + paid for who, paid in found.payments.items()}
        rest = ceil(rule.alpha * spec.terms.loss.worst) - found.total
        if rest:
            shares[rule.sponsor] = shares.get(rule.sponsor, 0) + rest
        everybody = (1 << len(spec.reporters)) - 1
        errors = found.standard_errors
        result: dict[str, Json] = {
            "payments": {who: str(paid) for who, paid in found.payments.items()},
            "information_value": str(found.value),
            "posterior": str(inputs.posteriors.by_mask[everybody]),
            "outcome": spec.outcome,
            "coalitions": found.coalitions,
            "standard_errors": None if errors is None else {who: str(one) for who, one in errors.items()},
        }
        return kind.Outcome(result, shares)


def _spec(rule: ReportsRule, texts: Mapping[str, str], outcome: int | None) -> Spec:
    terms = Terms(
        rule=Rule.SHAPLEY,
        loss=Loss(rule.loss),
        alpha=rule.alpha,
        deposit=rule.deposit,
        permutations=rule.permutations,
    )
    return Spec(
        question=rule.question,
        reporters=tuple(texts),
        outcome=outcome,
        terms=terms,
        seed=bytes.fromhex(rule.seed[2:]),
        samples=1,
        report_chars=rule.report_chars,
        reports=dict(texts),
        misreports={},
    )


def _outcome(folder: Folder, rule: ReportsRule, mistakes: list[BadInput]) -> int | None:
    """The one observed outcome."""
    rows = list(read_rows(folder.file("outcomes.csv"), _OUTCOME, mistakes=None, name="outcomes.csv"))
    for row in rows:
        if row.values[0] != rule.question:
            why = "is not what round.json asks"
            mistakes.append(BadCell("outcomes.csv", row.number, why, column="question", value=row.values[0]))
    if len(rows) != 1:
        mistakes.append(BadInput(f"outcomes.csv has {len(rows)} rows", hint="It holds the one outcome of the round."))
        return None
    return int(rows[0].values[1])

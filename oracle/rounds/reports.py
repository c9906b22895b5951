"""Rounds of reports: people write what they know, an executor says how likely, the outcome tells what each added.

The prize holds the sponsor's stake (alpha times the worst loss) and every reporter's deposit. A reporter gets the
deposit and alpha times the Shapley value of the error reduction, which may be negative; the sponsor gets the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil
from typing import Annotated, Any, Literal

from pydantic import Field

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import reports, reports_prompt
from oracle.mechanism.canonical import Json
from oracle.mechanism.reports import Loss, Rule, Terms
from oracle.mechanism.reports_document import Spec, check_spec
from oracle.rounds import kind, reports_run
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
    model: Annotated[str, Field(pattern=r"^(0x[0-9a-f]{64})?$")] = ""
    """Weights root of the model that reads the reports; empty where answers.csv holds the posteriors."""
    samples: Annotated[int, Field(ge=1, le=101)] = 5
    """How often the model is asked about each coalition; the median counts."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The round as a spec with its outcome, and the posteriors of coalitions; None where the model says them."""

    spec: Spec
    posteriors: Posteriors | None


class Reports(kind.Kind):
    """`reports/<address>.txt`, `outcomes.csv` (question,outcome), `answers.csv` (reports,p: posteriors).

    A round whose rule names a model has no `answers.csv`: the model says the posteriors, the same on any machine.
    """

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
        """All files; None where there are mistakes."""
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
        if rule.model:
            if "answers.csv" in folder.files:
                raise BadInput("answers.csv is there and round.json names a model", hint="Leave one of the two out.")
            return Inputs(spec, None)
        table = read_posteriors(folder.file("answers.csv"), spec)
        table.require(spec, reports.coalitions(spec.terms, len(spec.reporters), spec.seed), "answers.csv")
        return Inputs(spec, table)

    def solve(self, inputs: Inputs, rule: Any, tools: kind.Tools) -> kind.Outcome:
        """Shapley payments, exact for eight reporters or fewer.

        Raises BadInput where the model that the rule names is not at hand; Refused where it answers too little.
        """
        spec = inputs.spec
        by_mask = inputs.posteriors.by_mask if inputs.posteriors else _ask(spec, _executor(rule, tools), tools)
        tools.progress("settling reports", 0, 1)
        found = reports.settle(spec.terms, spec.reporters, by_mask.__getitem__, spec.outcome, seed=spec.seed)
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
            "posterior": str(by_mask[everybody]),
            "outcome": spec.outcome,
            "coalitions": found.coalitions,
            "standard_errors": None if errors is None else {who: str(one) for who, one in errors.items()},
        }
        if tools.executor and rule.model:
            result["model"] = ["0x" + part.hex() for part in tools.executor.hashes]
            result["posteriors"] = {str(mask): str(p) for mask, p in sorted(by_mask.items())}
        return kind.Outcome(result, shares)


def _executor(rule: ReportsRule, tools: kind.Tools) -> kind.Executor:
    """The model that the rule names. Raises BadInput if it is not at hand, Refused if it is not exact."""
    executor = tools.executor
    if executor is None:
        raise BadInput("round.json names a model that reads the reports", hint="Give its folder with --model.")
    root = "0x" + executor.hashes[0].hex()
    if root != rule.model:
        raise BadInput(f"round.json names the model {rule.model}, this is {root}", hint="Give the one that it names.")
    if executor.runner.numeric_class != "E":
        raise Refused(
            f"{executor.runner.name} computes in class {executor.runner.numeric_class}: answers may differ elsewhere",
            hint="Use an exact engine, or gengov reports settle --table and put the table into answers.csv.",
        )
    return executor


def _ask(spec: Spec, executor: kind.Executor, tools: kind.Tools) -> Mapping[int, Fraction]:
    """The posteriors of all coalitions by a model."""
    total = len(reports_prompt.questions(spec)) * spec.samples
    step = partial(_tell, tools.progress, total)
    return reports_run.run(spec, executor.runner, executor.hashes, executor.sampler, step)[1].by_mask


def _tell(progress: kind.Progress, total: int, tokens: int, samples: int) -> None:
    progress("asking the model", samples, total)


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
        samples=rule.samples,
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

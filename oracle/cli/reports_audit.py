"""`gengov reports audit`: reads resolved rounds (tables or data files) and says what a misreport did there."""

from pathlib import Path
from typing import Any

from oracle.domain.errors import BadInput
from oracle.mechanism import reports_data, reports_prompt
from oracle.mechanism.over_determination import Audit, Gap, Resolved
from oracle.mechanism.reports_data import Figures
from oracle.mechanism.reports_document import Spec
from oracle.rounds import reports_files

SPEC, POSTERIORS = "spec.json", "posteriors.csv"


def read_rounds(paths: list[Path]) -> tuple[list[Resolved], int]:
    """The resolved rounds under some paths, and how many more are open. BadInput for what is no round."""
    found, still_open = [], 0
    for path in paths:
        for spec, figures in map(_round, _places(path)):
            if spec.outcome is None:
                still_open += 1
            else:
                found.append(_resolved(spec, figures, spec.outcome))
    return found, still_open


def document(found: Audit, still_open: int) -> dict[str, Any]:
    """The audit as one JSON object; means as exact text, p-value as a decimal."""
    return {
        "over_determined": found.over_determined,
        "rounds": found.misreport.rounds,
        "open_rounds": still_open,
        "misreport": _gap(found.misreport),
        "withheld": _gap(found.withheld) if found.withheld else None,
        "p_value": float(found.p_value),
        "reporters": {who: _gap(gap) for who, gap in found.by_reporter.items()},
        "exposed": list(found.exposed),
    }


def _places(path: Path) -> list[Path]:
    """A data file, a folder of one round, or a folder of such."""
    if path.is_file() or (path / SPEC).is_file():
        return [path]
    children = sorted(child for child in path.iterdir()) if path.is_dir() else []
    rounds = [child for child in children if (child / SPEC).is_file() or child.suffix == ".json"]
    if not rounds:
        raise BadInput(f"{path} holds no round", hint=f"Name folders with {SPEC} and {POSTERIORS}, or data files.")
    return rounds


def _round(path: Path) -> tuple[Spec, Figures]:
    if path.is_file():
        data = reports_data.loads(path.read_bytes(), name=path.name)
        return data.spec, reports_data.figures(data.spec, reports_prompt.questions(data.spec), data.answers)
    spec = reports_files.read_spec_file(path / SPEC)
    table = reports_files.read_posteriors(path / POSTERIORS, spec)
    return spec, Figures(table.by_mask, table.consistency, table.misreported)


def _resolved(spec: Spec, figures: Figures, outcome: int) -> Resolved:
    everybody = (1 << len(spec.reporters)) - 1
    if everybody not in figures.by_mask:
        raise BadInput(f"a round on {spec.question!r} lacks the posterior of all reports", hint="Add the row all.")
    without = {
        name: figures.by_mask[everybody ^ 1 << place]
        for place, name in enumerate(spec.reporters)
        if everybody ^ 1 << place in figures.by_mask
    }
    return Resolved(outcome, spec.terms.loss, figures.by_mask[everybody], without, figures.misreported)


def _gap(gap: Gap) -> dict[str, Any]:
    error = gap.standard_error
    return {
        "rounds": gap.rounds,
        "mean": float(gap.mean),
        "standard_error": None if error is None else float(error),
    }

"""What to look at before money follows a fit: copies, spam, a juror who decides alone, a problem that is ill posed."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from oracle.mechanism import judgement
from oracle.rounds.judgement import halves
from oracle.rounds.kind import Progress, silent
from oracle.rounds.panel import Panel

ILL = 1e6
HEAVY = 0.25
_GATE_NEEDS = 20


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found; lists and jurors by name."""

    copies: Mapping[str, str]
    """copy -> the earliest list it copies."""
    passed: Mapping[str, bool]
    """Whether a list helps on each half of the answers, blended by the other half."""
    leverage: Mapping[str, float]
    """Share of the weight that moves when a juror (or, where none is named, an answer by its row) is left out."""
    condition: float
    most: int
    """Lists that so many answers can carry."""
    warnings: tuple[str, ...]


def audit(panel: Panel, tau: Fraction, gate: Fraction, progress: Progress = silent) -> Audit:
    """Lists are taken to be in order of commitment; `tau` in nats, `gate` a share of the squared error."""
    answers = panel.jury.answers
    said = judgement.claims(panel.logs, answers)
    leaders = judgement.near_copies(said, tau)
    copies = {panel.names[k]: panel.names[one] for k, one in enumerate(leaders) if one != k}
    flat = (said == 0).all(axis=0).tolist()
    helps = judgement.split_half(said, answers.ratio, halves(answers), gate)
    passed = {name: ok or equal for name, ok, equal in zip(panel.names, helps, flat, strict=True)}
    named = set(panel.jury.jurors) != {"-"}
    owners = panel.jury.jurors if named else tuple(f"row {row}" for row in panel.jury.rows)
    progress("leaving out jurors", 0, 1)
    leverage = judgement.shifts(panel.misses, owners)
    progress("leaving out jurors", 1, 1)
    condition = judgement.condition(said)
    most = max(1, len(answers) // 10)
    return Audit(
        copies, passed, leverage, condition, most, tuple(_warnings(panel, copies, passed, leverage, condition))
    )


def _warnings(
    panel: Panel,
    copies: Mapping[str, str],
    passed: Mapping[str, bool],
    leverage: Mapping[str, float],
    condition: float,
) -> list[str]:
    found = list(panel.warnings)
    if copies:
        found.append(f"{len(copies)} near copies: pay {', '.join(sorted(set(copies.values())))} alone")
    if failed := [name for name, ok in passed.items() if not ok]:
        shown = ", ".join(failed[:5]) + (" ..." if len(failed) > 5 else "")
        found.append(f"{len(failed)} lists fail the gate: {shown}")
    if len(panel.jury.answers) < _GATE_NEEDS:
        found.append(f"{len(panel.jury.answers)} answers are too few to halve: the gate means little")
    heaviest = max(leverage, key=leverage.__getitem__, default=None)
    if heaviest is not None and leverage[heaviest] > HEAVY:
        found.append(f"{heaviest} alone moves {100 * leverage[heaviest]:.0f} % of the weight")
    if not np.isfinite(condition) or condition > ILL:
        found.append(f"the lists are hardly told apart by these answers (condition number {condition:.1e})")
    return found

"""The files of a round of reports: its spec, and a table of posteriors `reports,p[,misreport]`.

`reports` names a coalition (`alice+bob`, `none`, `all`; `#0+1` by place in the spec, for long names), `p` the posterior
of outcome 1. The row `consistency` holds c(r). `misreport` names the one reporter whose report was replaced by one that
misleads, for the audit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, Inexact, localcontext
from fractions import Fraction
from pathlib import Path

from oracle.domain.errors import BadInput
from oracle.mechanism.reports_document import Spec, read_spec
from oracle.rounds.cells import BadCell, Column, Kind
from oracle.rounds.parse import read_rows

_COLUMNS = (
    Column("reports"),
    Column("p", Kind.DECIMAL, least=0, most=1),
    Column("misreport", default="-"),
)
_MAX_TEXT_HINT = "A name, several joined with +, none, all, or consistency."


@dataclass(frozen=True, slots=True)
class Posteriors:
    """Posteriors by coalition mask, c(r) if the table has it, and all-report posteriors by the one who misreports."""

    by_mask: dict[int, Fraction]
    consistency: Fraction | None = None
    misreported: dict[str, Fraction] = field(default_factory=dict)

    @property
    def lookup(self) -> Callable[[int], Fraction]:
        """q(S) as a function. It raises KeyError for a coalition that is not in the table."""
        return self.by_mask.__getitem__

    def require(self, spec: Spec, masks: list[int], name: str) -> None:
        """Raises BadInput naming coalitions that a settlement reads and the table lacks."""
        missing = [mask for mask in masks if mask not in self.by_mask]
        if missing:
            some = ", ".join(coalition_name(spec, mask) for mask in missing[:4])
            raise BadInput(
                f"{name} lacks {len(missing)} of {len(masks)} coalitions: {some}{' ...' if len(missing) > 4 else ''}",
                hint=f"Rule {spec.terms.rule} reads the posterior of each of them.",
            )


def read_spec_file(path: Path, rule: str | None = None) -> Spec:
    """The spec in a file; see `read_spec`."""
    try:
        return read_spec(path.read_bytes(), name=path.name, rule=rule)
    except OSError as error:
        raise BadInput(f"cannot read the spec {path}: {error.strerror}") from error


def read_posteriors(path: Path, spec: Spec) -> Posteriors:
    """The table. Raises BadCell (a BadInput) naming file, row, column and value of the first mistake."""
    found = Posteriors({}, None, {})
    consistency = None
    first: dict[tuple[str, str], int] = {}
    for row in read_rows(path, _COLUMNS):
        who, p, misreport = row.values
        try:
            key = (who, "-") if who == "consistency" else (coalition_name(spec, _mask(spec, who)), misreport)
            if key in first:
                raise ValueError(f"stands in row {first[key]} too", "Leave one of the two rows out.")
            first[key] = row.number
            if who == "consistency":
                consistency = p
            elif misreport == "-":
                found.by_mask[_mask(spec, who)] = p
            else:
                found.misreported[_misreporter(spec, who, misreport)] = p
        except ValueError as error:
            why, hint = (*error.args, _MAX_TEXT_HINT)[:2]
            raise BadCell(path.name, row.number, why, column="reports", value=who, hint=hint) from None
    return Posteriors(found.by_mask, consistency, found.misreported)


def table(spec: Spec, found: Posteriors) -> str:
    """The CSV text that `read_posteriors` reads as `found`; posteriors are exact decimals (of permille and halves)."""
    rows = [f"{_by_places(spec, mask)},{_decimal(p)},-" for mask, p in sorted(found.by_mask.items())]
    rows += [f"all,{_decimal(p)},{who}" for who, p in found.misreported.items()]
    if found.consistency is not None:
        rows.append(f"consistency,{_decimal(found.consistency)},-")
    return "\n".join(["reports,p,misreport", *rows]) + "\n"


def _by_places(spec: Spec, mask: int) -> str:
    places = [str(place) for place in range(len(spec.reporters)) if mask >> place & 1]
    return "#" + "+".join(places) if places else "none"


def _decimal(p: Fraction) -> str:
    with localcontext() as context:
        context.traps[Inexact] = True
        return f"{Decimal(p.numerator) / Decimal(p.denominator):f}"


def coalition_name(spec: Spec, mask: int) -> str:
    """How a table names a coalition."""
    if mask == (1 << len(spec.reporters)) - 1:
        return "all"
    return "+".join(spec.names(mask)) or "none"


def _mask(spec: Spec, text: str) -> int:
    if text in ("none", "all"):
        return 0 if text == "none" else (1 << len(spec.reporters)) - 1
    names = _by_place(spec, text[1:]) if text.startswith("#") else tuple(text.split("+"))
    for name in names:
        if name not in spec.reporters:
            raise ValueError(f"names {name!r}, who is no reporter of this round")
    if len(set(names)) < len(names):
        raise ValueError("names somebody twice")
    return spec.mask(names)


def _by_place(spec: Spec, text: str) -> tuple[str, ...]:
    places = text.split("+")
    if not all(place.isdecimal() and place.isascii() and int(place) < len(spec.reporters) for place in places):
        raise ValueError("has a place that no reporter has", f"Places are 0 to {len(spec.reporters) - 1}.")
    return tuple(spec.reporters[int(place)] for place in places)


def _misreporter(spec: Spec, who: str, misreport: str) -> str:
    if _mask(spec, who) != (1 << len(spec.reporters)) - 1:
        raise ValueError("with a misreport must be all reports", "Write all in the column reports.")
    if misreport not in spec.reporters:
        raise ValueError(f"has misreport {misreport!r}, who is no reporter of this round")
    return misreport

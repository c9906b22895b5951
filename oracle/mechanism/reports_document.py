"""The spec of a round of reports, as written in JSON: what is asked, of whom, and what was promised for it.

Whole numbers are JSON integers, decimals are text ("0.2"), so that the bytes mean one thing. Every mistake is listed.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oracle.domain.errors import BadInput
from oracle.mechanism import canonical
from oracle.mechanism.prompt_document import MENDS
from oracle.mechanism.reports import Loss, Rule, Terms, check_terms

MAX_REPORTERS = 64
MAX_AMOUNT = 10**36
RESERVED = ("none", "all", "consistency")
"""Words that mean something else in a table of posteriors."""
_MENDS = MENDS | {
    "string_pattern_mismatch": "Write it as {pattern}.",
    "too_short": "List at least {min_length}.",
    "string_too_short": "Use at least {min_length} characters.",
}

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
Decimal = Annotated[str, Field(pattern=r"^[0-9]{1,18}(\.[0-9]{1,36})?$")]
Text = Annotated[str, Field(min_length=1)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Terms(_Document):
    rule: Literal["shapley", "loo", "shared", "zero-shot"] = "shapley"
    loss: Literal["brier", "log"] = "brier"
    alpha: Amount
    deposit: Amount = 0
    k: Decimal = "1"
    beta: Amount = 0
    rho: Decimal = "0"
    permutations: Annotated[int, Field(ge=4, le=10_000, multiple_of=2)] = 400


class _Spec(_Document):
    version: Annotated[int, Field(ge=1, le=1)]
    question: Annotated[str, Field(min_length=1, max_length=500)]
    reporters: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_REPORTERS)]
    outcome: Annotated[int, Field(ge=0, le=1)] | None = None
    terms: _Terms
    seed: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")] | None = None
    samples: Annotated[int, Field(ge=1, le=101)] = 5
    report_chars: Annotated[int, Field(ge=1, le=4_000)] = 280
    reports: dict[str, Text] = {}
    misreports: dict[str, Text] = {}


@dataclass(frozen=True, slots=True)
class Spec:
    """One round: `outcome` is None while open; `seed` (32 bytes) orders reports and draws permutations and answers.

    `reports` are the texts by reporter, `misreports` texts that would mislead, for the audit; both may be empty.
    """

    question: str
    reporters: tuple[str, ...]
    outcome: int | None
    terms: Terms
    seed: bytes
    samples: int
    report_chars: int
    reports: dict[str, str]
    misreports: dict[str, str]

    def mask(self, names: tuple[str, ...]) -> int:
        """The bitmask of some reporters."""
        return sum(1 << self.reporters.index(name) for name in names)

    def names(self, mask: int) -> tuple[str, ...]:
        """The reporters of a bitmask, in the spec's order."""
        return tuple(name for place, name in enumerate(self.reporters) if mask >> place & 1)


def read_spec(data: bytes, *, name: str = "spec", rule: str | None = None) -> Spec:
    """The spec in JSON text; `rule` settles by another rule than it says. Raises BadInput listing every mistake."""
    document = canonical.loads(data, name=name)
    if rule is not None and isinstance(document, dict) and isinstance(document.get("terms"), dict):
        document = {**document, "terms": {**document["terms"], "rule": rule}}  # type: ignore[dict-item]
    try:
        spec = _spec(_Spec.model_validate(_tuples(document)))
    except ValidationError as error:
        raise _refusal(name, [_mistake(item) for item in error.errors(include_url=False)]) from None
    if found := check_spec(spec):
        raise _refusal(name, found)
    return spec


def document(spec: Spec) -> dict[str, Any]:
    """The spec as canonical JSON can hold it; `read_spec` gives the same spec back."""
    terms = spec.terms
    return {
        "version": 1,
        "question": spec.question,
        "reporters": list(spec.reporters),
        "outcome": spec.outcome,
        "terms": {
            "rule": str(terms.rule),
            "loss": str(terms.loss),
            "alpha": terms.alpha,
            "deposit": terms.deposit,
            "k": _decimal(terms.k),
            "beta": terms.beta,
            "rho": _decimal(terms.rho),
            "permutations": terms.permutations,
        },
        "seed": "0x" + spec.seed.hex() if spec.seed else None,
        "samples": spec.samples,
        "report_chars": spec.report_chars,
        "reports": dict(spec.reports),
        "misreports": dict(spec.misreports),
    }


def _spec(found: _Spec) -> Spec:
    terms = found.terms
    return Spec(
        question=found.question,
        reporters=found.reporters,
        outcome=found.outcome,
        terms=Terms(
            rule=Rule(terms.rule),
            loss=Loss(terms.loss),
            alpha=terms.alpha,
            k=Fraction(terms.k),
            beta=terms.beta,
            rho=Fraction(terms.rho),
            deposit=terms.deposit,
            permutations=terms.permutations,
        ),
        seed=bytes.fromhex(found.seed[2:]) if found.seed else b"",
        samples=found.samples,
        report_chars=found.report_chars,
        reports=dict(found.reports),
        misreports=dict(found.misreports),
    )


def check_spec(spec: Spec) -> list[str]:
    """Every rule between fields that a spec breaks, in words."""
    found = [f"terms.{line}" for line in check_terms(spec.terms)]
    for name, count in Counter(spec.reporters).items():
        if count > 1:
            found.append(f"reporters: {name} stands {count} times (list each once)")
        if name in RESERVED:
            found.append(f"reporters: {name} means something else in a table of posteriors (choose another name)")
    for field, texts in (("reports", spec.reports), ("misreports", spec.misreports)):
        for name, text in texts.items():
            if name not in spec.reporters:
                found.append(f"{field}.{name}: is no reporter of this round (add it to reporters)")
            if len(text) > spec.report_chars:
                found.append(f"{field}.{name}: has {len(text)} characters, at most {spec.report_chars} (shorten it)")
            if not text.strip():
                found.append(f"{field}.{name}: says nothing (write a report)")
    return found


def _refusal(name: str, mistakes: list[str]) -> BadInput:
    lines = "".join(f"\n  - {line}" for line in mistakes)
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return BadInput(f"{name} has {count}:{lines}", hint="Mend the fields named.")


def _mistake(item: Any) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).removeprefix(".")
    mend = _MENDS.get(item["type"], "See `gengov reports settle --help`.").format(**item.get("ctx", {}))
    return f"{where or 'document'}: {item['msg']} ({mend})"


def _tuples(value: Any) -> Any:
    # Strict validation wants tuples, JSON gives lists.
    if isinstance(value, dict) and isinstance(value.get("reporters"), list):
        return {**value, "reporters": tuple(value["reporters"])}
    return value


def _decimal(value: Fraction) -> str:
    """A fraction that came from decimal text, as text again."""
    whole, rest = divmod(value.numerator, value.denominator)
    if not rest:
        return str(whole)
    digits = 0
    while 10**digits % value.denominator:
        digits += 1
    return f"{whole}.{rest * 10**digits // value.denominator:0{digits}d}"

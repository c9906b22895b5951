"""The calibration certificate: how far honest backends lie apart, the tolerance that follows, and when it holds.

tau = max(1e-3, 10 eps / T) in class F: if logits are within eps, an honest margin is at most 2 eps / T, so no honest
answer is ever refused. Class E has eps = 0 and tau = 0, class B tau = 0.25 and a count (`domain/verdict.py`).
"""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil
from typing import Any

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import CLASS_B_TAU, TAU_UNIT
from oracle.mechanism import canonical

VERSION = "gengov/calibration/v1"
LEAST_TAU, FACTOR = 1000, 10
LEAST_TOKENS = 20_000
"""What a certificate must have been measured on to be committed."""

_DIGITS = 9


def decimal_above(value: float) -> str:
    """The number as decimal text with 9 digits, rounded up: a bound stays a bound."""
    return format((Decimal(ceil(Fraction(value) * 10**_DIGITS)) / 10**_DIGITS).normalize() + 0, "f")


def tolerance(numeric_class: str, eps: str, temperature_milli: int) -> int:
    """tau in 1/1,000,000 of a score for a difference `eps` in logits, as `decimal_above` writes it.

    Raises Refused where no tolerance of the class would let honest answers pass and others not.
    """
    bound = Fraction(eps)
    if numeric_class == "E":
        if bound:
            raise Refused(
                f"class E asks for the same logits everywhere, these differ by up to {eps}",
                hint="An engine of class E is broken on this machine; report it.",
            )
        return 0
    if numeric_class == "B":
        return CLASS_B_TAU
    tau = max(LEAST_TAU, ceil(FACTOR * bound * TAU_UNIT * 1000 / temperature_milli))
    if tau > CLASS_B_TAU:
        raise Refused(
            f"logits of class F differ by up to {eps}: a tolerance of {tau / TAU_UNIT} would let anything pass",
            hint="These weights need class E, or a model whose numbers are not so large.",
        )
    return tau


def rules_of(sampler: Sampler) -> dict[str, Any]:
    """The sampling rules that a measurement depends on: all but the numeric class and its tolerance."""
    return {name: value for name, value in asdict(sampler).items() if name not in ("numeric_class", "tau")}


def subject(weights_root: bytes, tokenizer_hash: bytes, config: Mapping[str, Any]) -> dict[str, str]:
    """What was measured: weights, tokenizer and the digest of config.json with exact numbers."""
    return {
        "weights_root": "0x" + weights_root.hex(),
        "tokenizer_hash": "0x" + tokenizer_hash.hex(),
        "config": "0x" + canonical.digest(config).hex(),
    }


def sampler_for(numeric_class: str, certificate: Mapping[str, Any] | None) -> Sampler:
    """The default sampling rules in a numeric class, with the tolerance that the certificate gives it.

    Raises BadInput for a class that cannot be committed, Refused where the class needs a certificate that has it.
    """
    if numeric_class not in ("E", "F", "B"):
        raise BadInput(f"numeric class {numeric_class!r} cannot be committed", hint="Use E, F or B.")
    if numeric_class == "E":
        return Sampler()
    classes = (certificate or {}).get("classes")
    own = classes.get(numeric_class) if isinstance(classes, Mapping) else None
    tau = own.get("tau") if isinstance(own, Mapping) else None
    if not isinstance(tau, int):
        raise Refused(f"class {numeric_class} needs a calibration certificate that has it", hint=_CALIBRATE)
    return Sampler(numeric_class=numeric_class, tau=tau)


def check_certificate(certificate: Mapping[str, Any] | None, sampler: Sampler, measured: Mapping[str, str]) -> None:
    """Refused unless the certificate is for this model (`subject`) and these rules, and shows that honest answers pass.

    Class E needs none, but one that is there must hold. Class N cannot be checked by anyone.
    """
    if sampler.numeric_class == "N":
        raise Refused("class N cannot be verified", hint="Commit to class E, F or B.")
    if certificate is None:
        if sampler.numeric_class == "E" and sampler.tau == 0:
            return
        raise Refused(f"class {sampler.numeric_class} needs a calibration certificate", hint=_CALIBRATE)
    try:
        _check(certificate, sampler, measured)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation, ZeroDivisionError) as error:
        raise Refused(f"the calibration certificate is malformed: {error!r}", hint=_CALIBRATE) from None


_CALIBRATE = "Measure it: gengov model calibrate FOLDER, then gengov model manifest FOLDER --force."


def _check(certificate: Mapping[str, Any], sampler: Sampler, measured: Mapping[str, str]) -> None:
    if certificate["version"] != VERSION:
        raise ValueError(f"not a {VERSION} document")
    for what, value in measured.items():
        if certificate["subject"][what] != value:
            raise Refused(f"the calibration certificate is for another model: its {what} differs", hint=_CALIBRATE)
    if certificate["sampler"] != rules_of(sampler):
        raise Refused("the calibration certificate is for other sampling rules", hint=_CALIBRATE)
    if certificate["tokens"] < LEAST_TOKENS:
        raise Refused(
            f"calibrated on {certificate['tokens']:,} tokens only, {LEAST_TOKENS:,} are asked for", hint=_CALIBRATE
        )
    own = certificate["classes"].get(sampler.numeric_class)
    if own is None:
        raise Refused(f"the calibration certificate has no class {sampler.numeric_class}", hint=_CALIBRATE)
    tau = tolerance(sampler.numeric_class, own["eps"], sampler.temperature_milli)
    if not tau == own["tau"] == sampler.tau:
        raise Refused(
            f"tau is {sampler.tau} in the sampler and {own['tau']} in the certificate; its eps of {own['eps']} asks "
            f"for {tau}",
            hint=_CALIBRATE,
        )
    for run in own["honest"]:
        if not run["upheld"]:
            raise Refused(
                f"honest answers of {run['generator']} were refused by {run['checker']}: {run['mismatches']} tokens",
                hint="A model whose honest runs fail would lose every dispute.",
            )

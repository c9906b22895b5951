"""The tolerance follows from the measured difference, and a certificate counts for one model and one rule."""

from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import MARGIN_BITS, within
from oracle.mechanism.certificate import (
    LEAST_TOKENS,
    VERSION,
    check_certificate,
    decimal_above,
    rules_of,
    sampler_for,
    subject,
    tolerance,
)

MEASURED = subject(b"\x01" * 32, b"\x02" * 32, {"vocab_size": 700})
FLOAT = Sampler(numeric_class="F", tau=1000)


def certificate(**classes: Any) -> dict[str, Any]:
    run = {"generator": "fp32", "checker": "fp64", "tokens": 20_500, "mismatches": 0, "upheld": True}
    return {
        "version": VERSION,
        "subject": MEASURED,
        "sampler": rules_of(Sampler()),
        "tokens": LEAST_TOKENS,
        "classes": {"F": {"eps": "0.00002", "tau": 1000, "honest": [run]}} | classes,
    }


# -- the tolerance ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numeric_class", "eps", "temperature", "tau"),
    [
        ("E", "0", 1000, 0),
        ("F", "0", 1000, 1000),
        ("F", "0.00002", 1000, 1000),
        ("F", "0.0001", 1000, 1000),
        ("F", "0.000100001", 1000, 1001),
        ("F", "0.00123", 1000, 12_300),
        ("F", "0.00123", 500, 24_600),
        ("B", "0.7", 1000, 250_000),
    ],
)
def test_tolerance__of_a_difference__is_ten_times_it_and_at_least_a_thousandth(
    numeric_class: str, eps: str, temperature: int, tau: int
) -> None:
    assert tolerance(numeric_class, eps, temperature) == tau


@pytest.mark.parametrize(("numeric_class", "eps"), [("E", "0.000000001"), ("F", "0.0251"), ("F", "3")])
def test_tolerance__of_a_class_that_is_none__is_refused(numeric_class: str, eps: str) -> None:
    with pytest.raises(Refused, match=eps):
        tolerance(numeric_class, eps, 1000)


@given(
    st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=20),
    st.floats(0, 0.001),
    st.integers(200, 3000),
    st.data(),
)
def test_tolerance__logits_within_eps__no_honest_token_is_ever_refused(
    logits: list[float], eps: float, temperature: int, data: st.DataObject
) -> None:
    """The theorem: whatever the noise, the token that one backend draws is within tau of the other's best."""
    bound = Fraction(decimal_above(eps))
    noise = [Fraction(data.draw(st.integers(-3 << 20, 15 << 20)), 1 << 20) for _ in logits]
    shifts = [Fraction(data.draw(st.floats(-1, 1))) * bound / 2 for _ in logits]  # so that any two are within eps
    other = [Fraction(data.draw(st.floats(-1, 1))) * bound / 2 for _ in logits]

    def scores(moved: list[Fraction]) -> list[Fraction]:
        table = zip(logits, moved, noise, strict=True)
        return [(Fraction(logit) + shift) * 1000 / temperature + gumbel for logit, shift, gumbel in table]

    drawn = max(range(len(logits)), key=scores(shifts).__getitem__)
    checked = scores(other)
    margin = int((max(checked) - checked[drawn]) * (1 << MARGIN_BITS)) + 1
    assert within(margin, tolerance("F", decimal_above(eps), temperature))


@given(st.floats(0, 100))
def test_decimal_above__any_number__not_below_it_and_close(value: float) -> None:
    text = decimal_above(value)
    assert "e" not in text.lower()
    assert 0 <= Fraction(text) - Fraction(value) < Fraction(1, 10**9)


# -- sampling rules ---------------------------------------------------------------------------------------------------


def test_sampler_for__each_class__has_the_tolerance_of_the_certificate() -> None:
    found = certificate(B={"tau": 250_000}, E={"tau": 0})
    assert sampler_for("E", None) == sampler_for("E", found) == Sampler()
    assert sampler_for("F", found) == FLOAT
    assert sampler_for("B", found) == Sampler(numeric_class="B", tau=250_000)


@pytest.mark.parametrize("wrong", [None, {}, {"classes": []}, {"classes": {"F": 1}}, {"classes": {"F": {"tau": "1"}}}])
def test_sampler_for__class_without_a_certificate__is_refused(wrong: Any) -> None:
    with pytest.raises(Refused, match="class F needs a calibration certificate"):
        sampler_for("F", wrong)


@pytest.mark.parametrize("name", ["N", "", "e", "EF"])
def test_sampler_for__class_that_cannot_be_committed__is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be committed"):
        sampler_for(name, certificate())


# -- what counts ------------------------------------------------------------------------------------------------------


def test_check__certificate_of_this_model_and_rule__holds() -> None:
    check_certificate(certificate(), FLOAT, MEASURED)
    check_certificate(None, Sampler(), MEASURED)


@pytest.mark.parametrize("numeric_class", ["F", "B"])
def test_check__class_with_a_tolerance_and_no_certificate__is_refused(numeric_class: str) -> None:
    with pytest.raises(Refused, match=f"class {numeric_class} needs a calibration certificate") as caught:
        check_certificate(None, Sampler(numeric_class=numeric_class, tau=1000), MEASURED)
    assert "gengov model calibrate" in caught.value.hint


def test_check__exact_class_with_a_tolerance__is_refused() -> None:
    with pytest.raises(Refused, match="class E needs"):
        check_certificate(None, Sampler(tau=1), MEASURED)


def test_check__class_that_nobody_can_verify__is_refused() -> None:
    with pytest.raises(Refused, match="class N cannot be verified"):
        check_certificate(certificate(), Sampler(numeric_class="N"), MEASURED)


def changed(change: Any) -> dict[str, Any]:
    document = deepcopy(certificate())
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["subject"].update(weights_root="0x00"), "another model: its weights_root"),
        (lambda d: d["subject"].update(tokenizer_hash="0x00"), "another model: its tokenizer_hash"),
        (lambda d: d["subject"].update(config="0x00"), "another model: its config"),
        (lambda d: d["sampler"].update(temperature_milli=900), "other sampling rules"),
        (lambda d: d.update(tokens=LEAST_TOKENS - 1), "calibrated on 19,999 tokens only"),
        (lambda d: d["classes"].pop("F"), "has no class F"),
        (lambda d: d["classes"]["F"].update(tau=2000), "tau is 1000 in the sampler and 2000 in the certificate"),
        (lambda d: d["classes"]["F"].update(eps="0.001"), "asks for 10000"),
        (lambda d: d["classes"]["F"].update(eps="0.1"), "would let anything pass"),
        (lambda d: d["classes"]["F"]["honest"][0].update(upheld=False, mismatches=7), "refused by fp64: 7 tokens"),
        (lambda d: d.update(version="gengov/calibration/v0"), "malformed"),
        (lambda d: d.pop("subject"), "malformed"),
        (lambda d: d.update(tokens="many"), "malformed"),
        (lambda d: d.update(classes=[]), "malformed"),
        (lambda d: d["classes"].update(F=3), "malformed"),
        (lambda d: d["classes"]["F"].update(eps="much"), "malformed"),
        (lambda d: d["classes"]["F"].update(honest=[1]), "malformed"),
    ],
)
def test_check__anything_else__is_refused_saying_what(change: Any, message: str) -> None:
    with pytest.raises(Refused, match=message):
        check_certificate(changed(change), FLOAT, MEASURED)


def test_check__certificate_of_other_tolerance_than_the_sampler__is_refused() -> None:
    with pytest.raises(Refused, match="tau is 5000 in the sampler"):
        check_certificate(certificate(), replace(FLOAT, tau=5000), MEASURED)


def test_check__broken_exact_engine_in_a_certificate__is_refused() -> None:
    with pytest.raises(Refused, match="class E asks for the same logits"):
        check_certificate(certificate(E={"eps": "0.1", "tau": 0, "honest": []}), Sampler(), MEASURED)

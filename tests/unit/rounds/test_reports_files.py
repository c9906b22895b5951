"""Spec and posteriors of a round of reports: what is read, and that every mistake is refused with its place."""

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism import canonical
from oracle.mechanism.reports import Rule
from oracle.mechanism.reports_document import document, read_spec
from oracle.rounds.cells import BadCell
from oracle.rounds.reports_files import Posteriors, read_posteriors, read_spec_file
from oracle.rounds.reports_files import table as write_table

SPEC: dict[str, Any] = {
    "version": 1,
    "question": "Will the river be safe on 1 July?",
    "reporters": ["alice", "bob"],
    "outcome": 1,
    "terms": {"alpha": 1_000, "deposit": 1_000},
}


def spec(**changes: Any):
    return read_spec(json.dumps(SPEC | changes).encode())


def refusal(**changes: Any) -> str:
    with pytest.raises(BadInput) as caught:
        spec(**changes)
    return str(caught.value)


def table(tmp_path: Path, text: str):
    path = tmp_path / "posteriors.csv"
    path.write_text("reports,p\n" + text)
    return read_posteriors(path, spec())


def test_read_spec__least_that_is_needed__has_the_defaults() -> None:
    found = spec()
    assert found.terms.rule is Rule.SHAPLEY and found.terms.k == 1 and found.samples == 5 and found.seed == b""


@given(st.decimals(0, Fraction(1, 5).__float__(), places=6), st.integers(1, 101), st.sampled_from([0, 1, None]))
def test_document__any_spec__reads_back_as_itself(rho, samples: int, outcome) -> None:
    terms = {"alpha": 10**24, "deposit": 10**24, "beta": 7, "rho": f"{rho:f}", "k": "1.50"}
    found = spec(samples=samples, outcome=outcome, terms=terms, seed="0x" + "ab" * 32, reports={"bob": "é ok"})
    assert read_spec(canonical.dumps(document(found))) == found


def test_read_spec__many_mistakes__all_are_listed() -> None:
    said = refusal(
        question="", reporters=["alice", "alice", "all", "o'"], outcome=2, terms={"alpha": -1, "rho": "0,3"}, colour=1
    )
    for field in ("question", "reporters[3]", "outcome", "terms.alpha", "terms.rho", "colour"):
        assert f"- {field}: " in said, said
    said = refusal(
        reporters=["alice", "alice", "all"],
        terms={"alpha": 10, "rho": "0.3"},
        reports={"alice": "x" * 281, "eve": "hi", "all": " "},
    )
    for words in (
        "reporters: alice stands 2 times", "reporters: all means", "terms.deposit: 0 does not cover",
        "terms.rho: 0.3 is not within", "reports.alice: has 281 characters", "reports.eve: is no reporter",
        "reports.all: says nothing",
    ):  # fmt: skip
        assert words in said, said


def test_read_spec_file__missing__is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot read the spec .*nowhere\.json"):
        read_spec_file(tmp_path / "nowhere.json")


def test_read_spec__other_rule__replaces_the_spec_s_own() -> None:
    assert read_spec(json.dumps(SPEC).encode(), rule="loo").terms.rule is Rule.LOO


def test_read_posteriors__every_way_to_name_a_coalition__is_read_exactly(tmp_path: Path) -> None:
    found = table(tmp_path, "none,0.5\nalice,0.6\n#1,.7\nall,8e-1\nconsistency,0.25\n")
    assert found.by_mask == {0: Fraction(1, 2), 1: Fraction(3, 5), 2: Fraction(7, 10), 3: Fraction(4, 5)}
    assert found.consistency == Fraction(1, 4)


def test_read_posteriors__misreports__are_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "posteriors.csv"
    path.write_text("reports,p,misreport\nall,0.8,-\nall,0.3,bob\n")
    found = read_posteriors(path, spec())
    assert found.by_mask == {3: Fraction(4, 5)} and found.misreported == {"bob": Fraction(3, 10)}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("none,0.5\neve,0.6\n", "row 3, column reports: 'eve' names 'eve', who is no reporter"),
        ("alice+alice,0.6\n", "row 2, column reports: 'alice.alice' names somebody twice"),
        ("alice,0.6\nbob,0.1\n#0,0.6\n", "row 4, column reports: '#0' stands in row 2 too"),
        ("alice+bob,0.6\nbob+alice,0.6\n", "row 3, column reports: .* stands in row 2 too"),
        ("#2,0.6\n", "row 2, column reports: '#2' has a place that no reporter has"),
        ("#,0.6\n", "has a place that no reporter has"),
        ("alice,0.6131C\n", "row 2, column p: '0.6131C' is not a number"),
        ("alice,1.01\n", "row 2, column p: '1.01' is above 1"),
        ("alice,-0.1\n", "row 2, column p: '-0.1' is below 0"),
    ],
)
def test_read_posteriors__a_bad_row__is_refused_by_row_column_and_value(tmp_path: Path, rows: str, words: str) -> None:
    with pytest.raises(BadCell, match=r"posteriors\.csv, row|has a place") as caught:
        table(tmp_path, rows)
    assert re.search(words, str(caught.value)), caught.value


@pytest.mark.parametrize(
    ("row", "words"), [("alice,0.5,bob", "must be all reports"), ("all,0.5,eve", "misreport 'eve'")]
)
def test_read_posteriors__a_misreport_that_means_nothing__is_refused(tmp_path: Path, row: str, words: str) -> None:
    path = tmp_path / "posteriors.csv"
    path.write_text(f"reports,p,misreport\n{row}\n")
    with pytest.raises(BadCell, match=words):
        read_posteriors(path, spec())


def test_require__coalitions_missing__are_named(tmp_path: Path) -> None:
    found = table(tmp_path, "none,0.5\nall,0.6\n")
    with pytest.raises(BadInput, match=r"t\.csv lacks 2 of 4 coalitions: alice, bob"):
        found.require(spec(), [0, 1, 2, 3], "t.csv")


def test_table__of_posteriors__reads_back_as_they_are(tmp_path: Path) -> None:
    found = Posteriors(
        {0: Fraction(1, 2), 1: Fraction(1, 1000), 2: Fraction(1, 2000), 3: Fraction(0)},
        Fraction(999, 1000),
        {"bob": Fraction(1)},
    )
    path = tmp_path / "t.csv"
    path.write_text(write_table(spec(), found))
    assert read_posteriors(path, spec()) == found

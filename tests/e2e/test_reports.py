"""`gengov reports` as typed: the example, settlements from files, and what is refused."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Gengov

SPEC: dict[str, Any] = {
    "version": 1,
    "question": "Will the river be safe on 1 July?",
    "reporters": ["alice", "bob"],
    "outcome": 1,
    "terms": {"alpha": 1_000_000, "deposit": 1_000_000},
}


@pytest.fixture
def round_(folder: Path) -> Path:
    (folder / "spec.json").write_text(json.dumps(SPEC))
    (folder / "posteriors.csv").write_text("reports,p\nnone,0.5\nalice,0.7\nbob,0.6\nall,0.9\nconsistency,0.8\n")
    return folder


def settle(gengov: Gengov, *more: str, code: int = 0) -> Any:
    return gengov.json("reports", "settle", "--spec", "spec.json", "--posteriors", "posteriors.csv", *more, code=code)


def test_xor__the_published_example__exact(gengov: Gengov) -> None:
    found = gengov.json("reports", "xor")
    expected = json.loads((ROOT / "tests/data/lmm/xor6_expected.json").read_text())
    same = set(found) & set(expected) - {"setting"}
    assert len(same) == 7 and all(found[key] == expected[key] for key in same)
    assert found["gap_observable_log"].startswith("0.045701") or found["gap_observable_log"].startswith("0.045700788")
    assert found["gap_zero_shot_pairs"] == "1/27" and found["market_on_Z_moves"] is False
    assert found["zero_shot_strict_equilibria"] == 16
    assert Fraction(found["zero_shot_everyone_says_1"]) > Fraction(found["zero_shot_truth"])
    assert "449/729" in gengov("reports", "xor")


def test_settle__shapley__payments_sum_to_the_information_value(gengov: Gengov, round_: Path) -> None:
    found = settle(gengov)
    assert found["information_value"] == str(Fraction(1, 4) - Fraction(1, 100)) and found["paid"] == 240_000
    assert found["payouts"] == {"alice": 155_000, "bob": 85_000}
    assert "bob" in gengov("reports", "settle", "--spec", "spec.json", "--posteriors", "posteriors.csv")


def test_settle__shared__warns_of_copies_and_pays_each_the_same(gengov: Gengov, round_: Path) -> None:
    found = settle(gengov, "--rule", "shared")
    assert found["payouts"] == {"alice": 990_000, "bob": 990_000}
    assert "copies" in gengov.said and found["warnings"]


def test_settle__zero_shot_without_an_outcome__scores_and_warns_but_pays_nothing(gengov: Gengov, round_: Path) -> None:
    (round_ / "spec.json").write_text(json.dumps(SPEC | {"outcome": None}))
    found = settle(gengov, "--rule", "zero-shot")
    assert found["payouts"] is None and found["paid"] == 0
    assert "16 strict equilibria" in gengov.said and "nothing is paid" in gengov.said
    refused = settle(gengov, "--rule", "shapley", code=1)
    assert "not known yet" in refused["error"]["message"]


def test_settle__a_coalition_is_missing__is_refused_by_name(gengov: Gengov, round_: Path) -> None:
    (round_ / "posteriors.csv").write_text("reports,p\nnone,0.5\nalice,0.7\nall,0.9\n")
    assert "bob" in settle(gengov, code=2)["error"]["message"]


def test_settle__a_stray_letter__is_refused_by_row(gengov: Gengov, round_: Path) -> None:
    (round_ / "posteriors.csv").write_text("reports,p\nnone,0.5\nalice,0.0285131C\n")
    assert "posteriors.csv, row 3, column p: '0.0285131C'" in settle(gengov, code=2)["error"]["message"]


def test_settle__neither_posteriors_nor_model__is_refused(gengov: Gengov, round_: Path) -> None:
    gengov("reports", "settle", "--spec", "spec.json", code=2)

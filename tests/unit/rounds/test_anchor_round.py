"""Rounds of anchoring from files: settled in integers, verified, tampered with, and everything that is refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from oracle.mechanism.anchoring import anchor
from oracle.rounds import settle
from oracle.rounds.anchor import Anchor
from oracle.rounds.folder import RESULT, Folder
from oracle.rounds.kind import Tools
from tests.support.plain_anchoring import equal, of
from tests.support.rounds import change, mistakes_of, posted, set_rule

ONE, TWO, LATE = ("0x" + digit * 40 for digit in "123")
SAID = f"forecasts/{ONE}.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "round")
    settle.init(made, Anchor(), "Rain", 1_000_003)
    return made


def write(folder: Folder, outcomes: str, said: Mapping[str, str]) -> None:
    """Other questions: outcomes, and the beliefs of some accounts."""
    for name in folder.accounts("forecasts").values():
        (folder.path / name).unlink()
    tables = {f"forecasts/{account}.csv": ("question,belief\n" + rows).encode() for account, rows in said.items()}
    folder.write({"outcomes.csv": ("question,outcome\n" + outcomes).encode(), **tables})


def test_round__weights_and_pay__as_in_floats(folder: Folder) -> None:
    result, amounts = posted(folder)
    rows = [[0.8, 0.5, None], [0.3, 0.5, None], [0.9, 0.5, 0.7], [0.4, 0.5, 0.1]]
    weights = anchor(of(rows, [1.0, 0.0, 1.0, 0.0])).weights[-1]
    found = [result["weights"][account] for account in (ONE, TWO, LATE)]
    assert sum(found) == 10**18
    assert [value / 10**18 for value in found] == pytest.approx(weights.tolist(), abs=1e-15)
    assert sum(amounts.values()) == 1_000_003
    assert amounts[LATE] == pytest.approx(weights[2] * 1_000_003, abs=1)
    assert settle.verify(folder, Tools()) == []


def test_round__real_stream__expected_weights(folder: Folder) -> None:
    beliefs, outcomes = equal()
    accounts = ["0x" + str(place) * 40 for place in range(1, 6)]
    said = {
        account: "".join(f"q{t},{row[place]!r}\n" for t, row in enumerate(beliefs))
        for place, account in enumerate(accounts)
    }
    write(folder, "".join(f"q{t},{int(outcome)}\n" for t, outcome in enumerate(outcomes)), said)
    result, _ = posted(folder)
    expected = anchor(of(beliefs, outcomes)).weights[-1].tolist()
    assert [result["weights"][account] / 10**18 for account in accounts] == pytest.approx(expected, abs=1e-13)


def test_round__classes_and_numbers__losses_in_units(folder: Folder) -> None:
    write(folder, "q,2\n", {ONE: "q,0.2|0.5|0.3\n", TWO: "q,0|0|1\n"})
    set_rule(folder, loss="classes")
    result, _ = posted(folder)
    assert result["losses"] == {ONE: "390000000000000000", TWO: "0"}
    write(folder, "q,20\n", {ONE: "q,10|20|30\n", TWO: "q,50|60|90\n"})
    set_rule(folder, loss="numbers", high="100")
    result, _ = posted(folder)
    # the mean of |X - y| less half the mean of |X - X'|, over 100: (20/3 - 40/9) / 100 and (140/3 - 80/9) / 100
    assert result["losses"] == {ONE: "22222222222222222", TWO: "377777777777777777"}


def test_round__result_tampered_with__difference_named(folder: Folder) -> None:
    result, _ = posted(folder)
    weight = str(result["weights"][ONE])
    change(folder, RESULT, weight, str(int(weight) + 1))
    assert any(f"weights.{ONE}" in line for line in settle.verify(folder, Tools()))


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (SAID, "0.8", "0.0285...131C", (SAID, "row 2", "belief", "'0.0285...131C'")),
        (SAID, "0.8", "1.2", (SAID, "row 2", "out of range")),
        (SAID, "0.8", "0.8|0.2", (SAID, "row 2", "more than one number")),
        (SAID, "rain-monday", "rain-mnday", (SAID, "row 2", "'rain-mnday'", "no outcome")),
        (SAID, "rain-tuesday", "rain-monday", (SAID, "row 3", "row 2")),
        ("outcomes.csv", "rain-monday,1", "rain-monday,2", ("outcomes.csv", "row 2", "'2'")),
        ("outcomes.csv", "rain-tuesday", "rain-monday", ("outcomes.csv", "row 3", "row 2")),
    ],
)
def test_bad_cell__named(folder: Folder, name: str, old: str, new: str, words: tuple[str, ...]) -> None:
    change(folder, name, old, new)
    said = "\n".join(mistake.message for mistake in mistakes_of(folder))
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("values", "outcomes", "said", "word"),
    [
        ({"loss": "classes"}, "q,0\n", {ONE: "q,0.5|0.4\n"}, "sums to 0.9"),
        ({"loss": "classes"}, "q,2\n", {ONE: "q,0.5|0.5\n"}, "none of the 2 classes"),
        ({"loss": "classes"}, "q,0\nr,1\n", {ONE: "q,0.5|0.5\nr,1\n"}, "has 1 numbers, others have 2"),
        ({"loss": "numbers"}, "q,2\n", {ONE: "q,0.5|0.6\n"}, "range 0 to 1"),
        ({"loss": "numbers"}, "q,1\n", {ONE: "q,0.6|0.5\n"}, "does not rise"),
        ({"loss": "numbers", "low": "1"}, "q,1\n", {ONE: "q,0.6|0.5\n"}, "not below"),
        ({"low": "x"}, "q,1\n", {ONE: "q,0.6\n"}, "low"),
        ({"eta": "0.6"}, "q,1\n", {ONE: "q,0.6\n"}, "eta"),
        ({}, "", {ONE: "q,0.6\n"}, "no outcome"),
        ({}, "q,1\n", {ONE: ""}, "no forecasts"),
        ({}, "q,1\n", {}, "no forecast"),
    ],
)
def test_bad_round__told(
    folder: Folder, values: dict[str, object], outcomes: str, said: dict[str, str], word: str
) -> None:
    write(folder, outcomes, said)
    set_rule(folder, **values)
    assert word in "\n".join(mistake.message for mistake in mistakes_of(folder))

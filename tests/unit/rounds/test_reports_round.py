"""A round folder of kind reports: settled from its files, summing to the prize, every mistake named by its place."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.rounds import settle
from oracle.rounds.folder import Folder
from oracle.rounds.kind import Executor, Tools
from oracle.rounds.kinds import KINDS
from tests.support.fake_reader import HASHES, FakeReader

ONE, TWO, THREE = ("0x" + str(n) * 40 for n in (1, 2, 3))
SPONSOR = "0x" + "5" * 40


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = Folder(tmp_path / "round")
    settle.init(folder, KINDS["reports"], "A round", 1_600_000)
    return folder.path


def change_rule(place: Path, **changes: Any) -> None:
    value = json.loads((place / "round.json").read_text())
    value["rule"] |= changes
    (place / "round.json").write_text(json.dumps(value))


def payouts(place: Path) -> dict[str, int]:
    made = settle.post(Folder(place), Tools())
    Folder(place).write(made)
    return {who: int(n) for who, n in (row.split(",") for row in made["payouts.csv"].decode().splitlines()[1:])}


def test_post__skeleton__deposits_plus_shapley_and_the_rest_to_the_sponsor(place: Path) -> None:
    change_rule(place, sponsor=SPONSOR)
    paid = payouts(place)
    value = Fraction(1, 4) - Fraction(1, 16)
    assert sum(paid.values()) == 1_600_000 and paid[SPONSOR] == 400_000 * (1 - value)
    assert sum(paid[who] - 400_000 for who in (ONE, TWO, THREE)) == 400_000 * value
    assert paid[ONE] > paid[TWO] > 400_000 > paid[THREE]  # the third report led astray and pays from the deposit
    assert settle.verify(Folder(place), Tools()) == []


def test_verify__other_payouts__are_found(place: Path) -> None:
    payouts(place)
    text = (place / "payouts.csv").read_text()
    (place / "payouts.csv").write_text(text.replace("371666", "371667"))
    assert "payouts.csv" in settle.verify(Folder(place), Tools())[0]


def test_post__logarithmic_loss__no_part_is_negative(place: Path) -> None:
    change_rule(place, loss="log", deposit=2_800_000)
    (place / "answers.csv").write_text(
        "reports,p\nnone,0.001\n#0,0.5\n#1,0.5\n#2,0.5\n#0+1,0.9\n#0+2,0.9\n#1+2,0.9\nall,0.999\n"
    )
    paid = payouts(place)
    assert min(paid.values()) >= 0 and sum(paid.values()) == 1_600_000


def mistakes(place: Path) -> str:
    found, told = settle.examine(Folder(place))
    assert found is None
    return "\n".join(map(str, told))


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("answers.csv", "reports,p\nnone,0.5\n", "answers.csv lacks 7 of 8 coalitions"),
        ("answers.csv", "reports,p\nnone,0.5x\n", "answers.csv, row 2, column p: '0.5x'"),
        ("outcomes.csv", "question,outcome\nAnother question?,1\n", "outcomes.csv, row 2, column question"),
        ("outcomes.csv", "question,outcome\n", "outcomes.csv has 0 rows"),
        ("outcomes.csv", "question,outcome\nWill the river be safe on 1 July?,2\n", "row 2, column outcome: '2'"),
        (f"reports/{ONE}.txt", "x" * 281, "has 281 characters, at most 280"),
        (f"reports/{ONE}.txt", " \n", "says nothing"),
    ],
)
def test_check__a_bad_file__is_named(place: Path, file: str, text: str, words: str) -> None:
    (place / file).write_text(text)
    assert words in mistakes(place)


def test_check__text_that_is_not_utf_8_or_nobody_reports__is_named(place: Path) -> None:
    (place / f"reports/{ONE}.txt").write_bytes(b"ok \xff")
    assert "byte 3 is not UTF-8" in mistakes(place)
    for who in (ONE, TWO, THREE):
        (place / f"reports/{who}.txt").unlink()
    assert "there is no report" in mistakes(place)


def test_check__a_deposit_that_does_not_cover__is_named(place: Path) -> None:
    change_rule(place, deposit=399_999)
    assert "terms.deposit: 399999 does not cover" in mistakes(place)


def test_post__nobody_settled_yet__has_no_outcome_file(place: Path) -> None:
    (place / "outcomes.csv").unlink()
    with pytest.raises(BadInput, match=r"no outcomes\.csv"):
        settle.post(Folder(place), Tools())


def readers(instruction: str, texts: list[str], index: int) -> str:
    """Says 50 %, and 10 more for each report of clean water, 10 less for each of a smell."""
    figure = 500 + sum(100 if "clean" in text else -100 if "smelled" in text else 0 for text in texts)
    return f'{{"permille":{figure}}}'


def by_model(mind=readers, numeric_class: str = "E", hashes=HASHES) -> Tools:
    reader = FakeReader(mind)
    reader.numeric_class = numeric_class
    return Tools(executor=Executor(reader, hashes, Sampler()))


@pytest.fixture
def modelled(place: Path) -> Path:
    (place / "answers.csv").unlink()
    change_rule(place, model="0x" + HASHES[0].hex(), sponsor=SPONSOR)
    return place


def test_post__a_round_that_names_a_model__pays_by_what_it_says_and_verifies(modelled: Path) -> None:
    made = settle.post(Folder(modelled), by_model())
    result = json.loads(made["result.json"])
    masks = {str(m): str(Fraction(5 + (m & 1) - (m >> 2), 10)) for m in range(8)}
    assert result["posteriors"] == masks and result["model"] == ["0x" + part.hex() for part in HASHES]
    paid = {who: int(n) for who, n in (row.split(",") for row in made["payouts.csv"].decode().splitlines()[1:])}
    assert paid[ONE] > paid[TWO] == 400_000 > paid[THREE] and sum(paid.values()) == 1_600_000
    Folder(modelled).write(made)
    assert settle.verify(Folder(modelled), by_model()) == []
    ignores = by_model(lambda instruction, texts, index: '{"permille":500}')
    assert any("posteriors.1" in line for line in settle.verify(Folder(modelled), ignores))


@pytest.mark.parametrize(
    ("tools", "error", "words"),
    [
        (Tools(), BadInput, "names a model"),
        (by_model(hashes=HASHES[::-1]), BadInput, "names the model 0x0101"),
        (by_model(numeric_class="F"), Refused, "class F: answers may differ elsewhere"),
        (by_model(lambda instruction, texts, index: "no"), Refused, "0 of 5 answers are valid"),
    ],
)
def test_post__the_named_model_is_not_at_hand_or_not_exact_or_mute__is_refused(
    modelled: Path, tools: Tools, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        settle.post(Folder(modelled), tools)


def test_check__a_model_and_posteriors__is_one_too_many(modelled: Path) -> None:
    (modelled / "answers.csv").write_text("reports,p\nnone,0.5\n")
    assert "answers.csv is there and round.json names a model" in mistakes(modelled)

"""`gengov judge` and `gengov round` as a user runs them: files in, weights, mixes, questions and proofs out."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.conftest import ROOT, Gengov
from tests.support import judging
from tests.support.judging import DATA

TRIAL = [word for name, file in judging.TRIAL.items() for word in ("--list", f"{name}={DATA / file}")]
TRIAL_ANSWERS = ["--answers", str(DATA / "trial2025_answers_first360.csv")]

SETTLE = """
import sys
from pathlib import Path
from oracle.rounds import folder, kind, settle
made = settle.post(folder.Folder(Path(sys.argv[1])), kind.Tools())
sys.stdout.buffer.write(made["result.json"] + made["payouts.csv"])
"""


@pytest.fixture
def user(tmp_path: Path) -> Gengov:
    return Gengov(tmp_path)


@pytest.fixture
def toy(user: Gengov) -> list[str]:
    return judging.write_toy(user.folder)


def test_fit__toy__the_published_figures(user: Gengov, toy: list[str]) -> None:
    found = user.json("judge", "fit", *toy)
    assert set(found) >= {"weights", "score", "scores", "gap", "answers", "warnings"}
    right = judging.expected("toy_jury.json")["expected"]
    assert found["weights"] == pytest.approx(right["weights"], abs=1e-6)
    assert found["score"] == pytest.approx(0.071661, abs=5e-7) and found["answers"] == 5
    assert found["scores"] == pytest.approx(right["pure_cost"], rel=1e-8)
    assert 0 <= found["gap"] <= 1e-9
    assert any("5 lists for 5 answers" in warning for warning in found["warnings"])
    shown = user("judge", "fit", *toy)
    assert "0.198989" in shown and "0.801011" in shown and "0.071661" in shown and "proved exactly" in shown


def test_fit__published_rounds__their_expected_weights(user: Gengov) -> None:
    right = judging.expected("trial2025_expected.json")
    found = user.json("judge", "fit", *TRIAL, *TRIAL_ANSWERS)
    assert list(found["weights"].values()) == pytest.approx(right["weights"], abs=1e-6)
    assert found["mean"] == pytest.approx(right["mean_squared_error"], abs=1e-6)
    right = judging.expected("gg24_expected_first60.json")
    words = [word for name in judging.GG24 for word in ("--list", f"{name}={DATA / f'gg24_list_{name}.csv'}")]
    found = user.json("judge", "fit", *words, "--answers", str(DATA / "gg24_answers_first60.csv"), "--house", "--fast")
    assert list(found["weights"].values()) == pytest.approx(right["weights"], abs=1e-6)
    assert found["gap"] <= 1e-9 and not found["exact"]


def test_fit__lists_after_one_option__the_same(user: Gengov, toy: list[str]) -> None:
    names = [word for word in toy[:-2] if word != "--list"]
    assert user.json("judge", "fit", "--list", *names, *toy[-2:]) == user.json("judge", "fit", *toy)


def test_fit__huber_and_a_picture__other_weights_and_a_file(user: Gengov) -> None:
    words = [*TRIAL, *TRIAL_ANSWERS, "--loss", "huber", "--delta", "0.5"]
    found = user.json("judge", "fit", *words, "--picture", "weights.svg")
    assert found["loss"] == "huber" and sum(found["weights"].values()) == pytest.approx(1)
    assert abs(found["weights"]["arbitron"] - 0.41982) > 1e-3
    assert "arbitron" in (user.folder / "weights.svg").read_text()


def test_mix__toy__sums_to_one_and_is_the_geometric_mean(user: Gengov, toy: list[str]) -> None:
    found = user.json("judge", "mix", *toy, "--out", "mix.csv")
    rows = dict(list(csv.reader((user.folder / "mix.csv").open()))[1:])
    assert found["items"] == len(rows) == 20 and sum(map(float, rows.values())) == pytest.approx(1)
    frodo, sam = float(rows["Frodo Baggins"]), float(rows["Samwise Gamgee"])
    assert frodo / sam == pytest.approx((20 / 18) ** 0.198989 * (40 / 30) ** 0.801011, rel=1e-6)


def test_mix__groups__each_sums_to_one(user: Gengov, toy: list[str]) -> None:
    items = judging.expected("toy_lists.json")["items"]
    asked = {one[key] for one in judging.expected("toy_jury.json")["answers"] for key in "ab"}
    rows = [(item, "asked" if item in asked else "others") for item in items]
    judging.write(user.folder / "items.csv", ("item", "group"), rows)
    assert user.json("judge", "mix", *toy, "--items", "items.csv", "--out", "mix.csv")["groups"] == 2
    mixed = dict(list(csv.reader((user.folder / "mix.csv").open()))[1:])
    for group in ("asked", "others"):
        assert sum(float(mixed[item]) for item, own in rows if own == group) == pytest.approx(1)


def test_ask__both_ways__pairs_in_json_and_in_a_file(user: Gengov, toy: list[str]) -> None:
    listed = toy[:-2]
    (user.folder / "flagged.csv").write_text("a,b\nGimli,Legolas\n")
    found = user.json("judge", "ask", *listed, "-n", "10", "--flagged", "flagged.csv", "--out", "ask.csv")
    assert len(found["pairs"]) == 10 and found["pairs"][0]["stratum"] == "flagged"
    assert len((user.folder / "ask.csv").read_text().splitlines()) == 11
    assert "Gimli or Legolas?" in user("judge", "ask", *listed, "-n", "3", "--flagged", "flagged.csv")
    assert len(user.json("judge", "ask", *listed, "-n", "5", "--by", "uniform")["pairs"]) == 5


def test_flags__a_jury_that_agrees_once__amounts_and_rows(user: Gengov, toy: list[str]) -> None:
    (user.folder / "flags.csv").write_text(
        "a,b,better,flagger\nBoromir,Théoden,b,ada\nElrond,Celeborn,b,ben\nGimli,Legolas,a,ada\n"
    )
    words = ["judge", "flags", "--flagged", "flags.csv", *toy[-2:], "--reward", "100", "--deposit", "40"]
    assert user.json(*words) == {"amounts": {"ada": 100, "ben": -40}, "agreed": [2], "refuted": [3], "open": [4]}
    assert "ada  +100" in user(*words)
    (user.folder / "flags.csv").write_text("a,b,better,flagger\nGimli,Gimli,a,ada\n")
    assert "compared with itself" in user.json(*words, code=2)["error"]["message"]


def test_audit__trial__every_part_is_there(user: Gengov) -> None:
    found = user.json("judge", "audit", *TRIAL, *TRIAL_ANSWERS)
    assert found["copies"] == {} and found["gate"] == {"arbitron": True, "composite_model": True}
    assert found["cap"] == {"lists": 2, "most": 36} and found["condition"] > 1
    assert max(found["leverage"].values()) < 0.25
    assert "passes" in user("judge", "audit", *TRIAL, *TRIAL_ANSWERS)


def test_fit__a_stray_letter__refused_naming_file_row_column_and_value(user: Gengov, toy: list[str]) -> None:
    path = user.folder / "claude.csv"
    path.write_text(path.read_text().replace("Gandalf,12", "Gandalf,0.0285131C"))
    error = user.json("judge", "fit", *toy, code=2)["error"]
    assert error["message"] == "claude.csv, row 4, column weight: '0.0285131C' is not a number"
    assert "plain digits" in error["hint"] and "claude.csv, row 4" in user.said


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("claude.csv", "Gandalf,12", "Gandalf,0", "claude.csv, row 4, column weight: '0' is not above 0"),
        (
            "claude.csv",
            "Gandalf,12",
            "Frodo Baggins,12",
            "claude.csv, row 4, column item: 'Frodo Baggins' stands in row 2",
        ),
        ("claude.csv", "Elrond,5\n", "", "answers.csv, row 5, column a: 'Elrond' is not in list claude"),
        (
            "answers.csv",
            "Elrond,Celeborn",
            "Elrond,Elrond",
            "answers.csv, row 5, column b: 'Elrond' is compared with itself",
        ),
        ("answers.csv", "Elrond", "Elron", "answers.csv, row 5, column a: 'Elron' is not among the items"),
        (
            "items.csv",
            "Elrond,one",
            "Elrond,two",
            "answers.csv, row 5, column b: 'Celeborn' is of group 'one', 'Elrond'",
        ),
    ],
)
def test_fit__one_bad_row__refused_by_row(
    user: Gengov, toy: list[str], file: str, old: str, new: str, told: str
) -> None:
    items = judging.expected("toy_lists.json")["items"]
    judging.write(user.folder / "items.csv", ("item", "group"), [(item, "one") for item in items])
    path = user.folder / file
    text = path.read_text().replace("\r\n", "\n")
    assert old in text
    path.write_text(text.replace(old, new, 1))
    grouped = ["--items", "items.csv"] if "claude" not in told else []
    assert told in user.json("judge", "fit", *toy, *grouped, code=2)["error"]["message"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--list", "claude"], "'claude' is not NAME=FILE"),
        (["--list", "=x.csv"], "is not NAME=FILE"),
        (["--list", "a=absent.csv"], "absent.csv: cannot be read"),
        (["--list", "gpt=gpt.csv"], "two lists are called 'gpt'"),
        (["--loss", "huber", "--delta", "x"], "--delta 'x' is not a number"),
        (["--loss", "huber", "--delta", "-1"], "--delta -1 is below 0"),
        (["--loss", "huber", "--delta", "0"], "delta is 0"),
        (["--picture", "weights.txt"], "weights.txt is neither .svg nor .png"),
        (["--items", "answers.csv"], "there is no column 'item'"),
    ],
)
def test_fit__bad_options__exit_2_with_a_hint(user: Gengov, toy: list[str], words: list[str], told: str) -> None:
    error = user.json("judge", "fit", *toy, *words, code=2)["error"]
    assert told in error["message"] and error["hint"]


def test_round__from_init_to_verify__and_back_to_the_first_difference(user: Gengov) -> None:
    made = user.json("round", "init", "groceries", "--prize", "1000003", "--title", "Groceries")
    assert made["kind"] == "judgement" and "round.json" in made["files"]
    assert "judgement" in user("round", "kinds")
    assert user.json("round", "check", "groceries")["valid"]
    before = user.json("round", "hash", "groceries")
    posted = user.json("round", "post-file", "groceries")
    assert sum(posted["payouts"].values()) == 1_000_003 and posted["inputs_root"] == before["root"]
    assert user.json("round", "verify", "groceries") == {"root": posted["root"], "valid": True, "differences": []}
    assert posted["root"] in user("round", "hash", "groceries")
    assert posted["root"] == user.json("round", "post-file", "groceries")["root"]
    result = user.folder / "groceries" / "result.json"
    result.write_text(result.read_text().replace('"answers":30', '"answers":31'))
    assert user.json("round", "verify", "groceries", code=1)["differences"] == [
        "result.json: answers is 31, should be 30"
    ]
    user("round", "verify", "groceries", code=1)
    assert "answers is 31, should be 30" in user.said
    user("round", "post-file", "groceries", code=1)
    assert "says something else" in user.said
    assert user.json("round", "post-file", "groceries", "--force")["root"] == posted["root"]


def test_round__mistakes__all_listed_with_exit_2(user: Gengov) -> None:
    user("round", "init", "r")
    path = user.folder / "r" / "answers.csv"
    path.write_text(path.read_text().replace("a,1.20", "a,1.2O", 1).replace("bread,dates", "bread,beer", 1))
    found = user.json("round", "check", "r", code=2)
    assert [(one["file"], one["row"], one["column"], one["value"]) for one in found["mistakes"]] == [
        ("answers.csv", 2, "times", "1.2O"),
        ("answers.csv", 8, "b", "beer"),
    ]
    user("round", "check", "r", code=2)
    assert "row 2" in user.said and "row 8" in user.said
    user("round", "post-file", "r", code=2)
    user("round", "verify", "r", code=2)
    user("round", "init", "r", code=1)
    user("round", "init", "other", "--kind", "vote", code=2)
    assert "judgement" in user.said


def test_round__other_threads_and_processor_kernels__the_same_bytes(user: Gengov) -> None:
    """Settled with one and two threads, with the kernels of older processors, and by the command."""
    user("round", "init", "r")
    rng = np.random.default_rng(0)
    items, folder = [f"i{k}" for k in range(80)], user.folder / "r"
    shutil.rmtree(folder / "lists")
    (folder / "lists").mkdir()
    truth = rng.normal(0, 1, 80)
    for k in range(24):
        weights = np.exp(truth + rng.normal(0, rng.uniform(0.3, 1.5), 80))
        judging.write(folder / f"lists/0x{k:040x}.csv", ("item", "weight"), zip(items, weights, strict=True))
    judging.write(folder / "items.csv", ("item",), [[item] for item in items])
    answers = []
    for _ in range(260):
        a, b = rng.choice(80, 2, replace=False)
        gap = truth[a] - truth[b] + rng.normal(0, 0.5)
        answers.append((items[a], items[b], "a" if gap > 0 else "b", round(float(np.exp(abs(gap))), 3)))
    judging.write(folder / "answers.csv", ("a", "b", "better", "times"), answers)
    document = json.loads((folder / "round.json").read_text())
    document["rule"] |= {"loss": "huber", "delta": "0.6"}
    (folder / "round.json").write_text(json.dumps(document))
    user("round", "post-file", "r")
    found = set()
    for threads, kernel in (("1", "Haswell"), ("2", ""), ("1", "Nehalem")):
        setting = {"OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)}
        setting |= {"OPENBLAS_CORETYPE": kernel} if kernel else {}
        done = subprocess.run(
            [sys.executable, "-c", SETTLE, str(folder)], env=os.environ | setting, capture_output=True, timeout=240
        )
        assert done.returncode == 0, done.stderr.decode()
        found.add(done.stdout)
    found.add((folder / "result.json").read_bytes() + (folder / "payouts.csv").read_bytes())
    assert len(found) == 1
    assert len(json.loads(found.pop().splitlines()[0])["support"]) > 5

"""A private jury as typed: three jurors, three servers, and the weights of the same answers in the open."""

import json
from pathlib import Path
from typing import Any

import pytest

from oracle.mechanism import judgement, simplex_fit
from oracle.rounds import lists
from tests.e2e.conftest import ROOT, Gengov

LISTS = {
    "ann": "item,weight\na,5\nb,3\nc,2\nd,1\n",
    "ben": "item,weight\na,1\nb,4\nc,2\nd,2\n",
    "eve": "item,weight\na,1\nb,1\nc,9\nd,4\n",
}
ANSWERS = {
    "ada": ["a,b,a,1.5", "b,c,a,1.7", "c,d,a,2"],
    "bob": ["a,c,a,2.2", "b,d,a,2.5"],
    "cyd": ["a,d,a,3.9", "a,b,b,1.1"],
}
LIST_OPTIONS = [word for name in LISTS for word in ("--list", f"{name}={name}.csv")]


@pytest.fixture(scope="module")
def jury(gengov: Gengov, folder: Path) -> Path:
    for name, text in LISTS.items():
        (folder / f"{name}.csv").write_text(text)
    (folder / "short.csv").write_text("item,weight\na,5\nb,3\n")
    for juror, rows in ANSWERS.items():
        (folder / f"{juror}-answers.csv").write_text("\n".join(["a,b,better,times", *rows]) + "\n")
        gengov("private", "share", *LIST_OPTIONS, "--answers", f"{juror}-answers.csv", "--out", juror)
    (folder / "all.csv").write_text(
        "\n".join(["a,b,better,times", *(r for rows in ANSWERS.values() for r in rows)]) + "\n"
    )
    for server in (1, 2, 3):
        gengov("private", "add", *(f"{juror}/share-{server}.json" for juror in ANSWERS), "--out", f"sum-{server}.json")
    return folder


def plain(folder: Path) -> simplex_fit.Fit:
    """The fit of all answers in the open."""
    jury = lists.read_answers(folder / "all.csv")
    index = lists.asked_index(jury)
    logs = lists.logs([lists.read_list(folder / f"{name}.csv", index).weights for name in sorted(LISTS)])
    return simplex_fit.fit(judgement.misses(logs, jury.answers))


def test_private__three_servers__the_weights_of_plain_answers_to_the_last_digit(gengov: Gengov, jury: Path) -> None:
    found = gengov.json("private", "combine", "sum-1.json", "sum-2.json", "sum-3.json", "--out", "sums.json")
    open_ = plain(jury)
    assert found["exact_weights"] == dict(zip(sorted(LISTS), map(str, open_.weights), strict=True))
    assert found["exact_score"] == str(open_.score) and found["answers"] == 7 and found["gap"] == 0
    assert json.loads((jury / "sums.json").read_text())["answers"] == 7
    assert "ann" in gengov("private", "combine", "sum-3.json", "sum-1.json", "sum-2.json")


def test_private__360_real_answers_of_three_jurors__what_judge_fit_says_of_them_together(
    gengov: Gengov, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data, place = ROOT / "tests/data/judgement", tmp_path_factory.mktemp("real")
    options = ["--list", f"arbitron={data}/trial2025_list_arbitron.csv"]
    options += ["--list", f"composite={data}/trial2025_list_composite_model.csv"]
    answers = data / "trial2025_answers_first360.csv"
    header, *rows = answers.read_text().splitlines(keepends=True)
    for juror in range(3):
        own = place / f"{juror}.csv"
        own.write_text(header + "".join(rows[juror::3]))
        gengov("private", "share", *options, "--answers", str(own), "--out", str(place / str(juror)))
    for server in (1, 2, 3):
        parts = [str(place / str(juror) / f"share-{server}.json") for juror in range(3)]
        gengov("private", "add", *parts, "--out", str(place / f"sum-{server}.json"))
    hidden = gengov.json("private", "combine", *(str(place / f"sum-{server}.json") for server in (1, 2, 3)))
    open_ = gengov.json("judge", "fit", *options, "--answers", str(answers))
    for key in ("weights", "score", "scores", "gap", "answers"):
        assert json.dumps(hidden[key], sort_keys=True) == json.dumps(open_[key], sort_keys=True), key


def test_share__files__are_for_their_owner_only_and_never_the_same(gengov: Gengov, jury: Path) -> None:
    shared: Any = gengov.json("private", "share", *LIST_OPTIONS, "--answers", "ada-answers.csv", "--out", "again")
    for server in (1, 2, 3):
        ours, theirs = (jury / name / f"share-{server}.json" for name in ("again", "ada"))
        assert ours.stat().st_mode & 0o777 == 0o600
        assert json.loads(ours.read_text())["values"] != json.loads(theirs.read_text())["values"]
    assert shared["answers"] == 3
    gengov("private", "share", *LIST_OPTIONS, "--answers", "ada-answers.csv", "--out", "again", code=1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("combine", "sum-1.json", "sum-2.json"), 2, "servers 1, 2 and 3"),
        (("combine", "sum-1.json", "sum-2.json", "sum-2.json"), 2, "servers 1, 2 and 3"),
        (("combine", "sum-1.json", "sum-2.json", "ada/share-3.json"), 2, "other contributions"),
        (("combine", "ada/share-1.json", "ada/share-2.json", "ada/share-3.json"), 1, "that juror's answers"),
        (("combine", "sum-1.json", "sum-2.json", "nowhere.json"), 2, "cannot read nowhere.json"),
        (("add", "ada/share-1.json", "bob/share-2.json", "--out", "x.json"), 2, "different servers"),
        (("add", "ada/share-1.json", "ada/share-1.json", "--out", "x.json"), 2, "counted twice"),
        (("add", "ada/share-1.json", "--out", "sum-1.json"), 1, "exists"),
        (("share", "--list", "x=nowhere.csv", "--answers", "all.csv", "--out", "y"), 2, "nowhere.csv"),
        (("share", "--list", "x=short.csv", "--answers", "all.csv", "--out", "y"), 2, "is not in list x"),
        (("share", "--list", "ann", "--answers", "all.csv", "--out", "y"), 2, "not NAME=FILE"),
        (
            ("share", "--list", "a=ann.csv", "--list", "a=ben.csv", "--answers", "all.csv", "--out", "y"),
            2,
            "called 'a'",
        ),
    ],
)
def test_private__a_mistake__is_refused_in_words(gengov: Gengov, jury: Path, words, code: int, said: str) -> None:
    assert said in gengov.json("private", *words, code=code)["error"]["message"]


def test_add__shares_about_other_lists__are_refused(gengov: Gengov, jury: Path) -> None:
    (jury / "ann2.csv").write_text(LISTS["ann"].replace("a,5", "a,6"))
    options = ["--list", "ann=ann2.csv", *LIST_OPTIONS[2:]]
    gengov("private", "share", *options, "--answers", "ada-answers.csv", "--out", "other")
    refused = gengov.json("private", "add", "bob/share-1.json", "other/share-1.json", "--out", "x.json", code=2)
    assert "different lists" in refused["error"]["message"]


@pytest.mark.parametrize(
    "change",
    [{"server": 4}, {"values": []}, {"jurors": []}, {"format": "x"}, {"lists": ["b", "a"]}, {"values": ["0x1"]}],
)
def test_add__a_malformed_share__is_refused(gengov: Gengov, jury: Path, change: dict[str, Any]) -> None:
    share = json.loads((jury / "ada/share-1.json").read_text()) | change
    (jury / "bad.json").write_text(json.dumps(share, sort_keys=True, separators=(",", ":")))
    assert "bad.json" in gengov.json("private", "add", "bad.json", "--out", "x.json", code=2)["error"]["message"]

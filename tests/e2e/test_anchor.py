"""`gengov anchor` as a user runs it: weights, pictures, the audit; mistakes by row."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Gengov
from tests.support.plain_anchoring import DATA, EQUAL

EXPECTED = json.loads((DATA / "anchoring" / "expected_equal.json").read_text())
HEADER = "question,forecaster,belief,outcome\n"
GOOD = HEADER + "q1,ann,0.9,1\nq1,bob,0.4,1\nq2,ann,0.2,0\n"


@pytest.fixture
def user(tmp_path: Path) -> Gengov:
    (tmp_path / "f.csv").write_text(GOOD)
    return Gengov(tmp_path)


@pytest.mark.parametrize(
    ("rule", "name"),
    [("wsu", "wsu eta=.5"), ("hedge", "hedge eta=.5"), ("aa", "aggregating algorithm eta=2")],
)
def test_score__real_stream__expected_weights(user: Gengov, rule: str, name: str) -> None:
    found = user.json("anchor", "score", "--forecasts", str(EQUAL), "--rule", rule)
    assert list(found["weights"].values()) == pytest.approx(EXPECTED[name]["final_weights"], abs=1e-11)
    assert found["total_brier"] == pytest.approx(EXPECTED[name]["total_brier_of_aggregate"], abs=1e-9)
    assert found["uniform_brier"] == pytest.approx(EXPECTED["equal_weights_total_brier"], abs=1e-9)
    assert list(found["forecasters"].values()) == pytest.approx(EXPECTED["per_forecaster_total_brier"], abs=1e-9)
    if rule == "wsu":
        assert sum(found["units"].values()) == 10**18
        assert found["units"]["0"] / 10**18 == pytest.approx(found["weights"]["0"], abs=1e-14)


def test_score__for_people__a_table(user: Gengov) -> None:
    shown = user("anchor", "score", "--forecasts", "f.csv")
    assert "ann" in shown and "2 questions, rule wsu, eta 0.5" in shown
    user("anchor", "score", "--forecasts", "f.csv", "--rule", "smallest")
    assert "did worst" in user.said


def test_score__own_rate_and_fixed_share__are_used(user: Gengov) -> None:
    still = user.json("anchor", "score", "--forecasts", "f.csv", "--eta", "0")
    assert still["weights"] == {"ann": 0.5, "bob": 0.5}
    shared = user.json("anchor", "score", "--forecasts", "f.csv", "--share", "0.5")
    plain = user.json("anchor", "score", "--forecasts", "f.csv")
    assert 0.5 < shared["weights"]["ann"] < plain["weights"]["ann"] and "units" not in shared


def test_score__classes_and_numbers__their_losses(user: Gengov) -> None:
    (user.folder / "c.csv").write_text(HEADER + "q,ann,0.7|0.2|0.1,0\nq,bob,0.1|0.1|0.8,0\n")
    found = user.json("anchor", "score", "--forecasts", "c.csv", "--loss", "classes")
    assert found["forecasters"] == pytest.approx({"ann": 0.07, "bob": 0.73})
    (user.folder / "n.csv").write_text(HEADER + "q,ann,10|20|30,20\nq,bob,50|60|90,20\n")
    words = ("anchor", "score", "--forecasts", "n.csv", "--loss", "numbers", "--low", "0", "--high", "100")
    found = user.json(*words)
    assert found["weights"]["ann"] > 0.5 and 0 < found["forecasters"]["ann"] < found["forecasters"]["bob"] < 1


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (HEADER + "q1,ann,0.0285...131C,1\n", (), ("row 2", "belief", "'0.0285...131C'")),
        (HEADER + "q1,ann,1.5,1\n", (), ("row 2", "belief", "'1.5'", "above 1")),
        (HEADER + "q1,ann,0.5,2\n", (), ("row 2", "outcome")),
        (HEADER + "q1,ann,0.5,1\nq1,bob,0.5,0\n", (), ("row 3", "outcome", "'q1'")),
        (HEADER + "q1,ann,0.5,1\nq2,ann,0.5,1\nq1,ann,0.6,1\n", (), ("row 4", "row 2")),
        (HEADER, (), ("no forecasts",)),
        (HEADER + "q1,ann,0.5|0.6,1\n", ("--loss", "classes"), ("row 2", "'0.5|0.6'", "no probabilities")),
        (HEADER + "q1,ann,0.4|0.6,2\n", ("--loss", "classes"), ("outcome 2", "2 classes")),
        (HEADER + "q1,ann,0.4|0.6,1\nq2,ann,1,0\n", ("--loss", "classes"), ("row 3", "1 numbers")),
        (HEADER + "q1,ann,0.6|0.4,1\n", ("--loss", "numbers"), ("row 2", "do not rise")),
        (HEADER + "q1,ann,0.6|1.4,1\n", ("--loss", "numbers"), ("row 2", "range 0 to 1")),
        (HEADER + "q1,ann,0.6|0.9,3\n", ("--loss", "numbers"), ("row 2", "outcome", "range 0 to 1")),
        (HEADER + "q1,ann,0.6|0.9,1\n", ("--loss", "numbers", "--low", "2"), ("range 2 to 1",)),
        (HEADER + "q1,ann,0.6|x,1\n", ("--loss", "numbers"), ("row 2", "'0.6|x'")),
        (HEADER + "q1,ann,0.6,1\n", ("--eta", "0.7"), ("eta 0.7",)),
    ],
)
def test_score__bad_files_and_rates__named(
    user: Gengov, text: str, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (user.folder / "f.csv").write_text(text)
    user("anchor", "score", "--forecasts", "f.csv", *options, code=2)
    assert all(word in user.said for word in words), user.said


def test_draw__many_forecasters__heaviest_by_name_same_bytes(user: Gengov) -> None:
    rows = [f"q{t},f{k:02},{0.5 + 0.03 * k},1" for t in range(30) for k in range(12)]
    (user.folder / "many.csv").write_text(HEADER + "\n".join(rows) + "\n")
    for name in ("one.svg", "two.svg"):
        user("anchor", "draw", "--forecasts", "many.csv", "--out", name)
    one = (user.folder / "one.svg").read_bytes()
    assert one == (user.folder / "two.svg").read_bytes()
    assert b"f11" in one and b"5 others" in one


def test_draw__one_question__drawn(user: Gengov) -> None:
    (user.folder / "f.csv").write_text(HEADER + "q1,ann,0.9,1\n")
    assert user.json("anchor", "draw", "--forecasts", "f.csv", "--out", "w.png")["questions"] == 1
    assert (user.folder / "w.png").read_bytes().startswith(b"\x89PNG")


def test_audit__verdicts__told_or_refused(user: Gengov) -> None:
    rows = [f"q{t},f{k},{0.9 - 0.1 * k:.1f},1" for t in range(10) for k in range(6)]
    (user.folder / "f.csv").write_text(HEADER + "\n".join(rows) + "\n")
    verdicts = [f"a{k}-{n},f{k},{int(n < 6 - k)}" for k in range(6) for n in range(6)]
    (user.folder / "a.csv").write_text("appeal,forecaster,upheld\n" + "\n".join(verdicts) + "\n")
    files = ("--forecasts", "f.csv", "--appeals", "a.csv")
    found = user.json("anchor", "audit", *files)
    assert found["correlation"] == pytest.approx(-1) and found["p_value"] < 0.01 and found["appeals"] == 36
    assert "good prediction goes with good judgement" in user("anchor", "audit", *files)
    (user.folder / "a.csv").write_text("appeal,forecaster,upheld\n" + "\n".join(verdicts[:19]) + "\n")
    user("anchor", "audit", *files, code=1)
    assert "19 appeals" in user.said
    (user.folder / "a.csv").write_text("appeal,forecaster,upheld\na,f0,yes\n")
    user("anchor", "audit", *files, code=2)
    assert "row 2" in user.said and "'yes'" in user.said

"""Lists and answers from files, and what panels make of them: fits, mixes, questions, audits."""

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from oracle.domain.errors import BadInput
from oracle.mechanism.log_units import UNIT, log_units
from oracle.rounds import audit, lists, panel
from tests.support import judging
from tests.support.judging import DATA


@pytest.fixture
def files(tmp_path: Path):
    def write(**texts: str) -> dict[str, Path]:
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return {name: tmp_path / f"{name}.csv" for name in texts}

    return write


def test_answers__both_published_forms__the_same(files) -> None:
    own = "a,b,better,times\nx,y,a,2\ny,z,b,1.5\n"
    published = "timestamp,juror,repo_a,repo_b,choice,multiplier,why\n1,J1,x,y,1,2,because\n2,J2,y,z,2,1.5,\n"
    found = [lists.read_answers(path) for path in files(own=own, published=published).values()]
    for jury in found:
        assert jury.answers.items == ("x", "y", "z")
        assert jury.answers.ratio.tolist() == [-int(log_units([2.0])[0]), int(log_units([1.5])[0])]
        assert jury.rows == (2, 3)
    assert found[0].jurors == ("-", "-") and found[1].jurors == ("J1", "J2")


def test_list__either_header_and_any_order__at_the_places_of_the_index(files) -> None:
    index = {"x": 0, "y": 1, "z": 2}
    for text in ("item,weight\nz,3\nw,9\nx,1\n", "weight,repo\n3,z\n9,w\n1,x\n"):
        found = lists.read_list(files(one=text)["one"], index)
        assert found.count == 3 and found.weights[[0, 2]].tolist() == [1, 3] and np.isnan(found.weights[1])


def test_list__a_duplicate_among_items_nobody_asked_about__refused_by_row(files) -> None:
    with pytest.raises(BadInput, match="row 4, column item: 'w' stands in row 2 too"):
        lists.read_list(files(one="item,weight\nw,1\nx,1\nw,2\n")["one"], {"x": 0})


def test_first_list__a_duplicate__refused_by_row(files) -> None:
    with pytest.raises(BadInput, match="row 4, column item: 'w' stands in row 2 too"):
        lists.read_first(files(one="item,weight\nw,1\nx,1\nw,2\n")["one"])


def test_list__in_the_order_of_the_index_then_not__the_same_places(files) -> None:
    index = {f"i{k}": k for k in range(60_000)}
    keys = [*list(index)[:40_000], *reversed(list(index)[40_000:])]
    text = "item,weight\n" + "".join(f"{key},{index[key] + 1}\n" for key in keys)
    found = lists.read_list(files(one=text)["one"], index, complete=True)
    assert found.weights.tolist() == list(range(1, 60_001))
    first, weights = lists.read_first(files(one=text)["one"])
    assert list(first) == keys and [first[key] for key in keys[:3]] == [0, 1, 2] and weights[-1] == 40_001


@pytest.mark.parametrize("texts", [{"answers": "a,b,better,times\n"}, {"items": "item\n"}, {"one": "item,weight\n"}])
def test_empty_table__refused(files, texts: dict[str, str]) -> None:
    (path,) = files(**texts).values()
    read = {"answers": lists.read_answers, "items": lists.read_items, "one": lists.read_first}[path.stem]
    with pytest.raises(BadInput, match="has no"):
        read(path)


def test_panel__a_list_without_an_asked_item__refused_by_the_row_that_asks(files) -> None:
    made = files(one="item,weight\nx,1\ny,2\n", two="item,weight\nx,1\n", answers="a,b,better,times\nx,y,a,2\n")
    answers = made.pop("answers")
    with pytest.raises(BadInput, match=r"answers.csv, row 2, column b: 'y' is not in list two"):
        panel.read(made, answers)
    with pytest.raises(BadInput, match="the list ends without 'y'"):
        panel.read_whole(made)


def test_panel__a_list_called_house__refused_beside_the_house(files) -> None:
    made = files(house="item,weight\nx,1\ny,2\n", answers="a,b,better,times\nx,y,a,2\n")
    answers = made.pop("answers")
    with pytest.raises(BadInput, match="called 'house' already"):
        panel.read(made, answers, house=True)
    with pytest.raises(BadInput, match="called 'house' already"):
        panel.panel_of(panel.read_whole(made), answers, made, None, True)


def test_fit__fast__the_same_weights_without_the_proof() -> None:
    sources = {name: DATA / file for name, file in judging.TRIAL.items()}
    read = panel.read(sources, DATA / "trial2025_answers_first360.csv", house=True)
    exact, fast = panel.fit(read), panel.fit(read, exactly=False)
    assert fast.weights == pytest.approx({k: float(v) for k, v in exact.weights.items()}, abs=1e-9)
    assert exact.gap == 0 and exact.exact and not fast.exact and 0 <= fast.gap <= 1e-9
    huber = panel.fit(read, Fraction(1))
    assert huber.score < exact.score and sum(huber.weights.values()) == 1


def test_mix__real_lists__weighted_geometric_mean(tmp_path: Path) -> None:
    sources = {name: DATA / f"gg24_list_{name}.csv" for name in judging.GG24}
    whole = panel.read_whole(sources)
    answers = DATA / "gg24_answers_first60.csv"
    read = panel.panel_of(whole, answers, sources, None, True)
    assert (read.misses == panel.read(sources, answers, house=True).misses).all()
    found = panel.fit(read)
    panel.write_mix(whole, found.weights, tmp_path / "mix.csv")
    rows = list(csv.reader((tmp_path / "mix.csv").open()))[1:]
    plain = {item: 1.0 for item, _ in rows}
    for name, path in sources.items():
        for item, weight in list(csv.reader(path.open()))[1:]:
            plain[item] *= float(weight) ** float(found.weights[name])
    total = sum(plain.values())
    assert {item: float(weight) for item, weight in rows} == pytest.approx(
        {k: v / total for k, v in plain.items()}, rel=1e-7
    )
    assert abs(sum(float(weight) for _, weight in rows) - 1) < 1e-12


def test_mix__items_with_commas_and_quotes__read_back_as_they_were(files, tmp_path: Path) -> None:
    whole = panel.read_whole(files(one='item,weight\n"a, b",1\n"c ""d""",3\n'))
    panel.write_mix(whole, {"one": Fraction(1)}, tmp_path / "mix.csv")
    assert list(lists.read_first(tmp_path / "mix.csv")[0]) == ["a, b", 'c "d"']
    assert lists.read_first(tmp_path / "mix.csv")[1].tolist() == pytest.approx([0.25, 0.75])


def test_mix__a_place_that_cannot_be_written__told_and_nothing_left(files, tmp_path: Path) -> None:
    whole = panel.read_whole(files(one="item,weight\na,1\n"))
    (tmp_path / "mix.csv").mkdir()
    with pytest.raises(BadInput, match="cannot write"):
        panel.write_mix(whole, {"one": Fraction(1)}, tmp_path / "mix.csv")
    assert not list(tmp_path.glob("*.part"))


@pytest.fixture
def whole(files) -> panel.Whole:
    rng = np.random.default_rng(0)
    names = [f"i{k}" for k in range(40)]
    made = {
        name: "item,weight\n"
        + "".join(f"{item},{value}\n" for item, value in zip(names, np.exp(rng.normal(0, 1, 40)), strict=True))
        for name in ("one", "two", "three")
    }
    groups = "item,group\n" + "".join(f"{item},{'ab'[k % 2]}\n" for k, item in enumerate(names))
    sources = files(**made)
    return panel.read_whole(sources, files(items=groups)["items"])


def test_questions__any_seed__different_pairs_within_groups(whole: panel.Whole) -> None:
    asked = panel.questions(whole, 100, by="disagreement", seed=1)
    assert (
        asked
        == panel.questions(whole, 100, by="disagreement", seed=1)
        != panel.questions(whole, 100, by="uniform", seed=1)
    )
    assert len({frozenset((one.a, one.b)) for one in asked}) == 100
    assert all(int(one.a[1:]) % 2 == int(one.b[1:]) % 2 for one in asked)


def test_questions__by_disagreement__spread_is_larger_than_by_chance(whole: panel.Whole) -> None:
    spread = {
        by: np.mean([q.disagreement for q in panel.questions(whole, 60, by=by, seed=2)])
        for by in ("disagreement", "uniform")
    }
    assert spread["disagreement"] > 1.4 * spread["uniform"]


def test_questions__flagged__asked_first_and_not_twice(whole: panel.Whole) -> None:
    flagged = [("i3", "i1"), ("i0", "i2")]
    asked = panel.questions(whole, 380, by="disagreement", seed=3, flagged=flagged)
    assert [(one.a, one.b, one.stratum) for one in asked[:2]] == [("i3", "i1", "flagged"), ("i0", "i2", "flagged")]
    assert len({frozenset((one.a, one.b)) for one in asked}) == 380
    with pytest.raises(BadInput, match="only 380 pairs"):
        panel.questions(whole, 381, by="uniform", seed=3)


def test_questions__more_pairs_than_can_be_listed__drawn_without_repetition(files) -> None:
    rows = "item,weight\n" + "".join(f"i{k},{1 + k % 7}\n" for k in range(3_000))
    big = panel.read_whole(files(one=rows))
    asked = panel.questions(big, 500, by="disagreement", seed=0)
    assert len({frozenset((one.a, one.b)) for one in asked}) == 500


def test_audit__copies_noise_and_one_loud_juror__all_warned_about(tmp_path: Path) -> None:
    rows = list(csv.reader((DATA / judging.TRIAL["arbitron"]).open()))[1:]
    rng = np.random.default_rng(0)
    judging.write(
        tmp_path / "copy.csv", ("item", "weight"), [(i, float(w) * np.exp(rng.normal(0, 0.02))) for i, w in rows]
    )
    judging.write(tmp_path / "noise.csv", ("item", "weight"), [(i, np.exp(rng.normal(0, 2))) for i, _ in rows])
    sources = {"copy": tmp_path / "copy.csv", "noise": tmp_path / "noise.csv"}
    sources |= {name: DATA / file for name, file in judging.TRIAL.items()}
    read = panel.read(sources, DATA / "trial2025_answers_first360.csv", house=True)
    found = audit.audit(read, Fraction(1, 10), Fraction(1, 10))
    assert found.copies == {"arbitron": "copy"}, "the first --list counts as the earliest"
    assert found.passed == {"copy": True, "noise": False, "arbitron": True, "composite_model": True, "house": True}
    assert found.most == 36 and 1 < found.condition < 1e9
    assert set(found.leverage) == set(read.jury.jurors) and all(0 <= shift <= 1 for shift in found.leverage.values())
    assert any("near copies" in text for text in found.warnings)
    assert any("noise" in text and "gate" in text for text in found.warnings)


def test_audit__few_answers_of_nobody_in_particular__leverage_by_row(files) -> None:
    made = files(
        one="item,weight\nx,1\ny,2\nz,3\n",
        two="item,weight\nx,3\ny,2\nz,1\n",
        answers="a,b,better,times\nx,y,b,2\ny,z,a,9\n",
    )
    answers = made.pop("answers")
    found = audit.audit(panel.read(made, answers), Fraction(0), Fraction(1, 10))
    assert set(found.leverage) == {"row 2", "row 3"}
    assert any("alone moves" in text for text in found.warnings) and any("too few" in text for text in found.warnings)
    same = files(one="item,weight\nx,1\ny,2\nz,3\n", two="item,weight\nx,1\ny,2\nz,3\n")
    doubled = audit.audit(panel.read(same, answers), Fraction(0), Fraction(1, 10))
    assert any("hardly told apart" in text for text in doubled.warnings)


def test_log_units_of_lists__stacked(files) -> None:
    assert lists.logs([np.array([1.0, 2.0])]).tolist() == [[0, round(0.6931471805599453 * UNIT)]]

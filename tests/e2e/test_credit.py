"""`gengov credit` as a user runs it: files in, payouts, reasons and pictures out; mistakes by row."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Gengov
from tests.support.credit_graphs import DATA

REAL = ("--edges", str(DATA / "gg24_edges_pruned.csv"), "--seeds", str(DATA / "gg24_seed_weights.csv"))
FILES = ("--edges", "edges.csv", "--seeds", "seeds.csv")


@pytest.fixture
def user(tmp_path: Path) -> Gengov:
    (tmp_path / "edges.csv").write_text("parent,dependency,weight\nA,b,3\na,c,1\na,a,2\na,B,3\n")
    (tmp_path / "seeds.csv").write_text("item,weight\na,1\n")
    return Gengov(tmp_path)


def test_compute__small_graph__payouts_amounts_and_what_was_dropped(user: Gengov) -> None:
    found = user.json("credit", "compute", *FILES, "--amount", "101")
    assert found["payouts"] == {"a": 0.5, "b": 0.375, "c": 0.125}
    assert found["amounts"] == {"a": 50, "b": 38, "c": 13}
    assert (found["nodes"], found["edges"], found["duplicates"], found["self_loops"]) == (3, 2, 1, 1)
    assert 0 <= found["residual"] < 1e-15
    assert "1 duplicate edge" in user.said and "1 self loop" in user.said


def test_compute__own_self_shares__from_a_file(user: Gengov) -> None:
    (user.folder / "self.csv").write_text("item,self\nA,0.25\n")
    assert user.json("credit", "compute", *FILES, "--self", "self.csv")["payouts"]["b"] == 0.5625
    assert user.json("credit", "compute", *FILES, "--self-share", "0")["payouts"] == {"b": 0.75, "c": 0.25, "a": 0.0}


def test_compute__for_people__a_table_and_the_ways(user: Gengov) -> None:
    shown = user("credit", "compute", *FILES, "--amount", "101")
    assert "0.375000" in shown and "3 nodes, 2 edges" in shown
    assert "b = 1.000 x 0.500 x 0.750 = 0.3750" in user("credit", "compute", *FILES, "--why", "B")
    found = user.json("credit", "compute", *FILES, "--why", "b")["why"]
    assert found["ways"] == [{"nodes": ["a", "b"], "factors": [1.0, 0.5, 0.75], "share": 0.375}]


@pytest.mark.parametrize(
    ("edges", "seeds", "code", "words"),
    [
        ("parent,dependency,weight\na,b,0.0285x\n", "item,weight\na,1\n", 2, ("row 2", "weight", "'0.0285x'")),
        ("parent,dependency,weight\na,b,-1\n", "item,weight\na,1\n", 2, ("row 2", "weight", "'-1'")),
        ("parent,dependency\na\n", "item,weight\na,1\n", 2, ("edges.csv", "row 2", "cells")),
        ("parent\na\n", "item,weight\na,1\n", 2, ("edges.csv", "dependency")),
        ("parent,dependency\na,b\n", "item,weight\na,1\na,2\n", 2, ("seeds.csv", "row 3", "row 2")),
        ("parent,dependency\na,b\n", "item,weight\na,1e\n", 2, ("seeds.csv", "row 2", "'1e'")),
        ("parent,dependency\na,b\n", "item,weight\na,0\n", 2, ("seeds",)),
        ("parent,dependency\n", "item,weight\na,1\n", 2, ("no edges",)),
    ],
)
def test_compute__bad_files__named_by_row_column_value(
    user: Gengov, edges: str, seeds: str, code: int, words: tuple[str, ...]
) -> None:
    (user.folder / "edges.csv").write_text(edges)
    (user.folder / "seeds.csv").write_text(seeds)
    user("credit", "compute", *FILES, code=code)
    assert all(word in user.said for word in words), user.said


def test_compute__cycle_that_keeps_nothing__refused(user: Gengov) -> None:
    (user.folder / "edges.csv").write_text("parent,dependency\na,b\nb,a\n")
    user("credit", "compute", *FILES, "--self-share", "0", code=1)
    assert "a -> b -> a" in user.said
    user("credit", "compute", "--edges", "none.csv", "--seeds", "seeds.csv", code=2)
    assert "none.csv" in user.said


def test_draw__svg_and_png__the_same_bytes_each_time(user: Gengov) -> None:
    for name in ("one.svg", "two.svg", "one.png"):
        assert user.json("credit", "draw", *REAL, "--out", name)["drawn"] == 40
    one = (user.folder / "one.svg").read_bytes()
    assert one == (user.folder / "two.svg").read_bytes()
    assert b"argotorg/solidity" in one and b"40 strongest of 5,311 edges" in one
    assert (user.folder / "one.png").read_bytes().startswith(b"\x89PNG")


def test_draw__small_graph__all_edges(user: Gengov) -> None:
    assert user.json("credit", "draw", *FILES, "--out", "small.svg")["drawn"] == 2


def test_draw__nothing_flows__only_where_credit_enters(user: Gengov) -> None:
    (user.folder / "seeds.csv").write_text("item,weight\nb,1\n")
    assert user.json("credit", "draw", *FILES, "--out", "still.svg")["drawn"] == 0
    assert b"0 strongest of 2 edges" in (user.folder / "still.svg").read_bytes()


@pytest.mark.parametrize(("name", "word"), [("graph.jpg", ".svg"), ("nowhere/graph.svg", "no folder")])
def test_draw__bad_name__refused_before_the_work(user: Gengov, name: str, word: str) -> None:
    user("credit", "draw", *FILES, "--out", name, code=2)
    assert word in user.said


def test_compute__threads_and_kernels_of_the_float_library__the_same_bytes(user: Gengov) -> None:
    """A graph that mixes fast and keeps little, for the method that leans on that library most."""
    rnd = random.Random(5)
    rows = [f"n{u:04},n{rnd.randrange(1_600):04},{rnd.random():.4f}" for u in range(1_600) for _ in range(8)]
    (user.folder / "edges.csv").write_text("parent,dependency,weight\n" + "\n".join(rows) + "\n")
    (user.folder / "seeds.csv").write_text("item,weight\nn0000,1\n")
    found = set()
    for threads, kernel in (("1", "Haswell"), ("2", ""), ("1", "Nehalem")):
        setting = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)}
        setting |= {"OPENBLAS_CORETYPE": kernel} if kernel else {}
        words = [sys.executable, "-m", "oracle", "credit", "compute", *FILES, "--self-share", "0.0001"]
        words += ["--amount", str(10**24), "--json"]
        done = subprocess.run(words, env=os.environ | setting, cwd=user.folder, capture_output=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1
    assert json.loads(found.pop())["method"] == "krylov"


@pytest.mark.slow
def test_compute__a_million_rows__bounded_memory(user: Gengov) -> None:
    rnd = random.Random(1)
    with (user.folder / "edges.csv").open("w") as file:
        file.write("parent,dependency,weight\n")
        for _ in range(1_000_000):
            file.write(f"org/p{rnd.randrange(100_000)},org/p{rnd.randrange(100_000)},{rnd.random():.6f}\n")
    (user.folder / "seeds.csv").write_text("item,weight\norg/p1,1\norg/p2,3\n")
    words = [sys.executable, "-m", "oracle", "credit", "compute", *FILES, "--amount", str(10**18), "--json"]
    with subprocess.Popen(
        words, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=user.folder, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        found = json.load(running.stdout)
        _, status, used = os.wait4(running.pid, 0)
    assert status == 0
    assert found["edges"] + found["duplicates"] + found["self_loops"] == 1_000_000
    assert sum(found["amounts"].values()) == 10**18
    assert sum(found["payouts"].values()) == pytest.approx(1, abs=1e-12)
    assert used.ru_maxrss < 700 * 1024  # KiB

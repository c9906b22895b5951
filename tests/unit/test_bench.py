"""Every bench runs, at a small size and without other interpreters, and its rows make a table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import __main__ as benches
from tests.bench.harness import Row, Run, side_by_side, table, timed


@pytest.mark.parametrize("name", benches.names())
def test_bench_runs_small_and_gives_positive_figures(name: str) -> None:
    module = benches.bench(name)
    rows = list(module.rows(Run(small=True, peers=False)))
    assert rows and module.TITLE and isinstance(module.LEARNED, str)
    assert all(row.ours > 0 and (row.peer is None or row.peer > 0) and row.against for row in rows)
    assert table(rows).count("\n") == len(rows) + 1


def test_ratio_says_how_many_times_better_ours_is() -> None:
    assert Row("time", 2, 6, "peer").ratio == 3
    assert Row("rate", 6, 2, "peer", rate=True).ratio == 3
    assert Row("alone", 6, None, "peer").ratio is None


def test_table_is_aligned_markdown_with_a_dash_for_an_absent_peer() -> None:
    lines = table([Row("a", 1234.5, 12.34, "peer"), Row("bb", 0.01234, None, "none", "s", "said")]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == ["a", "ms", "1,234", "12.3", "0.01 x", "peer", ""]
    assert [cell.strip() for cell in lines[3].split("|")[1:-1]] == ["bb", "s", "0.0123", "-", "-", "none", "said"]


def test_timed_runs_warm_and_repeats_and_keeps_the_result() -> None:
    seen: list[int] = []
    timing = timed(lambda: seen.append(1) or len(seen), repeats=3, warm=2)
    assert len(seen) == 5 and timing.result == 5 and 0 < timing.least <= timing.median


def test_side_by_side_takes_turns_and_keeps_both_results() -> None:
    seen: list[str] = []
    ours, theirs = side_by_side(lambda: seen.append("a") or "ours", lambda: seen.append("b") or "theirs", repeats=2)
    assert seen == ["a", "a", "b", "b", "a", "b"]
    assert (ours.result, theirs.result) == ("ours", "theirs") and 0 < ours.least <= ours.median


def test_peer_of_an_environment_that_was_not_made_is_none() -> None:
    assert Run().peer("of-nobody", "tests.bench.harness", {}) is None
    assert Run(peers=False).python("train") is None


def test_peer_answers_over_json_or_fails_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.harness.Run.python", lambda *_: Path(sys.executable))
    monkeypatch.setattr("tests.bench.harness.ROOT", tmp_path)
    (tmp_path / "doubles.py").write_text("import sys, json\nprint(1)\nprint(json.dumps(2 * json.load(sys.stdin)))")
    (tmp_path / "breaks.py").write_text("raise ValueError('broken')")
    (tmp_path / "lacks.py").write_text("import no_such_library_at_all")
    assert Run().peer("any", "doubles", 21) == 42
    assert Run().peer("any", "lacks", 21) is None
    with pytest.raises(SystemExit, match="broken"):
        Run().peer("any", "breaks", 21)


def test_written_section_takes_the_place_of_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "README.md"
    document.write_text("# Benchmarks\n")
    monkeypatch.setattr(benches, "DOCUMENT", document)
    benches.write({"a": "one"})
    benches.write({"b": "two"})
    benches.write({"a": r"three \1"})
    text = document.read_text()
    assert text.index("three \\1") < text.index("two") and "one" not in text and text.startswith("# Benchmarks\n")


def test_command_refuses_an_unknown_bench_and_writing_a_small_run() -> None:
    for arguments, said in ((["fly"], "no bench fly"), (["--small", "--write"], "only full runs")):
        done = subprocess.run([sys.executable, "-m", "tests.bench", *arguments], capture_output=True, text=True)
        assert done.returncode == 2 and said in done.stderr


def test_command_prints_json() -> None:
    command = [sys.executable, "-m", "tests.bench", "selection", "--small", "--no-peers", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    said = json.loads(done.stdout)
    assert said["machine"] and all(row["ours"] > 0 for row in said["benches"]["selection"])

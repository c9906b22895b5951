"""Explaining a pick on the command line: what is told, the picture, and every mistake."""

import json
from pathlib import Path

import pytest

from oracle.mechanism import canonical
from oracle.mechanism.generation import build
from oracle.ports.store import MAX_DOCUMENT
from tests.e2e.conftest import Gengov
from tests.support.prompts import DEPLOYMENT, SAMPLER, SLOT, a_prompt, raw_samples

PROMPT = a_prompt()


@pytest.fixture(scope="module")
def data(folder: Path) -> Path:
    """The data file of a hundred made-up answers."""
    path = folder / "data.json"
    path.write_bytes(build(SLOT, PROMPT, SAMPLER, raw_samples(PROMPT), DEPLOYMENT).data)
    return path


def test_explain__data_file__says_the_pick_and_what_others_needed(gengov: Gengov, data: Path) -> None:
    found = gengov.json("proposal", "explain", "--data", "data.json")
    file = json.loads(data.read_bytes())
    assert (found["pick"], found["gamma_bps"], found["valid"]) == (file["pick"], file["gamma_bps"], file["valid"])
    assert found["posted_pick"] == found["pick"] and found["payload"] == file["samples"][file["pick"]]["payload"]
    assert sum(len(cluster["samples"]) for cluster in found["clusters"]) == file["valid"]
    assert len(found["distances"]) == len(found["answers"]) > 2
    assert found["second"] in found["alternatives"] and found["second"]["margin_bps"] == found["gamma_bps"]
    said = gengov("proposal", "explain", "--data", "data.json")
    for word in ("cluster", "the pick", "runner-up", "poison", "copies", "changes", str(found["withstands"])):
        assert word in said


@pytest.mark.parametrize(("name", "magic"), [("p.svg", b"<?xml"), ("p.png", b"\x89PNG")])
def test_explain__out__draws_the_same_picture_each_time(
    gengov: Gengov, data: Path, folder: Path, name: str, magic: bytes
) -> None:
    assert name in gengov("proposal", "explain", "--data", "data.json", "--out", name)
    first = (folder / name).read_bytes()
    assert gengov.json("proposal", "explain", "--data", "data.json", "--out", name)["picture"] == name
    assert first.startswith(magic) and (folder / name).read_bytes() == first


def test_explain__picture_marks_the_median(gengov: Gengov, data: Path, folder: Path) -> None:
    pick = gengov.json("proposal", "explain", "--data", "data.json", "--out", "q.svg")["pick"]
    assert f"sample {pick}" in (folder / "q.svg").read_text()


def test_explain__file_that_posts_another_pick__is_told(gengov: Gengov, data: Path, folder: Path) -> None:
    document = json.loads(data.read_bytes())
    honest, document["pick"] = document["pick"], 0 if document["pick"] else 1
    (folder / "other.json").write_bytes(canonical.dumps(document))
    found = gengov.json("proposal", "explain", "--data", "other.json")
    assert (found["pick"], found["posted_pick"]) == (honest, document["pick"])
    assert f"BUT the file says sample {document['pick']}" in gengov("proposal", "explain", "--data", "other.json")


def test_explain__no_valid_sample__refused(gengov: Gengov, data: Path, folder: Path) -> None:
    document = json.loads(data.read_bytes())
    document["samples"] = [sample | {"finished": False} for sample in document["samples"]]
    (folder / "none.json").write_bytes(canonical.dumps(document))
    gengov("proposal", "explain", "--data", "none.json", code=1)
    assert "no pick to explain: 0 of 100" in gengov.said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--data", "absent.json"), "cannot read absent.json"),
        (("--data", "broken.json"), "broken.json"),
        (("--data", "huge.json"), "is no data file of a slot"),
        (("7", "--data", "data.json"), "which one?"),
        (("--data", "data.json", "--out", "p.gif"), "neither .svg nor .png"),
        (("--data", "data.json", "--out", "nowhere/p.svg"), "there is no folder"),
    ],
)
def test_explain__mistakes__exit_2(gengov: Gengov, data: Path, folder: Path, words: tuple[str, ...], said: str) -> None:
    (folder / "broken.json").write_text('{"version":')
    (folder / "huge.json").write_bytes(bytes(MAX_DOCUMENT + 1))
    gengov("proposal", "explain", *words, code=2)
    assert said in gengov.said

"""The folder of a round: nothing else may stand in it, and its hash moves with every byte."""

from pathlib import Path

import pytest
from eth_utils import keccak

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import round_tree
from oracle.rounds import settle
from oracle.rounds.folder import Folder
from oracle.rounds.judgement import Judgement


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "round")
    settle.init(made, Judgement(), "Groceries", 1)
    return made


def test_root__a_whole_folder__over_the_hash_of_every_file(folder: Folder) -> None:
    files = {name: keccak((folder.path / name).read_bytes()) for name in folder.files}
    assert folder.root == folder.inputs_root == round_tree.root(files)
    assert sorted(files) == sorted(p.relative_to(folder.path).as_posix() for p in folder.path.rglob("*") if p.is_file())


def test_root__one_byte_of_any_file__another_root(folder: Folder) -> None:
    roots = {folder.root}
    for name in folder.files:
        before = folder.read(name)
        folder.write({name: before + b"\n"})
        roots.add(folder.root)
        folder.write({name: before})
    assert len(roots) == len(folder.files) + 1 and folder.root in roots


def test_inputs_root__results_do_not_belong_to_it(folder: Folder) -> None:
    pinned = folder.inputs_root
    folder.write({"result.json": b"{}", "payouts.csv": b"account,amount\n"})
    assert folder.inputs_root == pinned != folder.root


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("notes.txt", "notes.txt is no part of a round"),
        (".hidden", ".hidden is no part of a round"),
        ("lists/ada.csv", "'ada' is not an address in small letters"),
        ("lists/0x" + "AB" * 20 + ".csv", "is not an address in small letters"),
        ("lists/0x" + "ab" * 20 + ".txt", "is no part of a round"),
        ("more/0x" + "ab" * 20 + ".csv", "more is no part of a round"),
    ],
)
def test_files__something_else__refused_by_name(folder: Folder, name: str, words: str) -> None:
    (folder.path / name).parent.mkdir(exist_ok=True)
    (folder.path / name).write_text("x")
    with pytest.raises(BadInput, match=words) as caught:
        _ = Folder(folder.path).root
    assert caught.value.hint


def test_files__a_link__refused(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text("x")
    (folder.path / "outcomes.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(BadInput, match=r"outcomes.csv is a link"):
        _ = Folder(folder.path).files


def test_files__too_large__refused(folder: Folder) -> None:
    with (folder.path / "contract.md").open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(BadInput, match="more than 1024 MiB"):
        _ = Folder(folder.path).files


def test_no_round__refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a folder"):
        _ = Folder(tmp_path / "absent").files
    with pytest.raises(BadInput, match=r"no round.json"):
        _ = Folder(tmp_path).files


def test_init__a_folder_with_something_in_it__left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(Refused, match="not an empty folder"):
        settle.init(Folder(tmp_path), Judgement(), "Groceries", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_init__where_a_file_is__refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused, match="not an empty folder"):
        settle.init(Folder(tmp_path / "file"), Judgement(), "Groceries", 1)


@pytest.mark.parametrize(("title", "prize"), [("", 1), ("x" * 201, 1), ("x", -1), ("x", 2**256)])
def test_init__no_such_title_or_prize__refused(tmp_path: Path, title: str, prize: int) -> None:
    with pytest.raises(BadInput, match=r"the round: (title|prize)"):
        settle.init(Folder(tmp_path / "r"), Judgement(), title, prize)


def test_read__a_file_that_is_none__told(folder: Folder) -> None:
    (folder.path / "contract.md").mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        folder.read("contract.md")
    with pytest.raises(BadInput, match="cannot be read"):
        _ = folder.root


def test_write__a_folder_that_cannot_be_written__told(folder: Folder) -> None:
    (folder.path / "contract.md").mkdir()
    with pytest.raises(BadInput, match="cannot write"):
        folder.write({"contract.md": b"x"})

import os
from pathlib import Path

import pytest

from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.ports.store import MAX_DOCUMENT
from oracle.storage.cid import cid_of, digest_of
from oracle.storage.folder import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "documents")


def test_what_was_put_comes_back_under_its_cid(store: FolderStore, tmp_path: Path) -> None:
    stored = store.put(b"a document")
    assert stored.digest == digest_of(b"a document")
    assert store.get(stored.digest) == b"a document"
    assert [p.name for p in (tmp_path / "documents").iterdir()] == [stored.cid]


def test_same_document_twice_is_one_file(store: FolderStore, tmp_path: Path) -> None:
    assert store.put(b"x") == store.put(b"x")
    assert len(list((tmp_path / "documents").iterdir())) == 1


def test_largest_document_fits_and_one_byte_more_does_not(store: FolderStore) -> None:
    assert store.get(store.put(bytes(MAX_DOCUMENT)).digest) == bytes(MAX_DOCUMENT)
    with pytest.raises(BadInput, match="1,048,577"):
        store.put(bytes(MAX_DOCUMENT + 1))


def test_empty_document_is_refused(store: FolderStore) -> None:
    with pytest.raises(BadInput, match="empty"):
        store.put(b"")


def test_damaged_copy_is_refused_and_mended_by_putting_again(store: FolderStore, tmp_path: Path) -> None:
    stored = store.put(b"the truth")
    path = tmp_path / "documents" / stored.cid
    path.write_bytes(b"the trutH")
    with pytest.raises(Refused, match=stored.cid):
        store.get(stored.digest)
    store.put(b"the truth")
    assert store.get(stored.digest) == b"the truth"


def test_oversized_copy_is_refused_without_reading_it_whole(store: FolderStore, tmp_path: Path) -> None:
    digest = store.put(b"small").digest
    with (tmp_path / "documents" / cid_of(digest)).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Refused, match="over"):
        store.get(digest)


def test_missing_document_is_unreachable_not_empty(store: FolderStore) -> None:
    assert not store.has(bytes(32))
    with pytest.raises(Unreachable, match="no document"):
        store.get(bytes(32))


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="cannot write"):
        FolderStore(tmp_path / "file" / "below").put(b"x")
    with pytest.raises(Unreachable, match="cannot read"):
        FolderStore(tmp_path / "file").get(bytes(32))


def test_failed_write_leaves_nothing_behind(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unreachable, match="No space left"):
        store.put(b"x")
    assert list((tmp_path / "documents").iterdir()) == []

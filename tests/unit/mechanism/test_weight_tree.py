"""Weight trees against RFC 6962 as it is written, and proofs of any range of blocks."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.mechanism import weight_tree
from oracle.mechanism.weight_tree import BLOCK, CHUNK, CHUNK_LEVELS, chunk_root, climb, leaves_of, root, siblings


def tree_slowly(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 as it is written: split at the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + tree_slowly(leaves[:split]) + tree_slowly(leaves[split:])).digest()


def numbered(count: int) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + bytes([number])).digest() for number in range(count)]


def test_the_constants_belong_together() -> None:
    assert CHUNK == BLOCK << CHUNK_LEVELS


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 13, 100])
def test_root__any_number_of_leaves__as_in_rfc_6962(count: int) -> None:
    assert root(numbered(count)) == tree_slowly(numbered(count))


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, CHUNK, 2 * CHUNK + 5, 5 * CHUNK - 1])
def test_chunk_root__of_a_file__the_root_over_chunks_is_that_over_blocks(size: int) -> None:
    data = hashlib.shake_256(b"weights").digest(size)
    blocks = [data[start : start + BLOCK] for start in range(0, max(size, 1), BLOCK)]
    leaves = [hashlib.sha256(b"\x00" + block).digest() for block in blocks]
    assert leaves_of(data) == leaves
    chunks = [chunk_root(data[start : start + CHUNK]) for start in range(0, max(size, 1), CHUNK)]
    assert root(chunks) == tree_slowly(leaves)


@given(st.integers(1, 130), st.data())
def test_climb__any_range_of_any_tree__leads_to_its_root(count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first + 1, count))
    row = numbered(count)
    beside = siblings(row, first, last)
    assert climb(row[first:last], first, count, beside) == tree_slowly(row)
    assert len(beside) <= 2 * count.bit_length()


@given(st.integers(2, 130), st.data())
def test_climb__anything_changed__does_not_lead_there(count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first + 1, count))
    row = numbered(count)
    part, beside = row[first:last], siblings(row, first, last)
    for changed in (part, beside):
        if not changed:
            continue
        place = data.draw(st.integers(0, len(changed) - 1))
        kept, changed[place] = changed[place], hashlib.sha256(b"other").digest()
        assert climb(part, first, count, beside) != tree_slowly(row)
        changed[place] = kept


@pytest.mark.parametrize(
    ("part", "first", "count", "given_", "message"),
    [
        ([], 0, 4, [], "0 hashes from 0 on do not fit a row of 4"),
        (numbered(2), 3, 4, [], "2 hashes from 3 on"),
        (numbered(1), -1, 4, [], "1 hashes from -1 on"),
        (numbered(1), 0, 4, numbered(1), "a sibling is missing"),
        (numbered(1), 0, 4, numbered(3), "1 siblings are left over"),
    ],
)
def test_climb__what_does_not_fit__is_refused(
    part: list[bytes], first: int, count: int, given_: list[bytes], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        climb(part, first, count, given_)


def test_file_leaf__name_size_or_root_changed__is_another() -> None:
    one = weight_tree.file_leaf("model.safetensors", 10, bytes(32))
    assert one == hashlib.sha256(b"\x02" + (10).to_bytes(8, "big") + bytes(32) + b"model.safetensors").digest()
    assert one not in (
        weight_tree.file_leaf("model.safetensorz", 10, bytes(32)),
        weight_tree.file_leaf("model.safetensors", 11, bytes(32)),
        weight_tree.file_leaf("model.safetensors", 10, b"\x01" + bytes(31)),
    )

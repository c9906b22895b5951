"""Merkle trees against RFC 6962 as it is written, and the cutting of files into chunks."""

import hashlib
import os
from pathlib import Path

import pytest

from oracle.model import merkle
from oracle.model.merkle import CHUNK


def tree_slowly(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 as it is written: split at the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + tree_slowly(leaves[:split]) + tree_slowly(leaves[split:])).digest()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 13, 100])
def test_merkle__any_number_of_leaves__root_as_in_rfc_6962_and_every_proof_leads_to_it(count: int) -> None:
    leaves = [merkle.leaf(bytes([i])) for i in range(count)]
    assert leaves[0] == hashlib.sha256(b"\x00\x00").digest()
    assert merkle.root(leaves) == tree_slowly(leaves)
    for index, leaf in enumerate(leaves):
        value = leaf
        for sibling, on_the_left in merkle.proof(leaves, index):
            value = merkle.node(sibling, value) if on_the_left else merkle.node(value, sibling)
        assert value == merkle.root(leaves)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_chunks__any_size__pieces_of_one_mebibyte(tmp_path: Path, size: int) -> None:
    (tmp_path / "f").write_bytes(os.urandom(size))
    pieces = list(merkle.chunks(tmp_path / "f"))
    assert b"".join(pieces) == (tmp_path / "f").read_bytes()
    assert all(len(piece) == CHUNK for piece in pieces[:-1])
    assert len(pieces) == max(1, -(-size // CHUNK))

"""Merkle trees over the 1 MiB chunks of a file, as in RFC 6962: leaf sha256(0x00 chunk), node sha256(0x01 l, r)."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

CHUNK = 1 << 20


def leaf(chunk: bytes) -> bytes:
    """Hash of one chunk; the sha256 precompile checks it on chain in one call."""
    return hashlib.sha256(b"\x00" + chunk).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Root over at least one leaf; the last of an odd row moves up unchanged."""
    row = list(leaves)
    while len(row) > 1:
        pairs = [node(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = pairs + row[len(row) & ~1 :]
    return row[0]


def proof(leaves: Sequence[bytes], index: int) -> list[tuple[bytes, bool]]:
    """Siblings from leaf to root, each with True if it stands on the left."""
    row, path = list(leaves), []
    while len(row) > 1:
        sibling = index ^ 1
        if sibling < len(row):
            path.append((row[sibling], sibling < index))
        row = [node(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + row[len(row) & ~1 :]
        index //= 2
    return path


def chunks(path: Path) -> Iterator[bytes]:
    """The file in pieces of 1 MiB; an empty file is one empty piece."""
    with path.open("rb") as file:
        chunk = file.read(CHUNK)
        while True:
            following = file.read(CHUNK) if chunk else b""
            yield chunk
            if not following:
                return
            chunk = following

"""The Merkle tree over a model's weight files, from blocks of 16 KiB to the root that is committed on chain.

Trees are those of RFC 6962 with sha256. A file's leaves are its blocks, sha256(0x00 block); a chunk of 1 MiB is a
subtree of 64 blocks, so a manifest lists chunks while a proof carries blocks: one fits in a transaction, a chunk does
not. The leaves of the tree over files are sha256(0x02 size root path), which fixes the number of blocks of each file.
"""

import hashlib
from collections.abc import Sequence

BLOCK = 1 << 14
CHUNK = 1 << 20
CHUNK_LEVELS = 6
"""Levels of the tree between a block and a chunk: CHUNK = BLOCK << CHUNK_LEVELS."""

_LEAF = hashlib.sha256(b"\x00")


def leaf(block: bytes | memoryview) -> bytes:
    """Hash of one block; the sha256 precompile checks it on chain in one call."""
    state = _LEAF.copy()
    state.update(block)
    return state.digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def file_leaf(path: str, size: int, root: bytes) -> bytes:
    """Hash of a weight file's name, size in bytes and root: without the size, an index could be lied about."""
    return hashlib.sha256(b"\x02" + size.to_bytes(8, "big") + root + path.encode()).digest()


def leaves_of(data: bytes) -> list[bytes]:
    """Leaves of the blocks of some bytes that begin at a block's start; no bytes are one empty block."""
    view = memoryview(data)
    return [leaf(view[start : start + BLOCK]) for start in range(0, max(1, len(data)), BLOCK)]


def root(row: Sequence[bytes]) -> bytes:
    """Root over at least one hash; the last of an odd row moves up unchanged."""
    row = list(row)
    while len(row) > 1:
        row = _parents(row)
    return row[0]


def chunk_root(chunk: bytes) -> bytes:
    """Root over the blocks of one chunk (at most 1 MiB); the root over a file's chunks is that over its blocks."""
    return root(leaves_of(chunk))


def siblings(row: Sequence[bytes], first: int, last: int, *, levels: int = 64) -> list[bytes]:
    """What `climb` needs beside row[first:last], from the bottom up, left before right, for so many levels."""
    row, found = list(row), []
    for _ in range(levels):
        if len(row) == 1:
            break
        if first & 1:
            found.append(row[first - 1])
        if last & 1 and last < len(row):
            found.append(row[last])
        row, first, last = _parents(row), first >> 1, (last + 1) >> 1
    return found


def climb(part: Sequence[bytes], first: int, count: int, given: Sequence[bytes]) -> bytes:
    """The root of a tree of `count` hashes of which `part` begins at `first`, with the siblings of that part.

    Raises ValueError where the part does not fit, or siblings are missing or left over.
    """
    if not part or first < 0 or first + len(part) > count:
        raise ValueError(f"{len(part)} hashes from {first} on do not fit a row of {count}")
    row, width, rest = list(part), count, list(reversed(given))
    while width > 1:
        if first & 1:
            row.insert(0, _next(rest))
        last = (first & ~1) + len(row)
        if last & 1 and last < width:
            row.append(_next(rest))
        row, first, width = _parents(row), first >> 1, (width + 1) >> 1
    if rest:
        raise ValueError(f"{len(rest)} siblings are left over")
    return row[0]


def _next(rest: list[bytes]) -> bytes:
    if not rest:
        raise ValueError("a sibling is missing")
    return rest.pop()


def _parents(row: Sequence[bytes]) -> list[bytes]:
    """The level above a row that begins at an even index."""
    above = [node(row[index], row[index + 1]) for index in range(0, len(row) - 1, 2)]
    return above + list(row[len(row) & ~1 :])

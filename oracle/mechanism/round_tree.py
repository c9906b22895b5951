"""The hash of a round's folder: a Merkle root over its sorted (path, content hash) pairs, checkable on chain.

    leaf = keccak256(keccak256(abi.encode("gengov/round/v1", path, keccak256(content))))
    node = keccak256(smaller child, larger child); the last of an odd row moves up unchanged
    root = keccak256(abi.encode("gengov/round/v1", number of leaves, top node))

A leaf is hashed twice and a node once, so neither passes for the other; the root says how many files there are.
"""

from collections.abc import Mapping, Sequence

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from oracle.domain.errors import BadInput

TAG = "gengov/round/v1"


def leaf(path: str, content_hash: bytes) -> bytes:
    """Leaf of the file at `path` (relative, / between folders) with this keccak256 of its content."""
    return keccak(keccak(encode(("string", "string", "bytes32"), (TAG, path, content_hash))))


def node(left: bytes, right: bytes) -> bytes:
    """Parent of two nodes, in either order."""
    return keccak(min(left, right) + max(left, right))


def _levels(files: Mapping[str, bytes]) -> list[list[bytes]]:
    if not files:
        raise BadInput("a round has at least one file, round.json", hint="gengov round init makes a folder.")
    row = [leaf(path, files[path]) for path in sorted(files)]
    levels = [row]
    while len(row) > 1:
        row = [node(*row[place : place + 2]) if place + 1 < len(row) else row[place] for place in range(0, len(row), 2)]
        levels.append(row)
    return levels


def root(files: Mapping[str, bytes]) -> bytes:
    """Root (32 bytes) of files given as path -> keccak256 of the content. Raises BadInput for none."""
    return root_of_top(len(files), _levels(files)[-1][0])


def root_of_top(count: int, top: bytes) -> bytes:
    """Root from the number of leaves and the top node."""
    return keccak(encode(("string", "uint256", "bytes32"), (TAG, count, top)))


def proof(files: Mapping[str, bytes], path: str) -> list[bytes]:
    """Siblings from the file's leaf to the top. Raises BadInput for a file that is not there."""
    if path not in files:
        raise BadInput(f"{path} is no file of this round")
    place, siblings = sorted(files).index(path), []
    for row in _levels(files)[:-1]:
        if place ^ 1 < len(row):
            siblings.append(row[place ^ 1])
        place //= 2
    return siblings


def root_from_proof(path: str, content_hash: bytes, siblings: Sequence[bytes], count: int) -> bytes:
    """The root that one file and its siblings lead to, in a round of `count` files."""
    top = leaf(path, content_hash)
    for sibling in siblings:
        top = node(top, sibling)
    return root_of_top(count, top)

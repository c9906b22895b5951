"""The samples as a Merkle tree of 128 leaves: what one posted root commits to, and the proof that the pick is in it.

Twin of `SampleTree.sol`. A leaf is hashed twice, a node once over its sorted children, so neither passes for the other.
"""

from collections.abc import Sequence

from eth_abi.abi import encode
from eth_hash.auto import keccak

from oracle.domain.errors import BadInput

LEAVES = 128
"""Room for 100 samples; a proof has 7 hashes."""

EMPTY_LEAF = bytes(32)
"""Stands at every index without a sample."""

ROOT_TAG = "gengov/samples/v1"


def tokens_hash(token_ids: Sequence[int]) -> bytes:
    """keccak256 of the token ids as big-endian uint32, packed. Raises BadInput for an id that does not fit."""
    if any(not 0 <= token < 1 << 32 for token in token_ids):
        raise BadInput("a token id does not fit 32 bits")
    return keccak(b"".join(token.to_bytes(4, "big") for token in token_ids))


def text_hash(text: str) -> bytes:
    """keccak256 of the text in UTF-8."""
    return keccak(text.encode())


def payload_hash(payload_json_hash: bytes, actions_digest: bytes) -> bytes:
    """keccak256(abi.encode(keccak256(canonical payload JSON), actionsHash)): the answer and the calls it stands for."""
    return keccak(encode(("bytes32", "bytes32"), (payload_json_hash, actions_digest)))


def leaf(index: int, tokens: bytes, payload: bytes, text: bytes, valid: bool) -> bytes:
    """Leaf of sample `index` from three 32-byte hashes; an invalid sample has payload hash 0."""
    kinds = ("uint256", "bytes32", "bytes32", "bytes32", "bool")
    return keccak(keccak(encode(kinds, (index, tokens, payload, text, valid))))


def node(left: bytes, right: bytes) -> bytes:
    """Parent of two nodes, in either order."""
    return keccak(left + right if left < right else right + left)


class SampleTree:
    """The tree over up to `room` leaves of 32 bytes, a power of two; missing ones are zero.

    Only a tree of 128 can be posted; what is drawn without a chain may need a larger one.
    """

    def __init__(self, leaves: Sequence[bytes], room: int = LEAVES) -> None:
        if not 0 < len(leaves) <= room:
            raise BadInput(f"{len(leaves)} samples do not fit a tree of {room} leaves")
        level = [*leaves, *[EMPTY_LEAF] * (room - len(leaves))]
        self._levels = [level]
        while len(level) > 1:
            level = [node(level[place], level[place + 1]) for place in range(0, len(level), 2)]
            self._levels.append(level)
        self._size = len(leaves)

    @property
    def root(self) -> bytes:
        """The 32-byte root."""
        return self._levels[-1][0]

    def proof(self, index: int) -> tuple[bytes, ...]:
        """The seven siblings on the way from leaf `index` to the root. Raises BadInput for an index without sample."""
        if not 0 <= index < self._size:
            raise BadInput(f"there is no sample {index} among {self._size}")
        return tuple(level[(index >> depth) ^ 1] for depth, level in enumerate(self._levels[:-1]))


def room_for(samples: int) -> int:
    """Leaves of the smallest tree that holds so many samples, 128 at least."""
    return max(LEAVES, 1 << (samples - 1).bit_length())


def root_from_proof(leaf_hash: bytes, path: Sequence[bytes]) -> bytes:
    """The root that a leaf and its siblings lead to."""
    for sibling in path:
        leaf_hash = node(leaf_hash, sibling)
    return leaf_hash


def samples_root(seed: bytes, tree_root: bytes) -> bytes:
    """keccak256(abi.encode("gengov/samples/v1", seed, treeRoot)): the root that is posted carries the chain's seed."""
    return keccak(encode(("string", "bytes32", "bytes32"), (ROOT_TAG, seed, tree_root)))

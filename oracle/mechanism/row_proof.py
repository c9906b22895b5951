"""Proof that a row of a weight matrix is the committed one: a few blocks of a file and hashes up to the root."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import canonical
from oracle.mechanism.safetensors_header import LENGTH_BYTES, Tensor, header_bytes, parse_header
from oracle.mechanism.weight_tree import BLOCK, climb, file_leaf, leaf

VERSION = "gengov/row-proof/v1"


@dataclass(frozen=True, slots=True)
class Blocks:
    """Neighbouring blocks of a file, from block `first` on, and their siblings from the bottom up."""

    first: int
    blocks: tuple[bytes, ...]
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RowProof:
    """Row `row` of `tensor` in the weight file `path`, which is number `index` of `count` files.

    `index` and `count` only say how to climb: path and size are in the leaf. `header` are the blocks that hold the
    file's header, which says where the tensor lies; `data` those of the row.
    """

    tensor: str
    row: int
    path: str
    size: int
    index: int
    count: int
    file_siblings: tuple[bytes, ...]
    header: Blocks
    data: Blocks

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.dumps(
            {
                "version": VERSION,
                "tensor": self.tensor,
                "row": self.row,
                "file": {
                    "path": self.path,
                    "size": self.size,
                    "index": self.index,
                    "count": self.count,
                    "siblings": [_hex(item) for item in self.file_siblings],
                },
                "header": _document(self.header),
                "data": _document(self.data),
            }
        )


@dataclass(frozen=True, slots=True)
class ProvenRow:
    """What a proof shows: the tensor's place and type, and the row's bytes as they lie in the file."""

    tensor: Tensor
    data: bytes


def block_range(start: int, end: int) -> tuple[int, int]:
    """First and last + 1 of the blocks that hold bytes [start, end); the first one where there are none."""
    return start // BLOCK, max(start // BLOCK + 1, -(-end // BLOCK))


def verify_row(proof: RowProof, weights_root: bytes) -> ProvenRow:
    """The row that `proof` shows to be in the weights of `weights_root` (32 bytes).

    Raises Refused where a hash leads elsewhere, BadInput where the proof is not one.
    """
    try:
        root = _root(proof.header, proof.size)
        if _root(proof.data, proof.size) != root:
            raise ValueError("header and row are not of the same file")
        reached = climb([file_leaf(proof.path, proof.size, root)], proof.index, proof.count, proof.file_siblings)
    except ValueError as error:
        raise _wrong(str(error)) from None
    if reached != weights_root:
        raise Refused(
            f"the proof leads to weights root 0x{reached.hex()}, not to 0x{weights_root.hex()}",
            hint="A block was changed, or the proof is of another model.",
        )
    tensor = _tensor(proof)
    start, end = tensor.row(proof.row)
    first, last = block_range(start, end)
    if (proof.data.first, len(proof.data.blocks)) != (first, last - first):
        raise _wrong(f"the row lies in blocks {first} to {last - 1}, others are given")
    begin = start - first * BLOCK
    return ProvenRow(tensor, b"".join(proof.data.blocks)[begin : begin + end - start])


def parse_row_proof(data: bytes, name: str = "row proof") -> RowProof:
    """A proof from its canonical JSON; raises BadInput where it is malformed."""
    document = canonical.loads_canonical(data, name=name)
    try:
        raw = cast(dict[str, Any], document)
        if not isinstance(document, dict) or raw["version"] != VERSION:
            raise ValueError(f"not a {VERSION} document")
        file = raw["file"]
        proof = RowProof(
            _text(raw["tensor"]),
            _whole(raw["row"]),
            _text(file["path"]),
            _whole(file["size"]),
            _whole(file["index"]),
            _whole(file["count"]),
            tuple(_hash(item) for item in file["siblings"]),
            _blocks(raw["header"]),
            _blocks(raw["data"]),
        )
        same = proof.to_bytes() == data
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadInput(f"{name}: malformed proof: {error!r}", hint=_AGAIN) from None
    if not same:
        raise BadInput(f"{name}: it holds more than a proof", hint=_AGAIN)
    return proof


_AGAIN = "Make it anew with `gengov model prove-row`."


def _tensor(proof: RowProof) -> Tensor:
    """The tensor's entry in the proven header."""
    given = b"".join(proof.header.blocks)
    if proof.header.first or len(given) < LENGTH_BYTES:
        raise _wrong("the file's first block is not given")
    length = header_bytes(given, proof.size, proof.path)
    if len(proof.header.blocks) != block_range(0, length)[1]:
        raise _wrong("the header is not given whole")
    tensor = parse_header(given[:length], proof.size, proof.path).get(proof.tensor)
    if tensor is None:
        raise _wrong(f"{proof.path} has no tensor {proof.tensor}")
    return tensor


def _root(part: Blocks, size: int) -> bytes:
    """The root of a file of `size` bytes; the last block holds what is left, all others are full."""
    count = max(1, -(-size // BLOCK))
    for number, block in enumerate(part.blocks, part.first):
        if len(block) != min(BLOCK, size - number * BLOCK):
            raise ValueError(f"block {number} has {len(block)} bytes")
    return climb([leaf(block) for block in part.blocks], part.first, count, part.siblings)


def _wrong(what: str) -> BadInput:
    return BadInput(f"row proof: {what}", hint=_AGAIN)


def _document(part: Blocks) -> dict[str, Any]:
    return {
        "first": part.first,
        "blocks": [_hex(block) for block in part.blocks],
        "siblings": [_hex(item) for item in part.siblings],
    }


def _blocks(raw: Mapping[str, Any]) -> Blocks:
    blocks = tuple(bytes.fromhex(item.removeprefix("0x")) for item in raw["blocks"])
    return Blocks(_whole(raw["first"]), blocks, tuple(_hash(item) for item in raw["siblings"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError(f"{value!r} is not a whole number from 0 up")
    return value


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != 32:
        raise ValueError(f"{text!r} is not 32 bytes")
    return value


def _hex(value: bytes) -> str:
    return "0x" + value.hex()

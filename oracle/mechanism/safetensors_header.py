"""The header of a safetensors file: which tensor lies at which bytes. Strict, for files and proofs of strangers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from oracle.domain.errors import BadInput

ITEM_BYTES = {"BF16": 2, "F16": 2, "F32": 4, "F64": 8, "I8": 1, "U8": 1, "I16": 2, "I32": 4, "I64": 8, "BOOL": 1}
ITEM_BYTES |= {"F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "U32": 4, "U64": 8}
LENGTH_BYTES = 8
MOST_BYTES = 100_000_000
"""Longest header, as in the format's own library."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies: bytes [start, end) of the file. A vector or scalar is one row."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def rows(self) -> int:
        """How many rows it has, along its first axis."""
        return self.shape[0] if len(self.shape) > 1 else 1

    def row(self, index: int) -> tuple[int, int]:
        """First and last byte + 1 of one row in the file; raises BadInput for a row that is not there."""
        if not 0 <= index < self.rows:
            raise BadInput(f"tensor {self.name} has no row {index}", hint=f"Its rows are 0 to {self.rows - 1}.")
        size = (self.end - self.start) // self.rows
        return self.start + index * size, self.start + (index + 1) * size


def header_bytes(start: bytes, size: int, name: str) -> int:
    """Length of the header with its length field, from the first 8 bytes of a file of `size` bytes. BadInput."""
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    if len(start) < LENGTH_BYTES or length > min(size - LENGTH_BYTES, MOST_BYTES):
        raise BadInput(f"{name}: no safetensors file: its header does not fit", hint=_REFETCH)
    return LENGTH_BYTES + length


def parse_header(data: bytes, size: int, name: str) -> dict[str, Tensor]:
    """Tensors by name, from the first `header_bytes` bytes of a file of `size` bytes.

    Raises BadInput where it is malformed, a tensor is named twice, or tensors overlap, leave gaps or overrun the file.
    """
    try:
        document = json.loads(data[LENGTH_BYTES:].decode("utf-8"), object_pairs_hook=_once)
        if not isinstance(document, dict):
            raise ValueError("not an object")
        document.pop("__metadata__", None)
        tensors = [_tensor(key, entry, len(data)) for key, entry in document.items()]
        end = len(data)
        for tensor in sorted(tensors, key=lambda tensor: (tensor.start, tensor.end)):
            if tensor.start != end:
                raise ValueError(f"tensor {tensor.name} begins at byte {tensor.start}, not at {end}")
            end = tensor.end
        if end != size:
            raise ValueError(f"its tensors end at byte {end}, the file at {size}")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(f"{name}: malformed safetensors header: {error}", hint=_REFETCH) from None
    return {tensor.name: tensor for tensor in tensors}


_REFETCH = "Fetch the file again."


def _tensor(name: str, entry: Mapping[str, Any], offset: int) -> Tensor:
    dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    whole = [*shape, start, end]
    if not all(isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 62 for number in whole):
        raise ValueError(f"tensor {name} has a shape or place that is no list of whole numbers")
    if end - start != prod(shape) * ITEM_BYTES[dtype]:
        raise ValueError(f"tensor {name} of shape {shape} and type {dtype} does not fill bytes {start} to {end}")
    return Tensor(name, dtype, tuple(shape), offset + start, offset + end)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found

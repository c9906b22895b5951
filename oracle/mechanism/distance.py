"""Integer Jaccard distances between answers, in units of 1/Q, and their sums over all pairs; exact and reproducible.

Pairs are taken in square tiles of float64 that only ever hold integers below 2^53: a quotient a/b with a < 2^53 that
is not whole never rounds up to a whole number, so floor(a / b) is the exact integer quotient. Larger values take the
same code over Python integers.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist

from oracle.domain.errors import BadInput
from oracle.domain.sample import FieldKind, FieldRule

Q = 1 << 20
"""One whole distance. A power of two, so scaling a float by it is exact."""

TILE = 256
"""Rows and columns of a tile: a handful of them stay in the second-level cache."""

_EXACT = 1 << 33
"""Below this, Q * value < 2^53 and float64 division is exact."""

_WORD = re.compile(r"[a-z0-9]+")
_PLAIN = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else ord(" ") for code in range(256))
"""ASCII letters in lower case, digits, and spaces for all else: what NFKC and case folding make of ASCII."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[Any]
Tile = Callable[[slice, slice], Floats]
"""(rows, columns) -> their distances, integers in float64."""


def words(text: str) -> tuple[str, ...]:
    """Words of a text: NFKC, case folded, runs of [a-z0-9]."""
    if text.isascii():
        return tuple(text.encode().translate(_PLAIN).decode().split())
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def row_sums(tile: Tile, counts: Sequence[int]) -> list[int]:
    """sum_j counts[j] * d(i, j) for every row i of a symmetric distance. Only the upper tiles are computed."""
    weights = np.asarray(counts, dtype=np.float64)
    sums = np.zeros(len(counts))
    edges = [slice(start, min(start + TILE, len(counts))) for start in range(0, len(counts), TILE)]
    for place, rows in enumerate(edges):
        for columns in edges[place:]:
            block = tile(rows, columns)
            sums[rows] += block @ weights[columns]
            if columns is not rows:
                sums[columns] += weights[rows] @ block
    return [int(total) for total in sums]


def payload_tile(values: Sequence[Mapping[str, Any]], rules: Sequence[FieldRule]) -> Tile:
    """D between payloads of one action: (sum_f w_f d_f) // (2 sum_f w_f), so at most Q / 2; 0 without fields.

    `values` are the fields of each payload. Raises BadInput if a value is not of its rule's kind.
    """
    tiles = [(rule.weight, _FIELD_TILES[rule.kind]([_field(value, rule) for value in values])) for rule in rules]
    scale = 2.0 * sum(weight for weight, _ in tiles)

    def tile(rows: slice, columns: slice) -> Floats:
        if not tiles:
            return np.zeros((rows.stop - rows.start, columns.stop - columns.start))
        total = tiles[0][0] * tiles[0][1](rows, columns)
        for weight, field in tiles[1:]:
            total += weight * field(rows, columns)
        total /= scale
        return np.floor(total, out=total)

    return tile


def text_tile(texts: Sequence[str]) -> Tile:
    """T(s,t) = (Q*(U-L)) // U with L the longest common subsequence of words and U = |s| + |t| - L."""
    spoken = [words(text) for text in texts]
    codes = {word: _letter(number) for number, word in enumerate(dict.fromkeys(chain.from_iterable(spoken)))}
    strings = ["".join(map(codes.__getitem__, said)) for said in spoken]
    lengths = np.array([len(string) for string in strings], dtype=np.int32)

    def tile(rows: slice, columns: slice) -> Floats:
        shared = cdist(strings[rows], strings[columns], scorer=LCSseq.similarity, dtype=np.int32)
        return _jaccard(shared, np.add.outer(lengths[rows], lengths[columns]))

    return tile


def _letter(number: int) -> str:
    """A distinct character per word, clear of the surrogates, so that words compare as letters do."""
    return chr(number if number < 0xD800 else number + 0x800)


def _amount_tile(values: Sequence[Any]) -> Tile:
    """J(a,b) = 0 if a = b = 0 else Q - Q*min // max."""
    amounts = _array(values, max(values, default=0))

    def tile(rows: slice, columns: slice) -> Floats:
        low = np.minimum.outer(amounts[rows], amounts[columns])
        high = np.maximum.outer(amounts[rows], amounts[columns])
        distance = Q - _quotient(low, np.maximum(high, 1))
        distance[high == 0] = 0
        return distance

    return tile


def _map_tile(values: Sequence[Any]) -> Tile:
    """S(A,B) = (Q*(U-M)) // U with M = sum_k min(A_k, B_k) and U = sum A + sum B - M; 0 if both are empty."""
    totals = [sum(value.values()) for value in values]
    sums = _array(totals, 2 * max(totals, default=0))
    keys = sorted({key for value in values for key in value})
    table = [_array([value.get(key, 0) for value in values], 2 * max(totals, default=0)) for key in keys]

    def tile(rows: slice, columns: slice) -> Floats:
        both = np.add.outer(sums[rows], sums[columns])
        shared = np.zeros_like(both)
        least = np.empty_like(both)
        for column in table:
            np.minimum.outer(column[rows], column[columns], out=least)
            shared += least
        return _jaccard(shared, both)

    return tile


def _set_tile(values: Sequence[Any]) -> Tile:
    """S on sets: every member counts 1. One string is the set of itself."""
    members: Iterable[Iterable[str]] = ([value] if isinstance(value, str) else value for value in values)
    return _map_tile([dict.fromkeys(value, 1) for value in members])


def _jaccard(shared: Ints, both: Ints) -> Floats:
    """(Q*(U-M)) // U for U = both - M, 0 where U = 0."""
    union = both - shared
    return _quotient(union - shared, np.maximum(union, 1))


def _quotient(part: Ints, whole: Ints) -> Floats:
    """Q*part // whole."""
    if part.dtype == object:
        return (Q * part // whole).astype(np.float64)
    ratio = np.divide(part, whole, dtype=np.float64)
    ratio *= Q
    return np.floor(ratio, out=ratio)


def _array(values: Sequence[int], bound: int) -> Ints:
    """Integers in the narrowest kind whose sums and quotients, up to `bound`, are exact."""
    if bound < 1 << 31:
        return np.array(values, dtype=np.int32)
    return np.array(values, dtype=np.int64 if bound < _EXACT else object)


def _field(fields: Mapping[str, Any], rule: FieldRule) -> Any:
    """A field's value, checked to be of its kind."""
    value = fields.get(rule.name)
    if not _FIELD_CHECKS[rule.kind](value):
        raise BadInput(f"payload field {rule.name!r} is {value!r}, not of kind {rule.kind.value}")
    return value


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_FIELD_TILES: Mapping[FieldKind, Callable[[Sequence[Any]], Tile]] = {
    FieldKind.AMOUNT: _amount_tile,
    FieldKind.MAP: _map_tile,
    FieldKind.SET: _set_tile,
    FieldKind.TEXT: text_tile,
}

_FIELD_CHECKS: Mapping[FieldKind, Callable[[Any], bool]] = {
    FieldKind.AMOUNT: _whole,
    FieldKind.MAP: lambda value: isinstance(value, Mapping) and all(map(_whole, value.values())),
    FieldKind.SET: lambda value: (
        isinstance(value, str) or (isinstance(value, Sequence) and all(isinstance(member, str) for member in value))
    ),
    FieldKind.TEXT: lambda value: isinstance(value, str),
}

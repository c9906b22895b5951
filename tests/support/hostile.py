"""Hostile data files: seeded mutations of honest ones, byte by byte and value by value, and bombs of the largest size.

Every input is a function of a seed and a number, so that one that breaks something can be made again.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

PALETTE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 127, 128, 10_000, 1 << 16, 1 << 32, 1 << 53, 1 << 63, (1 << 256) - 1, 1 << 256),
    *(10**77, 10**78, 10**90, -(10**77), 1.0, -0.0, 1e308, float("nan"), float("inf"), float("-inf")),
    *("", " ", "0x", "0x0", "0x" + "00" * 20, "0x" + "00" * 32, "0x" + "AB" * 32, "0x" + "zz" * 32, "\x00", "\ud800"),
    *("\U0010ffff", "e\u0301", "\u202e", "A" * 41, "x" * 161, "y" * 70_000, "E", "F", "B", "N", "none", "fund"),
    *('{"action":"none","rationale":"x"}', '{"action":"fund","fund":{"A":"full"},"rationale":"x"}', '{"a":1,"a":1}'),
    *([], {}, [[]], [{}], {"": {}}, [0] * 300, {"action": "none"}, {"action": 1}, {"fund": {"A": True}}),
)
"""Values of every type, at and beyond every bound."""

SNIPPETS: tuple[bytes, ...] = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1.5", b"-0", b"0" * 50, b"9" * 5_000, b"-", b"+1", b"0x10"),
    *(
        b'"',
        b"\\",
        b"\\u",
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\x00",
        b"\xef\xbb\xbf",
    ),
    *(
        b"[" * 2_000,
        b"{" * 2_000,
        b'{"a":' * 500,
        b"]",
        b"}",
        b",",
        b":",
        b"null",
        b"true",
        b'"version":2,',
        b" ",
        b"//",
    ),
)

Document = dict[str, Any]


def inputs(bases: Sequence[bytes], seed: str, count: int) -> Iterator[bytes]:
    """`count` inputs: half have a changed value somewhere, a quarter changed bytes, the rest worse."""
    documents = [json.loads(base) for base in bases]
    for number in range(count):
        rnd = random.Random(f"{seed}/{number}")
        kind = rnd.randrange(8)
        if kind < 4:
            yield _written(_revalued(copy.deepcopy(rnd.choice(documents)), rnd), rnd)
        elif kind < 6:
            yield _rebyted(bytearray(rnd.choice(bases)), rnd)
        elif kind == 6:
            yield _spliced(rnd.choice(bases), rnd.choice(bases), rnd)
        else:
            yield rnd.randbytes(rnd.randrange(200)) if rnd.random() < 0.5 else _grown(rnd)


def bombs(size: int) -> dict[str, Callable[[], bytes]]:
    """Inputs of about `size` bytes that cost a careless reader far more than their size."""
    key = size // 2
    return {
        "open brackets": lambda: b"[" * size,
        "nested lists": lambda: b"[" * (size // 2) + b"]" * (size // 2),
        "nested objects": lambda: b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6),
        "small numbers": lambda: b"[" + b"0," * (size // 2 - 2) + b"0]",
        "empty objects": lambda: b"[" + b"{}," * (size // 3 - 2) + b"{}]",
        "empty lists": lambda: b"[" + b"[]," * (size // 3 - 2) + b"[]]",
        "one long number": lambda: b"9" * size,
        "one long fraction": lambda: b"0." + b"9" * size,
        "one long text": lambda: b'"' + b"x" * (size - 2) + b'"',
        "escapes": lambda: b'"' + b"\\u0041" * (size // 6) + b'"',
        "surrogates": lambda: b'"' + b"\\ud83d\\ude00" * (size // 12) + b'"',
        "many keys": lambda: json.dumps({str(each): 0 for each in range(size // 12)}).encode(),
        "one key twice": lambda: b'{"' + b"k" * key + b'":0,"' + b"k" * key + b'":0}',
        "long key over many values": lambda: b'{"' + b"k" * key + b'":[' + b"0," * (key // 2 - 4) + b"0]}",
        "long key over many floats": lambda: b'{"' + b"k" * key + b'":[' + b"0," * (key // 2 - 8) + b"0.5]}",
        "not UTF-8": lambda: b"\xff" * size,
        "blanks": lambda: b" " * size + b"{}",
    }


def _revalued(document: Any, rnd: random.Random) -> Any:
    """One place (or a few) gets another value, often of its own type, loses it, or has it from another place."""
    for _ in range(rnd.choice((1, 1, 1, 2, 3))):
        if not document or not isinstance(document, dict | list):
            break
        holder, step = _place(document, rnd)
        change = rnd.randrange(9)
        if change < 5:
            holder[step] = _alike(holder[step], document, rnd)
        elif change == 5:
            holder[step] = copy.deepcopy(rnd.choice(PALETTE))
        elif change == 6:
            del holder[step]
        elif isinstance(holder, list):
            holder.insert(step, copy.deepcopy(holder[step]))
        else:
            holder[rnd.choice(("", "extra", "A", "samples", "\ud800", "n"))] = copy.deepcopy(rnd.choice(PALETTE))
    return document


def _alike(value: Any, document: Any, rnd: random.Random) -> Any:
    """Another value of the same type: near it, or found elsewhere in the document."""
    for _ in range(8):
        other, elsewhere = _place(document, rnd)
        found = other[elsewhere]
        if type(found) is type(value) and found != value and rnd.random() < 0.7:
            return copy.deepcopy(found)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rnd.choice((-1, 1, 1, 10, 1 << 8, 1 << 40))
    if isinstance(value, str):
        return _respelled(value, rnd)
    return copy.deepcopy(rnd.choice(PALETTE))


def _place(value: Any, rnd: random.Random) -> tuple[Any, Any]:
    """A container in a document and a key or index of it: any field is as likely as its neighbours, deep or not."""
    while True:
        step = rnd.choice(list(value)) if isinstance(value, dict) else rnd.randrange(len(value))
        inner = value[step]
        if not isinstance(inner, dict | list) or not inner or rnd.random() < 0.2:
            return value, step
        value = inner


def _respelled(text: str, rnd: random.Random) -> str:
    place = rnd.randrange(len(text) + 1)
    return text[:place] + rnd.choice(("", "0", "x", '"', "\\", "\n", "\ud800", "é", "}", text[:8])) + text[place + 1 :]


def _rebyted(data: bytearray, rnd: random.Random) -> bytes:
    for _ in range(rnd.randrange(1, 5)):
        place, length = rnd.randrange(len(data) + 1), rnd.randrange(1, 40)
        change = rnd.randrange(5)
        if change == 0 and place < len(data):
            data[place] ^= 1 << rnd.randrange(8)
        elif change == 1:
            data[place:place] = rnd.choice(SNIPPETS)
        elif change == 2:
            del data[place : place + length]
        elif change == 3:
            data[place:place] = data[place : place + length]
        else:
            data[place : place + length] = rnd.randbytes(length)
    return bytes(data)


def _spliced(first: bytes, second: bytes, rnd: random.Random) -> bytes:
    return first[: rnd.randrange(len(first) + 1)] + second[rnd.randrange(len(second) + 1) :]


def _grown(rnd: random.Random) -> bytes:
    """JSON that grew at random, a little like a data file or not at all."""

    def value(depth: int) -> Any:
        kind = rnd.randrange(6) if depth < 5 else 0
        if kind == 4:
            return [value(depth + 1) for _ in range(rnd.randrange(4))]
        if kind == 5:
            keys = ("version", "samples", "prompt", "sampler", "tokens", "text", "", "é")
            return {rnd.choice(keys): value(depth + 1) for _ in range(rnd.randrange(5))}
        return rnd.choice(PALETTE)

    return _written(value(0), rnd)


def _written(document: Any, rnd: random.Random) -> bytes:
    """Mostly in canonical form, so that a reader gets further than its first test."""
    if rnd.random() < 0.9:
        return _canonical(document)
    return json.dumps(document, indent=rnd.choice((None, 1)), ensure_ascii=rnd.random() < 0.5).encode(
        "utf-8", "replace"
    )


def _canonical(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")

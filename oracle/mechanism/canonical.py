"""Canonical JSON: one byte string for one value, so that a hash of it means the value.

Sorted keys, no spaces, ASCII, integers only; the loader refuses whatever another reader could understand differently.
"""

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from eth_utils.crypto import keccak

from oracle.domain.errors import BadInput

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
MAX_DEPTH = 32
MAX_DIGITS = 78  # of 2^256


def dumps(value: object) -> bytes:
    """Canonical bytes of `value` (dicts with string keys, lists, tuples, strings, integers, booleans, None).

    Raises BadInput for floats, other types, keys that are not strings, integers above 78 digits, nesting above 32.
    """
    _check(value)
    return _written(value)


def loads(data: bytes, *, name: str = "JSON document") -> Json:
    """The value of canonical or plain JSON bytes; raises BadInput for floats, NaN, duplicate keys and bad text."""
    try:
        value: Json = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}: byte {error.start} is not UTF-8", hint="Save it as UTF-8 text.") from None
    except RecursionError:
        raise BadInput(f"{name}: nested too deeply", hint=f"At most {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadInput(f"{name}: not JSON at {where}: {error.msg}", hint="Check brackets, commas and quotes.") from None
    except ValueError as error:
        raise BadInput(f"{name}: {error}", hint="Use integers and write every key once.") from None
    _check(value)
    return value


def loads_canonical(data: bytes, *, name: str = "JSON document") -> Json:
    """Like `loads`, and raises BadInput unless the bytes are exactly the canonical ones."""
    value = loads(data, name=name)
    if _written(value) != data:
        raise BadInput(f"{name}: not in canonical form", hint="Sort the keys, leave out spaces, escape non-ASCII text.")
    return value


def digest(value: object) -> bytes:
    """keccak256 of the canonical bytes (32 bytes)."""
    return keccak(dumps(value))


def _written(value: object) -> bytes:
    """Canonical bytes of a value that was checked."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode("ascii")


_Path = tuple["_Path", str | int] | None  # built as links: as text it would be long where the file is hostile


def _check(value: object, path: _Path = None, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise BadInput(f"{_where(path)}: nested too deeply", hint=f"At most {MAX_DEPTH} levels.")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise BadInput(f"{_where(path)}: key {key!r} is not a string", hint="Write keys as strings.")
            _check_leaf(key, path)
            _check(item, (path, key), depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if type(item) is not int or abs(item) >= _TOO_LARGE:  # most items are token ids
                _check(item, (path, index), depth + 1)
    else:
        _check_leaf(value, path)


def _check_leaf(value: object, path: _Path) -> None:
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise BadInput(f"{_where(path)}: a lone surrogate is not text", hint="Remove it.")
    elif isinstance(value, int):
        if abs(value) >= _TOO_LARGE:
            raise BadInput(f"{_where(path)}: the number has too many digits", hint=f"At most {MAX_DIGITS}.")
    elif value is not None:
        kind = type(value).__name__
        raise BadInput(f"{_where(path)}: {kind} has no canonical form", hint="Use integers, strings or booleans.")


_SURROGATE = re.compile("[\ud800-\udfff]")
_TOO_LARGE = 10**MAX_DIGITS


def _where(path: _Path) -> str:
    """A path as `$.samples[3].text`, not too long."""
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{shown_key(step)}")
    return clipped("$" + "".join(reversed(steps)), 160)


def shown_key(key: str) -> str:
    """A key of a stranger's document, for a message: quoted where it is no plain name, and never long."""
    return clipped(key if key.isidentifier() and key.isascii() else repr(key))


def clipped(text: str, most: int = 80) -> str:
    """A text for a message, cut where it is long."""
    return text if len(text) <= most else text[: most - 3] + "..."


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {clipped(key)!r} appears twice")
        found[key] = value
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS + 1:
        raise ValueError(f"{text[:8]}... has too many digits")
    return int(text)


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{clipped(text)} is not an integer")

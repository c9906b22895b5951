"""Between Python values and ABI bytes: calls, results, events and custom errors of one contract."""

import re
from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from oracle.chain import abi as abis
from oracle.domain.errors import BadInput

Entry = dict[str, Any]
_PANICS = {
    0x01: "an assertion failed",
    0x11: "an amount overflowed or went below zero",
    0x12: "a division by zero",
    0x21: "a value outside its enumeration",
    0x32: "an index outside its array",
}


@dataclass(frozen=True, slots=True)
class DecodedError:
    """A revert as the contract meant it: custom error name (or Error, Panic), arguments by name in order."""

    name: str
    args: Mapping[str, Any]


@cache
def of(contract: str) -> "Codec":
    """The codec of a contract by its ABI name. KeyError if there is no such ABI."""
    return Codec(contract, abis.load(contract))


class Codec:
    """Encodes and decodes for one ABI."""

    def __init__(self, name: str, abi: Sequence[Entry]) -> None:
        self.name = name
        self._functions = [entry for entry in abi if entry["type"] == "function"]
        self._events = [entry for entry in abi if entry["type"] == "event"]
        self._constructor: Entry = next((entry for entry in abi if entry["type"] == "constructor"), {"inputs": []})

    def encode_call(self, function: str, args: Sequence[Any]) -> bytes:
        """Selector and arguments. `function` is a name, or a signature where the name is overloaded."""
        entry = self._function(function, len(args))
        return keccak(text=signature(entry))[:4] + _encode(f"{self.name}.{function}", entry["inputs"], args)

    def encode_constructor(self, args: Sequence[Any]) -> bytes:
        """Constructor arguments, to be appended to the creation code."""
        return _encode(f"the constructor of {self.name}", self._constructor["inputs"], args)

    def decode_call(self, data: bytes) -> tuple[str, Mapping[str, Any]] | None:
        """(signature, arguments by name) of calldata, or None if no function of this contract has the selector."""
        for entry in self._functions:
            if keccak(text=signature(entry))[:4] == data[:4]:
                try:
                    return signature(entry), _named(entry["inputs"], _decode(entry["inputs"], data[4:]))
                except DecodingError:
                    return None
        return None

    def decode_result(self, function: str, count: int, data: bytes) -> Any:
        """What a call returned: one value, or a named tuple if there are several; structs are named tuples."""
        outputs = self._function(function, count)["outputs"]
        values = _decode(outputs, data)
        if len(values) == 1:
            return values[0]
        return _tuple_type(f"{self.name}_{function}", _names(outputs))(*values) if values else None

    def topic(self, event: str) -> bytes:
        """The first topic of an event."""
        return keccak(text=signature(self._event(event)))

    def topics(self, event: str, where: Mapping[str, Any]) -> list[str | None]:
        """The topic filter of an event; `where` gives values of indexed arguments. BadInput for others."""
        entry = self._event(event)
        indexed = [i for i in entry["inputs"] if i["indexed"]]
        unknown = set(where) - {i["name"] for i in indexed}
        if unknown:
            raise BadInput(f"event {self.name}.{event} has no indexed argument {', '.join(sorted(unknown))}")
        filters: list[str | None] = ["0x" + self.topic(event).hex()]
        for field in indexed:
            value = where.get(field["name"])
            filters.append(None if value is None else "0x" + encode([field["type"]], [value]).hex())
        return filters

    def decode_event(self, topics: Sequence[bytes], data: bytes) -> tuple[str, dict[str, Any]] | None:
        """(name, arguments) of a log, or None if it is no event of this contract."""
        for entry in self._events:
            if topics and keccak(text=signature(entry)) == topics[0]:
                fields = entry["inputs"]
                plain = [f for f in fields if not f["indexed"]]
                values = _named(plain, _decode(plain, data))
                indexed = [f for f in fields if f["indexed"]]
                for field, topic in zip(indexed, topics[1:], strict=True):
                    # Dynamic types are indexed by their hash only.
                    hashed = field["type"] in ("string", "bytes") or field["type"].endswith("]")
                    values[field["name"]] = topic if hashed else _decode([field], topic)[0]
                return entry["name"], {f["name"]: values[f["name"]] for f in fields}
        return None

    def _function(self, function: str, count: int) -> Entry:
        wanted = [e for e in self._functions if function in (e["name"], signature(e)) and len(e["inputs"]) == count]
        if len(wanted) != 1:
            why = "several" if wanted else "no"
            raise KeyError(f"{self.name} has {why} function {function} with {count} arguments")
        return wanted[0]

    def _event(self, event: str) -> Entry:
        return next(e for e in self._events if e["name"] == event)


def arguments(contract: str, function: str, args: Sequence[Any]) -> list[tuple[str, str, Any]]:
    """(name, type, value) of each argument of a call, for showing it."""
    inputs = of(contract)._function(function, len(args))["inputs"]
    return [(name, i["type"], value) for name, i, value in zip(_names(inputs), inputs, args, strict=True)]


def decode_error(data: bytes) -> DecodedError | None:
    """A revert's bytes as an error of any of the contracts, or Solidity's own; None if it is unknown or empty."""
    if data[:4] == keccak(text="Error(string)")[:4]:
        return DecodedError("Error", {"reason": decode(["string"], data[4:])[0]})
    if data[:4] == keccak(text="Panic(uint256)")[:4]:
        code = decode(["uint256"], data[4:])[0]
        return DecodedError("Panic", {"code": code, "reason": _PANICS.get(code, f"panic 0x{code:02x}")})
    for entry in abis.errors():
        if keccak(text=signature(entry))[:4] == data[:4]:
            try:
                return DecodedError(entry["name"], _named(entry["inputs"], _decode(entry["inputs"], data[4:])))
            except DecodingError:
                return None
    return None


def signature(entry: Entry) -> str:
    """name(type,...) of a function, event or error."""
    return f"{entry['name']}({','.join(collapse_if_tuple(i) for i in entry['inputs'])})"


def _encode(what: str, inputs: Sequence[Entry], args: Sequence[Any]) -> bytes:
    types = [collapse_if_tuple(i) for i in inputs]
    for field, kind, value in zip(inputs, types, args, strict=True):
        try:
            encode([kind], [value])
        except (EncodingError, TypeError, ValueError) as error:
            raise BadInput(f"{what}: {field['name']} must be {kind}, not {value!r}") from error
    return encode(types, list(args))


def _decode(fields: Sequence[Entry], data: bytes) -> list[Any]:
    values = decode([collapse_if_tuple(f) for f in fields], data)
    return [_shape(f, v) for f, v in zip(fields, values, strict=True)]


def _shape(field: Entry, value: Any) -> Any:
    """Addresses get their checksum, structs their names, arrays become lists."""
    array = re.fullmatch(r"(.*)\[\d*\]", field["type"])
    if array:
        return [_shape({**field, "type": array[1]}, item) for item in value]
    if field["type"] == "address":
        return to_checksum_address(value)
    if field["type"] == "tuple":
        parts = field["components"]
        name = str(field.get("internalType", "struct")).rsplit(".", 1)[-1].rsplit(" ", 1)[-1].removesuffix("[]")
        return _tuple_type(name, _names(parts))(*(_shape(p, v) for p, v in zip(parts, value, strict=True)))
    return value


def _names(fields: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(f.get("name") or f"value{i}" for i, f in enumerate(fields))


def _named(fields: Sequence[Entry], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(_names(fields), values, strict=True))


@cache
def _tuple_type(name: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(name, fields, rename=True)

"""Sealed bids as JSON text: the export that a person keeps, and the copy that lies beside the ledger."""

import json
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from oracle.domain.errors import BadInput, Unreachable
from oracle.domain.records import SealedBid

VERSION = 1
_NUMBERS = {"epoch", "amount", "deposit"}
_HASHES = {"model_id", "prompt_hash", "salt", "commitment"}
_NAMES = [field.name for field in fields(SealedBid)]


def dump(organisation: str, bids: Sequence[SealedBid]) -> str:
    """Bids as JSON: numbers as decimal strings, 32-byte values as 0x hex. It contains the salts: keep it secret."""
    rows = [{name: _encode(getattr(bid, name)) for name in _NAMES} for bid in bids]
    return json.dumps({"version": VERSION, "organisation": organisation, "bids": rows}, indent=1) + "\n"


def load(organisation: str, text: str) -> list[SealedBid]:
    """The bids of an export of the same organisation; BadInput names the entry and field that is wrong."""
    try:
        document = json.loads(text)
        version, owner, rows = document["version"], document["organisation"], document["bids"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput("this is not an export of sealed bids", hint="expected the output of bid export") from error
    if version != VERSION or not isinstance(rows, list):
        raise BadInput(f"the export has version {version!r}, expected {VERSION}", hint="upgrade gengov")
    if owner != organisation:
        raise BadInput(
            f"the export belongs to another organisation: {owner}, not {organisation}",
            hint="choose the deployment and RPC that the bids were made for",
        )
    return [_decode(number, row) for number, row in enumerate(rows, start=1)]


def write_beside(path: Path, text: str) -> None:
    """Replaces the file in one step, readable by its owner only, and waits for the disk."""
    draft = path.with_name(path.name + ".writing")
    try:
        with open(draft, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise Unreachable(
            f"cannot write the copy of the sealed bids {path}: {error.strerror}",
            hint="nothing was sent: make room or change permissions, then bid again",
        ) from error


def _encode(value: int | str | bytes) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _decode(number: int, row: Any) -> SealedBid:
    values: dict[str, Any] = {}
    for name in _NAMES:
        raw = row.get(name) if isinstance(row, dict) else None
        try:
            if not isinstance(raw, str):
                raise ValueError
            values[name] = int(raw) if name in _NUMBERS else _hash(raw) if name in _HASHES else raw
        except ValueError as error:
            raise BadInput(
                f"bid {number} of the export: {name} is {raw!r}", hint="the file was edited or cut"
            ) from error
    return SealedBid(**values)


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != 32:
        raise ValueError
    return value

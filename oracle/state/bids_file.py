"""Sealed bids as JSON text: the export that a person keeps, and the copy that lies beside the ledger.

The prompts go with them: a bid that can be revealed but not posted would be lost all the same.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from oracle.domain.errors import BadInput, Unreachable
from oracle.domain.records import SealedBid

VERSION = 1
_NUMBERS = {"epoch", "amount", "deposit"}
_HASHES = {"model_id", "prompt_hash", "salt", "commitment"}
_NAMES = [field.name for field in fields(SealedBid)]


def dump(organisation: str, bids: Sequence[SealedBid], prompts: Mapping[bytes, bytes]) -> str:
    """Bids and prompts as JSON: numbers as decimal strings, 32-byte values as 0x hex.

    It contains the salts: keep it secret.
    """
    rows = [{name: _encode(getattr(bid, name)) for name in _NAMES} for bid in bids]
    documents = {_encode(prompt_hash): document.decode("ascii") for prompt_hash, document in prompts.items()}
    whole = {"version": VERSION, "organisation": organisation, "bids": rows, "prompts": documents}
    return json.dumps(whole, indent=1) + "\n"


def load(organisation: str, text: str) -> tuple[list[SealedBid], dict[bytes, bytes]]:
    """Bids, and prompts by hash, of an export of the same organisation; BadInput names what is wrong with which."""
    try:
        document = json.loads(text)
        version, owner = document["version"], document["organisation"]
        rows, documents = document["bids"], document["prompts"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput("this is not an export of sealed bids", hint="expected the output of bid export") from error
    if not isinstance(rows, list) or not isinstance(documents, dict):
        raise BadInput("this is not an export of sealed bids", hint="expected the output of bid export")
    if version != VERSION:
        raise BadInput(f"the export has version {version!r}, expected {VERSION}", hint="upgrade gengov")
    if owner != organisation:
        raise BadInput(
            f"the export belongs to another organisation: {owner}, not {organisation}",
            hint="choose the deployment and RPC that the bids were made for",
        )
    bids = [_decode(number, row) for number, row in enumerate(rows, start=1)]
    return bids, dict(_prompt(name, content) for name, content in documents.items())


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


def _prompt(name: str, content: Any) -> tuple[bytes, bytes]:
    data = content.encode("utf-8", errors="surrogatepass") if isinstance(content, str) else b""
    if _encode(keccak(data)) != name:
        raise BadInput(f"prompt {name} of the export is not what its hash says", hint="the file was edited or cut")
    return keccak(data), data


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != 32:
        raise ValueError
    return value

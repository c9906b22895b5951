"""CIDv1 of raw blocks: the sha256 digest on chain determines the address in IPFS, and back."""

import base64
import binascii
import hashlib

from oracle.domain.errors import BadInput

_PREFIX = bytes.fromhex("01551220")
"""Version 1, codec raw (0x55), multihash sha2-256 (0x12) of 32 bytes (0x20)."""


def digest_of(data: bytes) -> bytes:
    """sha256, 32 bytes."""
    return hashlib.sha256(data).digest()


def cid_of(digest: bytes) -> str:
    """The CIDv1 (lower-case base32, multibase prefix b) of the raw block with this sha256 digest."""
    if len(digest) != 32:
        raise BadInput(f"a sha256 digest has 32 bytes, this one has {len(digest)}")
    return "b" + base64.b32encode(_PREFIX + digest).decode().lower().rstrip("=")


def digest_from_cid(cid: str) -> bytes:
    """The sha256 digest inside a CIDv1 of a raw block. BadInput for any other kind of CID."""
    hint = "expected a CIDv1 of a raw sha2-256 block: 'b' followed by 58 characters a-z, 2-7"
    if len(cid) != 59 or not cid.startswith("b") or cid != cid.lower():
        raise BadInput(f"{cid!r} is not such a CID", hint=hint)
    try:
        binary = base64.b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
    except binascii.Error as error:
        raise BadInput(f"{cid!r} is not base32", hint=hint) from error
    if not binary.startswith(_PREFIX) or cid_of(binary[len(_PREFIX) :]) != cid:
        raise BadInput(f"{cid!r} addresses another kind of content", hint=hint)
    return binary[len(_PREFIX) :]

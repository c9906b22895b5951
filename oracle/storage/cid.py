"""CIDv1 of raw blocks: the sha256 digest on chain determines the address in IPFS."""

import base64
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

"""Where the data of a slot lies: bytes found by their sha256 digest, so nothing that comes back is taken on trust."""

from dataclasses import dataclass
from typing import Protocol

MAX_DOCUMENT = 1 << 20
"""Bytes: the largest document put or accepted (one raw IPFS block)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What `put` returns: sha256 digest (32 bytes), CIDv1 (raw, base32), and the place as a URI."""

    digest: bytes
    cid: str
    uri: str


class ContentStore(Protocol):
    """Content-addressed bytes. Reads are checked against the digest before anyone sees them."""

    def put(self, data: bytes) -> Stored:
        """Keeps `data`; putting the same bytes twice is one document. BadInput over `MAX_DOCUMENT`."""
        ...

    def get(self, digest: bytes) -> bytes:
        """The bytes whose sha256 is `digest`. Refused if damaged or too big, Unreachable if absent or silent."""
        ...

    def has(self, digest: bytes) -> bool:
        """Whether `get` would find a document (its content is not checked here)."""
        ...

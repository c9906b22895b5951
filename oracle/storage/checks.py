"""What every document must pass on its way in and out, whichever store holds it."""

from oracle.domain.errors import BadInput, Refused
from oracle.ports.store import MAX_DOCUMENT
from oracle.storage.cid import cid_of, digest_of


def check_size(data: bytes) -> None:
    """BadInput for an empty document or one over `MAX_DOCUMENT` bytes."""
    if not data:
        raise BadInput("an empty document cannot be stored")
    if len(data) > MAX_DOCUMENT:
        raise BadInput(
            f"the document has {len(data):,} bytes, the store takes at most {MAX_DOCUMENT:,}",
            hint="shorten the prompt or the samples' token limit",
        )


def check_digest(data: bytes, digest: bytes, place: str) -> bytes:
    """Returns `data` if its sha256 is `digest`; Refused otherwise."""
    if digest_of(data) != digest:
        raise Refused(
            f"what lies at {place} is not what its name {cid_of(digest)} says",
            hint="the copy is damaged or forged: delete it and fetch the document from another store",
        )
    return data

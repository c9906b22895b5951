"""What an enclave's attestation may show: which code ran, where, and that it vouches for one hash."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attestation:
    """A quote that passed: `kind` is `tdx` or `sgx`, `measurements` the registers (name -> hex) that the policy named.

    `status` is what the maker of the processor says of the platform, `advisories` what it warns of.
    """

    kind: str
    status: str
    measurements: tuple[tuple[str, str], ...]
    advisories: tuple[str, ...] = ()


def report_data(digest: bytes) -> bytes:
    """The 64 bytes that a quote must carry to vouch for a 32-byte hash: the hash, then zeros."""
    return digest + bytes(64 - len(digest))

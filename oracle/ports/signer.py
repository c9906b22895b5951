"""Whoever may sign for an account: a keystore today, a hardware wallet behind the same two methods."""

from collections.abc import Mapping
from typing import Any, Protocol


class Signer(Protocol):
    """Signs for one address. Its representation never shows the key."""

    @property
    def address(self) -> str:
        """The account, checksummed."""
        ...

    def sign_transaction(self, transaction: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """Returns (raw bytes to broadcast, transaction hash)."""
        ...

    def sign_typed_data(self, message: Mapping[str, Any]) -> bytes:
        """Signs a full EIP-712 message (types, primaryType, domain, message): 65 bytes r, s, v."""
        ...

"""The chain as the oracle needs it: reads at a block, events in a range, and writes in three separate steps.

Signing, broadcasting and confirming are apart so that the hash of a transaction is in the ledger before any node
has seen it: a crash between two steps can then always be mended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from oracle.ports.signer import Signer


@dataclass(frozen=True, slots=True)
class Block:
    """A block header: `timestamp` in seconds, `hash` 32 bytes."""

    number: int
    timestamp: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A write to a deployed contract, by name: what is simulated, shown, signed and sent. `value` in wei."""

    contract: str
    function: str
    args: tuple[Any, ...] = ()
    value: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log of a deployed contract."""

    contract: str
    name: str
    args: Mapping[str, Any]
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A signed transaction that may not have been broadcast yet. Fees in wei per gas."""

    call: Call
    sender: str
    nonce: int
    gas_limit: int
    max_fee: int
    tx_hash: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction that succeeded; `gas_price` is what was paid per gas, in wei."""

    tx_hash: bytes
    block: Block
    gas_used: int
    gas_price: int
    events: tuple[Event, ...] = field(default=())


class Chain(Protocol):
    """One chain, checked to be the one expected, with the contracts of one deployment known by name.

    Every method raises Unreachable when the node does not answer; calls that a contract refuses raise Reverted
    with the custom error's name, its arguments and a hint.
    """

    @property
    def chain_id(self) -> int:
        """The chain id that the node reported and that was expected."""
        ...

    def head(self) -> Block:
        """The latest block."""
        ...

    def block(self, number: int) -> Block:
        """A block by number."""
        ...

    def address(self, contract: str) -> str:
        """The checksummed address of a deployed contract."""
        ...

    def read(self, contract: str, function: str, *args: Any, at: int | None = None) -> Any:
        """Calls a view at block `at` (latest if None). Structs come back as named tuples."""
        ...

    def events(
        self, contract: str, name: str, *, first: int, last: int | None = None, where: Mapping[str, Any] | None = None
    ) -> list[Event]:
        """Events of blocks `first`..`last` (both included), oldest first; `where` filters on indexed arguments."""
        ...

    def simulate(self, call: Call, sender: str) -> Any:
        """Runs the call without sending it, on the latest state plus one block; returns its result."""
        ...

    def sign(self, call: Call, signer: Signer, *, nonce: int | None = None) -> SignedCall:
        """Simulates, estimates gas and fees, and signs. Nothing is sent."""
        ...

    def broadcast(self, raw: bytes) -> None:
        """Hands a signed transaction to the node; one it already knows, or has mined, is no error."""
        ...

    def nonce(self, account: str) -> int:
        """Count of the account's mined transactions."""
        ...

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """The receipt if the transaction is mined, else None. Reverted if it failed on chain."""
        ...

    def wait(self, tx_hash: bytes) -> Receipt:
        """Waits until the transaction is mined. Reverted if it failed, Unreachable after the time limit."""
        ...

    def send(self, call: Call, signer: Signer) -> Receipt:
        """`sign`, `broadcast`, `wait` in one go, for writes that need no ledger row."""
        ...

"""The oracle's memory: what it promised, drew, chose and sent, for one organisation on one chain."""

from collections.abc import Sequence
from typing import Protocol

from oracle.domain.records import CheckRow, Decision, Intent, SealedBid, SelectionRow, Stage, TransactionRecord
from oracle.domain.sample import RawSample


class Ledger(Protocol):
    """Every method commits (and syncs to disk) before it returns. Rows are never deleted."""

    def save_bid(self, bid: SealedBid) -> None:
        """Keeps a sealed bid. The same bid again is no change; another one for (epoch, bidder) is Refused."""
        ...

    def bid(self, epoch: int, bidder: str) -> SealedBid | None:
        """The bid that `bidder` sealed for `epoch`."""
        ...

    def bids(self) -> list[SealedBid]:
        """All sealed bids, by epoch then bidder."""
        ...

    def export_bids(self) -> str:
        """All sealed bids with salts and prompts as JSON text: the back-up that makes losing a bid hard."""
        ...

    def import_bids(self, text: str) -> int:
        """Adds the bids and prompts that are not here yet; returns how many bids. BadInput names what is malformed."""
        ...

    def save_prompt(self, prompt_hash: bytes, document: bytes) -> None:
        """Keeps the canonical bytes behind a prompt hash."""
        ...

    def prompt(self, prompt_hash: bytes) -> bytes | None:
        """The canonical bytes of a prompt, if they were kept here."""
        ...

    def save_samples(self, epoch: int, seed: bytes, drawn: Sequence[RawSample]) -> None:
        """Keeps the answers drawn with `seed`; the same rows again are no change."""
        ...

    def samples(self, epoch: int, seed: bytes) -> list[RawSample]:
        """The kept answers by index; empty if none were drawn."""
        ...

    def save_selection(self, row: SelectionRow) -> None:
        """Keeps the median answer of an epoch."""
        ...

    def selection(self, epoch: int, seed: bytes) -> SelectionRow | None:
        """The median answer, if it was chosen."""
        ...

    def intent(self, stage: Stage, key: str) -> Intent | None:
        """The row of (stage, key)."""
        ...

    def open_intents(self) -> list[Intent]:
        """Intents that are neither confirmed nor dropped, oldest first."""
        ...

    def intend(self, stage: Stage, key: str, sender: str) -> Intent:
        """Writes the intent before anything is signed. Refused if it is already confirmed."""
        ...

    def signed(self, stage: Stage, key: str, *, tx_hash: bytes, nonce: int, raw: bytes) -> None:
        """Records the signed transaction before it is broadcast."""
        ...

    def confirm(self, record: TransactionRecord) -> None:
        """Closes an intent with the mined transaction."""
        ...

    def drop(self, stage: Stage, key: str, reason: str) -> None:
        """Closes an intent that left nothing on chain; it may be intended again."""
        ...

    def transactions(self) -> list[TransactionRecord]:
        """Every confirmed transaction, oldest first."""
        ...

    def decide(self, decision: Decision) -> None:
        """Keeps a decision; the same verdict for (stage, key) is written once."""
        ...

    def decisions(self, key: str | None = None) -> list[Decision]:
        """Decisions, oldest first, of one key or all."""
        ...

    def save_check(self, row: CheckRow) -> None:
        """Keeps what checking a proposal found, in the place of an earlier check of it."""
        ...

    def check(self, proposal_id: int) -> CheckRow | None:
        """The last check of a proposal."""
        ...

    def checks(self) -> list[CheckRow]:
        """The last check of every proposal, oldest first."""
        ...

    def cursor(self, name: str) -> tuple[int, bytes] | None:
        """(block number, block hash) up to which events named `name` were read."""
        ...

    def set_cursor(self, name: str, number: int, block_hash: bytes) -> None:
        """Moves a cursor."""
        ...

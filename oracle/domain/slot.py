"""A slot and its auction: when each phase is, what a bid says, and what an open slot carries."""

from dataclasses import dataclass
from enum import StrEnum

from oracle.domain.committed_model import CommittedModel


class Phase(StrEnum):
    """Where an epoch stands at a moment."""

    EARLY = "early"
    COMMIT = "commit"
    REVEAL = "reveal"
    SUBMIT = "submit"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The auction's clock; all seconds. Epoch e starts at genesis + e * epoch_length, its auction one length before."""

    genesis: int
    epoch_length: int
    reveal_duration: int
    submit_window: int

    def start(self, epoch: int) -> int:
        """When the epoch starts: bidding is over, the auction may be settled."""
        return self.genesis + epoch * self.epoch_length

    def commit_opens(self, epoch: int) -> int:
        """First second of sealed bids."""
        return self.start(epoch) - self.epoch_length

    def reveal_opens(self, epoch: int) -> int:
        """First second of openings, when sealed bids are over."""
        return self.start(epoch) - self.reveal_duration

    def submit_closes(self, epoch: int) -> int:
        """First second at which the winner can no longer post."""
        return self.start(epoch) + self.submit_window


@dataclass(frozen=True, slots=True)
class Opening:
    """What a sealed bid says, in token base units and 32-byte ids; `salt` is secret until the reveal."""

    amount: int
    model_id: bytes
    prompt_hash: bytes
    salt: bytes

    def __repr__(self) -> str:
        return f"Opening(amount={self.amount}, model_id=0x{self.model_id.hex()}, salt=hidden)"

    def as_abi(self) -> tuple[int, bytes, bytes, bytes]:
        """The contract's struct, in its order."""
        return (self.amount, self.model_id, self.prompt_hash, self.salt)


@dataclass(frozen=True, slots=True)
class Bid:
    """A revealed bid: `amount` in token base units, `committed_at` the second in which it was sealed."""

    bidder: str
    amount: int
    committed_at: int


@dataclass(frozen=True, slots=True)
class AuctionResult:
    """Who won and what the slot costs; `price` is between the reserve price and the winner's bid."""

    winner: str
    bid: int
    price: int


@dataclass(frozen=True, slots=True)
class SlotContext:
    """What a won slot binds before the first sample: checksummed addresses and a `seed` of 32 bytes.

    Samples that were drawn without a chain have epoch 0, which no auction has, and the zero address everywhere.
    """

    chain_id: int
    prompt_update: str
    epoch: int
    winner: str
    model: CommittedModel
    seed: bytes

    @property
    def chainless(self) -> bool:
        """Whether no chain bound any of this: such samples can be checked, never posted."""
        return self.epoch == 0

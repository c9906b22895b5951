"""A dispute: what may be wrong with a proposal, who stands behind it with what, and how a case ends."""

from dataclasses import dataclass
from enum import IntEnum


class Ground(IntEnum):
    """What a challenge says is wrong, numbered as on chain. The first five go to the arbitrator."""

    WEIGHTS = 0
    PROMPT = 1
    SAMPLES = 2
    SELECTION = 3
    ACTIONS = 4
    DATA_UNAVAILABLE = 5

    @property
    def word(self) -> str:
        """As people write it: `data-unavailable`."""
        return self.name.lower().replace("_", "-")


class Ruling(IntEnum):
    """How a case ended, numbered as on chain; NONE while nobody ruled."""

    NONE = 0
    VALID = 1
    INVALID = 2

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class DisputeTerms:
    """Parameters of DisputeResolver: stakes in reserve base units, times in seconds, the treasury's share in bps."""

    base_stake: int
    publish_window: int
    ruling_timeout: int
    post_ruling_delay: int
    treasury_bps: int


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes cast on a proposal, and the electorate (supply that counts) at its snapshot, in token base units."""

    in_favour: int
    against: int
    abstain: int
    electorate: int


@dataclass(frozen=True, slots=True)
class Shares:
    """What a case credits, in reserve base units; `bond_left` stays behind the proposal."""

    challenger: int
    proposer: int
    treasury: int
    bond_left: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a member of the committee signs about one round of a case, as VerifierCommittee defines it.

    `evidence_hash` is keccak256 of the canonical report (32 bytes), `deadline` the last second at which it counts.
    """

    proposal_id: int
    round: int
    ruling: Ruling
    evidence_hash: bytes
    deadline: int

    def as_abi(self) -> tuple[int, int, int, bytes, int]:
        """The struct as the contract takes it."""
        return self.proposal_id, self.round, int(self.ruling), self.evidence_hash, self.deadline


@dataclass(frozen=True, slots=True)
class SignedVerdict:
    """A verdict with one member's signature (65 bytes r, s, v) and, if it was made in an enclave, its attestation."""

    verdict: Verdict
    signer: str
    signature: bytes
    attestation: bytes = b""

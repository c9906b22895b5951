"""A proposal: what the winner posts, the proof behind it, and how far governance has come with it."""

from dataclasses import dataclass
from enum import IntEnum


class Track(IntEnum):
    """The two speeds, numbered as on chain."""

    FAST = 0
    SLOW = 1


class ProposalState(IntEnum):
    """Governor's states, numbered as on chain."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7

    @property
    def final(self) -> bool:
        """Whether nothing more can happen to the proposal."""
        return self in (self.CANCELED, self.DEFEATED, self.EXPIRED, self.EXECUTED)


@dataclass(frozen=True, slots=True)
class Generation:
    """What the chain keeps of the samples: ids, root, pick and digest are 32 bytes, margins are bps (0..10000)."""

    template_id: bytes
    sampler_id: bytes
    model_id: bytes
    samples_root: bytes
    pick: int
    gamma_bps: int
    dispersion_bps: int
    data_digest: bytes

    def as_abi(self) -> tuple[bytes, bytes, bytes, bytes, int, int, int, bytes]:
        """The contract's struct, in its order."""
        return (
            self.template_id,
            self.sampler_id,
            self.model_id,
            self.samples_root,
            self.pick,
            self.gamma_bps,
            self.dispersion_bps,
            self.data_digest,
        )


@dataclass(frozen=True, slots=True)
class LeafProof:
    """That the pick is one of the samples: three 32-byte hashes of the leaf and the seven siblings up to the root."""

    tokens_hash: bytes
    payload_json_hash: bytes
    text_hash: bytes
    path: tuple[bytes, ...]

    def as_abi(self) -> tuple[bytes, bytes, bytes, list[bytes]]:
        """The contract's struct, in its order."""
        return (self.tokens_hash, self.payload_json_hash, self.text_hash, list(self.path))

"""What the ledger keeps: sealed bids with their salts, prompts, samples, intents, transactions, decisions, checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The arrows of the way, in order; the same words serve jobs, ledger rows, timeline and metric labels."""

    COMMIT = "commit"
    REVEAL = "reveal"
    SETTLE = "settle"
    FIX_SEED = "fix_seed"
    SAMPLE = "sample"
    SELECT = "select"
    POST = "post"
    FORFEIT = "forfeit"
    QUEUE = "queue"
    EXECUTE = "execute"
    ROLL = "roll"
    SETTLE_REWARD = "settle_reward"

    # The veto window, beside the way.
    VERIFY = "verify"
    CHALLENGE = "challenge"
    PUBLISH = "publish"
    SIGN = "sign"
    RELAY = "relay"
    TIME_OUT = "time_out"
    RELEASE = "release"
    WITHDRAW = "withdraw"


class Role(StrEnum):
    """What an oracle does for its account; one process may have several."""

    POSTER = "poster"
    """Opens its bids, draws, posts, and answers for what it posted."""
    VERIFIER = "verifier"
    """Checks every proposal, challenges what fails, judges as a member of the committee."""
    KEEPER = "keeper"
    """Does what anyone may and somebody must: settle, fix the seed, queue, execute, close, reward."""


class IntentState(StrEnum):
    """How far an intended write came. `DROPPED` ones were refused or displaced: nothing of them is on chain."""

    INTENDED = "intended"
    SIGNED = "signed"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class SealedBid:
    """A bid before it is opened. Whoever loses `salt` cannot reveal and loses part of `deposit`.

    `amount` and `deposit` are token base units; `prompt_hash`, `model_id`, `salt` and `commitment` are 32 bytes.
    """

    epoch: int
    bidder: str
    amount: int
    deposit: int
    model_id: bytes
    prompt_hash: bytes
    salt: bytes
    commitment: bytes

    def __repr__(self) -> str:
        return f"SealedBid(epoch={self.epoch}, bidder={self.bidder}, commitment=0x{self.commitment.hex()}, salt=hidden)"


@dataclass(frozen=True, slots=True)
class Intent:
    """One write that the oracle means to do exactly once, keyed by (stage, key); `key` is the epoch, or finer."""

    stage: Stage
    key: str
    state: IntentState
    sender: str
    tx_hash: bytes | None = None
    nonce: int | None = None
    raw: bytes | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """A confirmed transaction: what it was for and what it cost (wei per gas)."""

    tx_hash: bytes
    stage: Stage
    key: str
    sender: str
    block_number: int
    gas_used: int
    gas_price: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Why the oracle did, or did not do, something; kept for ever."""

    stage: Stage
    key: str
    verdict: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class SelectionRow:
    """The median answer of an epoch: pick, margins in bps, valid count, and the digest of the data that proves it."""

    epoch: int
    seed: bytes
    pick: int | None
    gamma_bps: int
    dispersion_bps: int
    valid: int
    data_digest: bytes
    summary: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What checking a proposal found, the last time: `ground` is empty if it holds, else the word of what is wrong.

    `evidence` are the canonical bytes that verdicts sign the hash of, `found` says it in words, `at` is chain time.
    """

    proposal_id: int
    ground: str
    evidence: bytes
    found: str
    engine: str
    at: int

    @property
    def valid(self) -> bool:
        """Whether the proposal is what the committed model answered."""
        return not self.ground

"""What every job is given, and what it reports: jobs keep nothing of their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from oracle.domain.action import Deployment
from oracle.domain.errors import GengovError
from oracle.domain.records import Role, Stage
from oracle.domain.sampler import Sampler
from oracle.ports.chain import Chain
from oracle.ports.clock import Clock
from oracle.ports.inbox import VerdictInbox
from oracle.ports.ledger import Ledger
from oracle.ports.model import ModelRunner, Progress
from oracle.ports.signer import Signer
from oracle.ports.store import ContentStore
from oracle.verification import OpenModel


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a job did, waits for, or could not do.

    `key` names the epoch, slot or proposal; `seconds` is how long it took. `done` is False for one that waits.
    """

    stage: Stage
    key: str
    detail: str
    done: bool = True
    tx_hash: bytes | None = None
    gas: int = 0
    seconds: float = 0.0
    error: GengovError | None = None


def _silent(step: Step) -> None:
    """Reports to nobody."""


@dataclass(frozen=True)
class Verifier:
    """What an oracle needs to check proposals, and how far it goes on its own.

    `challenge_budget` is the most that is at stake or lost, in all, in reserve base units (0: it never challenges);
    `data_patience` the seconds that it waits for data before it challenges their absence.
    """

    open_model: OpenModel
    inboxes: Sequence[VerdictInbox] = ()
    challenge_budget: int = 0
    data_patience: int = 3_600


@dataclass(frozen=True)
class Context:
    """The chain with one deployment, this oracle's memory and account, and the models it can run.

    `open_model` finds the engine for a model id (32 bytes) and the rules it is committed to, BadInput if no folder here
    has its weights, OtherRules if its manifest has other rules;
    `samplers` are the sampling rules this oracle knows; `first_block` is where the deployment begins.
    """

    chain: Chain
    deployment: Deployment
    ledger: Ledger
    store: ContentStore
    signer: Signer
    clock: Clock
    open_model: Callable[[bytes, Sampler], ModelRunner]
    first_block: int = 0
    samplers: Sequence[Sampler] = (Sampler(),)
    roles: frozenset[Role] = frozenset({Role.POSTER, Role.KEEPER})
    verifier: Verifier | None = None
    report: Callable[[Step], None] = _silent
    progress: Progress | None = field(default=None)

    @property
    def account(self) -> str:
        """The address that this oracle acts for."""
        return self.signer.address

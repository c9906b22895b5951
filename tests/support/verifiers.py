"""Verifiers beside an organisation: each an oracle with its own account and ledger, sharing a store and an inbox."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from oracle.domain.dispute import Ground
from oracle.domain.proposal import ProposalState
from oracle.domain.records import Role, Stage
from oracle.jobs.context import Context, Step, Verifier
from oracle.jobs.runner import run_due
from oracle.ports.model import ModelRunner
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger
from oracle.storage.folder import FolderStore
from oracle.storage.inbox_folder import FolderInbox
from tests.support.fake_model import SIGNAL, FakeModel, Mind, clear
from tests.support.organisation import Organisation

MEMBERS = ("alice", "bob", "carol")
CHALLENGER = "rival"
PATIENCE = 600


@dataclass(frozen=True)
class Watch:
    """An oracle that verifies; `run` is one walk of it."""

    ctx: Context

    def run(self) -> list[Stage]:
        """The stages that it did something of."""
        return [step.stage for step in run_due(self.ctx) if step.done]

    def steps(self) -> list[Step]:
        """Everything that one walk says."""
        return run_due(self.ctx)


def watch(
    org: Organisation, who: str, folder: Path, *, budget: int = 0, engine: ModelRunner | None = None, name: str = ""
) -> Watch:
    """`who` as a verifier that keeps its ledger in `folder` and runs the honest model."""
    checking = engine or FakeModel()
    verifier = Verifier(
        open_model=lambda model, numeric_class: checking,
        inboxes=(FolderInbox(_made(folder / "inbox")),),
        challenge_budget=budget,
        data_patience=PATIENCE,
    )
    return Watch(
        replace(
            org.ctx,
            signer=org.people[who],
            ledger=SqlLedger(Database(folder / f"{name or who}.sqlite"), "test"),
            roles=frozenset({Role.VERIFIER}),
            verifier=verifier,
        )
    )


def members(org: Organisation, folder: Path, names: Sequence[str] = MEMBERS) -> list[Watch]:
    return [watch(org, who, folder) for who in names]


def rich(org: Organisation, who: str, stakes: int = 1) -> int:
    """Gives an account the reserve tokens of some first stakes; returns one stake."""
    stake = org.parameter("DisputeResolver", "baseStake")
    org.send(who, "ReserveToken", "mint", org.address(who), stakes * stake)
    return stake


def dishonest(number: int) -> str:
    """What a cheat would rather have had the model say."""
    return SIGNAL if number < 90 else clear(number)


def post(org: Organisation, *, mind: Mind = clear, store: Path | None = None) -> int:
    """From a won auction: the prompter posts what a model of this mind says; returns the proposal's id.

    With `store` the data goes to that folder, where no verifier looks.
    """
    model = FakeModel(mind)
    ctx = replace(org.ctx, open_model=lambda *_: model)
    run_due(replace(ctx, store=FolderStore(store)) if store else ctx)
    number = int(org.chain.read("PromptUpdate", "activeProposal"))
    assert number
    return number


def state(org: Organisation, number: int) -> ProposalState:
    return ProposalState(org.chain.read("Governance", "state", number))


def money(org: Organisation, who: str) -> int:
    return int(org.chain.read("ReserveToken", "balanceOf", org.address(who)))


def challenge(org: Organisation, who: str, number: int, ground: Ground = Ground.SAMPLES) -> None:
    stake = rich(org, who)
    org.send(who, "ReserveToken", "approve", org.chain.address("DisputeResolver"), stake)
    org.send(who, "DisputeResolver", "challenge", number, int(ground), "")


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder

"""The oracle dies once at every boundary of every step of a slot, and is started again each time."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oracle.chain import devnode
from oracle.chain.devnode import NodeKind
from oracle.domain.proposal import ProposalState
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger
from oracle.storage.folder import FolderStore
from tests.support.dying import Crash, Dying
from tests.support.organisation import FOR, TOKEN, Organisation, found
from tests.support.way import the_prompt

CHAIN = ("sign", "broadcast", "wait")
LEDGER = ("intend", "signed", "confirm", "save_samples", "save_selection", "decide")
STORE = ("put",)
ONCE = ("AuctionSettled", "SeedFixed", "ProposalPosted", "SlotClosed", "RewardSettled")


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with devnode.start(NodeKind.ANVIL) as node:
        yield found(node, tmp_path_factory.mktemp("organisation"))


def test_slot_completes_with_nothing_lost_and_nothing_twice(org: Organisation, tmp_path: Path) -> None:
    seen: set[str] = set()
    ledger_file = tmp_path / "ledger.sqlite"

    def started_again() -> Organisation:
        ctx = replace(
            org.ctx,
            chain=Dying(org.chain, CHAIN, seen),  # type: ignore[arg-type]
            ledger=Dying(SqlLedger(Database(ledger_file), "test"), LEDGER, seen),  # type: ignore[arg-type]
            store=Dying(FolderStore(tmp_path / "store"), STORE, seen),  # type: ignore[arg-type]
        )
        return replace(org, ctx=ctx)

    def survive() -> int:
        """Runs until a run ends alive and does nothing; returns the number of deaths."""
        deaths = 0
        while True:
            try:
                if not [step for step in started_again().run() if step.done]:
                    return deaths
            except Crash:
                deaths += 1

    steady = replace(org, ctx=replace(org.ctx, ledger=SqlLedger(Database(ledger_file), "test")))
    before = org.chain.nonce(org.address("prompter"))
    epoch = org.to_commit_phase()
    steady.bid("prompter", epoch, 3 * TOKEN, the_prompt(org))
    steady.bid("rival", epoch, 2 * TOKEN, the_prompt(org))
    org.node.time.skip_to(org.windows(epoch).revealStart)
    deaths = survive()
    org.node.time.skip_to(org.windows(epoch).start)
    deaths += survive()
    org.node.time.mine(org.parameter("PromptUpdate", "seedDelay") + 1)
    deaths += survive()
    proposal = int(org.chain.read("PromptUpdate", "activeProposal"))
    org.node.time.skip(1)
    for who in ("alice", "bob", "carol"):
        org.send(who, "Governance", "castVote", proposal, FOR)
    org.node.time.skip_to(int(org.chain.read("Governance", "proposalDeadline", proposal)) + 1)
    deaths += survive()
    org.node.time.skip_to(int(org.chain.read("Governance", "proposalEta", proposal)))
    deaths += survive()
    org.node.time.skip(org.parameter("PromptUpdate", "capWindow"))
    deaths += survive()
    org.node.time.skip_to(int(org.chain.read("PromptUpdate", "matureAt", 1)))
    deaths += survive()

    assert org.chain.read("Governance", "state", proposal) == ProposalState.EXECUTED
    assert org.chain.read("PromptUpdate", "slot", 1).settled
    for name in ONCE:
        first = [e for e in org.chain.events("PromptUpdate", name, first=org.first_block) if _of(e.args, epoch)]
        assert len(first) == 1, name
    sent = SqlLedger(Database(ledger_file), "test").transactions()
    assert len({record.tx_hash for record in sent}) == len(sent)
    assert org.chain.nonce(org.address("prompter")) - before == len(sent) + 2  # its own approval and bid
    assert deaths > 80


def _of(args: Any, epoch: int) -> bool:
    return bool(args["epoch"] == epoch)

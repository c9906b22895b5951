"""Stories of the veto window, for `devnet story`: a fraud, withheld data, a wrongful challenge, a dead arbitrator."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eth_hash.auto import keccak

from oracle import wiring
from oracle.cli.accounts import role_address
from oracle.cli.cases import RESOLVER, standing
from oracle.cli.devnet.cherry import CherryPicker
from oracle.cli.devnet.prompts import demo_prompt
from oracle.cli.devnet.story import Story
from oracle.cli.devnet.up import TOKEN, Devnet
from oracle.cli.words import res
from oracle.domain.dispute import Ground
from oracle.domain.errors import GengovError, Reverted
from oracle.domain.proposal import ProposalState
from oracle.domain.records import Role, Stage
from oracle.domain.sampler import Sampler
from oracle.jobs.context import Context, Step
from oracle.jobs.pipeline import PIPELINE
from oracle.jobs.runner import run_due
from oracle.ports.chain import Call
from oracle.ports.model import ModelRunner
from oracle.storage.folder import FolderStore

CHALLENGER = "challenger"
VERIFIERS = ("verifier1", "verifier2", "verifier3")
BUDGET = 100_000
"""Whole reserve tokens that the challenger's oracle may have at stake."""
SLOW = 6
"""Scale of a prompt whose answer needs the slow track."""


@dataclass
class DisputeStory(Story):
    """A slot whose proposal is disputed; every party is an oracle of its own, as in life."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.oracles = {role: self._oracle(role) for role in (CHALLENGER, *VERIFIERS)}
        self.money = {role: self.balance(role) for role in ("prompter", CHALLENGER)}

    def propose(self, *, scale: int = 1, cheat: str = "", hide: Path | None = None) -> int:
        """The prompter wins alone and posts; with `cheat` it keeps answers that say so, its data goes to `hide`."""
        epoch = self.auction({"prompter": 5 * TOKEN}, demo_prompt(self.org, "results", scale))
        seed_block = self.chain.read("PromptUpdate", "auction", epoch).seedBlock
        self.time.mine(max(seed_block + 1 - self.chain.head().number, 1))
        context = wiring.open_context(self.org, self.devnet.signer("prompter"), report=self.report)
        honest, picker = context.open_model, list[CherryPicker]()

        def cheating(model: bytes, sampler: Sampler) -> ModelRunner:
            picker.append(CherryPicker(honest(model, sampler), cheat))
            return picker[-1]

        context = replace(context, open_model=cheating) if cheat else context
        context = replace(context, store=FolderStore(hide)) if hide else context
        with self.timeline.stage("post"):
            self.run(context)
        if picker:
            self.timeline.note(
                f"{picker[0].swapped} of 100 answers are swapped for secret draws that the prompter likes"
            )
        number = int(self.chain.read("PromptUpdate", "activeProposal"))
        self.facts["proposal_id"] = number
        return number

    def walk(self, role: str, *expected: Stage) -> None:
        """One walk of a party's oracle, which must do just this."""
        with self.timeline.stage("dispute"):
            steps = self.run(self.oracles[role])
        done = [step.stage for step in steps if step.done]
        if done != list(expected):
            raise GengovError(f"{role}'s oracle did {[str(stage) for stage in done]}, not {[str(s) for s in expected]}")

    def vote(self, number: int) -> None:
        """Everybody is for it, and it is queued."""
        self.wait(self.chain.read("Governance", "proposalSnapshot", number) + 1, "voting begins")
        for role in ("alice", "bob", "carol"):
            self.devnet.send(role, Call("Governance", "castVote", (number, 1)))
        self.timeline.step("vote", "alice, bob and carol vote for it")
        self.wait(self.chain.read("Governance", "proposalDeadline", number) + 1, "voting ends")
        self._run(Stage.QUEUE)

    def insist(self, number: int) -> None:
        """The challenger stakes by hand on a proposal that verifies."""
        stake = standing(self.org, number).next_stake or 0
        self.devnet.send(CHALLENGER, Call("ReserveToken", "approve", (self.chain.address(RESOLVER), stake)))
        receipt = self.devnet.send(CHALLENGER, Call(RESOLVER, "challenge", (number, int(Ground.SAMPLES), "")))
        self._step("challenge", f"challenger stakes {res(self.org, stake)} on its samples, without a reason", receipt)

    def blocked(self, number: int) -> str:
        """Tries to execute; the name of the error that says no."""
        calls = self._calls(number)
        try:
            self.chain.simulate(Call("Governance", "execute", calls), role_address("alice"))
        except Reverted as error:
            self.timeline.step("execute", f"refused: {error.error}")
            return error.error
        raise GengovError(f"proposal {number} can be executed, against the story")

    def execute(self, number: int) -> None:
        """Executes it, as the prompter's oracle does."""
        self._run(Stage.EXECUTE)
        state = ProposalState(self.chain.read("Governance", "state", number))
        if state is not ProposalState.EXECUTED:
            raise GengovError(f"proposal {number} is {state.name}, not executed")

    def evidence(self, number: int) -> dict[str, Any]:
        """What the verifiers' ledgers hold about it, which must be the same bytes, and what the chain was told."""
        rows = [self.oracles[role].ledger.check(number) for role in (CHALLENGER, *VERIFIERS[:2])]
        found = {row.evidence for row in rows if row is not None}
        ruled = self.chain.events(RESOLVER, "Ruled", first=self.org.file.block, where={"id": number})[-1].args
        if len(found) != 1 or ruled["evidenceHash"] != keccak(next(iter(found))):
            raise GengovError("the verifiers do not hold the same evidence as the chain")
        text = next(iter(found)).decode("ascii")
        self.timeline.note(f"evidence {text}")
        self.timeline.note(f"keccak256 0x{ruled['evidenceHash'].hex()}, the same for all; repeat it with")
        self.timeline.note(f"gengov challenge evidence {number}")
        return {"evidence": text, "evidence_hash": "0x" + ruled["evidenceHash"].hex()}

    def ending(self, number: int) -> dict[str, Any]:
        """How it ended: state, ruling, and what both sides won or lost, bond and stakes included."""
        self._run_due_for("prompter", Stage.RELEASE, Stage.WITHDRAW)
        found = standing(self.org, number)
        gained = {role: self.balance(role) - before for role, before in self.money.items()}
        gained["prompter"] += found.bond  # what still stands behind the proposal is not lost
        for role, gain in gained.items():
            self.timeline.note(f"{role} {'gained' if gain >= 0 else 'lost'} {res(self.org, abs(gain))}")
        return {
            "proposal_id": number,
            "track": found.track.name.lower(),
            "state": found.state.name.capitalize(),
            "ruling": found.ruling.word,
            "gained": gained,
        }

    def _oracle(self, role: str) -> Context:
        """A verifier with its own ledger; store and inbox are shared by all."""
        settings: dict[str, object] = {
            "home": self.devnet.home / role,
            "roles": (Role.VERIFIER,),
            "inboxes": (str(self._shared("inbox")),),
            "challenge_budget": BUDGET if role == CHALLENGER else 0,
            "data_patience": 600,
        }
        org = replace(wiring.beside(self.org, **settings), store=self.org.store)
        return wiring.open_context(org, self.devnet.signer(role), report=self.report)

    def _shared(self, name: str) -> Path:
        folder = self.devnet.home / name
        folder.mkdir(exist_ok=True)
        return folder

    def run(self, context: Context) -> list[Step]:
        """One walk; an error of any job ends the story."""
        steps = run_due(context)
        failed = next((step.error for step in steps if step.error), None)
        if failed:
            raise failed
        return steps

    def _run_due_for(self, role: str, *stages: Stage) -> None:
        context = wiring.open_context(self.org, self.devnet.signer(role), report=self.report)
        run_due(context, [(stage, job) for stage, job, _ in PIPELINE if stage in stages])

    def balance(self, role: str) -> int:
        """Reserve base units that a role holds."""
        return int(self.chain.read("ReserveToken", "balanceOf", role_address(role)))

    def _calls(self, number: int) -> tuple[list[str], list[int], list[bytes], bytes]:
        for event in self.chain.events("Governance", "ProposalCreated", first=self.org.file.block):
            args = event.args
            if args["proposalId"] == number:
                return args["targets"], args["values"], args["calldatas"], keccak(args["description"].encode())
        raise GengovError(f"the chain does not know proposal {number}")


def fraud(story: DisputeStory) -> dict[str, Any]:
    """A prompter posts answers that it picked; it is caught, loses its bond, and the proposal can never execute."""
    number = story.propose(cheat='"E":')
    story.walk(CHALLENGER, Stage.VERIFY, Stage.CHALLENGE, Stage.CHALLENGE)
    story.vote(number)
    story.walk(VERIFIERS[0], Stage.VERIFY, Stage.SIGN)
    story.walk(VERIFIERS[1], Stage.VERIFY, Stage.SIGN, Stage.RELAY)
    evidence = story.evidence(number)
    story.time.skip(30 * 86_400)
    refused = story.blocked(number)
    story.walk(CHALLENGER, Stage.WITHDRAW)
    return story.ending(number) | evidence | {"refused": refused}


def withhold(story: DisputeStory) -> dict[str, Any]:
    """Data that nobody can have: the challenge needs no judge, only time; then one that is answered in time."""
    hidden = story.devnet.home / "hidden"
    number = story.propose(hide=hidden)
    story.walk(CHALLENGER, Stage.VERIFY)
    story.wait(story.chain.head().timestamp + 601, "the data does not come")
    story.walk(CHALLENGER, Stage.CHALLENGE, Stage.CHALLENGE)
    deadline = standing(story.org, number).deadline
    story.wait(deadline, "nobody published it in time")
    story.walk(CHALLENGER, Stage.TIME_OUT, Stage.WITHDRAW)
    first = story.ending(number)

    story.money = {role: story.balance(role) for role in story.money}
    number = story.propose(hide=hidden)
    story.walk(CHALLENGER, Stage.VERIFY)
    story.wait(story.chain.head().timestamp + 601, "the data does not come")
    story.walk(CHALLENGER, Stage.CHALLENGE, Stage.CHALLENGE)
    context = wiring.open_context(story.org, story.devnet.signer("prompter"), report=story.report)
    story.run(replace(context, store=FolderStore(hidden), roles=frozenset({Role.POSTER})))
    story.walk(CHALLENGER, Stage.VERIFY)
    return first | {"published": story.ending(number)}


def wrongful(story: DisputeStory) -> dict[str, Any]:
    """An honest proposal, challenged in the last second: it survives and executes once the delay is over."""
    number = story.propose()
    story.vote(number)
    story.wait(story.chain.read("Governance", "proposalEta", number) - 5, "the veto window is about to close")
    story.insist(number)
    refused = story.blocked(number)
    story.walk(VERIFIERS[1], Stage.VERIFY, Stage.SIGN)
    story.walk(VERIFIERS[2], Stage.VERIFY, Stage.SIGN, Stage.RELAY)
    ruled = story.chain.head().timestamp
    free = int(story.chain.read(RESOLVER, "executionBlockedUntil", number))
    story.wait(free, "the delay after the ruling is over")
    story.execute(number)
    return story.ending(number) | {"refused": refused, "delay": free - ruled}


def dead_arbitrator(story: DisputeStory) -> dict[str, Any]:
    """Nobody judges. Fast track: the proposal falls and nobody pays. Slow track: the voters stand in."""
    number = story.propose()
    story.insist(number)
    story.vote(number)
    story.wait(standing(story.org, number).deadline, "nobody ruled in time")
    story.walk(CHALLENGER, Stage.VERIFY, Stage.TIME_OUT, Stage.WITHDRAW)
    fast = story.ending(number)

    story.money = {role: story.balance(role) for role in story.money}
    number = story.propose(scale=SLOW)
    story.insist(number)
    story.vote(number)
    deadline = max(standing(story.org, number).deadline, story.chain.read("Governance", "proposalEta", number))
    story.wait(deadline, "nobody ruled in time, and the veto window is over")
    story.walk(CHALLENGER, Stage.VERIFY, Stage.TIME_OUT)
    story.wait(int(story.chain.read(RESOLVER, "executionBlockedUntil", number)), "the delay is over")
    story.execute(number)
    return {"fast": fast, "slow": story.ending(number)}


STORIES: dict[str, Callable[[DisputeStory], dict[str, Any]]] = {
    "fraud": fraud,
    "withhold": withhold,
    "wrongful": wrongful,
    "dead-arbitrator": dead_arbitrator,
}


def tell(name: str, devnet: Devnet, story: DisputeStory) -> dict[str, Any]:
    """Tells one story; raises if it does not end as it must."""
    data = STORIES[name](story)
    return {"story": name, "network": devnet.node.kind.value, **data, "seconds": story.timeline.seconds}

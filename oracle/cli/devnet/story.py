"""One whole slot with real transactions, and the bid of a second one: what `devnet demo` tells."""

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from oracle import wiring
from oracle.cli.accounts import role_address
from oracle.cli.amounts import format_duration, short
from oracle.cli.devnet.state import ROLES
from oracle.cli.devnet.timeline import Timeline
from oracle.cli.devnet.twin import expected_outcome
from oracle.cli.devnet.up import TOKEN, Devnet
from oracle.cli.words import bps, res, tok
from oracle.domain.errors import GengovError
from oracle.domain.prompt import Prompt
from oracle.domain.proposal import ProposalState, Track
from oracle.domain.records import SealedBid, Stage
from oracle.domain.slot import Opening
from oracle.jobs.context import Step
from oracle.jobs.pipeline import PIPELINE
from oracle.jobs.runner import run_due
from oracle.mechanism import prompt_rules
from oracle.mechanism.seed import bid_commitment
from oracle.ports.chain import Call, Receipt

GAS_KINDS = {
    Stage.SETTLE: "settle",
    Stage.FIX_SEED: "fix_seed",
    Stage.POST: "post",
    Stage.QUEUE: "queue",
    Stage.EXECUTE: "execute",
    Stage.SETTLE_REWARD: "reward",
}
BIDS = {"prompter": 12, "rival": 7}
"""Whole tokens that each bidder offers in the first slot; the second is bid for at the reserve price."""
DEPOSIT = 20
VOTERS = {"alice": "for", "bob": "for", "carol": "against"}
_SUPPORT = {"against": 0, "for": 1}
INFLOW = 150
"""Whole tokens that alice buys once the proposal is executed: the market's answer to it."""


@dataclass
class Story:
    """Tells slots on a devnet; `facts` gathers what the summary and `--json` show."""

    devnet: Devnet
    timeline: Timeline
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.org = self.devnet.organisation
        self.chain = self.org.chain
        self.time = self.devnet.node.time

    # The auction

    def auction(self, bids: dict[str, int], prompt: Prompt) -> int:
        """Sealed bids, reveal, settlement at the second price; returns the epoch. Bids are token base units."""
        epoch = self._open_epoch()
        reserve = self.chain.read("PromptUpdate", "reservePrice", epoch)
        self.timeline.heading(f"epoch {epoch} · reserve price {tok(self.org, reserve)}")
        with self.timeline.stage("bid"):
            for role, amount in bids.items():
                self._commit(role, epoch, amount, prompt)
        windows = self.chain.read("PromptUpdate", "windowsOf", epoch)
        self.wait(windows.revealStart, "the reveal phase begins")
        with self.timeline.stage("reveal"):
            for role in bids:
                self._reveal(role, epoch)
        self.wait(windows.start, f"epoch {epoch} begins")
        with self.timeline.stage("settle"):
            self._run(Stage.SETTLE)
        auction = self.chain.read("PromptUpdate", "auction", epoch)
        self.timeline.note(
            f"{self._name(auction.winner)} wins and pays the second price, {tok(self.org, auction.price)}"
        )
        self.facts |= {
            "epoch": epoch,
            "reserve_price": reserve,
            "bids": {role_address(role): amount for role, amount in bids.items()},
            "price": auction.price,
        }
        return epoch

    def post(self, epoch: int) -> None:
        """Seed from the chain, samples from the committed weights, median, proposal."""
        delay = self.chain.read("PromptUpdate", "auction", epoch).seedBlock + 1 - self.chain.head().number
        self.time.mine(max(delay, 1))
        with self.timeline.stage("seed"):
            self._run(Stage.FIX_SEED)
        seed = self.chain.read("PromptUpdate", "auction", epoch).seed
        self.timeline.note(f"seed 0x{seed.hex()}")
        with self.timeline.stage("sample"), self.timeline.samples(100) as bar:
            self._run(Stage.SAMPLE, progress=bar)
        with self.timeline.stage("select"):
            self._run(Stage.SELECT)
        with self.timeline.stage("post"):
            self._run(Stage.POST)
        self._remember_answer(epoch, seed)

    # The proposal

    def decide(self, number: int) -> None:
        """Holders vote, the veto window passes, the proposal executes."""
        with self.timeline.stage("vote"):
            self.wait(self.chain.read("Governance", "proposalSnapshot", number) + 1, "voting begins")
            for role, choice in VOTERS.items():
                receipt = self.devnet.send(role, Call("Governance", "castVote", (number, _SUPPORT[choice])))
                power = next(e.args["weight"] for e in receipt.events if e.name == "VoteCast")
                self._step("vote", f"{role} votes {choice} with {tok(self.org, power)}", receipt, "vote")
        self.wait(self.chain.read("Governance", "proposalDeadline", number) + 1, "voting ends")
        with self.timeline.stage("queue"):
            self._run(Stage.QUEUE)
        self.wait(self.chain.read("Governance", "proposalEta", number), "the veto window ends, nobody challenged")
        with self.timeline.stage("execute"):
            self._run(Stage.EXECUTE)
        state = ProposalState(self.chain.read("Governance", "state", number))
        self.facts["state"] = state.name.capitalize()

    def expire(self, number: int) -> None:
        """A proposal that nobody votes on is defeated."""
        self.wait(self.chain.read("Governance", "proposalDeadline", number) + 1, "nobody voted on the last proposal")

    def market(self) -> None:
        """Somebody likes what was executed, and buys."""
        with self.timeline.stage("market"):
            cost = self.chain.read("BToken", "costToMint", INFLOW * TOKEN)
            deadline = self.chain.head().timestamp + 3_600
            receipt = self.devnet.send("alice", Call("BToken", "permissionlessMint", (INFLOW * TOKEN, cost, deadline)))
            self._step("market", f"alice buys {INFLOW} {self.org.token_symbol} for {res(self.org, cost)}", receipt)
            self.timeline.note(f"market cap now {res(self.org, self.chain.read('BToken', 'marketCap'))}")

    def pass_epochs(self, count: int) -> None:
        """Time goes on without a bid; nobody rolls the slot, so it stays open."""
        epoch = int(self.chain.read("PromptUpdate", "currentEpoch")) + count
        self.wait(self.chain.read("PromptUpdate", "epochStart", epoch), f"{count} epochs pass without a bid")

    def reward(self, slot_id: int) -> dict[str, int]:
        """Once the slot is mature its reward is settled; compared with what the rules say, to the wei."""
        self.wait(self.chain.read("PromptUpdate", "matureAt", slot_id), f"slot {slot_id} is mature")
        with self.timeline.stage("reward"):
            self._run(Stage.SETTLE_REWARD)
        settled = self.chain.events(
            "PromptUpdate", "RewardSettled", first=self.org.file.block, where={"slotId": slot_id}
        )[-1]
        outcome = settled.args["outcome"]
        paid = (outcome.delta, outcome.prompterTokens, outcome.setterTokens)
        expected = expected_outcome(self.org, slot_id, settled.block_number)
        if paid != expected:
            raise GengovError(f"slot {slot_id} was settled at {paid}, the rules say {expected}")
        self.timeline.note(
            f"prompter gets {tok(self.org, outcome.prompterTokens)}, "
            f"weight setter {tok(self.org, outcome.setterTokens)}, as the rules say to the wei"
        )
        return {"prompter": outcome.prompterTokens, "setter": outcome.setterTokens}

    # Steps

    def _commit(self, role: str, epoch: int, amount: int, prompt: Prompt) -> None:
        account = role_address(role)
        model = bytes.fromhex(self.org.file.models[0].id[2:])
        opening = Opening(amount, model, prompt_rules.prompt_hash(prompt), secrets.token_bytes(32))
        commitment = bid_commitment(self.chain.chain_id, self.chain.address("PromptUpdate"), epoch, account, opening)
        deposit = max(DEPOSIT * TOKEN, amount)
        bid = SealedBid(epoch, account, amount, deposit, model, opening.prompt_hash, opening.salt, commitment)
        self.org.ledger.save_prompt(bid.prompt_hash, prompt_rules.encode(prompt))
        self.org.ledger.save_bid(bid)
        self.devnet.send(role, Call("BToken", "approve", (self.chain.address("PromptUpdate"), deposit)))
        receipt = self.devnet.send(role, Call("PromptUpdate", "commitBid", (epoch, commitment, deposit)))
        text = f"{role} seals a bid, deposit {tok(self.org, deposit)}"
        self._step("bid", text, receipt, "commit")

    def _reveal(self, role: str, epoch: int) -> None:
        bid = self.org.ledger.bid(epoch, role_address(role))
        assert bid is not None  # sealed a moment ago
        opening = Opening(bid.amount, bid.model_id, bid.prompt_hash, bid.salt)
        receipt = self.devnet.send(role, Call("PromptUpdate", "revealBid", (epoch, bid.bidder, opening.as_abi())))
        self._step("reveal", f"{role} opens {tok(self.org, bid.amount)}", receipt, "reveal")

    def _run(self, stage: Stage, progress: Any = None) -> None:
        """Runs the oracle's job of one stage, as the prompter; fails if it has nothing to do."""
        context = wiring.open_context(self.org, self.devnet.signer("prompter"), report=self.report, progress=progress)
        steps = run_due(context, [(known, job) for known, job, _ in PIPELINE if known is stage])
        failed = next((step.error for step in steps if step.error), None)
        if failed:
            raise failed
        if not steps:
            raise GengovError(f"the oracle found nothing to do at stage {stage}")

    def report(self, step: Step) -> None:
        """Draws a step of the oracle, with roles and short ids in the place of addresses."""
        kind = GAS_KINDS.get(step.stage, "") if "/bond" not in step.key else ""
        detail = step.detail
        for role in ROLES:
            detail = detail.replace(role_address(role), role)
        detail = re.sub(r"\bb[a-z2-7]{58}\b", lambda cid: short(cid[0]), detail)
        self.timeline.step(str(step.stage), detail, tx=step.tx_hash, gas=step.gas, kind=kind)

    def _step(self, stage: str, text: str, receipt: Receipt, kind: str = "") -> None:
        self.timeline.step(stage, text, tx=receipt.tx_hash, gas=receipt.gas_used, kind=kind)

    def _open_epoch(self) -> int:
        """The epoch that can be bid for, from its first second on."""
        epoch = int(self.chain.read("PromptUpdate", "currentEpoch")) + 1
        windows = self.chain.read("PromptUpdate", "windowsOf", epoch)
        if self.chain.head().timestamp + 60 >= windows.revealStart:
            self.wait(windows.start, f"epoch {epoch} passes without a bid")
            return epoch + 1
        return epoch

    def wait(self, timestamp: int, why: str) -> None:
        """Skips time to a second of the chain, and says why."""
        before = self.chain.head().timestamp
        if timestamp > before:
            self.time.skip_to(timestamp)
            self.timeline.skip(f"{format_duration(timestamp - before)} later: {why}")

    def _name(self, address: str) -> str:
        return next((role for role in BIDS if role_address(role) == address), short(address))

    def _remember_answer(self, epoch: int, seed: bytes) -> None:
        row = self.org.ledger.selection(epoch, seed)
        assert row is not None  # the stage before made it
        posted = self.chain.events("PromptUpdate", "ProposalPosted", first=self.org.file.block, where={"epoch": epoch})[
            -1
        ]
        number = posted.args["proposalId"]
        track = Track(self.chain.read("Governance", "trackOf", number))
        answer = row.summary["answer"]
        self.timeline.note(f"sample {row.pick} is the median: {json.dumps(answer)}")
        self.timeline.note(f"{track.name.lower()} track: action margin {bps(row.gamma_bps)}")
        self.facts |= {
            "seed": "0x" + seed.hex(),
            "samples": {"asked": 100, "valid": row.valid},
            "pick": row.pick,
            "action": answer,
            "gamma_bps": row.gamma_bps,
            "dispersion_bps": row.dispersion_bps,
            "proposal_id": number,
            "track": track.name.lower(),
        }

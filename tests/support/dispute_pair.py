"""Resolver, committee and governor on chain beside their model: proposals, votes, disputes and waits at random."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from eth_account import Account
from eth_hash.auto import keccak

from oracle.domain.dispute import Ground, Ruling, Verdict, Votes
from oracle.domain.proposal import ProposalState, Track
from oracle.mechanism import verdict_message
from tests.support.court import (
    BOND,
    CHALLENGERS,
    DATA,
    DAY,
    GRACE,
    HOLDERS,
    HOUR,
    KEYS,
    MEMBERS,
    PROMPT_UPDATE,
    PROPOSER,
    RELAYER,
    TERMS,
    TOKEN,
    Court,
)
from tests.support.dispute_model import FOREVER, DisputeModel, Facts
from tests.support.evm import CHAIN_ID, Contract, Revert
from tests.support.token_model import Refusal

YOUNG = 5
"""Proposals that take part; the older ones had their time."""


class DisputePair(Court):
    """The contracts and the model, moved together; `seen` counts what happened, by name."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rnd, self.seen = random.Random(f"dispute {seed}"), Counter[str]()
        self.model = DisputeModel(TERMS, self.timelock.address.lower(), MEMBERS, 2, dict(CHALLENGERS), self.evm.now)
        self.calls: dict[int, tuple[Any, ...]] = {}
        self.signed: list[tuple[Verdict, Sequence[str], list[bytes]]] = []

    # One step

    def step(self) -> None:
        """One random action, often an impossible one; then everything that can be read is compared."""
        actions = (self.wait, self.vote, self.carry_on, self.challenge, self.insist, self.publish, self.relay)
        action = self.rnd.choice((*actions, self.relay, self.timeout, self.release, self.withdraw, self.execute))
        if not self.calls or self.rnd.random() < 0.05:
            action = self.propose
        action()
        self.compare()

    def propose(self) -> None:
        slow = self.rnd.random() < 0.5
        target, function, arguments = (
            (self.governor, "setParameter", (b"voteAge".ljust(32, b"\0"), 3 * DAY))
            if slow
            else (self.token, "transfer", (PROPOSER, TOKEN + len(self.calls)))
        )
        calls = ([target.address], [0], [target.calldata(function, *arguments)], f"proposal {len(self.calls)}")
        number = self.governor("proposeGenerated", *calls, 5_000, sender=PROMPT_UPDATE)
        self.calls[number] = calls
        self.money("mint", self.resolver.address, BOND)
        digest = sha256(DATA).digest()
        self.resolver("bond", number, PROPOSER, BOND, digest, sender=PROMPT_UPDATE)
        self.model.bond(number, PROPOSER, BOND, digest)

    def wait(self) -> None:
        """Some time, or until an edge of one of the windows, a second before or after it."""
        number = self.pick()
        edges = [self.governor(name, number) for name in ("proposalSnapshot", "proposalDeadline", "proposalEta")]
        record = self.model.records[number]
        edges += [record.stored_deadline, record.reopened_until, edges[1] + 1, edges[2] + GRACE]
        later = [edge + self.rnd.choice((-1, 0, 1)) for edge in edges]
        moments = [at for at in later if at > self.evm.now] + [self.evm.now + self.rnd.choice((1, HOUR, DAY))]
        self.warp(self.rnd.choice(moments))

    def vote(self) -> None:
        number, support = self.pick(), self.rnd.choice((0, 1, 1, 1, 2))
        if self.facts(number).state is ProposalState.PENDING:
            self.warp(self.governor("proposalSnapshot", number) + 1)
        self.governor.outcome("castVote", number, support, sender=self.rnd.choice(list(HOLDERS)))

    def carry_on(self) -> None:
        """The majority votes for a proposal and it is queued, as far as it is undecided."""
        number = self.pick()
        if self.facts(number).state is ProposalState.PENDING:
            self.warp(self.governor("proposalSnapshot", number) + 1)
        if self.facts(number).state is ProposalState.ACTIVE:
            self.governor.outcome("castVote", number, 1, sender=next(iter(HOLDERS)))
            self.warp(self.governor("proposalDeadline", number) + 1)
        self.governor.outcome("queue", *self.hashed(number))

    def execute(self) -> None:
        """I17: executed if it was queued, is due, not too old, and the resolver's model says that it is free."""
        number = self.pick()
        facts = self.facts(number)
        if facts.state is ProposalState.QUEUED and self.rnd.random() < 0.3:
            self.warp(max(facts.eta, self.model.records[number].reopened_until) - self.rnd.choice((0, 0, 1)))
        facts, now = self.facts(number), self.evm.now
        free = max(facts.eta, self.model.blocked_until(number))
        expected = facts.state is ProposalState.QUEUED and free <= now <= free + GRACE
        done = self.governor.outcome("execute", *self.hashed(number)) == number
        assert done == expected, f"I17: {facts} at {now}, free from {free}"
        self.seen["executed" if done else "not executed"] += 1

    # Disputes

    def challenge(self) -> None:
        self._challenge(self.pick(), self.rnd.choice(list(CHALLENGERS)), self.rnd.choice(list(Ground)))

    def insist(self) -> None:
        """Who lost a round goes into the next."""
        number = self.pick()
        self._challenge(number, next(iter(CHALLENGERS)), Ground.SAMPLES)
        verdict = Verdict(number, self.model.records[number].rounds, Ruling.VALID, bytes(32), self.evm.now)
        self._relay(verdict, MEMBERS[:2], [self.sign(verdict, who) for who in MEMBERS[:2]])

    def _challenge(self, number: int, who: str, ground: Ground) -> None:
        facts = self.facts(number)
        self.both(
            self.resolver,
            "challenge",
            lambda: self.model.challenge(number, who, ground, facts),
            number,
            ground,
            "",
            who,
        )

    def publish(self) -> None:
        number, data = self.pick(), self.rnd.choice((DATA, DATA, DATA + b"!"))
        self.both(self.resolver, "publish", lambda: self.model.publish(number, data), number, data, RELAYER)

    def relay(self) -> None:
        """A verdict that is right, or with a fault: too few or other signers, one twice, another round, a replay."""
        number = self.pick()
        verdict = Verdict(
            number,
            max(self.model.records[number].rounds - self.rnd.choice((0, 0, 0, 0, 1)), 0),
            self.rnd.choice((*[Ruling.VALID] * 6, Ruling.INVALID, Ruling.NONE)),
            self.rnd.randbytes(32),
            self.evm.now + self.rnd.choice((0, DAY, DAY, -1)),
        )
        signers = self.rnd.sample(MEMBERS, self.rnd.choice((1, 2, 2, 3)))
        if self.rnd.random() < 0.2:
            signers[-1] = self.rnd.choice((*KEYS, signers[0]))
        signatures = [self.sign(verdict, who) for who in signers]
        if self.signed and self.rnd.random() < 0.1:
            verdict, signers, signatures = self.rnd.choice(self.signed)
        elif self.rnd.random() < 0.1:
            verdict, signers = replace(verdict, evidence_hash=self.rnd.randbytes(32)), ["nobody known"] * len(signers)
        self.signed.append((verdict, signers, signatures))
        self._relay(verdict, signers, signatures)

    def _relay(self, verdict: Verdict, signers: Sequence[str], signatures: list[bytes]) -> None:
        facts = self.facts(verdict.proposal_id)
        self.both(
            self.committee,
            "relay",
            lambda: self.model.relay(verdict, signers, facts),
            verdict.as_abi(),
            signatures,
            RELAYER,
        )

    def timeout(self) -> None:
        number = self.pick()
        if self.model.records[number].open and self.rnd.random() < 0.5:
            self.warp(self.model.deadline(number, self.facts(number)) - self.rnd.choice((0, 0, 1)))
        facts = self.facts(number)
        self.both(self.resolver, "timeout", lambda: self.model.timeout(number, facts), number, RELAYER)

    def release(self) -> None:
        number = self.pick()
        facts = self.facts(number)
        self.both(self.resolver, "releaseBond", lambda: self.model.release(number, facts), number, RELAYER)

    def withdraw(self) -> None:
        who = self.rnd.choice((*CHALLENGERS, PROPOSER, self.model.treasury))
        before = self.money("balanceOf", who)
        self.both(self.resolver, "withdrawFor", lambda: self.model.withdraw(who), who, RELAYER)
        if who in CHALLENGERS:
            self.model.money[who] += self.money("balanceOf", who) - before

    # Both sides

    def both(self, contract: Contract, function: str, expected: Callable[[], Any], *call: Any) -> None:
        """Both do it, or both refuse by the same name and arguments; the last of `call` is the sender."""
        *arguments, sender = call
        try:
            expected()
            wanted: tuple[str, tuple[Any, ...]] = ("done", ())
        except Refusal as refusal:
            wanted = (refusal.name, refusal.arguments)
        try:
            contract(function, *arguments, sender=sender)
            got: tuple[str, tuple[Any, ...]] = ("done", ())
        except Revert as revert:
            got = (revert.name, revert.arguments)
        assert got[0] == wanted[0], f"{function}{arguments}: chain {got}, model {wanted}"
        if wanted[1]:
            assert _plain(got[1]) == _plain(wanted[1]), f"{function}: chain {got}, model {wanted}"
        self.seen[f"{function} {got[0]}"] += 1

    def compare(self) -> None:
        """I18, and every reading of the proposals that something can still happen to."""
        model, resolver = self.model, self.resolver
        assert resolver("owed") == model.owed == model.held == self.money("balanceOf", resolver.address), "I18"
        for who in (*CHALLENGERS, PROPOSER, model.treasury):
            assert resolver("creditOf", who) == model.credits.get(who, 0)
        for number, record in list(model.records.items())[-YOUNG:]:
            assert resolver("bondOf", number)[1] == record.bond
            case = resolver("caseOf", number)
            said = (record.challenger, record.stake, record.ground, record.rounds)
            assert _plain(case) == _plain((*said, record.stored_deadline, record.ruling, record.open))
            assert resolver("published", number) == record.published
            assert resolver("ruledInvalid", number) == (record.ruling is Ruling.INVALID)
            if record.ruling is Ruling.INVALID:
                state = self.facts(number).state
                assert state.final and state is not ProposalState.EXECUTED, f"I17: ruled Invalid, yet {state.name}"
            else:
                blocked = FOREVER if record.open else record.reopened_until
                assert resolver("executionBlockedUntil", number) == blocked

    # Helpers

    def warp(self, now: int) -> None:
        """Time moves on both sides, never back."""
        self.evm.warp(max(now, self.evm.now))
        self.model.now = self.evm.now

    def pick(self) -> int:
        """A proposal: more often a young one."""
        numbers = list(self.calls)[-YOUNG:]
        return self.rnd.choice(numbers[-2:] if self.rnd.random() < 0.8 else numbers)

    def facts(self, number: int) -> Facts:
        read = self.governor
        against, in_favour, abstain = read("proposalVotes", number)
        snapshot = read("proposalSnapshot", number)
        electorate = read("electorate", snapshot) if snapshot < self.evm.now else 0
        return Facts(
            ProposalState(read("state", number)),
            read("proposalEta", number),
            Track(read("trackOf", number)),
            read("proposalDeadline", number),
            Votes(in_favour, against, abstain, electorate),
        )

    def hashed(self, number: int) -> tuple[Any, ...]:
        """A proposal's calls with the hash of its description, as `queue` and `execute` take them."""
        targets, values, calldatas, description = self.calls[number]
        return targets, values, calldatas, keccak(description.encode())

    def sign(self, verdict: Verdict, who: str) -> bytes:
        """A member's, or anybody's, signature."""
        message = verdict_message.typed(CHAIN_ID, self.committee.address, verdict)
        return bytes(Account.sign_typed_data(KEYS[who], full_message=message).signature)


def _plain(values: Any) -> list[Any]:
    """Addresses in lower case, numbers of enums as numbers."""
    return [
        value.lower() if isinstance(value, str) else value if isinstance(value, bytes) else int(value)
        for value in values
    ]

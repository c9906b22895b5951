"""Random weeks of slots: what people do to PromptUpdate, sensibly most of the time."""

from collections.abc import Callable
from functools import partial

from eth_hash.auto import keccak

from oracle.domain.slot import Opening
from oracle.mechanism.auction import epoch_at
from oracle.mechanism.seed import bid_commitment
from tests.support.evm import CHAIN_ID
from tests.support.slots_pair import BIDDERS, HOUR, PEOPLE, PROMPT, REFUSED, SETTERS, SIGNAL, TRADER, SlotsPair


class SlotsWalk(SlotsPair):
    """A pair that acts at random."""

    def step(self) -> None:
        """A few hours, a trade, and some actions: mostly what is due, sometimes anything at all."""
        self.evm.skip(self.rnd.choice((1, 1, 2, 3)) * HOUR)
        self.trade()
        for _ in range(4):
            if self.rnd.random() < 0.3:
                self.evm.mine(self.rnd.choice((8, 9, 9, 9, 9, 300)))
            self.look()
            self.act()
            self.compare()

    def act(self) -> None:
        """One action."""
        rnd, epoch = self.rnd, epoch_at(self.model.schedule, self.model.now)
        anything = (self.commit, self.reveal, self.settle, self.fix_seed, self.post, self.abstain, self.forfeit)
        by_stage: dict[str, tuple[Callable[[int], None], ...]] = {
            "commit": (self.commit,),
            "reveal": (self.reveal,),
            "settle": (self.settle,),
            "seed": (self.fix_seed,),
            "submit": (self.post, self.post, self.post, self.abstain),
            "lapsed": (self.forfeit,),
        }
        if rnd.random() < 0.25:
            rnd.choice(anything)(epoch + rnd.choice((-1, 0, 1)))
        elif rnd.random() < 0.4:
            rnd.choice((self.withdraw, self.roll, self.exit, self.settle_reward, self.govern, self.govern))(epoch)
        else:
            target = epoch + rnd.choice((0, 1))
            for action in rnd.choices(by_stage.get(self.model.stage(target), anything)):
                action(target)

    # Actions, on chain and in the model at once

    def commit(self, epoch: int) -> None:
        who = self.rnd.choice(BIDDERS)
        model, rnd = self.model, self.rnd
        least = model.reserve(epoch) if epoch > model.last_filled else 1
        amount = max(least + rnd.choice((-1, 0, 0, 1, rnd.randrange(1, 2 * least))), 1)
        deposit = max(amount + rnd.choice((-1, 0, 0, 0, rnd.randrange(1, 2 * least))), 1)
        opening = Opening(amount, rnd.choice([*model.setters]), keccak(PROMPT), rnd.randbytes(32))
        sealed = bid_commitment(CHAIN_ID, self.contract.address, epoch, who, opening)
        has = self.token("balanceOf", who)
        done = partial(model.commit, who, epoch, opening, deposit, has)
        self.both("commitBid", done, epoch, sealed, deposit, sender=who)

    def reveal(self, epoch: int) -> None:
        who = self.rnd.choice(BIDDERS)
        bid = self.model.bids.get(epoch, {}).get(who)
        opens = self.model.schedule.commit_opens(epoch)
        if opens < self.model.now:
            self.model.supply_at_commit.setdefault(epoch, self.token("getPastTotalSupply", opens - 1))
        opening = bid.opening if bid else Opening(1, bytes(32), bytes(32), bytes(32))
        self.both("revealBid", lambda: self.model.reveal(who, epoch), epoch, who, opening.as_abi())

    def settle(self, epoch: int) -> None:
        self.both("settleAuction", lambda: self.model.settle(epoch), epoch)

    def fix_seed(self, epoch: int) -> None:
        self.both("fixSeed", lambda: self.model.fix_seed(epoch), epoch)

    def post(self, epoch: int) -> None:
        generation, proof = self.posting(epoch)
        calls = ([self.contract.address], [0], [SIGNAL])
        before = len(self.model.slots)
        proposal = self.both(
            "updatePrompt",
            lambda: self.model.finish(epoch, "posted"),
            *(epoch, generation, proof, calls, "ipfs://data", PROMPT),
            sender=self.winner(epoch),
        )
        if len(self.model.slots) > before:
            self.model.slots[-1].proposal = proposal
            self.calls[proposal] = (*calls, keccak(f"gengov/epoch/{epoch}/0x{'0d' * 32}".encode()))

    def abstain(self, epoch: int) -> None:
        generation, _ = self.posting(epoch)
        arguments = (epoch, generation, "ipfs://data", PROMPT)
        before = self.token("balanceOf", self.treasury)
        finish = partial(self.model.finish, epoch, "abstained")
        if self.both("abstain", finish, *arguments, sender=self.winner(epoch)) is not REFUSED:
            assert self.token("balanceOf", self.treasury) == before + self.last

    def forfeit(self, epoch: int) -> None:
        supply = self.token("totalSupply")
        if self.both("forfeit", lambda: self.model.forfeit(epoch), epoch) is not REFUSED:
            assert self.token("totalSupply") == supply - self.last

    def withdraw(self, epoch: int) -> None:
        who, epoch = self.rnd.choice(BIDDERS), epoch + self.rnd.choice((0, 0, 0, 1))
        has, supply = self.token("balanceOf", who), self.token("totalSupply")
        if self.both("withdrawBid", lambda: self.model.withdraw(who, epoch), epoch, who) is not REFUSED:
            paid, burned = self.last
            assert self.token("balanceOf", who) == has + paid
            assert self.token("totalSupply") == supply - burned

    def roll(self, _: int) -> None:
        epoch = epoch_at(self.model.schedule, self.model.now)
        if self.rnd.random() < 0.6:
            return
        while epoch and self.model.now < self.model.schedule.submit_closes(epoch):
            epoch -= 1
        opens = self.model.schedule.commit_opens(max(epoch, 1))
        self.both("rollSlot", lambda: self.model.roll(self.token("getPastTotalSupply", opens - 1), epoch))

    def exit(self, _: int) -> None:
        if self.rnd.random() < 0.15:
            who = self.rnd.choice(SETTERS)
            self.both("exitSlot", lambda: self.model.exit(who), sender=who)

    def settle_reward(self, _: int) -> None:
        number = self.rnd.randint(0, len(self.model.slots) + 1)
        unsettled = [place for place, slot in enumerate(self.model.slots, 1) if not slot.settled]
        number = self.rnd.choice((number, *unsettled[:2]))
        supply, treasury = self.token("totalSupply"), self.token("balanceOf", self.treasury)
        owed = {who: self.contract("owedReward", who) + self.token("balanceOf", who) for who in PEOPLE}
        outcome = self.both("settleReward", lambda: self.model.settle_reward(number, self.facts(number)), number)
        if outcome is REFUSED:
            return
        ended, slot = self.last, self.model.slots[number - 1]
        assert outcome[3:] == (
            *(ended.delta, ended.prompter_tokens, ended.setter_tokens),
            *(ended.price_burned, ended.price_to_treasury),
        )
        for who in PEOPLE:
            paid = (who == slot.prompter) * ended.prompter_tokens + (who == slot.setter) * ended.setter_tokens
            got = self.contract("owedReward", who) + self.token("balanceOf", who) - owed[who]
            assert got == (paid if ended.delta >= 0 else 0)
        assert self.token("balanceOf", self.treasury) == treasury + ended.price_to_treasury
        if ended.delta < 0:
            lost = ended.price_burned + ended.prompter_tokens + ended.setter_tokens
            assert self.token("totalSupply") == supply - lost
        self.seen[f"delta {(ended.delta > 0) - (ended.delta < 0)}"] += 1

    def govern(self, _: int) -> None:
        """The trader votes for what is pending, queues and executes it when it can."""
        for proposal, call in self.calls.items():
            state = self.org.Governance("state", proposal)
            if state == 1 and not self.org.Governance("hasVoted", proposal, TRADER):
                self.org.Governance("castVote", proposal, 1, sender=TRADER)
            elif state == 4:
                self.org.Governance("queue(address[],uint256[],bytes[],bytes32)", *call)
            elif state == 5 and self.evm.now >= self.org.Governance("proposalEta", proposal):
                self.org.Governance("execute(address[],uint256[],bytes[],bytes32)", *call)
                self.seen["executed"] += 1

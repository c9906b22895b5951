"""PromptUpdate off the chain: the twin's rules of auction and reward around plain dictionaries, each refusal by name.

What a bid, a lock or the vault amounts to is derived anew from all bids and slots at every question, where the contract
keeps running totals. The token and the governor are asked on chain: they have twins of their own.
"""

from dataclasses import dataclass, field

from oracle.domain.reward import CapWindows, RewardTerms, Settlement, SlotStakes
from oracle.domain.slot import AuctionResult, Bid, Opening, Schedule
from oracle.mechanism import auction, reward
from tests.support.token_model import Refusal

BLOCK_HASHES = 256
LIVE = ("upcoming", "commit", "reveal", "settle", "seed", "submit")
NOBODY = "0x" + "00" * 20


@dataclass
class BidState:
    """A bid, from sealed to withdrawn; `status` is sealed, revealed, or how the winner's auction ended."""

    deposit: int
    committed_at: int
    opening: Opening
    status: str = "sealed"


@dataclass
class Slot:
    """A slot, open while `closed_at` is 0."""

    epoch: int
    prompter: str
    setter: str
    price: int
    collateral: int
    proposal: int
    opened_at: int
    closed_at: int = 0
    settled: bool = False


@dataclass
class Facts:
    """What the model reads from the other contracts at a settlement."""

    windows: CapWindows
    supply: int
    cap: int
    executed: bool = False
    invalid: bool = False


@dataclass
class SlotsModel:
    """Amounts in token base units. Set from outside: `now`, `block`, `pending` (a proposal that is not final) and
    `measured_from`, one window after the last execution."""

    schedule: Schedule
    terms: RewardTerms
    min_bid: int
    min_collateral: int
    seed_delay: int
    maturity: int
    from_vault: bool
    requires_execution: bool
    setters: dict[bytes, str]
    now: int = 0
    block: int = 0
    pending: bool = False
    measured_from: int = 0
    last_price: int = 0
    last_filled: int = 0
    supply_at_commit: dict[int, int] = field(default_factory=dict)
    bids: dict[int, dict[str, BidState]] = field(default_factory=dict)
    draws: dict[int, int] = field(default_factory=dict)
    seeded: set[int] = field(default_factory=set)
    balances: dict[str, int] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)

    # What is derived

    def reserve(self, epoch: int) -> int:
        """The reserve price."""
        return auction.reserve_price(self.min_bid, self.last_price, epoch - self.last_filled)

    def result(self, epoch: int) -> AuctionResult | None:
        """Winner and price by the bids opened so far."""
        opened = [
            Bid(who, bid.opening.amount, bid.committed_at)
            for who, bid in self.bids.get(epoch, {}).items()
            if bid.status != "sealed"
        ]
        return auction.settle(opened, self.reserve(epoch) if epoch > self.last_filled else 0)

    def winner(self, epoch: int) -> tuple[str, BidState] | None:
        """The leading bidder and its bid."""
        won = self.result(epoch)
        return (won.winner, self.bids[epoch][won.winner]) if won else None

    def collateral(self, epoch: int) -> int:
        """What each side puts up for a slot of this epoch."""
        supply = self.supply_at_commit[epoch]
        return auction.required_collateral(supply, self.terms.reward_cap_bps, self.min_collateral)

    def locks(self, without: int = -1) -> dict[str, int]:
        """Locked collateral by account; the leading bid of epoch `without` left out."""
        found: dict[str, int] = {}
        sides: list[tuple[str, int]] = []
        for epoch in self.bids:
            leading = self.winner(epoch)
            if leading and leading[1].status == "revealed" and epoch != without:
                setter = self.setters[leading[1].opening.model_id]
                sides += [(who, self.collateral(epoch)) for who in (leading[0], setter)]
        for slot in self.slots:
            if not slot.settled:
                sides += [(who, slot.collateral) for who in (slot.prompter, slot.setter) if who != NOBODY]
        for who, amount in sides:
            found[who] = found.get(who, 0) + amount
        return found

    def free(self, who: str, without: int = -1) -> int:
        """Collateral that nothing holds."""
        return self.balances.get(who, 0) - self.locks(without).get(who, 0)

    def held(self) -> int:
        """Tokens of the contract: deposits, prices of unsettled slots, collateral."""
        deposits = sum(bid.deposit for bids in self.bids.values() for bid in bids.values())
        return deposits + sum(slot.price for slot in self.slots if not slot.settled) + sum(self.balances.values())

    def open_slot(self) -> Slot | None:
        """The slot that is open."""
        return self.slots[-1] if self.slots and not self.slots[-1].closed_at else None

    def stage(self, epoch: int) -> str:
        """Where the epoch stands."""
        schedule, leading = self.schedule, self.winner(epoch)
        if self.now < schedule.start(epoch):
            phases = (("upcoming", schedule.commit_opens(epoch)), ("commit", schedule.reveal_opens(epoch)))
            return next((name for name, end in phases if self.now < end), "reveal")
        if leading is None or leading[1].status != "revealed":
            return leading[1].status if leading else "vacant"
        unseeded = epoch in self.draws and epoch not in self.seeded
        if self.now >= schedule.submit_closes(epoch) or (unseeded and self.block > self.draws[epoch] + BLOCK_HASHES):
            return "lapsed"
        return "seed" if unseeded else "submit" if epoch in self.seeded else "settle"

    # What is done

    def commit(self, who: str, epoch: int, opening: Opening, deposit: int, has: int) -> None:
        """commitBid by somebody who has so many tokens."""
        self._within(self.schedule.commit_opens(epoch), self.schedule.reveal_opens(epoch))
        if epoch not in self.bids:
            if any(self.stage(earlier) in LIVE for earlier in self.bids):
                raise Refusal("AuctionLive")
            if self.pending:
                raise Refusal("PreviousProposalPending")
        if who in self.bids.get(epoch, {}):
            raise Refusal("AlreadyCommitted")
        if deposit < self.reserve(epoch):
            raise Refusal("DepositTooLow")
        if deposit > has:
            raise Refusal("ERC20InsufficientBalance")
        self.bids.setdefault(epoch, {})[who] = BidState(deposit, self.now, opening)

    def reveal(self, who: str, epoch: int) -> None:
        """revealBid with the right opening."""
        self._within(self.schedule.reveal_opens(epoch), self.schedule.start(epoch))
        bid = self.bids.get(epoch, {}).get(who)
        if bid is None or bid.status != "sealed":
            raise Refusal("NoSealedBid")
        if bid.opening.amount > bid.deposit:
            raise Refusal("DepositTooLow")
        if bid.opening.amount < self.reserve(epoch):
            raise Refusal("BidBelowReserve")
        setter, needed = self.setters[bid.opening.model_id], self.collateral(epoch)
        if any(self.free(side, epoch) < needed * (1 + (who == setter)) for side in (who, setter)):
            raise Refusal("InsufficientCollateral")
        bid.status = "revealed"

    def settle(self, epoch: int) -> None:
        """settleAuction."""
        self._need(epoch, "settle")
        self.draws[epoch] = self.block + self.seed_delay

    def fix_seed(self, epoch: int) -> None:
        """fixSeed."""
        self._need(epoch, "seed")
        if self.block <= self.draws[epoch]:
            raise Refusal("SeedTooEarly")
        self.seeded.add(epoch)

    def finish(self, epoch: int, status: str, proposal: int = 0) -> int:
        """updatePrompt (`posted`) and abstain (`abstained`) by the winner; returns the price."""
        self._need(epoch, "submit")
        won, leading = self.result(epoch), self.winner(epoch)
        assert won and leading, "a stage of submission without a winner"
        who, bid = leading
        sides = (who, self.setters[bid.opening.model_id], won.price, self.collateral(epoch))
        bid.status = status
        bid.deposit -= won.price
        if status == "posted":
            self.last_price, self.last_filled = won.price, epoch
            self._close()
            self.slots.append(Slot(epoch, *sides, proposal, self.now))
        return won.price

    def forfeit(self, epoch: int) -> int:
        """forfeit; returns what is burned."""
        self._need(epoch, "lapsed")
        leading = self.winner(epoch)
        assert leading, "a lapsed auction without a winner"
        leading[1].status = "forfeited"
        leading[1].deposit -= leading[1].opening.amount
        return leading[1].opening.amount

    def withdraw(self, who: str, epoch: int) -> tuple[int, int]:
        """withdrawBid; returns (paid, burned)."""
        if self.now < self.schedule.start(epoch):
            raise Refusal("WrongStage")
        bid, leading = self.bids.get(epoch, {}).get(who), self.winner(epoch)
        if leading and leading[0] == who and leading[1].status == "revealed":
            raise Refusal("BidAtStake")
        burned = auction.unrevealed_penalty(bid.deposit) if bid and bid.status == "sealed" else 0
        paid = bid.deposit - burned if bid else 0
        if bid is None or paid == 0:
            raise Refusal("NothingToWithdraw")
        bid.deposit = 0
        return paid, burned

    def roll(self, supply_then: int, epoch: int) -> None:
        """rollSlot: an empty slot for the last epoch whose submit window passed, if the setter can back it."""
        slot = self._roll_or_exit()
        if epoch <= slot.epoch:
            raise Refusal("NotRollable")
        self._close()
        needed = auction.required_collateral(supply_then, self.terms.reward_cap_bps, self.min_collateral)
        if self.free(slot.setter) >= needed:
            self.slots.append(Slot(epoch, NOBODY, slot.setter, 0, needed, 0, self.now))

    def exit(self, who: str) -> None:
        """exitSlot."""
        slot = self.open_slot()
        if slot is None:
            raise Refusal("NoOpenSlot")
        if slot.setter != who:
            raise Refusal("OnlySetter")
        self._roll_or_exit()
        self._close()

    def settle_reward(self, number: int, facts: Facts) -> Settlement:
        """settleReward of slot `number` (from 1); returns what it came to."""
        self.check_mature(number)
        slot = self.slots[number - 1]
        earns = not facts.invalid and (not slot.proposal or facts.executed or not self.requires_execution)
        stakes = SlotStakes(slot.price, slot.collateral, slot.prompter == NOBODY, earns, facts.invalid, self.from_vault)
        ended = reward.settlement(facts.windows, self.terms, facts.supply, facts.cap, stakes)
        slot.settled = True
        if ended.delta < 0:
            for who, lost in ((slot.prompter, ended.prompter_tokens), (slot.setter, ended.setter_tokens)):
                if lost:
                    self.balances[who] -= lost
        return ended

    def check_mature(self, number: int) -> None:
        """Refuses as settleReward does before it measures anything."""
        if not 1 <= number <= len(self.slots):
            raise Refusal("UnknownSlot")
        slot = self.slots[number - 1]
        if not slot.closed_at:
            raise Refusal("SlotStillOpen")
        if slot.settled:
            raise Refusal("RewardAlreadySettled")
        if self.now < slot.closed_at + self.maturity:
            raise Refusal("NotMature")

    def _need(self, epoch: int, stage: str) -> None:
        if self.stage(epoch) != stage:
            raise Refusal("WrongStage")

    def _roll_or_exit(self) -> Slot:
        slot = self.open_slot()
        if slot is None:
            raise Refusal("NoOpenSlot")
        if self.pending:
            raise Refusal("PreviousProposalPending")
        if self.now < self.measured_from:
            raise Refusal("OutsideWindow")
        return slot

    def _close(self) -> None:
        slot = self.open_slot()
        if slot:
            slot.closed_at = self.now

    def _within(self, start: int, end: int) -> None:
        if not start <= self.now < end:
            raise Refusal("OutsideWindow")

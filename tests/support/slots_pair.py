"""PromptUpdate among its real contracts and beside its model: one question for both, and every reading compared."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from eth_abi import abi
from eth_hash.auto import keccak

from oracle.domain.reward import CapWindows, RewardTerms
from oracle.domain.slot import Schedule
from oracle.mechanism import sample_tree
from oracle.mechanism.auction import epoch_at
from oracle.mechanism.seed import sample_seed
from tests.support.evm import CHAIN_ID, Revert, account
from tests.support.evm_organisation import SAMPLER, TEMPLATE, Organisation
from tests.support.slots_model import NOBODY, Facts, SlotsModel
from tests.support.token_model import Refusal

HOUR = 3_600
TOKEN = 10**18
SETTERS = [account(30), account(31)]
BIDDERS = [account(40), account(41), SETTERS[1]]
TRADER = account(50)
PEOPLE = [*dict.fromkeys((*SETTERS, *BIDDERS, TRADER))]
PROMPT = b'{"prompt":1}'
SIGNAL = keccak(b"signal(string)")[:4] + abi.encode(["string"], ["well done"])
FINAL_EXECUTED = 7
REFUSED = object()


class SlotsPair:
    """One organisation and the model of its slots, moved together by whoever inherits this."""

    def __init__(self, seed: int, **changes: int) -> None:
        self.rnd = random.Random(seed)
        quick = {"Governance": {"votingPeriodSlow": 72 * HOUR}, "TimelockController": {"minDelay": HOUR}}
        self.org = Organisation(PEOPLE, SETTERS, PromptUpdate=changes, **quick)
        self.evm, self.contract, self.token = self.org.evm, self.org.PromptUpdate, self.org.BToken
        self.treasury = self.org.TimelockController.address
        values: dict[str, Any] = self.org.values["PromptUpdate"]
        self.window = values["capWindow"]
        self.model = SlotsModel(
            schedule=Schedule(
                self.contract("genesis"), values["epochLength"], values["revealDuration"], values["submitWindow"]
            ),
            terms=RewardTerms(values["prompterBps"], values["setterBps"], values["rewardCapBps"]),
            min_bid=values["minBid"],
            min_collateral=values["minCollateral"],
            seed_delay=values["seedDelay"],
            maturity=values["maturity"],
            from_vault=bool(values["rewardSource"]),
            requires_execution=bool(values["rewardRequiresExecution"]),
            setters={self.org.model_id(setter): setter for setter in SETTERS},
        )
        self.seen: Counter[str] = Counter()
        self.buying = True
        self.calls: dict[int, tuple[Any, ...]] = {}
        self.start()

    def start(self) -> None:
        """Everybody buys tokens, waits until they can move, and puts up collateral; the trader may vote."""
        for who in PEOPLE:
            tokens = 20_000 if who == TRADER else 4_000
            self.token("permissionlessMint", tokens * TOKEN, 1 << 250, 1 << 40, sender=who)
            self.token("delegate", who, sender=who)
        self.evm.skip(5 * 24 * HOUR)
        for who in PEOPLE[:-1]:
            amount = self.rnd.choice((200, 600, 1_800)) * TOKEN
            self.contract("depositCollateral", amount, sender=who)
            self.model.balances[who] = amount

    def look(self) -> None:
        """Brings the model to the present."""
        self.model.now, self.model.block = self.evm.now, self.evm.number
        last = self.model.slots[-1].proposal if self.model.slots else 0
        posted = max((slot.proposal for slot in self.model.slots), key=lambda made: made != 0, default=0)
        last = last or next((slot.proposal for slot in reversed(self.model.slots) if slot.proposal), posted)
        self.model.pending = bool(last) and not self.org.Governance("isFinal", last)
        self.model.measured_from = self.org.Governance("lastExecutedAt") + self.window

    def trade(self) -> None:
        """The trader moves the market cap, for days in one direction."""
        if self.rnd.random() < 0.03:
            self.buying = not self.buying
        free = self.token("balanceOf", TRADER) - self.token("lockedOf", TRADER)
        amount = self.rnd.randrange(1, self.token("totalSupply") // 100)
        if self.buying:
            self.token("permissionlessMint", amount, 1 << 250, 1 << 40, sender=TRADER)
        elif free > 2_000 * TOKEN + amount:
            self.token("redeem", amount, 0, 1 << 40, sender=TRADER)

    # What a call needs

    def winner(self, epoch: int) -> str:
        leading = self.model.winner(epoch)
        return leading[0] if leading else BIDDERS[0]

    def posting(self, epoch: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """A generation of one sample that says `signal`, and its proof."""
        leading = self.model.winner(epoch)
        model_id = leading[1].opening.model_id if leading else bytes(32)
        calls = keccak(abi.encode(("address[]", "uint256[]", "bytes[]"), ([self.contract.address], [0], [SIGNAL])))
        payload = sample_tree.payload_hash(b"\x01" * 32, calls)
        tree = sample_tree.SampleTree([sample_tree.leaf(0, b"\x02" * 32, payload, b"\x03" * 32, True)])
        root = sample_tree.samples_root(self.seed(epoch), tree.root)
        generation = (TEMPLATE, SAMPLER, model_id, root, 0, 500, 100, b"\x0d" * 32)
        return generation, (b"\x02" * 32, b"\x01" * 32, b"\x03" * 32, list(tree.proof(0)))

    def seed(self, epoch: int) -> bytes:
        """The seed by the formula, from the hash of the block that settlement named."""
        leading = self.model.winner(epoch)
        if leading is None or epoch not in self.model.seeded:
            return bytes(32)
        opening = leading[1].opening
        block_hash = self.evm.chain.block_hash(self.model.draws[epoch])
        bound = (epoch, leading[0], opening.prompt_hash, opening.model_id, block_hash)
        return sample_seed(CHAIN_ID, self.contract.address, *bound)

    def facts(self, number: int) -> Facts:
        """What the other contracts say about a slot now."""
        self.model.check_mature(number)
        slot = self.model.slots[number - 1]
        ends = (slot.opened_at, slot.closed_at, slot.closed_at + self.model.maturity)
        caps = CapWindows(*(self.token("averageCap", end - self.window, end) for end in ends))
        executed = bool(slot.proposal) and self.org.Governance("state", slot.proposal) == FINAL_EXECUTED
        return Facts(caps, self.token("totalSupply"), self.token("marketCap"), executed)

    def both(self, function: str, expected: Callable[[], Any], *arguments: Any, sender: str = "") -> Any:
        """Both do it, or both refuse by the same name; returns the chain's result, or REFUSED."""
        try:
            self.last, name = expected(), "done"
        except Refusal as refusal:
            name = refusal.name
        try:
            result, got = self.contract(function, *arguments, sender=sender), "done"
        except Revert as revert:
            result, got = REFUSED, revert.name
        self.seen[f"{function} {got}"] += 1
        assert got == name, (function, arguments, got, name)
        return result

    def compare(self) -> None:
        """Everything that PromptUpdate holds and says."""
        self.look()
        model, contract = self.model, self.contract
        assert self.token("balanceOf", contract.address) == model.held()
        locks = model.locks()
        for who in PEOPLE:
            assert contract("collateralOf", who) == model.balances.get(who, 0)
            assert contract("lockedCollateralOf", who) == locks.get(who, 0)
        opened = model.open_slot()
        assert contract("openSlot") == (len(model.slots) if opened else 0)
        assert contract("slotCount") == len(model.slots)
        assert bool(contract("activeProposal")) == model.pending
        epoch = epoch_at(model.schedule, model.now)
        assert contract("currentEpoch") == epoch
        assert contract("reservePrice", epoch + 1) == model.reserve(epoch + 1)
        self.compare_auction(self.rnd.choice((epoch, epoch + 1)))

    def compare_auction(self, epoch: int) -> None:
        model, won = self.model, self.model.result(epoch)
        names = [item["name"] for item in _outputs(self.contract, "auction")]
        seen = dict(zip(names, self.contract("auction", epoch), strict=True))
        assert seen["winner"] == (won.winner if won else NOBODY)
        if won and epoch > model.last_filled:
            assert (seen["amount"], seen["price"], seen["reserve"]) == (won.bid, won.price, model.reserve(epoch))
        assert seen["seed"] == self.seed(epoch)
        held = model.slots[-1] if model.slots else None
        if held and len(model.slots) > 1:
            assert model.slots[-2].closed_at, "two slots are open"


def _outputs(contract: Any, function: str) -> list[dict[str, Any]]:
    """Fields of the struct that a view returns."""
    entry = next(item for item in contract.artifact.abi if item.get("name") == function)
    return list(entry["outputs"][0]["components"])

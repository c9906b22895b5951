"""The token on chain and its model, moved together at random and compared in everything that can be read."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from oracle.mechanism import curve
from tests.support.evm import GENESIS, Evm, Revert, account
from tests.support.token_model import MINTER, REWARDER, Refusal, TokenModel

DAY = 86_400
TIMELOCK, PROMPT_UPDATE, DEPLOYER = account(1), account(2), account(3)
PEOPLE = [account(place) for place in range(10, 14)]
START = 10**9
RICH = 10**18
"""Reserve units that everybody has: a million million dollars, so that supplies grow far."""

PARAMETERS = {
    "mintLock": DAY,
    "redeemFeeBps": 0,
    "minterCapBps": 2_000,
    "minterWindow": 30 * DAY,
    "rewarderCapBps": 200,
    "rewarderWindow": 7 * DAY,
}


class TokenPair:
    """The token on chain and its model, moved together."""

    def __init__(self, seed: int, **changes: int) -> None:
        self.rnd = random.Random(seed)
        self.evm = Evm()
        parameters = PARAMETERS | changes
        self.money = self.evm.deploy("MockUSDC", sender=DEPLOYER)
        for who in (DEPLOYER, *PEOPLE):
            self.money("mint", who, RICH)
        self.money("approve", self.evm.next_address(DEPLOYER), START, sender=DEPLOYER)
        config = ("Token", "ORG", self.money.address, TIMELOCK, PROMPT_UPDATE, START, *parameters.values(), False)
        self.token = self.evm.deploy("BToken", config, sender=DEPLOYER)
        self.model = TokenModel(GENESIS, START, parameters, self.token.address)
        self.model.money.update(dict.fromkeys(PEOPLE, RICH))
        self.roles = {MINTER: self.token(MINTER), REWARDER: self.token(REWARDER)}
        self.seen: Counter[str] = Counter()
        for who in PEOPLE:
            self.money("approve", self.token.address, 1 << 255, sender=who)

    def step(self) -> None:
        """One random action, often an impossible one; then everything that can be read is compared."""
        if self.rnd.random() < 0.4:
            self.wait(self.rnd.choice((1, 60, 3_600, DAY - 1, DAY, DAY + 1, 7 * DAY, 30 * DAY)))
        trade = (self.buy, self.buy, self.sell, self.sell)
        action = self.rnd.choice((*trade, self.give, self.burn, self.grant, self.donate, self.delegate))
        action(self.rnd.choice(PEOPLE))
        self.model.remember_votes()
        self.compare()

    def wait(self, seconds: int) -> None:
        self.evm.skip(seconds)
        self.model.now += seconds

    def amount(self, near: int) -> int:
        """Around a limit, or anything."""
        return max(
            self.rnd.choice((0, near, near + 1, near - 1, near // 2, self.rnd.randrange(near + 2), curve.TOKEN)), 0
        )

    def buy(self, who: str) -> None:
        tokens = self.amount(self.rnd.choice((curve.TOKEN, self.model.supply // 3, self.model.supply * 4, 1 << 96)))
        cost = curve.cost_to_mint(self.model.reserve, self.model.supply, tokens)
        limits = (cost - self.rnd.choice((0, 0, 0, 1)) if cost else 0, self.deadline())
        self.both("permissionlessMint", lambda: self.model.mint(who, tokens, *limits), tokens, *limits, sender=who)

    def sell(self, who: str) -> None:
        free = self.model.balances[who] - self.model.locked(who)
        tokens = self.amount(self.rnd.choice((free, self.model.balances[who], self.model.supply - curve.TOKEN)))
        limits = (self.rnd.choice((0, 0, 0, self.model.reserve)), self.deadline())
        self.both("redeem", lambda: self.model.redeem(who, tokens, *limits), tokens, *limits, sender=who)

    def give(self, who: str) -> None:
        tokens, to = self.amount(self.model.balances[who]), self.rnd.choice((*PEOPLE, self.token.address))
        self.both("transfer", lambda: self.model.transfer(who, to, tokens) or True, to, tokens, sender=who)

    def burn(self, who: str) -> None:
        tokens = self.amount(self.model.balances[who] // self.rnd.choice((1, 20)))
        self.both("burn", lambda: self.model.burn(who, tokens), tokens, sender=who)

    def grant(self, who: str) -> None:
        role = self.rnd.choice((MINTER, REWARDER))
        function, holder = {
            MINTER: ("governanceMint", TIMELOCK),
            REWARDER: ("rewardMint", PROMPT_UPDATE),
        }[role]
        tokens = self.amount(self.model.mintable(role) // self.rnd.choice((1, 4)))
        self.both(function, lambda: self.model.role_mint(role, who, tokens), who, tokens, sender=holder)

    def donate(self, who: str) -> None:
        gift = self.rnd.randrange(1 + self.model.money[who] // 1_000)
        self.money("transfer", self.token.address, gift, sender=who)
        self.model.donate(who, gift)

    def delegate(self, who: str) -> None:
        to = self.rnd.choice(PEOPLE)
        self.both("delegate", lambda: self.model.delegate(who, to), to, sender=who)

    def deadline(self) -> int:
        return self.model.now + self.rnd.choice((0, 0, 0, 60, -1))

    def both(self, function: str, expected: Callable[[], Any], *arguments: Any, sender: str) -> None:
        """Both do it, or both refuse by the same name and with the same arguments."""
        try:
            result: Any = expected()
            name = "done"
        except Refusal as refusal:
            result, name = refusal.arguments, refusal.name
        try:
            on_chain, got = self.token(function, *arguments, sender=sender), "done"
        except Revert as revert:
            on_chain, got = revert.arguments, revert.name
        self.seen[f"{function} {got}"] += 1
        assert got == name, (function, arguments, on_chain, result)
        if got == "MintCapExceeded":
            on_chain = on_chain[1:]
        if not got.startswith("ERC20"):
            assert on_chain == result, (function, arguments, got)

    def compare(self) -> None:
        token, model, rnd = self.token, self.model, self.rnd
        assert token("reserve") == model.reserve
        assert token("totalSupply") == model.supply
        assert token("marketCap") == curve.market_cap(model.reserve)
        assert token("currentPrice") == curve.price(model.reserve, model.supply)
        assert self.money("balanceOf", token.address) == model.money[token.address] >= model.reserve
        who = rnd.choice(PEOPLE)
        assert token("balanceOf", who) == model.balances[who]
        assert self.money("balanceOf", who) == model.money[who]
        assert token("lockedOf", who) == model.locked(who)
        assert token("getVotes", who) == model.votes(who)
        assert token("lockedUntil", who) == model.locks[who].until
        for role, key in self.roles.items():
            assert token("mintable", key) == model.mintable(role)
        budget = rnd.randrange(1, 10**15)
        assert token("tokensForCost", budget) == curve.tokens_for_cost(model.reserve, model.supply, budget)
        self.compare_past()

    def compare_past(self) -> None:
        """Readings of the past, at the present second's edge, at remembered seconds and between them."""
        token, model, rnd = self.token, self.model, self.rnd
        born = model.born
        if model.now == born:
            return
        marks = [rnd.choice(model.history).at, model.now, rnd.randint(born, model.now), model.now - DAY]
        at = rnd.choice([mark for mark in marks if mark >= born])
        assert token("capCumulativeAt", at) == curve.cumulative_at(model.history, at) % (1 << 120)
        start, end = sorted((at, rnd.randint(born, model.now)))
        if start < end:
            assert token("averageCap", start, end) == curve.average_cap(model.history, start, end)
        if at < model.now:
            who = rnd.choice(PEOPLE)
            assert token("getPastVotes", who, at) == curve.value_at(model.vote_points[who], at)
            assert token("getPastTotalSupply", at) == curve.value_at(model.supplies, at)

"""The whole token off the chain: the twin's rules around plain dictionaries, refusing what the contract refuses."""

from collections import defaultdict

from oracle.domain.errors import Refused
from oracle.mechanism import curve

MOST = (1 << 96) - 1
"""Largest supply and reserve."""

MINTER, REWARDER = "MINTER_ROLE", "REWARDER_ROLE"


class Refusal(Exception):
    """What the contract calls the refusal, with its arguments."""

    def __init__(self, name: str, *arguments: object) -> None:
        super().__init__(name, arguments)
        self.name, self.arguments = name, arguments


class TokenModel:
    """One token with everybody's balances; `now` is moved from outside. Amounts in base units, times in seconds."""

    def __init__(self, now: int, reserve: int, parameters: dict[str, int], itself: str) -> None:
        self.now, self.reserve, self.parameters, self.itself = now, reserve, dict(parameters), itself
        self.born = now
        self.balances: dict[str, int] = defaultdict(int, {itself: curve.TOKEN})
        self.money: dict[str, int] = defaultdict(int, {itself: reserve})
        self.locks: dict[str, curve.Lock] = defaultdict(curve.Lock)
        self.history = curve.observe((), now, curve.market_cap(reserve))
        self.supplies = [(now, curve.TOKEN)]
        self.minted: dict[str, list[tuple[int, int]]] = {MINTER: [], REWARDER: []}
        self.delegates: dict[str, str] = {}
        self.vote_points: dict[str, list[tuple[int, int]]] = defaultdict(list)

    @property
    def supply(self) -> int:
        """T."""
        return self.supplies[-1][1]

    def mint(self, who: str, tokens: int, most: int, deadline: int) -> int:
        """permissionlessMint."""
        if self.now > deadline:
            raise Refusal("Expired", deadline)
        if tokens == 0:
            raise Refusal("ZeroAmount")
        cost = curve.cost_to_mint(self.reserve, self.supply, tokens)
        if cost > most:
            raise Refusal("Slippage", cost, most)
        self._check_growth(tokens)
        if self.reserve + cost > MOST:
            raise Refusal("SafeCastOverflowedUintDowncast", 96, self.reserve + cost)
        if cost > self.money[who]:
            raise Refusal("ERC20InsufficientBalance")
        self._set_supply(self.supply + tokens)
        self.balances[who] += tokens
        self.locks[who] = curve.extend_lock(self.locks[who], self.now, tokens, self.parameters["mintLock"])
        self._pay(who, self.itself, cost)
        return cost

    def redeem(self, who: str, tokens: int, least: int, deadline: int) -> int:
        """redeem."""
        if self.now > deadline:
            raise Refusal("Expired", deadline)
        if tokens == 0:
            raise Refusal("ZeroAmount")
        try:
            reward, _ = curve.redemption(self.reserve, self.supply, tokens, self.parameters["redeemFeeBps"])
        except Refused:
            raise Refusal("BelowMinSupply", tokens, self.supply - curve.TOKEN) from None
        if reward < least:
            raise Refusal("Slippage", reward, least)
        self._take(who, tokens)
        self._set_supply(self.supply - tokens)
        self._pay(self.itself, who, reward)
        return reward

    def burn(self, who: str, tokens: int) -> None:
        """burn."""
        if tokens == 0:
            raise Refusal("ZeroAmount")
        self._take(who, tokens)
        self._set_supply(self.supply - tokens)

    def transfer(self, who: str, to: str, tokens: int) -> None:
        """transfer."""
        self._take(who, tokens)
        self.balances[to] += tokens

    def role_mint(self, role: str, to: str, tokens: int) -> None:
        """governanceMint and rewardMint by their holders."""
        if tokens == 0:
            raise Refusal("ZeroAmount")
        available = self.mintable(role)
        if tokens > available:
            raise Refusal("MintCapExceeded", tokens, available)
        self._check_growth(tokens)
        self._set_supply(self.supply + tokens)
        self.balances[to] += tokens
        points = self.minted[role]
        points.append((self.now, curve.value_at(points, self.now) + tokens))

    def donate(self, who: str, amount: int) -> None:
        """A transfer of reserve tokens to the contract, which the curve does not see."""
        self.money[who] -= amount
        self.money[self.itself] += amount

    def delegate(self, who: str, to: str) -> None:
        """delegate."""
        self.delegates[who] = to

    def votes(self, who: str) -> int:
        """getVotes: the balances of everybody who delegated to `who`."""
        return sum(self.balances[holder] for holder, to in self.delegates.items() if to == who)

    def remember_votes(self) -> None:
        """Notes everybody's votes at the end of an action."""
        for who in {*self.vote_points, *self.delegates.values()}:
            self.vote_points[who].append((self.now, self.votes(who)))

    def mintable(self, role: str) -> int:
        """What the role may mint now."""
        kind = role.split("_")[0].lower()
        cap_bps, window = self.parameters[f"{kind}CapBps"], self.parameters[f"{kind}Window"]
        return curve.mintable(self.minted[role], self.supplies, self.now, cap_bps=cap_bps, window=window)

    def locked(self, who: str) -> int:
        """lockedOf."""
        return curve.locked(self.locks[who], self.now)

    def _check_growth(self, tokens: int) -> None:
        if self.supply + tokens > MOST:
            raise Refusal("ERC20ExceededSafeSupply")

    def _take(self, who: str, tokens: int) -> None:
        free = self.balances[who] - self.locked(who)
        if tokens > self.balances[who]:
            raise Refusal("ERC20InsufficientBalance")
        if tokens > free:
            raise Refusal("TokensLocked", who, free, tokens)
        self.balances[who] -= tokens

    def _pay(self, source: str, to: str, amount: int) -> None:
        """Reserve tokens in or out of the curve."""
        self.money[source] -= amount
        self.money[to] += amount
        self.reserve += amount if to == self.itself else -amount
        self.history = curve.observe(self.history, self.now, curve.market_cap(self.reserve))

    def _set_supply(self, supply: int) -> None:
        self.supplies.append((self.now, supply))

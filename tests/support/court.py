"""The disputing half of the organisation in pyrevm: token, governor, timelock, resolver and committee, all real."""

from dataclasses import astuple

from eth_account import Account

from oracle.domain.dispute import DisputeTerms
from tests.support.evm import GENESIS, Evm, account

DAY, HOUR = 86_400, 3_600
TOKEN, USD = 10**18, 10**6
BOND = 1_001 * USD + 1
"""An odd amount, so that halves round."""

TERMS = DisputeTerms(500 * USD + 1, DAY, 3 * DAY, DAY, 5_000)
GRACE = 14 * DAY
DATA = b"the data file"
DEPLOYERS = {
    name: account(20 + place) for place, name in enumerate(("BToken", "Governance", "Timelock", "DisputeResolver"))
}
PROMPT_UPDATE, PROPOSER, RELAYER = account(2), account(3), account(4)
HOLDERS = {account(10): 600, account(11): 300, account(12): 100}
CHALLENGERS = {account(13): 100_000 * USD, account(14): 1_600 * USD}
KEYS = {Account.from_key(bytes([place]) * 32).address.lower(): bytes([place]) * 32 for place in range(1, 6)}
"""Three members, and two strangers after them."""

MEMBERS = tuple(KEYS)[:3]


class Court:
    """The contracts a month after the start, wired as the deployment does it; PromptUpdate is an account."""

    def __init__(self) -> None:
        self.evm = Evm()
        evm = self.evm
        self.money = evm.deploy("MockUSDC", sender=account(30))
        at = {name: evm.next_address(who) for name, who in DEPLOYERS.items()}
        at["committee"] = evm.next_address(account(31))
        for who in (*HOLDERS, *CHALLENGERS, DEPLOYERS["BToken"]):
            self.money("mint", who, CHALLENGERS.get(who, 10**15))
            self.money("approve", at["BToken"], 1 << 255, sender=who)
            self.money("approve", at["DisputeResolver"], 1 << 255, sender=who)
        parts = (at["BToken"], self.money.address, at["Timelock"], PROMPT_UPDATE, account(5), at["DisputeResolver"])
        times = (HOUR, DAY, 7 * DAY, 400, 1_000, 500, 30 * DAY, 3 * DAY, DAY // 2, GRACE, 30 * DAY, 1_000, False)
        self.governor = evm.deploy("Governance", (*parts, *times), sender=DEPLOYERS["Governance"])
        governors = [self.governor.address]
        self.timelock = evm.deploy(
            "TimelockController", 2 * DAY, governors, governors, "0x" + "00" * 20, sender=DEPLOYERS["Timelock"]
        )
        resolver = (self.money.address, self.governor.address, self.timelock.address, at["committee"], *astuple(TERMS))
        self.resolver = evm.deploy("DisputeResolver", (*resolver, False), sender=DEPLOYERS["DisputeResolver"])
        committee = (self.resolver.address, self.timelock.address, list(MEMBERS), 2)
        self.committee = evm.deploy("VerifierCommittee", committee, sender=account(31))
        limits = (DAY, 0, 2_000, 30 * DAY, 200, 7 * DAY, False)
        config = ("Token", "ORG", self.money.address, self.timelock.address, PROMPT_UPDATE, 10**9, *limits)
        self.token = evm.deploy("BToken", config, sender=DEPLOYERS["BToken"])
        for part in (self.resolver, self.committee, self.governor):
            part.errors |= self.resolver.errors | self.governor.errors | self.token.errors
        for who, tokens in HOLDERS.items():
            self.token("permissionlessMint", tokens * TOKEN, 1 << 200, evm.now, sender=who)
            self.token("delegate", who, sender=who)
        evm.warp(GENESIS + 31 * DAY)
        self.token("transfer", self.timelock.address, 50 * TOKEN, sender=account(11))

"""The two speeds: which actions may be fast, what they take from the budget, and how votes are weighed and counted.

Twin of `Tracks.sol` and of the counting in `Governance.sol`. Token base units; prices in reserve units a whole token.
"""

from eth_hash.auto import keccak

from oracle.domain.action import Actions
from oracle.domain.errors import Refused
from oracle.domain.proposal import Track
from oracle.mechanism.median import FAST_BPS, NO_CONSENSUS_BPS

BPS = 10_000
TOKEN = 10**18

AMOUNT_LIMIT = (1 << 128) - 1
"""Larger amounts count as this much: no supply comes near it."""


def _selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


_TRANSFER = _selector("transfer(address,uint256)")
_MINT = _selector("governanceMint(address,uint256)")
_SET_ARBITRATOR = _selector("setArbitrator(address)")
_REPAIRS = {_selector(f"{setter}(address)") for setter in ("setPromptUpdate", "setModelRegistry", "setDisputeResolver")}


def fast_amount(actions: Actions, token: str, reserve_token: str, price: int) -> int | None:
    """Tokens that the actions move, or None if one of them is not listed for the fast track (or there is none).

    Listed: (token, governanceMint or transfer) and (reserve token, transfer), each with exactly an address and an
    amount, without value. A reserve amount counts as ceil(amount * 1e18 / price) tokens; at price 0 it is not listed.
    """
    total = 0
    for target, value, data in zip(actions.targets, actions.values, actions.calldatas, strict=True):
        if value or len(data) != 68 or any(data[4:16]):
            return None
        moved = min(int.from_bytes(data[36:], "big"), AMOUNT_LIMIT)
        if _same(target, token) and data[:4] in (_TRANSFER, _MINT):
            total += moved
        elif _same(target, reserve_token) and data[:4] == _TRANSFER and price:
            total += -(-moved * TOKEN // price)
        else:
            return None
    return total if actions.targets else None


def floor_price(spot: int, average_cap: int, supply_now: int, supply_before: int) -> int:
    """min(spot price, average market cap per token of the larger supply): nobody can pump it to make an amount small.

    0 if there was no supply at the start of the window.
    """
    if supply_before == 0:
        return 0
    return min(spot, average_cap * TOKEN // max(supply_now, supply_before))


def budget_left(supply_now: int, supply_before: int, budget_bps: int, spent: int) -> int:
    """What fast proposals may still move: bps of min(supply now, supply a window ago), less what was spent since."""
    return max(min(supply_now, supply_before) * budget_bps // BPS - spent, 0)


def posted_margin(gamma_bps: int, numeric_class: str) -> int:
    """The action margin that is posted: below the fast track where answers are not certain to the token.

    The chain sees no numeric class, only this margin. So classes B and N post at most 999 bps, and whoever verifies
    builds the same figure: a posting that claims more is invalid.
    """
    return gamma_bps if numeric_class in ("E", "F") else min(gamma_bps, FAST_BPS - 1)


def track(gamma_bps: int, amount: int | None, budget: int) -> Track:
    """Fast for a clear margin and listed actions within the budget, else slow. Refused below 200 bps: no consensus."""
    if gamma_bps < NO_CONSENSUS_BPS:
        raise Refused(f"the action margin is {gamma_bps} bps: no proposal without a consensus of {NO_CONSENSUS_BPS}")
    return Track.FAST if gamma_bps >= FAST_BPS and amount is not None and amount <= budget else Track.SLOW


def replaces_arbitrator(actions: Actions, resolver: str) -> bool:
    """Whether the one and only action is to replace the arbitrator of `resolver`: then nobody can challenge it."""
    if len(actions.targets) != 1 or not _same(actions.targets[0], resolver) or actions.values[0]:
        return False
    return _sets(actions.calldatas[0], {_SET_ARBITRATOR})


def repairs(target: str, value: int, data: bytes, governance: str) -> bool:
    """Whether one action only replaces PromptUpdate, the model registry or the dispute resolver."""
    return _same(target, governance) and value == 0 and _sets(data, _REPAIRS)


def vote_weight(votes: int, votes_before: int) -> int:
    """min(votes at the snapshot, votes one vote age before): rented and freshly bought votes count nothing."""
    return min(votes, votes_before)


def quorum(supply: int, supply_before: int, quorum_bps: int) -> int:
    """bps of the electorate, min(supply at the snapshot, supply one vote age before), rounded down."""
    return min(supply, supply_before) * quorum_bps // BPS


def passes(votes_for: int, votes_against: int, abstained: int, needed: int) -> bool:
    """Whether a vote succeeds: for and abstain reach the quorum, and for outweighs against."""
    return votes_for + abstained >= needed and votes_for > votes_against


def _sets(data: bytes, selectors: set[bytes]) -> bool:
    """A call of one of these setters with exactly one clean address."""
    return len(data) == 36 and data[:4] in selectors and not any(data[4:16])


def _same(left: str, right: str) -> bool:
    return left.lower() == right.lower()

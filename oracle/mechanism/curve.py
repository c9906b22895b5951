"""The bonding curve of the token, what it cost over time, and how much may be minted or moved.

Twin of `CurveMath.sol` and `BToken.sol`. T = total supply (token base units, 1e18 to a token), R = tracked reserve
(reserve base units). Every rounding favours the reserve.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from oracle.domain.errors import BadInput, Refused

BPS = 10_000
TOKEN = 10**18
"""Base units of one token; also MIN_SUPPLY, which the contract holds for ever."""


def cost_to_mint(reserve: int, supply: int, tokens: int) -> int:
    """ceil(R * x * (2T + x) / T^2): reserve units that x tokens cost."""
    return -(-reserve * tokens * (2 * supply + tokens) // supply**2)


def worth(reserve: int, supply: int, tokens: int) -> int:
    """floor(R * x * (2T - x) / T^2) for x <= T: what x tokens are worth on the curve."""
    return reserve * tokens * (2 * supply - tokens) // supply**2


def reward_for_burn(reserve: int, supply: int, tokens: int) -> int:
    """What the curve gives for x tokens. Refused if fewer than the minimum supply would be left."""
    if tokens > supply - TOKEN:
        raise Refused(f"{tokens} tokens cannot leave: at most {max(supply - TOKEN, 0)} can, one token stays for ever")
    return worth(reserve, supply, tokens)


def tokens_for_cost(reserve: int, supply: int, cost: int) -> int:
    """The most tokens whose cost is at most `cost`.

    cost(x) <= c  <=>  R ((T + x)^2 - T^2) <= c T^2  <=>  (T + x)^2 <= T^2 + floor(c T^2 / R).
    """
    return isqrt(supply**2 + cost * supply**2 // reserve) - supply


def redemption(reserve: int, supply: int, tokens: int, fee_bps: int) -> tuple[int, int]:
    """(what the seller gets, the fee that stays in the reserve), the fee rounded up."""
    reward = reward_for_burn(reserve, supply, tokens)
    fee = -(-reward * fee_bps // BPS)
    return reward - fee, fee


def price(reserve: int, supply: int) -> int:
    """floor(2R * 1e18 / T): reserve units for a whole token."""
    return 2 * reserve * TOKEN // supply


def market_cap(reserve: int) -> int:
    """2R: price times supply, whatever the supply."""
    return 2 * reserve


@dataclass(frozen=True, slots=True)
class Observation:
    """From second `at` on the market cap is `cap`; `cumulative` is its integral up to `at`, in unit-seconds."""

    at: int
    cap: int
    cumulative: int


History = tuple[Observation, ...]
"""Observations by rising second, at most one for each."""


def observe(history: History, now: int, cap: int) -> History:
    """The history after the cap became `cap` at second `now`; what came before within that second is forgotten."""
    if not history:
        return (Observation(now, cap, 0),)
    seen = Observation(now, cap, cumulative_at(history, now))
    return (*(history[:-1] if history[-1].at == now else history), seen)


def cumulative_at(history: History, at: int) -> int:
    """Integral of the market cap up to second `at`. Refused before the first observation."""
    place = bisect_right(history, at, key=lambda seen: seen.at)
    if place == 0:
        raise Refused(f"the market cap was not observed at {at}; the first observation is later")
    last = history[place - 1]
    return last.cumulative + last.cap * (at - last.at)


def average_cap(history: History, start: int, end: int) -> int:
    """Time-weighted average of the market cap over [start, end), rounded down. BadInput for an empty window."""
    if end <= start:
        raise BadInput(f"the window from {start} to {end} is empty")
    return (cumulative_at(history, end) - cumulative_at(history, start)) // (end - start)


@dataclass(frozen=True, slots=True)
class Lock:
    """Tokens bought on the curve that cannot move before second `until`."""

    tokens: int = 0
    until: int = 0


def locked(lock: Lock, now: int) -> int:
    """Tokens that cannot move at `now`."""
    return lock.tokens if now < lock.until else 0


def extend_lock(lock: Lock, now: int, tokens: int, mint_lock: int) -> Lock:
    """The lock after buying `tokens`: all that is still locked shares the newest time."""
    return Lock(locked(lock, now) + tokens, now + mint_lock)


def value_at(checkpoints: Sequence[tuple[int, int]], at: int, default: int = 0) -> int:
    """Value of the last (second, value) at or before `at`; `default` before the first one."""
    place = bisect_right(checkpoints, at, key=lambda point: point[0])
    return checkpoints[place - 1][1] if place else default


def mintable(
    minted: Sequence[tuple[int, int]],
    supplies: Sequence[tuple[int, int]],
    now: int,
    *,
    cap_bps: int,
    window: int,
) -> int:
    """What a role may mint now: its share of min(supply now, supply one window ago), less what it minted since then.

    `minted` and `supplies` are (second, value) checkpoints of the role's cumulative mints and of the total supply.
    While the token is younger than the window, the supply one window ago counts as the minimum supply.
    """
    before = value_at(supplies, now - window, TOKEN)
    base = min(value_at(supplies, now), before)
    used = value_at(minted, now) - value_at(minted, now - window)
    return max(base * cap_bps // BPS - used, 0)

"""The curve off the chain: solvent in any order, no gain from a round trip, locks, lagged caps, past averages."""

import random

import pytest

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import curve
from oracle.mechanism.curve import TOKEN, Lock, Observation, average_cap, cumulative_at, locked, observe

DAY = 86_400


def random_state(rnd: random.Random) -> tuple[int, int]:
    return rnd.randrange(1, 10 ** rnd.randrange(1, 16)), TOKEN + rnd.randrange(10 ** rnd.randrange(1, 26))


@pytest.mark.parametrize("seed", range(200))
def test_round_trip__bought_and_sold_in_pieces__never_pays_more_than_was_paid(seed: int) -> None:
    rnd = random.Random(seed)
    reserve, supply = random_state(rnd)
    start, paid, pieces = reserve, 0, [rnd.randrange(1, supply) for _ in range(5)]
    for tokens in pieces:
        cost = curve.cost_to_mint(reserve, supply, tokens)
        reserve, supply, paid = reserve + cost, supply + tokens, paid + cost
    rnd.shuffle(pieces)
    for tokens in pieces:
        reward, _ = curve.redemption(reserve, supply, tokens, 0)
        reserve, supply, paid = reserve - reward, supply - tokens, paid - reward
    assert paid >= 0 and reserve >= start


@pytest.mark.parametrize("seed", range(100))
def test_tokens_for_cost__any_budget__is_the_most_it_buys(seed: int) -> None:
    rnd = random.Random(seed)
    reserve, supply = random_state(rnd)
    budget = rnd.randrange(10 ** rnd.randrange(1, 16))
    tokens = curve.tokens_for_cost(reserve, supply, budget)
    assert curve.cost_to_mint(reserve, supply, tokens) <= budget < curve.cost_to_mint(reserve, supply, tokens + 1)


def test_redemption__everybody_leaves_after_a_free_mint__reserve_suffices() -> None:
    reserve, supply = 1_000_000, 1_000 * TOKEN
    supply += 200 * TOKEN  # minted by governance: dilutes the price, leaves the market cap
    for _ in range(11):
        reward, _ = curve.redemption(reserve, supply, 109 * TOKEN, 0)
        reserve, supply = reserve - reward, supply - 109 * TOKEN
    assert supply == TOKEN and reserve > 0


def test_redemption__fee__rounded_up_and_kept() -> None:
    assert curve.redemption(1_000, 100 * TOKEN, 10 * TOKEN, 500) == (180, 10)
    assert curve.redemption(1_000, 100 * TOKEN, 10 * TOKEN, 1) == (189, 1)
    with pytest.raises(Refused, match="one token stays for ever"):
        curve.redemption(1_000, 100 * TOKEN, 99 * TOKEN + 1, 0)


def test_price__times_supply__is_the_market_cap() -> None:
    assert curve.price(500_000, 4 * TOKEN) * 4 == curve.market_cap(500_000)


def test_history__changes_within_one_second__only_the_last_counts() -> None:
    history = observe(observe(observe((), 100, 7), 110, 1_000), 110, 9)
    assert history == (Observation(100, 7, 0), Observation(110, 9, 70))
    assert [cumulative_at(history, at) for at in (100, 105, 110, 120)] == [0, 35, 70, 160]
    assert average_cap(history, 105, 115) == 8


def test_history__before_it_began_or_empty_window__refused() -> None:
    history = observe((), 100, 7)
    with pytest.raises(Refused, match="not observed at 99"):
        cumulative_at(history, 99)
    for end in (100, 99):
        with pytest.raises(BadInput, match="empty"):
            average_cap(history, 100, end)


def test_lock__bought_again_while_locked__all_shares_the_newest_time() -> None:
    lock = curve.extend_lock(curve.extend_lock(Lock(), 0, 5, DAY), DAY - 1, 3, DAY)
    assert lock == Lock(8, 2 * DAY - 1)
    assert (locked(lock, 2 * DAY - 2), locked(lock, 2 * DAY - 1)) == (8, 0)
    assert curve.extend_lock(lock, 3 * DAY, 4, DAY) == Lock(4, 4 * DAY)


def test_mintable__supply_pumped_now__counts_the_supply_before() -> None:
    supplies = [(0, 100 * TOKEN), (9 * DAY, 10_000 * TOKEN)]
    limits = {"cap_bps": 2_000, "window": 7 * DAY}
    assert curve.mintable([], supplies, 9 * DAY, **limits) == 20 * TOKEN
    assert curve.mintable([], supplies, 16 * DAY, **limits) == 2_000 * TOKEN
    assert curve.mintable([], [(0, 100 * TOKEN)], 6 * DAY, **limits) == TOKEN // 5


def test_mintable__minted_within_the_window__is_used_up_until_it_leaves() -> None:
    supplies, minted = [(0, 100 * TOKEN)], [(8 * DAY, 15 * TOKEN), (9 * DAY, 19 * TOKEN)]
    limits = {"cap_bps": 2_000, "window": 7 * DAY}
    left = [curve.mintable(minted, supplies, day * DAY, **limits) for day in (8, 9, 15, 16)]
    assert left == [5 * TOKEN, TOKEN, 16 * TOKEN, 20 * TOKEN]
    assert curve.mintable([(8 * DAY, 30 * TOKEN)], supplies, 9 * DAY, **limits) == 0

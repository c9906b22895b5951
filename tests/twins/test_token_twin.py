"""The whole BToken against its model on random walks through time: every balance, limit, average and refusal."""

import random
from collections import Counter
from typing import Any

import pytest

from oracle.mechanism import curve
from tests.support.evm import GENESIS
from tests.support.token_pair import DAY, PEOPLE, RICH, TokenPair

STEPS = 850


@pytest.mark.parametrize("seed", range(12))
def test_token__random_walk__equals_its_model_at_every_step(seed: int) -> None:
    rnd = random.Random(seed)
    pair = TokenPair(seed, redeemFeeBps=rnd.choice((0, 1, 500)), minterCapBps=rnd.choice((2_000, 100)))
    for _ in range(STEPS):
        pair.step()
    assert pair.seen["permissionlessMint done"] > 20 and pair.seen["redeem done"] > 10, pair.seen


def test_token__many_walks__meet_every_refusal() -> None:
    seen: Counter[str] = Counter()
    for seed in range(100, 104):
        pair = TokenPair(seed)
        for _ in range(STEPS):
            pair.step()
        seen.update(pair.seen)
    met = {name for name, count in seen.items() if count > 2}
    wanted = {
        *(f"permissionlessMint {name}" for name in ("done", "Expired", "ZeroAmount", "Slippage")),
        *("permissionlessMint ERC20ExceededSafeSupply", "permissionlessMint ERC20InsufficientBalance"),
        *(f"redeem {name}" for name in ("done", "Expired", "ZeroAmount", "Slippage", "TokensLocked", "BelowMinSupply")),
        *(
            "redeem ERC20InsufficientBalance",
            "transfer done",
            "transfer TokensLocked",
            "burn done",
            "burn TokensLocked",
        ),
        *("governanceMint done", "governanceMint MintCapExceeded", "rewardMint done", "rewardMint MintCapExceeded"),
    }
    assert wanted <= met, (wanted - met, seen)


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("mintable", lambda minted, supplies, now, *, cap_bps, window: supplies[-1][1] * cap_bps // 10_000),
        ("extend_lock", lambda lock, now, tokens, duration: curve.Lock(tokens, now + duration)),
        ("cost_to_mint", lambda r, t, x: r * x * (2 * t + x) // t**2),
        ("average_cap", lambda history, start, end: history[-1].cap),
        ("observe", lambda history, now, cap: (*history, curve.Observation(now, cap, 0))),
        ("redemption", lambda r, t, x, fee: (curve.reward_for_burn(r, t, x), 0)),
    ],
)
def test_token__a_wrong_rule_in_the_model__is_caught(monkeypatch: pytest.MonkeyPatch, rule: str, wrong: Any) -> None:
    monkeypatch.setattr(curve, rule, wrong)
    pair = TokenPair(7, redeemFeeBps=100)
    with pytest.raises((AssertionError, IndexError)):
        for _ in range(STEPS):
            pair.step()


def test_average__pump_within_one_second__changes_nothing() -> None:
    pair = TokenPair(1)
    pair.wait(DAY)
    before = pair.token("averageCap", GENESIS, GENESIS + DAY)
    pair.token("permissionlessMint", 1000 * curve.TOKEN, RICH, pair.model.now, sender=PEOPLE[0])
    assert pair.token("averageCap", GENESIS, GENESIS + DAY) == before

"""Buying, locking and selling on the curve."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from brownie import chain, reverts

from helpers import DAY, TOKEN

Buy = Callable[[Any, int], Any]
LATE = 2**40


def test_purchase_pays_the_quoted_cost_into_the_reserve(org: SimpleNamespace, buy: Buy) -> None:
    before, cost = org.BToken.reserve(), org.BToken.costToMint(10 * TOKEN)
    receipt = buy(org.alice, 10)
    assert receipt.events["Minted"]["cost"] == cost
    assert org.BToken.reserve() == before + cost
    assert org.BToken.balanceOf(org.alice) == 10 * TOKEN


def test_purchase_above_the_limit_is_refused(org: SimpleNamespace) -> None:
    cost = org.BToken.costToMint(TOKEN)
    org.reserve.mint(org.alice, cost, {"from": org.alice})
    org.reserve.approve(org.BToken, cost, {"from": org.alice})
    with reverts(revert_pattern=f"Slippage: {cost}, {cost - 1}"):
        org.BToken.permissionlessMint(TOKEN, cost - 1, LATE, {"from": org.alice})


def test_bought_tokens_move_only_after_the_lock(org: SimpleNamespace, buy: Buy) -> None:
    buy(org.alice, 10)
    with reverts(revert_pattern="TokensLocked: .*"):
        org.BToken.transfer(org.bob, 1, {"from": org.alice})
    chain.sleep(DAY + 1)
    org.BToken.transfer(org.bob, TOKEN, {"from": org.alice})
    assert org.BToken.balanceOf(org.bob) == TOKEN


def test_buying_and_selling_never_earns(org: SimpleNamespace, buy: Buy) -> None:
    cost = buy(org.alice, 10).events["Minted"]["cost"]
    chain.sleep(DAY + 1)
    org.BToken.redeem(10 * TOKEN, 0, LATE, {"from": org.alice})
    assert 0 < org.reserve.balanceOf(org.alice) <= cost

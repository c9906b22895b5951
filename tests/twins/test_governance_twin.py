"""Governance on a living token: electorate, aged votes, quorum, budget, price and class as the twin computes them."""

import random
from dataclasses import astuple
from typing import Any

import pytest

from oracle.domain.action import Actions
from oracle.domain.proposal import Track
from oracle.mechanism import curve, tracks
from tests.support.evm import Contract, account
from tests.support.token_pair import DAY, PEOPLE, PROMPT_UPDATE, TIMELOCK, TokenPair
from tests.support.twins import number

VOTE_AGE, FAST_WINDOW = 3 * DAY, 30 * DAY
QUORUM_SLOW_BPS, FAST_BUDGET_BPS = 1_000, 500
STEPS = 300


class Governed:
    """A token pair and the governor above it."""

    def __init__(self, seed: int) -> None:
        self.pair = TokenPair(seed)
        self.rnd = random.Random(f"governed {seed}")
        parts = (self.pair.token.address, self.pair.money.address, TIMELOCK, PROMPT_UPDATE, account(5), account(6))
        times = (0, DAY, 7 * DAY, 400, QUORUM_SLOW_BPS, FAST_BUDGET_BPS, FAST_WINDOW, VOTE_AGE, DAY // 2, 14 * DAY)
        config = (*parts, *times, 30 * DAY, 1_000, False)
        self.governor: Contract = self.pair.evm.deploy("Governance", config)

    def supply_at(self, at: int) -> int:
        return curve.value_at(self.pair.model.supplies, at)

    def votes_at(self, who: str, at: int) -> int:
        return curve.value_at(self.pair.model.vote_points[who], at)

    def window(self) -> tuple[int, int]:
        """Supply now, and at the start of the fast window."""
        return self.pair.model.supply, self.supply_at(self.pair.model.now - FAST_WINDOW)

    def price(self) -> int:
        model, (now, before) = self.pair.model, self.window()
        start = model.now - FAST_WINDOW
        average = curve.average_cap(model.history, start, model.now) if before else 0
        return tracks.floor_price(curve.price(model.reserve, now), average, now, before)

    def actions(self) -> Actions:
        """One or two payments about the size of the budget."""
        budget = tracks.budget_left(*self.window(), FAST_BUDGET_BPS, 0)
        made = []
        for _ in range(self.rnd.randint(1, 2)):
            target, function = self.rnd.choice(
                (
                    (self.pair.token.address, "transfer"),
                    (self.pair.token.address, "governanceMint"),
                    (self.pair.money.address, "transfer"),
                    (self.pair.token.address, "approve"),
                )
            )
            tokens = self.rnd.choice((budget, budget + 1, budget // 2, number(self.rnd, 0, 2 * budget + 1)))
            amount = tokens * self.price() // curve.TOKEN if target == self.pair.money.address else tokens
            selector = self.pair.token.artifact.functions[function].selector
            made.append((target, selector + bytes(12) + b"\x07" * 20 + amount.to_bytes(32, "big")))
        return Actions(tuple(target for target, _ in made), (0,) * len(made), tuple(data for _, data in made))

    def compare(self) -> Track | None:
        """Compares every reading; returns the class of some payments."""
        model, governor, rnd = self.pair.model, self.governor, self.rnd
        if model.now < model.born + FAST_WINDOW + DAY:
            return None
        at = rnd.choice((model.now - 1, rnd.randint(model.born + VOTE_AGE, model.now - 1)))
        aged = at - VOTE_AGE
        supplies = (self.supply_at(at), self.supply_at(aged))
        assert governor("electorate", at) == min(supplies)
        assert governor("quorum", at) == tracks.quorum(*supplies, QUORUM_SLOW_BPS)
        who = rnd.choice(PEOPLE)
        weight = tracks.vote_weight(self.votes_at(who, at), self.votes_at(who, aged))
        assert governor("getVotes(address,uint256)", who, at) == weight
        budget = tracks.budget_left(*self.window(), FAST_BUDGET_BPS, 0)
        assert governor("fastBudget") == budget
        assert governor("fastPrice") == self.price()
        actions = self.actions()
        amount = tracks.fast_amount(actions, self.pair.token.address, self.pair.money.address, self.price())
        track = tracks.track(10_000, amount, budget)
        assert governor("classify", *map(list, astuple(actions))) == (track, amount or 0)
        return track


@pytest.mark.parametrize("seed", range(6))
def test_governance__random_walk_of_the_token__reads_as_the_twin(seed: int) -> None:
    governed = Governed(seed)
    classes: list[Any] = []
    for _ in range(STEPS):
        governed.pair.step()
        classes.append(governed.compare())
    assert classes.count(Track.FAST) > 10 and classes.count(Track.SLOW) > 10


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("vote_weight", lambda votes, before: votes),
        ("quorum", lambda supply, before, bps: supply * bps // 10_000),
        ("budget_left", lambda now, before, bps, spent: now * bps // 10_000 - spent),
        ("floor_price", lambda spot, average, now, before: spot),
        ("fast_amount", lambda *case: None),
    ],
)
def test_governance__a_wrong_rule__is_caught(monkeypatch: pytest.MonkeyPatch, rule: str, wrong: Any) -> None:
    monkeypatch.setattr(tracks, rule, wrong)
    governed = Governed(3)
    with pytest.raises(AssertionError):
        for _ in range(STEPS):
            governed.pair.step()
            governed.compare()

"""The end of a slot off the chain: who is paid or burned, from what, and where the price goes."""

import pytest

from oracle.domain.reward import CapWindows, RewardTerms, SlotStakes
from oracle.mechanism.reward import delta, median, settlement, split, within

SUPPLY, CAP = 10**24, 10**12
TERMS = RewardTerms()
UP, DOWN, FLAT = (CapWindows(CAP, to, to) for to in (CAP * 11 // 10, CAP * 9 // 10, CAP))
STAKES = SlotStakes(price=10**20, collateral=10**24)


def at(windows: CapWindows, **changes: object) -> tuple[int, ...]:
    """(prompter, setter, burned, treasury) when the cap stays where the slot left it."""
    stakes = SlotStakes(**{"price": STAKES.price, "collateral": STAKES.collateral, **changes})  # type: ignore[arg-type]
    got = settlement(windows, TERMS, SUPPLY, windows.at_maturity, stakes)
    return got.prompter_tokens, got.setter_tokens, got.price_burned, got.price_to_treasury


RISE = split(UP, TERMS, SUPPLY, UP.at_maturity).prompter_tokens
FALL = split(DOWN, TERMS, SUPPLY, DOWN.at_maturity).prompter_tokens


def test_parts__ten_percent_up_or_down__two_and_a_half_percent_of_it_each() -> None:
    assert 25 * 10**8 * SUPPLY // UP.at_maturity == RISE
    assert 25 * 10**8 * SUPPLY // DOWN.at_maturity == FALL


@pytest.mark.parametrize(
    ("windows", "changes", "expected"),
    [
        (UP, {}, (RISE, RISE, 0, 10**20)),
        (UP, {"earns": False}, (0, 0, 0, 10**20)),
        (UP, {"invalid": True, "earns": False}, (0, 0, 10**20, 0)),
        (UP, {"empty": True, "price": 0}, (0, RISE, 0, 0)),
        (UP, {"from_vault": True}, (5 * 10**19, 5 * 10**19, 0, 0)),
        (UP, {"from_vault": True, "price": 10**22}, (RISE, RISE, 0, 10**22 - 2 * RISE)),
        (UP, {"from_vault": True, "earns": False}, (0, 0, 0, 10**20)),
        (UP, {"from_vault": True, "invalid": True, "earns": False}, (0, 0, 10**20, 0)),
        (DOWN, {}, (FALL, FALL, 10**20, 0)),
        (DOWN, {"collateral": 7}, (7, 7, 10**20, 0)),
        (DOWN, {"earns": False}, (FALL, FALL, 10**20, 0)),
        (DOWN, {"empty": True, "price": 0}, (0, FALL, 0, 0)),
        (FLAT, {}, (0, 0, 0, 10**20)),
    ],
)
def test_settlement__each_way_to_end__pays_and_burns(
    windows: CapWindows, changes: dict[str, object], expected: tuple[int, ...]
) -> None:
    assert at(windows, **changes) == expected


def test_split__cap_pumped_before_settlement__pays_fewer_tokens_and_dumped_no_more() -> None:
    assert split(UP, TERMS, SUPPLY, 10 * CAP).prompter_tokens < RISE
    assert split(UP, TERMS, SUPPLY, 1).prompter_tokens == RISE


def test_within__too_little__in_proportion() -> None:
    assert within(10, 30, 10) == (7, 2)
    assert within(40, 30, 10) == (30, 10)
    assert within(0, 0, 0) == (0, 0)


def test_delta__order_of_the_later_windows__does_not_matter() -> None:
    assert median(3, 1, 2) == 2
    assert delta(CapWindows(5, 9, 7)) == delta(CapWindows(5, 7, 9)) == 2
    assert delta(CapWindows(5, 9, 1)) == 0

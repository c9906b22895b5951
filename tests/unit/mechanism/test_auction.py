"""The auction off the chain: phases to the second, the fading reserve price, and who wins."""

import pytest

from oracle.domain.errors import BadInput
from oracle.domain.slot import AuctionResult, Bid, Phase, Schedule
from oracle.mechanism.auction import epoch_at, phase, required_collateral, reserve_price, settle, unrevealed_penalty

DAY = 86_400
SCHEDULE = Schedule(genesis=1_000_000, epoch_length=DAY, reveal_duration=DAY // 4, submit_window=DAY // 2)
START = SCHEDULE.start(5)
A, B, C = ("0x" + digit * 40 for digit in "123")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (START - DAY - 1, Phase.EARLY),
        (START - DAY, Phase.COMMIT),
        (START - DAY // 4 - 1, Phase.COMMIT),
        (START - DAY // 4, Phase.REVEAL),
        (START - 1, Phase.REVEAL),
        (START, Phase.SUBMIT),
        (START + DAY // 2 - 1, Phase.SUBMIT),
        (START + DAY // 2, Phase.OVER),
    ],
)
def test_phase__each_edge__belongs_to_the_phase_that_begins(now: int, expected: Phase) -> None:
    assert phase(SCHEDULE, 5, now) is expected


def test_epoch_at__edges__counts_whole_epochs_since_genesis() -> None:
    assert [epoch_at(SCHEDULE, now) for now in (1_000_000, START - 1, START)] == [0, 4, 5]
    with pytest.raises(BadInput, match="before the first epoch"):
        epoch_at(SCHEDULE, 999_999)


def test_reserve_price__epochs_without_a_slot__fades_to_the_minimum() -> None:
    assert [reserve_price(10, 100, n) for n in (1, 2, 3, 11, 1_000)] == [101, 51, 34, 10, 10]
    assert reserve_price(0, 0, 7) == 1
    with pytest.raises(BadInput, match="0 epochs"):
        reserve_price(1, 1, 0)


@pytest.mark.parametrize(
    ("bids", "expected"),
    [
        ([], None),
        ([Bid(A, 9, 0)], None),
        ([Bid(A, 10, 0)], AuctionResult(A, 10, 10)),
        ([Bid(A, 50, 0)], AuctionResult(A, 50, 10)),
        ([Bid(A, 50, 0), Bid(B, 9, 0)], AuctionResult(A, 50, 10)),
        ([Bid(A, 50, 0), Bid(B, 40, 0), Bid(C, 45, 0)], AuctionResult(A, 50, 45)),
        ([Bid(A, 50, 7), Bid(B, 50, 6)], AuctionResult(B, 50, 50)),
        ([Bid(B, 50, 6), Bid(A, 50, 6)], AuctionResult(A, 50, 50)),
    ],
)
def test_settle__bids_above_a_reserve_of_ten__second_price(bids: list[Bid], expected: AuctionResult | None) -> None:
    assert settle(bids, 10) == expected


def test_penalty_and_collateral__rounding__down_and_up() -> None:
    assert [unrevealed_penalty(deposit) for deposit in (0, 19, 20, 10**18)] == [0, 0, 1, 5 * 10**16]
    assert [required_collateral(supply, 50, 3) for supply in (0, 600, 601, 10**18)] == [3, 3, 4, 5 * 10**15]

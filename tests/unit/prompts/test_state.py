"""Figures of a prompt that a real organisation meets too rarely to wait for."""

from collections import namedtuple
from typing import Any

import pytest

from oracle.domain.errors import BadInput, Reverted
from oracle.prompts import state as prompt_state
from oracle.prompts.request import ParameterRequest

Slot = namedtuple("Slot", "openedAt capWindow")
REQUEST = ParameterRequest(contract="BToken", name="mintLock", wish_less=1, wish_more=2)


class Chain:
    """Answers reads with values by function; an error is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def read(self, contract: str, function: str, *_: Any, at: int) -> Any:
        answer = self.answers[function]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("value", "bounds", "shown"),
    [
        (86_400, (60, 10**30), (86_400, 60, 9_999_999, 0)),
        (0, (0, 500), (0, 0, 500, 0)),
        (10**15, (1, 10**24), (1_000_000, 1, 9_999_999, 9)),
        (9_999_999, (0, 9_999_999), (9_999_999, 0, 9_999_999, 0)),
        (500 * 10**6, (10**6 + 1, 10**10), (5_000_000, 10_001, 9_999_999, 2)),
    ],
)
def test_parameter_is_shown_in_the_smallest_power_of_ten_with_bounds_within_its_own(
    value: int, bounds: tuple[int, int], shown: tuple[int, int, int, int]
) -> None:
    chain = Chain(parameter=value, parameterBounds=bounds)
    made = prompt_state._parameter(chain, REQUEST, 0, 1)  # type: ignore[arg-type]
    assert (made.value, made.minimum, made.maximum, made.scale) == shown
    assert made.minimum * 10**made.scale >= bounds[0]
    assert made.maximum * 10**made.scale <= bounds[1]


def test_parameter_with_too_many_digits_is_refused() -> None:
    chain = Chain(parameter=123_456_789, parameterBounds=(0, 10**30))
    with pytest.raises(BadInput, match="123456789 has too many digits"):
        prompt_state._parameter(chain, REQUEST, 0, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chain", "trend"),
    [
        (Chain(slotCount=0), 0),
        (Chain(slotCount=2, slot=Slot(100, 10), averageCap=200), 5000),
        (Chain(slotCount=2, slot=Slot(100, 10), averageCap=400), -2500),
        (Chain(slotCount=2, slot=Slot(100, 10), averageCap=Reverted("too young")), 0),
    ],
)
def test_trend_is_the_change_since_the_last_slot_opened(chain: Chain, trend: int) -> None:
    assert prompt_state._trend(chain, 300, 1) == trend  # type: ignore[arg-type]

import pytest

from oracle.prompts.history import share_bps


@pytest.mark.parametrize(
    ("change", "base", "bps"),
    [
        (0, 100, 0),
        (1, 3, 3333),
        (-1, 3, -3333),
        (-100, 100, -10_000),
        (-101, 100, -10_000),
        (1, 0, 0),
        (10**30, 1, 1_000_000),
    ],
)
def test_change_in_bps_rounds_towards_zero_and_stays_within_what_a_prompt_shows(
    change: int, base: int, bps: int
) -> None:
    assert share_bps(change, base) == bps

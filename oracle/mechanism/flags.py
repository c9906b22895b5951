"""Flags: who points the jury to a pair that lists get wrong earns a reward if the jury agrees, else loses a deposit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_high, median_low
from typing import Literal

from oracle.domain.errors import BadInput


@dataclass(frozen=True, slots=True)
class Flag:
    """Somebody says that one of two items deserves more, and asks the jury."""

    flagger: str
    a: str
    b: str
    better: Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What each flagger gets (below 0: loses), and the flags by how they ended, by place in the order of flagging."""

    amounts: Mapping[str, int]
    agreed: tuple[int, ...]
    refuted: tuple[int, ...]
    open: tuple[int, ...]
    """Not answered, answered evenly, or said by an earlier flag: nothing is paid, nothing is lost."""


def settle(
    flags: Sequence[Flag], verdicts: Mapping[tuple[str, str], Sequence[int]], reward: int, deposit: int
) -> Settled:
    """Pays flags in order of flagging. `verdicts` has the jury's ln(x_b / x_a) of pairs (a, b), in any unit.

    The jury agrees if the median of its answers lies on the flag's side; of an even number, if both middle ones do.
    Amounts are whole base units. Raises BadInput for negative ones.
    """
    if reward < 0 or deposit < 0:
        raise BadInput(f"reward {reward} or deposit {deposit} is negative", hint="Give amounts of at least 0.")
    amounts = dict.fromkeys((flag.flagger for flag in flags), 0)
    ended: dict[bool | None, list[int]] = {True: [], False: [], None: []}
    said: set[tuple[str, str]] = set()
    for place, flag in enumerate(flags):
        more, less = (flag.b, flag.a) if flag.better == "b" else (flag.a, flag.b)
        side = None if (more, less) in said else _side(more, less, verdicts)
        said.add((more, less))
        ended[side].append(place)
        if side is not None:
            amounts[flag.flagger] += reward if side else -deposit
    return Settled(amounts, tuple(ended[True]), tuple(ended[False]), tuple(ended[None]))


def _side(more: str, less: str, verdicts: Mapping[tuple[str, str], Sequence[int]]) -> bool | None:
    """Whether the jury puts `more` above `less`; None if it did not answer or is even."""
    heard = [*verdicts.get((less, more), ()), *(-value for value in verdicts.get((more, less), ()))]
    if not heard:
        return None
    low, high = median_low(heard), median_high(heard)
    return True if low > 0 else False if high < 0 else None

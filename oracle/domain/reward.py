"""The reward of a slot: the market cap seen in three windows, the terms, and what each side gets or loses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapWindows:
    """Average market cap (reserve base units) before the slot opened, before it closed, and at maturity after it."""

    before: int
    at_close: int
    at_maturity: int


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """Shares of the change in market cap, and the cap per side, in bps of the cap before the slot."""

    prompter_bps: int = 250
    setter_bps: int = 250
    reward_cap_bps: int = 50


@dataclass(frozen=True, slots=True)
class RewardSplit:
    """What a slot earned: `delta` in signed reserve base units, the sides' parts in token base units.

    `cap` is the market cap (reserve units) at whose price reserve units became tokens. With `burns` the cap fell: the
    slot's payment is burned, and the parts are taken from each side's collateral, as far as it goes, and burned.
    """

    delta: int
    cap: int
    prompter_tokens: int
    setter_tokens: int
    burns: bool


@dataclass(frozen=True, slots=True)
class SlotStakes:
    """What stands behind a slot when it is settled, in token base units.

    `collateral` is locked on each side. `empty`: no prompter and no price. `earns`: its proposal was executed,
    or need not be; `invalid`: it was ruled so. `from_vault`: rewards come out of the price and no further.
    """

    price: int
    collateral: int
    empty: bool = False
    earns: bool = True
    invalid: bool = False
    from_vault: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a slot ends: tokens that each side gets (or loses, if `delta` is negative), and where the price goes."""

    delta: int
    prompter_tokens: int
    setter_tokens: int
    price_burned: int
    price_to_treasury: int

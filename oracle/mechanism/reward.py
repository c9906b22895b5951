"""The reward of a slot: shares of the change in market cap, measured so that no single window can be pumped.

Twin of `RewardMath.sol`. Caps in reserve base units, tokens in base units.
"""

from dataclasses import replace

from oracle.domain.reward import CapWindows, RewardSplit, RewardTerms, Settlement, SlotStakes

BPS = 10_000


def median(a: int, b: int, c: int) -> int:
    """The middle one of three."""
    return max(min(a, b), min(max(a, b), c))


def delta(windows: CapWindows) -> int:
    """median(M0, M1, M2) - M0, signed: what a pump of one window cannot move."""
    return median(windows.before, windows.at_close, windows.at_maturity) - windows.before


def share(windows: CapWindows, share_bps: int, reward_cap_bps: int) -> int:
    """min(share * |delta|, rewardCap * M0) in reserve units, rounded down."""
    return min(share_bps * abs(delta(windows)) // BPS, reward_cap_bps * windows.before // BPS)


def to_tokens(amount: int, supply: int, cap: int) -> int:
    """Reserve units as tokens at the price cap / supply, rounded down; nothing is worth tokens at cap 0."""
    return amount * supply // cap if cap else 0


def split(windows: CapWindows, terms: RewardTerms, supply: int, cap_now: int) -> RewardSplit:
    """What each side gets (or loses if the cap fell) at the price max(now, M0 + delta).

    `supply` and `cap_now` are those of the moment of settlement. Losses are bounded by the collateral that is there.
    """
    change = delta(windows)
    cap = max(cap_now, windows.before + change)
    prompter, setter = (
        to_tokens(share(windows, bps, terms.reward_cap_bps), supply, cap)
        for bps in (terms.prompter_bps, terms.setter_bps)
    )
    return RewardSplit(change, cap, prompter, setter, change < 0)


def within(available: int, prompter: int, setter: int) -> tuple[int, int]:
    """The two parts when no more than `available` tokens are there: then in proportion, each rounded down."""
    wanted = prompter + setter
    if wanted <= available:
        return prompter, setter
    return available * prompter // wanted, available * setter // wanted


def settlement(windows: CapWindows, terms: RewardTerms, supply: int, cap_now: int, stakes: SlotStakes) -> Settlement:
    """What becomes of both sides and of the price when a mature slot is settled.

    The cap fell: each side loses its part, up to its collateral, and the price is burned. It rose or stayed: both sides
    are paid if the slot earns, out of the price alone if the source is the vault; the rest of the price (all of it, if
    rewards are minted) goes to the treasury, or is burned if the proposal was invalid.
    """
    got = split(windows, replace(terms, prompter_bps=0) if stakes.empty else terms, supply, cap_now)
    if got.burns:
        prompter, setter = (min(part, stakes.collateral) for part in (got.prompter_tokens, got.setter_tokens))
        return Settlement(got.delta, prompter, setter, stakes.price, 0)
    prompter, setter = got.prompter_tokens, got.setter_tokens
    if not stakes.earns or stakes.invalid:
        prompter, setter = 0, 0
    elif stakes.from_vault:
        prompter, setter = within(stakes.price, prompter, setter)
    left = stakes.price - prompter - setter if stakes.from_vault else stakes.price
    return Settlement(got.delta, prompter, setter, left if stakes.invalid else 0, 0 if stakes.invalid else left)

"""The reward of a slot by the Python rules, from the chain's own history: what the contract must have paid."""

from oracle.domain.reward import CapWindows, RewardTerms
from oracle.mechanism import reward
from oracle.wiring import Organisation


def expected_outcome(org: Organisation, slot_id: int, block: int) -> tuple[int, int, int]:
    """(delta, prompter tokens, setter tokens) of a slot settled in block `block`, as its rules of that time say."""
    read = org.chain.read
    slot = read("PromptUpdate", "slot", slot_id)
    mature = read("PromptUpdate", "matureAt", slot_id)
    before, at_close, at_maturity = (
        int(read("BToken", "averageCap", end - slot.capWindow, end)) for end in (slot.openedAt, slot.closedAt, mature)
    )
    split = reward.split(
        CapWindows(before, at_close, at_maturity),
        RewardTerms(slot.prompterBps, slot.setterBps, slot.rewardCapBps),
        int(read("BToken", "totalSupply", at=block - 1)),
        int(read("BToken", "marketCap", at=block - 1)),
    )
    return split.delta, split.prompter_tokens if int(slot.prompter, 16) else 0, split.setter_tokens

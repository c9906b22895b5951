// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The rules of reward that a slot opens with, in half a word of storage so that a slot keeps its own.
/// @dev From the low end: prompterBps, setterBps, rewardCapBps (16 bits each), capWindow, maturity (32 bits each),
/// rewardSource, rewardRequiresExecution (8 bits each).
type SlotTerms is uint128;

using {prompterBps, setterBps, rewardCapBps, capWindow, maturity, fromVault, requiresExecution} for SlotTerms global;

/// @notice Packs values that fit their bits, as the bounds of the parameters see to.
function packTerms(
    uint256 prompterBps_,
    uint256 setterBps_,
    uint256 rewardCapBps_,
    uint256 capWindow_,
    uint256 maturity_,
    uint256 rewardSource_,
    uint256 rewardRequiresExecution_
) pure returns (SlotTerms) {
    return SlotTerms.wrap(
        uint128(
            prompterBps_ | setterBps_ << 16 | rewardCapBps_ << 32 | capWindow_ << 48 | maturity_ << 80 | rewardSource_
                << 112 | rewardRequiresExecution_ << 120
        )
    );
}

/// @notice Share of the change in market cap that the prompter gets or loses.
function prompterBps(SlotTerms terms) pure returns (uint256) {
    return uint16(SlotTerms.unwrap(terms));
}

/// @notice Share of the change in market cap that the weight setter gets or loses.
function setterBps(SlotTerms terms) pure returns (uint256) {
    return uint16(SlotTerms.unwrap(terms) >> 16);
}

/// @notice Most that a side gets or loses, in bps of the market cap before the slot.
function rewardCapBps(SlotTerms terms) pure returns (uint256) {
    return uint16(SlotTerms.unwrap(terms) >> 32);
}

/// @notice Seconds over which each market cap is averaged.
function capWindow(SlotTerms terms) pure returns (uint256) {
    return uint32(SlotTerms.unwrap(terms) >> 48);
}

/// @notice Seconds from the end of the slot to the end of its last window.
function maturity(SlotTerms terms) pure returns (uint256) {
    return uint32(SlotTerms.unwrap(terms) >> 80);
}

/// @notice Whether rewards are paid out of the slot's price only.
function fromVault(SlotTerms terms) pure returns (bool) {
    return uint8(SlotTerms.unwrap(terms) >> 112) != 0;
}

/// @notice Whether the slot earns only if its proposal was executed.
function requiresExecution(SlotTerms terms) pure returns (bool) {
    return SlotTerms.unwrap(terms) >> 120 != 0;
}

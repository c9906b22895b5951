// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title RewardMath
/// @notice The reward of a slot: shares of the change in market cap, measured so that no one window can be pumped.
/// @dev m0, m1, m2 are average market caps before the slot opened, before it closed, and up to its maturity, in reserve
/// base units (each below 2^129, see BToken). Every rounding is down: rewards and losses alike are never more than the
/// formula says.
library RewardMath {
    uint256 private constant BPS = 10_000;

    /// @notice The middle one of three.
    function median(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }

    /// @notice median(m0, m1, m2) - m0.
    function delta(uint256 m0, uint256 m1, uint256 m2) internal pure returns (int256) {
        return int256(median(m0, m1, m2)) - int256(m0);
    }

    /// @notice min(share * |change|, rewardCap * m0) in reserve units.
    function share(uint256 m0, uint256 change, uint256 shareBps, uint256 rewardCapBps) internal pure returns (uint256) {
        return Math.min(change * shareBps / BPS, m0 * rewardCapBps / BPS);
    }

    /// @notice `value` reserve units as tokens at the price cap / supply.
    /// @dev Nothing is worth tokens at cap 0, which the curve never reaches.
    function toTokens(uint256 value, uint256 supply, uint256 cap) internal pure returns (uint256) {
        return cap == 0 ? 0 : value * supply / cap;
    }

    /// @notice What each side gets, or loses if the change is negative, at the price max(now, m0 + delta).
    /// @dev The dearer price of the two: who pumps the cap before settlement is paid in fewer tokens, who dumps it is
    /// not paid in more.
    /// @param supply Token supply now.
    /// @param capNow Market cap now.
    /// @return change See {delta}.
    /// @return cap The market cap at whose price reserve units become tokens.
    /// @return prompter Tokens of the prompter.
    /// @return setter Tokens of the weight setter.
    function split(
        uint256 m0,
        uint256 m1,
        uint256 m2,
        uint256 prompterBps,
        uint256 setterBps,
        uint256 rewardCapBps,
        uint256 supply,
        uint256 capNow
    ) internal pure returns (int256 change, uint256 cap, uint256 prompter, uint256 setter) {
        uint256 middle = median(m0, m1, m2);
        change = int256(middle) - int256(m0);
        cap = Math.max(capNow, middle);
        uint256 size = middle > m0 ? middle - m0 : m0 - middle;
        prompter = toTokens(share(m0, size, prompterBps, rewardCapBps), supply, cap);
        setter = toTokens(share(m0, size, setterBps, rewardCapBps), supply, cap);
    }

    /// @notice The same two amounts when no more than `available` tokens are there: then in proportion.
    function within(uint256 available, uint256 prompter, uint256 setter) internal pure returns (uint256, uint256) {
        uint256 wanted = prompter + setter;
        if (wanted <= available) return (prompter, setter);
        return (available * prompter / wanted, available * setter / wanted);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RewardMath} from "../../../../contracts/libraries/RewardMath.sol";

/// @notice Makes the functions of {RewardMath} callable: for tests of its twin in Python, and for its own.
contract RewardMathHarness {
    function median(uint256 a, uint256 b, uint256 c) external pure returns (uint256) {
        return RewardMath.median(a, b, c);
    }

    function delta(uint256 m0, uint256 m1, uint256 m2) external pure returns (int256) {
        return RewardMath.delta(m0, m1, m2);
    }

    function share(uint256 m0, uint256 change, uint256 shareBps, uint256 rewardCapBps) external pure returns (uint256) {
        return RewardMath.share(m0, change, shareBps, rewardCapBps);
    }

    function toTokens(uint256 value, uint256 supply, uint256 cap) external pure returns (uint256) {
        return RewardMath.toTokens(value, supply, cap);
    }

    function split(
        uint256 m0,
        uint256 m1,
        uint256 m2,
        uint256 prompterBps,
        uint256 setterBps,
        uint256 rewardCapBps,
        uint256 supply,
        uint256 capNow
    ) external pure returns (int256 change, uint256 cap, uint256 prompter, uint256 setter) {
        return RewardMath.split(m0, m1, m2, prompterBps, setterBps, rewardCapBps, supply, capNow);
    }

    function within(uint256 available, uint256 prompter, uint256 setter) external pure returns (uint256, uint256) {
        return RewardMath.within(available, prompter, setter);
    }
}

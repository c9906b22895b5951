// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CurveMath} from "contracts/libraries/CurveMath.sol";

/// @notice Exposes {CurveMath} to calls, for the twin tests.
contract CurveMathHarness {
    function costToMint(uint256 reserve, uint256 supply, uint256 tokens) external pure returns (uint256) {
        return CurveMath.costToMint(reserve, supply, tokens);
    }

    function rewardForBurn(uint256 reserve, uint256 supply, uint256 tokens) external pure returns (uint256) {
        return CurveMath.rewardForBurn(reserve, supply, tokens);
    }

    function tokensForCost(uint256 reserve, uint256 supply, uint256 cost) external pure returns (uint256) {
        return CurveMath.tokensForCost(reserve, supply, cost);
    }

    function price(uint256 reserve, uint256 supply) external pure returns (uint256) {
        return CurveMath.price(reserve, supply);
    }

    function marketCap(uint256 reserve) external pure returns (uint256) {
        return CurveMath.marketCap(reserve);
    }
}

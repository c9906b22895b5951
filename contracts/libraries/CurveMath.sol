// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title CurveMath
/// @notice The bonding curve. State: reserve R > 0 in reserve units and supply T > 0 in tokens of 18 decimals.
/// @dev Along the curve R / T^2 is constant, so R' = R (T ± x)^2 / T^2. Every rounding favours the reserve: R / T^2
/// never falls, hence no order or split of calls takes out more than was put in. Products of two token amounts are
/// checked 256-bit (supplies stay below 2^96, see BToken); the product with R is 512-bit in {Math-mulDiv}.
library CurveMath {
    using Math for uint256;

    /// @dev One whole token.
    uint256 internal constant UNIT = 1e18;

    /// @notice ceil(R * x * (2T + x) / T^2), the cost of `tokens` = x in reserve units.
    function costToMint(uint256 reserve, uint256 supply, uint256 tokens) internal pure returns (uint256) {
        return reserve.mulDiv(tokens * (2 * supply + tokens), supply * supply, Math.Rounding.Ceil);
    }

    /// @notice floor(R * x * (2T - x) / T^2), the worth of `tokens` = x <= T in reserve units.
    /// @dev Reverts with an arithmetic panic if x > T.
    function rewardForBurn(uint256 reserve, uint256 supply, uint256 tokens) internal pure returns (uint256) {
        return reserve.mulDiv(tokens * (supply + (supply - tokens)), supply * supply);
    }

    /// @notice The largest x with costToMint(x) <= `cost`: floor(sqrt(floor(T^2 * (R + cost) / R))) - T.
    /// @dev Exact: costToMint(x) <= cost <=> R x (2T + x) / T^2 <= cost <=> (T + x)^2 <= T^2 (R + cost) / R, and the
    /// left side is a whole number.
    function tokensForCost(uint256 reserve, uint256 supply, uint256 cost) internal pure returns (uint256) {
        return (supply * supply).mulDiv(reserve + cost, reserve).sqrt() - supply;
    }

    /// @notice floor(2R * 1e18 / T), the price of a whole token in reserve units.
    function price(uint256 reserve, uint256 supply) internal pure returns (uint256) {
        return (2 * reserve).mulDiv(UNIT, supply);
    }

    /// @notice Price times supply without the rounding: 2R.
    function marketCap(uint256 reserve) internal pure returns (uint256) {
        return 2 * reserve;
    }
}

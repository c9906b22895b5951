// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title MockUSDC
/// @notice A mock of the reserve token for development chains: anyone mints, so it is worth nothing anywhere.
contract MockUSDC is ERC20("Mock USD Coin (worthless)", "mUSDC") {
    /// @notice Gives `amount` base units to `to`, for anyone who asks.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}

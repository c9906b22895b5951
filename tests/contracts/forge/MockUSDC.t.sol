// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockUSDC} from "contracts/mocks/MockUSDC.sol";

import {Test} from "./support/Test.sol";

contract MockUSDCTest is Test {
    function test_mock__saysWhatItIsAndGivesToEverybody() public {
        MockUSDC usdc = new MockUSDC();
        assertEq(usdc.name(), "Mock USD Coin (worthless)", "name");
        assertEq(usdc.symbol(), "mUSDC", "symbol");
        assertEq(usdc.decimals(), 6, "decimals");
        address alice = _actor("alice");
        vm.prank(_actor("anyone"));
        usdc.mint(alice, 5e6);
        assertEq(usdc.balanceOf(alice), 5e6, "minted");
    }
}

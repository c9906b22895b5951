// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BTokenFixture} from "./support/BTokenFixture.sol";
import {GasMeter} from "./support/GasMeter.sol";

/// @notice Gas of whole transactions (intrinsic gas and calldata included) against the budget of the specification.
contract BTokenGasTest is BTokenFixture, GasMeter {
    uint256 internal constant MINT_BUDGET = 115_000;
    uint256 internal constant REDEEM_BUDGET = 125_000;

    function setUp() public override {
        super.setUp();
        usdc.mint(alice, 1e12);
        vm.prank(alice);
        usdc.approve(address(token), type(uint256).max);
        _buyAndWait(bob, 1_000 * TOKEN);
        vm.prank(alice);
        token.permissionlessMint(100 * TOKEN, 1e12, block.timestamp);
        skip(MINT_LOCK);
    }

    /// forge-config: default.isolate = true
    function test_permissionlessMint__staysWithinItsBudget() public {
        vm.prank(alice);
        token.permissionlessMint(10 * TOKEN, 1e12, block.timestamp);
        _measure("permissionlessMint", MINT_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_redeem__staysWithinItsBudget() public {
        vm.prank(alice);
        token.redeem(10 * TOKEN, 0, block.timestamp);
        _measure("redeem", REDEEM_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_redeem__toAnAccountWithoutReserveStaysWithinItsBudget() public {
        assertEq(usdc.balanceOf(bob), 0, "a new storage slot");
        vm.prank(bob);
        token.redeem(10 * TOKEN, 0, block.timestamp);
        _measure("redeem, to an account without reserve", REDEEM_BUDGET);
    }
}

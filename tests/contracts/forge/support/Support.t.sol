// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "./Test.sol";

contract SupportTest is Test {
    function test_actor__namesOneAddressPerName() public {
        assertEq(_actor("alice"), _actor("alice"), "same name, same address");
        assertNotEq(_actor("alice"), _actor("bob"), "other name, other address");
    }

    function testFuzz_bound__staysInRange(uint256 value, uint256 a, uint256 b) public pure {
        (uint256 min, uint256 max) = a < b ? (a, b) : (b, a);
        uint256 bounded = bound(value, min, max);
        assertGe(bounded, min, "not below");
        assertLe(bounded, max, "not above");
    }

    function test_skip__movesTheClock() public {
        uint256 before = block.timestamp;
        skip(1 days);
        assertEq(block.timestamp, before + 1 days, "one day later");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CurveMathHarness} from "./harness/CurveMathHarness.sol";
import {Test} from "./support/Test.sol";

contract CurveMathTest is Test {
    uint256 internal constant MAX = type(uint96).max;
    uint256 internal constant TOKEN = 1e18;
    bytes internal constant OVERFLOW = abi.encodeWithSignature("Panic(uint256)", 0x11);

    CurveMathHarness internal curve = new CurveMathHarness();

    // Known answers

    function test_curve__isTheSeedsCurveAtSlopeOne() public view {
        // c(x, s) = (2s + x) x / 2 with s = 1000 and k = 2R / T^2 = 1, in whole units: R = s^2 / 2.
        assertEq(curve.costToMint(500_000, 1_000, 20), (2 * 1_000 + 20) * 20 / 2, "cost");
        assertEq(curve.rewardForBurn(500_000, 1_000, 20), (2 * 1_000 - 20) * 20 / 2, "reward");
        assertEq(curve.price(500_000, 1_000 * TOKEN), 1_000, "price = supply");
    }

    function test_costToMint__roundsUp() public view {
        assertEq(curve.costToMint(1, TOKEN, 1), 1, "one wei of token costs a whole base unit");
    }

    function test_rewardForBurn__roundsDown() public view {
        assertEq(curve.rewardForBurn(1, TOKEN, TOKEN - 1), 0, "almost everything of one base unit is nothing");
        assertEq(curve.rewardForBurn(7, TOKEN, TOKEN), 7, "everything is the reserve");
    }

    function test_rewardForBurn__revertsAboveTheSupply() public {
        vm.expectRevert(OVERFLOW);
        curve.rewardForBurn(1, TOKEN, TOKEN + 1);
    }

    function test_costToMint__revertsWhereTheProductOverflows() public {
        vm.expectRevert(OVERFLOW);
        curve.costToMint(1, TOKEN, type(uint256).max);
    }

    function test_tokensForCost__revertsWhereTheSupplyOverflows() public {
        vm.expectRevert(OVERFLOW);
        curve.tokensForCost(1, MAX, type(uint256).max - 1);
    }

    function test_marketCap__isTwiceTheReserve() public view {
        assertEq(curve.marketCap(21), 42, "2R");
    }

    // Against independent arithmetic

    function testFuzz_costToMint__isTheLeastThatCoversTheIntegral(uint256 r, uint256 t, uint256 x) public view {
        (r, t, x) = _small(r, t, x);
        uint256 cost = curve.costToMint(r, t, x);
        assertGe(cost * t * t, r * x * (2 * t + x), "covers");
        assertLt((cost - 1) * t * t, r * x * (2 * t + x), "one less does not");
    }

    function testFuzz_rewardForBurn__isTheMostThatTheIntegralCovers(uint256 r, uint256 t, uint256 x) public view {
        (r, t, x) = _small(r, t, x);
        x = bound(x, 0, t);
        uint256 reward = curve.rewardForBurn(r, t, x);
        assertLe(reward * t * t, r * x * (2 * t - x), "covered");
        assertGt((reward + 1) * t * t, r * x * (2 * t - x), "one more is not");
    }

    function testFuzz_tokensForCost__isTheExactInverse(uint256 r, uint256 t, uint256 cost) public view {
        r = bound(r, 1, MAX);
        t = bound(t, TOKEN, MAX);
        cost = bound(cost, 0, r * 1e6);
        uint256 tokens = curve.tokensForCost(r, t, cost);
        assertLe(curve.costToMint(r, t, tokens), cost, "affordable");
        assertGt(curve.costToMint(r, t, tokens + 1), cost, "one wei more is not");
    }

    // The laws of the curve, over the whole range of states

    function testFuzz_mintThenBurn__neverPaysMoreThanWasPaid(uint256 r, uint256 t, uint256 x) public view {
        (r, t, x) = _wide(r, t, x);
        uint256 cost = curve.costToMint(r, t, x);
        assertLe(curve.rewardForBurn(r + cost, t + x, x), cost, "I4");
    }

    function testFuzz_splitting__aPurchaseIsNeverCheaper(uint256 r, uint256 t, uint256 x, uint256 y) public view {
        (r, t, x) = _wide(r, t, x);
        y = bound(y, 0, x);
        uint256 first = curve.costToMint(r, t, y);
        uint256 second = curve.costToMint(r + first, t + y, x - y);
        assertGe(first + second, curve.costToMint(r, t, x), "I4, split purchase");
    }

    function testFuzz_splitting__aSaleNeverPaysMore(uint256 r, uint256 t, uint256 x, uint256 y) public view {
        (r, t, x) = _wide(r, t, x);
        x = bound(x, 0, t - 1);
        y = bound(y, 0, x);
        uint256 first = curve.rewardForBurn(r, t, y);
        uint256 second = curve.rewardForBurn(r - first, t - y, x - y);
        assertLe(first + second, curve.rewardForBurn(r, t, x), "I4, split sale");
    }

    function testFuzz_sale__leavesAReserve(uint256 r, uint256 t, uint256 x) public view {
        (r, t, x) = _wide(r, t, x);
        x = bound(x, 0, t - 1);
        assertLt(curve.rewardForBurn(r, t, x), r, "I2: R > 0 while T > 0");
    }

    function testFuzz_price__risesWithAPurchaseAndFallsWithASale(uint256 r, uint256 t, uint256 x) public view {
        (r, t, x) = _wide(r, t, x);
        uint256 price = curve.price(r, t);
        assertGe(curve.price(r + curve.costToMint(r, t, x), t + x), price, "I6, purchase");

        x = bound(x, 0, t - TOKEN);
        uint256 reward = curve.rewardForBurn(r, t, x);
        // The dust that a sale leaves, less than one base unit, moves the price by at most its share.
        uint256 dust = 2 * TOKEN / (t - x) + 1;
        assertLe(curve.price(r - reward, t - x), price + dust, "I6, sale");
    }

    // Ranges

    function _small(uint256 r, uint256 t, uint256 x) private pure returns (uint256, uint256, uint256) {
        return (bound(r, 1, 2 ** 64), bound(t, 1, 2 ** 80), bound(x, 1, 2 ** 80));
    }

    function _wide(uint256 r, uint256 t, uint256 x) private pure returns (uint256, uint256, uint256) {
        t = bound(t, TOKEN, MAX - 1);
        return (bound(r, 1, MAX), t, bound(x, 1, MAX - t));
    }
}

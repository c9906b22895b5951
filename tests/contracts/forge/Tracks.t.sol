// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";

import {TracksHarness} from "./harness/TracksHarness.sol";
import {Test} from "./support/Test.sol";

/// @notice The pure rules of the two speeds. Branches: Tracks.tree.
contract TracksTest is Test {
    address private constant TOKEN = address(0x70);
    address private constant RESERVE = address(0x71);
    address private constant GOVERNANCE = address(0x72);
    address private constant RESOLVER = address(0x73);
    uint256 private constant PRICE = 2e6;

    TracksHarness private _tracks;
    address[] private _to;
    uint256[] private _values;
    bytes[] private _data;

    function setUp() public {
        _tracks = new TracksHarness();
    }

    // fastAmount

    function test_fastAmount__mintsAndTransfersOfTheToken__countAsTheyAre() public {
        _add(TOKEN, abi.encodeCall(IERC20.transfer, (address(1), 5)));
        _add(TOKEN, abi.encodeCall(IBToken.governanceMint, (address(2), 7)));
        _assertListed(12);
    }

    function test_fastAmount__reserveTransfer__countsAtThePriceRoundedUp() public {
        _add(RESERVE, abi.encodeCall(IERC20.transfer, (address(1), 3e6)));
        _assertListed(1.5e18);
        _add(RESERVE, abi.encodeCall(IERC20.transfer, (address(1), 1)));
        _assertListed(1.5e18 + 5e11);
        (, uint256 amount) = _tracks.fastAmount(_to, _values, _data, TOKEN, RESERVE, 3e6);
        assertEq(amount, 1e18 + 333_333_333_334, "ceil");
    }

    function test_fastAmount__reserveTransferWithoutAPrice__isNotListed() public {
        _add(RESERVE, abi.encodeCall(IERC20.transfer, (address(1), 1)));
        (bool listed, uint256 amount) = _tracks.fastAmount(_to, _values, _data, TOKEN, RESERVE, 0);
        assertFalse(listed, "not listed");
        assertEq(amount, 0, "no amount");
    }

    function test_fastAmount__hugeAmounts__saturateInsteadOfOverflowing() public {
        _add(TOKEN, abi.encodeCall(IERC20.transfer, (address(1), type(uint256).max)));
        _assertListed(type(uint128).max);
        for (uint256 i = 0; i < 9; ++i) {
            _add(RESERVE, abi.encodeCall(IERC20.transfer, (address(1), type(uint256).max)));
        }
        (bool listed, uint256 amount) = _tracks.fastAmount(_to, _values, _data, TOKEN, RESERVE, 1);
        assertTrue(listed, "listed");
        assertGt(amount, type(uint128).max, "far over any budget");
    }

    function test_fastAmount__noActionOrUnequalArrays__isNotListed() public {
        _assertNotListed("empty");
        _add(TOKEN, abi.encodeCall(IERC20.transfer, (address(1), 5)));
        _values.push(0);
        _assertNotListed("one value too many");
        _values.pop();
        _data.push("");
        _assertNotListed("one call too many");
    }

    function test_fastAmount__value__isNotListed() public {
        _add(TOKEN, abi.encodeCall(IERC20.transfer, (address(1), 5)));
        _values[0] = 1;
        _assertNotListed("value");
    }

    function test_fastAmount__paddedOrCutCalldata__isNotListed() public {
        bytes memory call = abi.encodeCall(IERC20.transfer, (address(1), 5));
        _add(TOKEN, bytes.concat(call, hex"00"));
        _assertNotListed("padded");
        _data[0] = abi.encodePacked(IERC20.transfer.selector, uint256(1), uint248(5));
        _assertNotListed("cut");
        _data[0] = "";
        _assertNotListed("empty");
    }

    function test_fastAmount__dirtyAddress__isNotListed() public {
        _add(TOKEN, abi.encodePacked(IERC20.transfer.selector, uint256(1) << 160, uint256(5)));
        _assertNotListed("dirty");
    }

    function test_fastAmount__otherTarget__isNotListed() public {
        _add(GOVERNANCE, abi.encodeCall(IERC20.transfer, (address(1), 5)));
        _assertNotListed("unknown target");
        _to[0] = RESERVE;
        _data[0] = abi.encodeCall(IBToken.governanceMint, (address(1), 5));
        _assertNotListed("a mint of the reserve token");
    }

    function test_fastAmount__oneOfManyUnlisted__spoilsAll() public {
        _add(TOKEN, abi.encodeCall(IERC20.transfer, (address(1), 5)));
        _add(TOKEN, abi.encodeCall(IERC20.approve, (address(1), 5)));
        _add(TOKEN, abi.encodeCall(IERC20.transfer, (address(1), 5)));
        _assertNotListed("approve");
    }

    function testFuzz_fastAmount__anySelectorButTheListedOnes__isNotListed(bytes4 selector, uint160 to, uint256 amount)
        public
    {
        vm.assume(selector != IERC20.transfer.selector && selector != IBToken.governanceMint.selector);
        _add(TOKEN, abi.encodePacked(selector, uint256(to), amount));
        _assertNotListed("selector");
    }

    function testFuzz_fastAmount__splittingAReserveTransfer__neverCountsLess(
        uint256 amount,
        uint256 part,
        uint256 price
    ) public {
        amount = bound(amount, 1, 1e30);
        part = bound(part, 0, amount);
        price = bound(price, 1, 1e30);
        _add(RESERVE, abi.encodeCall(IERC20.transfer, (address(1), amount)));
        (, uint256 whole) = _tracks.fastAmount(_to, _values, _data, TOKEN, RESERVE, price);
        _data[0] = abi.encodeCall(IERC20.transfer, (address(1), part));
        _add(RESERVE, abi.encodeCall(IERC20.transfer, (address(1), amount - part)));
        (, uint256 split) = _tracks.fastAmount(_to, _values, _data, TOKEN, RESERVE, price);
        assertGe(split, whole, "rounded against whoever splits");
    }

    // floorPrice

    function test_floorPrice__noSupplyBefore__isZero() public view {
        assertEq(_tracks.floorPrice(5, 5, 5, 0), 0, "zero");
    }

    function test_floorPrice__spotAndAverage__takesTheLower() public view {
        assertEq(_tracks.floorPrice(2e6, 30e6, 10e18, 10e18), 2e6, "spot");
        assertEq(_tracks.floorPrice(4e6, 30e6, 10e18, 10e18), 3e6, "average");
    }

    function testFuzz_floorPrice__pump__neverRaisesIt(uint256 spot, uint256 cap, uint256 supply, uint256 pumped)
        public
        view
    {
        cap = bound(cap, 0, 1e40);
        supply = bound(supply, 1, 1e40);
        pumped = bound(pumped, supply, 1e40);
        spot = bound(spot, cap * 1e18 / supply, type(uint256).max);
        uint256 before = _tracks.floorPrice(cap * 1e18 / supply, cap, supply, supply);
        assertLe(_tracks.floorPrice(spot, cap, pumped, supply), before, "a higher spot and supply");
    }

    // budgetLeft

    function test_budgetLeft__supplyPumpedOrBurned__takesTheLower() public view {
        assertEq(_tracks.budgetLeft(1_000, 100, 500, 0), 5, "pumped");
        assertEq(_tracks.budgetLeft(100, 1_000, 500, 0), 5, "burned");
    }

    function test_budgetLeft__spent__isTakenOffDownToZero() public view {
        assertEq(_tracks.budgetLeft(1_000, 1_000, 500, 20), 30, "left");
        assertEq(_tracks.budgetLeft(1_000, 1_000, 500, 51), 0, "never negative");
    }

    // replacesArbitrator

    function test_replacesArbitrator__thatAlone__isTrue() public {
        _add(RESOLVER, abi.encodeCall(IDisputeResolver.setArbitrator, (address(1))));
        assertTrue(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "alone");
    }

    function test_replacesArbitrator__anythingElse__isFalse() public {
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "nothing");
        bytes memory call = abi.encodeCall(IDisputeResolver.setArbitrator, (address(1)));
        _add(GOVERNANCE, call);
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "other target");
        _to[0] = RESOLVER;
        _values[0] = 1;
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "value");
        _values[0] = 0;
        _data[0] = bytes.concat(call, hex"00");
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "padded");
        _data[0] = abi.encodePacked(IDisputeResolver.setArbitrator.selector, uint256(1) << 160);
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "dirty");
        _data[0] = abi.encodeCall(IGovernance.setPromptUpdate, (address(1)));
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "other setter");
        _data[0] = call;
        _values.push(0);
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "unequal values");
        _data.push("");
        _values.pop();
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "unequal calls");
        _data.pop();
        _add(TOKEN, abi.encodeCall(IERC20.transfer, (address(1), 5)));
        assertFalse(_tracks.replacesArbitrator(_to, _values, _data, RESOLVER), "one action more");
    }

    // repairs

    function test_repairs__aPartOfTheModelPath__isTrue() public view {
        bytes4[3] memory setters = [
            IGovernance.setPromptUpdate.selector,
            IGovernance.setModelRegistry.selector,
            IGovernance.setDisputeResolver.selector
        ];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory call = abi.encodeWithSelector(setters[i], address(1));
            assertTrue(_repairs(GOVERNANCE, 0, call), "in the governor");
        }
    }

    function test_repairs__anythingElse__isFalse() public view {
        bytes memory call = abi.encodeCall(IGovernance.setPromptUpdate, (address(1)));
        assertFalse(_repairs(TOKEN, 0, call), "other target");
        assertFalse(_repairs(GOVERNANCE, 1, call), "value");
        assertFalse(_repairs(GOVERNANCE, 0, bytes.concat(call, hex"00")), "padded");
        assertFalse(_repairs(GOVERNANCE, 0, ""), "empty");
        assertFalse(
            _repairs(GOVERNANCE, 0, abi.encodePacked(IGovernance.setPromptUpdate.selector, uint256(1) << 160)), "dirty"
        );
        assertFalse(_repairs(GOVERNANCE, 0, abi.encodeCall(IDisputeResolver.setArbitrator, (address(1)))), "other");
    }

    // Helpers

    function _add(address target, bytes memory data) private {
        _to.push(target);
        _values.push(0);
        _data.push(data);
    }

    function _repairs(address target, uint256 value, bytes memory data) private view returns (bool) {
        return _tracks.repairs(target, value, data, GOVERNANCE);
    }

    function _assertListed(uint256 expected) private view {
        (bool listed, uint256 amount) = _tracks.fastAmount(_to, _values, _data, TOKEN, RESERVE, PRICE);
        assertTrue(listed, "listed");
        assertEq(amount, expected, "amount");
    }

    function _assertNotListed(string memory reason) private view {
        (bool listed, uint256 amount) = _tracks.fastAmount(_to, _values, _data, TOKEN, RESERVE, PRICE);
        assertFalse(listed, reason);
        assertEq(amount, 0, reason);
    }
}

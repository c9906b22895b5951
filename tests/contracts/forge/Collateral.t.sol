// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PromptUpdate} from "contracts/PromptUpdate.sol";
import {IParameters} from "contracts/interfaces/IParameters.sol";
import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotEvents} from "contracts/interfaces/ISlotEvents.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

contract CollateralTest is SlotFixture {
    uint256 internal e;

    function setUp() public override {
        super.setUp();
        e = _next();
    }

    // deposits

    function test_depositCollateral__addsUp() public {
        vm.expectEmit(address(slots));
        emit ISlotEvents.CollateralDeposited(ann, 2 * TOKEN);
        vm.prank(ann);
        slots.depositCollateral(2 * TOKEN);
        assertEq(slots.collateralOf(ann), COLLATERAL + 2 * TOKEN, "collateral");
        assertEq(slots.lockedCollateralOf(ann), 0, "free");
    }

    function test_depositCollateral__ofNothingReverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.ZeroAmount.selector));
        vm.prank(ann);
        slots.depositCollateral(0);
    }

    // withdrawals

    function test_withdrawCollateral__countsInTheAnnouncedWindow() public {
        uint256 from = block.timestamp + EPOCH;
        vm.expectEmit(address(slots));
        emit ISlotEvents.WithdrawalAnnounced(ann, from, from + 7 days);
        vm.startPrank(ann);
        slots.announceWithdrawal();
        (uint256 opens, uint256 closes) = slots.withdrawalWindow(ann);
        assertEq(opens, from, "an epoch of notice");
        assertEq(closes, from + 7 days, "for seven days");

        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.OutsideWindow.selector, opens, closes, from - 1));
        slots.withdrawCollateral(TOKEN);
        vm.warp(from);
        uint256 before = token.balanceOf(ann);
        vm.expectEmit(address(slots));
        emit ISlotEvents.CollateralWithdrawn(ann, TOKEN);
        slots.withdrawCollateral(TOKEN);
        assertEq(token.balanceOf(ann) - before, TOKEN, "paid");
        assertEq(slots.collateralOf(ann), COLLATERAL - TOKEN, "booked");
        vm.warp(closes);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.OutsideWindow.selector, opens, closes, closes));
        slots.withdrawCollateral(TOKEN);
    }

    function test_withdrawCollateral__withoutNoticeReverts() public {
        (uint256 from, uint256 to) = slots.withdrawalWindow(ann);
        assertEq(from + to, 0, "none announced");
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.OutsideWindow.selector, 0, 0, block.timestamp));
        vm.prank(ann);
        slots.withdrawCollateral(TOKEN);
    }

    function test_withdrawCollateral__ofNothingReverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.ZeroAmount.selector));
        vm.prank(ann);
        slots.withdrawCollateral(0);
    }

    function test_withdrawCollateral__ofWhatIsLockedReverts() public {
        vm.prank(setter);
        slots.announceWithdrawal();
        _win(e, 9 * TOKEN);
        uint256 free = COLLATERAL - slots.requiredCollateral(e);
        vm.startPrank(setter);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.InsufficientCollateral.selector, setter, free, free + 1));
        slots.withdrawCollateral(free + 1);
        slots.withdrawCollateral(free);
    }

    /// @dev The reason for the notice: a setter that could leave at once would make all bids with its model fail.
    function test_withdrawCollateral__cannotFailABidThatWasCommittedBeforeTheNotice() public {
        _commit(e, ann, 9 * TOKEN);
        vm.prank(setter);
        slots.announceWithdrawal();
        vm.warp(slots.windowsOf(e).start - 1);
        vm.expectPartialRevert(ISlotErrors.OutsideWindow.selector);
        vm.prank(setter);
        slots.withdrawCollateral(COLLATERAL);
        _reveal(e, ann, 9 * TOKEN);
    }

    function testFuzz_announceWithdrawal__noticeOutlastsEveryOpenReveal(uint256 later, uint256 length) public {
        _tune("epochLength", bound(length, REVEAL + SUBMIT, 30 days));
        skip(bound(later, 0, 60 days));
        uint256 open = _next();
        vm.prank(setter);
        slots.announceWithdrawal();
        (uint256 from,) = slots.withdrawalWindow(setter);
        assertGe(from, slots.windowsOf(open).start, "not before the openings of the open epoch are over");
    }

    // requirement

    function test_requiredCollateral__isTheShareOfTheSupply_butNotLessThanTheMinimum() public {
        assertEq(slots.requiredCollateral(e), 5.005 ether, "50 bps of 1,001 tokens");
        _tune("minCollateral", 10 * TOKEN);
        assertEq(slots.requiredCollateral(e), 10 * TOKEN, "minimum");
    }

    function test_requiredCollateral__beforeTheCommitPhase_followsTheSupply() public {
        skip(1);
        _buy(stranger, 1_000 * TOKEN);
        skip(1);
        assertEq(slots.requiredCollateral(e), 5.005 ether, "fixed for the open epoch");
        assertEq(slots.requiredCollateral(e + 1), 10.005 ether, "not yet for the next");
    }

    // construction

    function test_constructor__refusesMissingParts() public {
        ISlotTypes.Config memory config = _slotsConfig();
        config.bToken = stranger;
        _refuseConfig(config, abi.encodeWithSelector(ISlotErrors.BadAddress.selector, stranger));
        config = _slotsConfig();
        config.reserveToken = stranger;
        _refuseConfig(config, abi.encodeWithSelector(ISlotErrors.BadAddress.selector, stranger));
        config = _slotsConfig();
        config.governance = address(0);
        _refuseConfig(config, abi.encodeWithSelector(ISlotErrors.BadAddress.selector, address(0)));
        config = _slotsConfig();
        config.timelock = address(0);
        _refuseConfig(config, abi.encodeWithSelector(ISlotErrors.BadAddress.selector, address(0)));
    }

    function test_constructor__refusesValuesOutOfBounds() public {
        ISlotTypes.Config memory config = _slotsConfig();
        config.rewardCapBps = 201;
        _refuseConfig(config, _outOfBounds("rewardCapBps", 201, 0, 200));
        config = _slotsConfig();
        config.epochLength = 17 hours; // opening and posting take 18
        _refuseConfig(config, _outOfBounds("epochLength", 17 hours, 18 hours, 30 days));
        config = _slotsConfig();
        config.maturity = 23 hours;
        _refuseConfig(config, _outOfBounds("maturity", 23 hours, 1 days, 30 days));
        config = _slotsConfig();
        config.capWindow = 25 hours;
        _refuseConfig(config, _outOfBounds("capWindow", 25 hours, 1 hours, 1 days));
    }

    function test_constructor__localProfileIsForDevelopmentChains() public {
        ISlotTypes.Config memory config = _slotsConfig();
        config.local = true;
        config.epochLength = 24 minutes;
        config.revealDuration = 6 minutes;
        config.submitWindow = 12 minutes;
        config.capWindow = 4 minutes;
        PromptUpdate local = new PromptUpdate(config);
        assertTrue(local.localProfile(), "short times");
        (uint256 min,) = local.parameterBounds("capWindow");
        assertEq(min, 1 minutes, "floor");
        vm.chainId(1);
        _refuseConfig(config, abi.encodeWithSelector(IParameters.LocalProfileRefused.selector, 1));
    }

    function _refuseConfig(ISlotTypes.Config memory config, bytes memory reason) private {
        vm.expectRevert(reason);
        new PromptUpdate(config);
    }

    function _outOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IParameters.ParameterOutOfBounds.selector, name, value, min, max);
    }
}

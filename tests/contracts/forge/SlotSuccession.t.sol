// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotEvents} from "contracts/interfaces/ISlotEvents.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

contract SlotSuccessionTest is SlotFixture {
    uint256 internal e;
    uint256 internal id;
    uint256 internal side;

    function setUp() public override {
        super.setUp();
        e = _next();
        id = _fill(e, 9 * TOKEN);
        side = slots.requiredCollateral(e);
    }

    // the next winner

    function test_updatePrompt__closesTheSlotBeforeInTheSameSecond() public {
        _defeat(id);
        uint256 next = _next() + 1;
        _toCommit(next);
        _winSeed(next, 9 * TOKEN);
        vm.expectEmit(address(slots));
        emit ISlotEvents.SlotClosed(1, e, block.timestamp + MATURITY);
        _post(next);
        assertEq(slots.openSlot(), 2, "I12: one open slot");
        assertEq(slots.slot(1).closedAt, slots.slot(2).openedAt, "I12: slots abut");
        assertEq(slots.matureAt(1), block.timestamp + MATURITY, "mature a day later");
        assertEq(slots.lockedCollateralOf(ann), 2 * side, "two unsettled slots, two locks");
        assertEq(slots.lockedCollateralOf(setter), 2 * side, "the same for the setter");
    }

    // rollSlot

    function test_rollSlot__byAnyone_opensAnEmptySlotForTheSetter() public {
        uint256 passed = _passAnEpoch();
        vm.expectEmit(address(slots));
        emit ISlotEvents.SlotClosed(1, e, block.timestamp + MATURITY);
        vm.expectEmit(address(slots));
        emit ISlotEvents.SlotOpened(2, passed, 0, address(0), setter, 0, slots.requiredCollateral(passed));
        vm.prank(stranger);
        slots.rollSlot();
        ISlotTypes.Slot memory empty = slots.slot(2);
        assertEq(empty.prompter, address(0), "no prompter");
        assertEq(empty.setter, setter, "the last weight setter");
        assertEq(empty.price, 0, "no price");
        assertEq(empty.proposalId, 0, "no proposal");
        assertEq(empty.epoch, passed, "for the epoch that passed");
        assertEq(empty.openedAt, slots.slot(1).closedAt, "I12: slots abut");
        assertEq(slots.lockedCollateralOf(setter), 2 * side, "a lock of its own");
    }

    function test_rollSlot__oncePerEpoch() public {
        uint256 passed = _passAnEpoch();
        slots.rollSlot();
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NotRollable.selector, passed + 1));
        slots.rollSlot();
        vm.warp(slots.windowsOf(passed + 1).submitEnd - 1);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NotRollable.selector, passed + 1));
        slots.rollSlot();
        skip(1);
        slots.rollSlot();
        assertEq(slots.openSlot(), 3, "the next empty slot");
    }

    function test_rollSlot__skipsEpochsThatNobodyRolled() public {
        _passAnEpoch();
        skip(5 * EPOCH);
        slots.rollSlot();
        uint256 epoch = slots.slot(2).epoch;
        assertLe(slots.windowsOf(epoch).submitEnd, block.timestamp, "the last that passed");
        assertGt(slots.windowsOf(epoch + 1).submitEnd, block.timestamp, "and no other");
    }

    function test_rollSlot__whileTheProposalIsPendingReverts() public {
        vm.warp(governance.proposalSnapshot(id) + 1);
        vm.prank(alice);
        governance.castVote(id, FOR);
        _toSubmitEnd(e + 1);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.PreviousProposalPending.selector, id));
        slots.rollSlot();
    }

    function test_rollSlot__withoutEnoughCollateral_leavesNoSlotOpen() public {
        _leave(setter, 2 * side - 1);
        _passAnEpoch();
        slots.rollSlot();
        assertEq(slots.openSlot(), 0, "the lock position");
        assertEq(slots.slotCount(), 1, "no successor");
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NoOpenSlot.selector));
        slots.rollSlot();
    }

    function test_rollSlot__isEndedByTheNextWinner() public {
        _passAnEpoch();
        slots.rollSlot();
        uint256 next = _next() + 1;
        _toCommit(next);
        _fill(next, 9 * TOKEN);
        assertEq(slots.openSlot(), 3, "the winner's");
        assertEq(slots.slot(2).closedAt, slots.slot(3).openedAt, "I12: slots abut");
    }

    // exitSlot

    function test_exitSlot__leavesNoSlotOpen() public {
        _defeat(id);
        vm.expectEmit(address(slots));
        emit ISlotEvents.SlotClosed(1, e, block.timestamp + MATURITY);
        vm.prank(setter);
        slots.exitSlot();
        assertEq(slots.openSlot(), 0, "the lock position");
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NoOpenSlot.selector));
        vm.prank(setter);
        slots.exitSlot();
    }

    function test_exitSlot__ofAnEmptySlot_givesTheCollateralBack() public {
        _passAnEpoch();
        slots.rollSlot();
        vm.startPrank(setter);
        slots.exitSlot();
        slots.announceWithdrawal();
        vm.stopPrank();
        vm.warp(slots.matureAt(2));
        slots.settleReward(1);
        slots.settleReward(2);
        assertEq(slots.lockedCollateralOf(setter), 0, "all free");
        vm.prank(setter);
        slots.withdrawCollateral(COLLATERAL);
    }

    function test_exitSlot__byAnotherReverts() public {
        _defeat(id);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.OnlySetter.selector, ann));
        vm.prank(ann);
        slots.exitSlot();
    }

    function test_exitSlot__whileTheProposalIsPendingReverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.PreviousProposalPending.selector, id));
        vm.prank(setter);
        slots.exitSlot();
    }

    function test_slot__cannotBeClosedBeforeTheMarketSawTheExecution() public {
        _buy(alice, 20 * TOKEN);
        _enact(e, id);
        uint256 from = block.timestamp + CAP_WINDOW;
        vm.warp(from - 1);
        bytes memory tooEarly =
            abi.encodeWithSelector(ISlotErrors.OutsideWindow.selector, from, type(uint256).max, from - 1);
        vm.expectRevert(tooEarly);
        slots.rollSlot();
        vm.startPrank(setter);
        vm.expectRevert(tooEarly);
        slots.exitSlot();
        skip(1);
        slots.exitSlot();
        vm.stopPrank();
        vm.warp(slots.matureAt(1));
        ISlotTypes.Outcome memory outcome = slots.previewReward(1);
        assertEq(outcome.m1, token.averageCap(uint48(from - CAP_WINDOW), uint48(from)), "measured after the execution");
    }

    function test_exitSlot__isFollowedByTheNextWinner() public {
        _defeat(id);
        vm.prank(setter);
        slots.exitSlot();
        uint256 next = _next() + 1;
        _toCommit(next);
        _fill(next, 9 * TOKEN);
        assertEq(slots.openSlot(), 2, "open again");
    }

    // views

    function test_slot__unknownReverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.UnknownSlot.selector, 0));
        slots.slot(0);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.UnknownSlot.selector, 2));
        slots.slot(2);
    }

    // helpers

    /// @dev The proposal is defeated and the submit window of a later epoch is over.
    function _passAnEpoch() private returns (uint256 passed) {
        _defeat(id);
        passed = _next();
        _toSubmitEnd(passed);
    }

    function _leave(address account, uint256 left) private {
        vm.startPrank(account);
        slots.announceWithdrawal();
        skip(EPOCH);
        slots.withdrawCollateral(COLLATERAL - left);
        vm.stopPrank();
    }
}

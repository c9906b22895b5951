// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BToken} from "contracts/BToken.sol";
import {PromptUpdate} from "contracts/PromptUpdate.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotHandler} from "./support/SlotHandler.sol";
import {Test} from "./support/Test.sol";

/// @notice I11..I15 of the specification on a whole organisation, after any sequence of calls.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 6
/// forge-config: default.invariant.depth = 200
/// forge-config: long.invariant.runs = 256
contract PromptUpdateInvariants is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    SlotHandler internal handler;
    PromptUpdate internal slots;
    BToken internal token;

    function setUp() public {
        handler = new SlotHandler();
        handler.setUp();
        slots = PromptUpdate(handler.organisation());
        token = BToken(address(slots.bToken()));
        _target(address(handler));
    }

    /// @notice Only the actions of the handler, not the helpers of its fixture.
    function targetSelectors() public view returns (FuzzSelector[] memory selected) {
        bytes4[23] memory actions = [
            SlotHandler.pass.selector,
            SlotHandler.pass.selector,
            SlotHandler.bid.selector, // the way of a slot is long: its steps come more often
            SlotHandler.bid.selector,
            SlotHandler.bid.selector,
            SlotHandler.open.selector,
            SlotHandler.open.selector,
            SlotHandler.open.selector,
            SlotHandler.proceed.selector,
            SlotHandler.proceed.selector,
            SlotHandler.proceed.selector,
            SlotHandler.proceed.selector,
            SlotHandler.takeBack.selector,
            SlotHandler.takeBack.selector,
            SlotHandler.govern.selector,
            SlotHandler.roll.selector,
            SlotHandler.exit.selector,
            SlotHandler.settleSlot.selector,
            SlotHandler.claim.selector,
            SlotHandler.putUp.selector,
            SlotHandler.takeOut.selector,
            SlotHandler.trade.selector,
            SlotHandler.donate.selector
        ];
        selected = new FuzzSelector[](1);
        selected[0] = FuzzSelector(address(handler), new bytes4[](actions.length));
        for (uint256 i = 0; i < actions.length; ++i) {
            selected[0].selectors[i] = actions[i];
        }
    }

    function invariant_I11_everyTokenHeldBelongsToSomebody() public view {
        uint256 booked = handler.donated();
        for (uint256 i = 0; i < handler.bidCount(); ++i) {
            (uint256 e, address bidder,) = handler.bids(i);
            booked += slots.bidOf(e, bidder).deposit;
        }
        for (uint256 id = 1; id <= slots.slotCount(); ++id) {
            ISlotTypes.Slot memory slot = slots.slot(id);
            if (!slot.settled) booked += slot.price;
        }
        for (uint256 i = 0; i < 3; ++i) {
            booked += slots.collateralOf(handler.sides(i));
        }
        assertEq(token.balanceOf(address(slots)), booked, "I11");
    }

    function invariant_I12_oneOpenSlotAndNoGapBetweenSlots() public view {
        for (uint256 id = 1; id <= slots.slotCount(); ++id) {
            ISlotTypes.Slot memory slot = slots.slot(id);
            if (slot.closedAt == 0) assertEq(id, slots.openSlot(), "I12: only the last is open");
            if (id == 1) continue;
            ISlotTypes.Slot memory before = slots.slot(id - 1);
            if (handler.leftOpen(id - 1)) assertGe(slot.openedAt, before.closedAt, "I12: after a lock position");
            else assertEq(slot.openedAt, before.closedAt, "I12: slots abut");
            assertGt(slot.epoch, before.epoch, "I12: epochs rise");
        }
    }

    function invariant_I13_thePriceLiesBetweenReserveAndBid() public view {
        assertFalse(handler.badPrice(), "I13");
    }

    function invariant_I14_everyProposalHasASlotAndIsOurs() public view {
        uint256 filled;
        for (uint256 id = 1; id <= slots.slotCount(); ++id) {
            uint256 proposalId = slots.slot(id).proposalId;
            if (proposalId == 0) continue;
            ++filled;
            assertEq(handler.proposerOf(proposalId), address(slots), "I14: proposer");
        }
        assertEq(filled, handler.posted(), "I14: a slot for each");
    }

    function invariant_I15_rewardsAndLossesAreBoundedAndPaidOnce() public view {
        assertFalse(handler.badReward(), "I15: bounds");
        assertFalse(handler.settledTwice(), "I15: once");
    }

    /// @dev What makes I15 possible: behind every side that may lose stands a lock, and every lock has a side.
    function invariant_I15_locksAreTheSidesOfLeadersAndUnsettledSlots() public view {
        for (uint256 i = 0; i < 3; ++i) {
            address account = handler.sides(i);
            uint256 locked = _lockedByLeader(account);
            for (uint256 id = 1; id <= slots.slotCount(); ++id) {
                ISlotTypes.Slot memory slot = slots.slot(id);
                if (slot.settled) continue;
                if (slot.prompter == account) locked += slot.collateral;
                if (slot.setter == account) locked += slot.collateral;
            }
            assertEq(slots.lockedCollateralOf(account), locked, "I15: locks");
            assertLe(locked, slots.collateralOf(account), "I15: covered");
        }
    }

    /// @dev The invariants would hold of a handler that never gets anywhere, too.
    function test_handler__getsEverywhere() public {
        bytes4[] memory actions = targetSelectors()[0].selectors;
        for (uint256 i = 0; i < 3_000; ++i) {
            uint256 random = uint256(keccak256(abi.encode("walk", i)));
            bytes32[3] memory words =
                [keccak256(abi.encode(random, 1)), keccak256(abi.encode(random, 2)), bytes32(random)];
            bytes memory call = abi.encodePacked(actions[random % actions.length], words);
            (bool ok,) = address(handler).call(call);
            assertTrue(ok, "no action reverts");
        }
        assertGt(handler.settledAuctions(), 3, "auctions");
        assertGt(handler.posted(), 2, "proposals");
        assertGt(slots.slotCount(), handler.posted(), "empty slots");
        assertGt(handler.settledSlots(), 2, "rewards");
        invariant_I11_everyTokenHeldBelongsToSomebody();
    }

    /// @dev Auctions whose winner neither posted nor abstained nor was forfeited; a lapsed one keeps its locks.
    function _lockedByLeader(address account) private view returns (uint256 locked) {
        uint256 last;
        for (uint256 i = 0; i < handler.bidCount(); ++i) {
            (uint256 e,,) = handler.bids(i);
            if (e == last) continue;
            last = e;
            ISlotTypes.Auction memory auction = slots.auction(e);
            if (auction.winner == address(0)) continue;
            if (slots.bidOf(e, auction.winner).status != ISlotTypes.BidStatus.Revealed) continue;
            if (auction.winner == account) locked += auction.collateral;
            if (auction.setter == account) locked += auction.collateral;
        }
    }
}

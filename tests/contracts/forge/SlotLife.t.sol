// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

/// @notice One slot after the other, with every contract as it will be deployed.
contract SlotLifeTest is SlotFixture {
    function test_slot__fromSealedBidToReward() public {
        uint256 e = _next();
        _commit(e, ann, 10 * TOKEN, 12 * TOKEN);
        _commit(e, ben, 6 * TOKEN);
        _toReveal(e);
        _reveal(e, ben, 6 * TOKEN);
        _reveal(e, ann, 10 * TOKEN);
        _toStart(e);
        _drawSeed(e);
        assertEq(slots.auction(e).winner, ann, "highest bid");
        assertEq(slots.auction(e).price, 6 * TOKEN, "second price");

        uint256 id = _post(e);
        assertEq(uint256(slots.stage(e)), uint256(ISlotTypes.Stage.Posted), "stage");
        slots.withdrawBid(e, ann);
        slots.withdrawBid(e, ben);
        assertEq(token.balanceOf(address(slots)), 3 * COLLATERAL + 6 * TOKEN, "collateral and one price");

        _buy(alice, 50 * TOKEN);
        _enact(e, id);
        assertEq(uint256(governance.state(id)), uint256(IGovernor.ProposalState.Executed), "executed");
        assertEq(token.balanceOf(stranger), TOKEN, "funded");

        uint256 next = _next();
        _toCommit(next + 1);
        assertEq(slots.reservePrice(next + 1), 6 * TOKEN / (next + 1 - e) + 1, "the price fades");
        _fill(next + 1, 10 * TOKEN);
        assertEq(slots.openSlot(), 2, "the second slot");
        assertEq(slots.slot(1).closedAt, slots.slot(2).openedAt, "slots abut");

        vm.warp(slots.matureAt(1));
        uint256 before = token.balanceOf(ann);
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertLt(int256(0), outcome.delta, "the cap rose");
        assertGt(outcome.prompterTokens, 0, "a reward");
        assertEq(token.balanceOf(ann) - before, outcome.prompterTokens, "paid");
        assertEq(outcome.priceToTreasury, 6 * TOKEN, "the price goes to the treasury");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotEvents} from "contracts/interfaces/ISlotEvents.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

/// @notice Where rewards come from, and what happens when the source does not suffice.
contract RewardSourcesTest is SlotFixture {
    uint256 internal e;

    function setUp() public override {
        super.setUp();
        e = _next();
    }

    // Vault

    function test_settleReward__fromTheVault_paysOutOfThePriceOnly() public {
        _tune("rewardSource", 1);
        _earn(60 * TOKEN, 50 * TOKEN, 200 * TOKEN);
        uint256 supply = token.totalSupply();
        uint256 held = token.balanceOf(address(slots));
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertGt(outcome.prompterTokens, 0, "paid");
        assertEq(token.totalSupply(), supply, "nothing is minted");
        uint256 paid = outcome.prompterTokens + outcome.setterTokens;
        assertEq(outcome.priceToTreasury, 50 * TOKEN - paid, "the rest goes to the treasury");
        assertEq(held - token.balanceOf(address(slots)), 50 * TOKEN, "the price left, no more");
    }

    function test_settleReward__fromAVaultThatIsTooSmall_paysInProportion() public {
        _tune("rewardSource", 1);
        _tune("setterBps", 125);
        _earn(9 * TOKEN, TOKEN / 10, 20 * TOKEN); // the rise stays below the cap of a side
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertLe(outcome.prompterTokens + outcome.setterTokens, TOKEN / 10, "the price");
        assertApproxEqAbs(outcome.prompterTokens, 2 * outcome.setterTokens, 2, "two to one");
        assertLe(outcome.priceToTreasury, 1, "but for the rounding nothing is left");
    }

    // Mint

    function test_settleReward__beyondTheMintCap_isOwedAndClaimedLater() public {
        _tuneToken("rewarderCapBps", 10); // one token in seven days
        _earn(9 * TOKEN, 1e15, 200 * TOKEN);
        uint256 available = token.mintable(token.REWARDER_ROLE());
        uint256 anns = token.balanceOf(ann);
        uint256 expected = slots.previewReward(1).prompterTokens;
        assertGt(expected, available, "more than can be minted");
        vm.expectEmit(address(slots));
        emit ISlotEvents.RewardOwed(ann, expected - available);
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertEq(token.balanceOf(ann) - anns, available, "what can be minted");
        assertEq(slots.owedReward(ann), expected - available, "the rest is owed");
        assertEq(slots.owedReward(setter), outcome.setterTokens, "nothing was left for the setter");
        assertEq(slots.lockedCollateralOf(setter), 0, "but its collateral is free");
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NothingToClaim.selector, setter));
        slots.claimReward(setter);

        while (slots.owedReward(setter) != 0) {
            skip(7 days);
            slots.claimReward(setter);
        }
        skip(7 days);
        vm.expectEmit(address(slots));
        emit ISlotEvents.RewardClaimed(ann, token.mintable(token.REWARDER_ROLE()));
        vm.prank(stranger);
        slots.claimReward(ann);
    }

    function test_settleReward__withoutTheRole_owesEverythingAndFreesTheRest() public {
        _earn(9 * TOKEN, 1e15, 200 * TOKEN);
        bytes32 role = token.REWARDER_ROLE();
        vm.prank(address(timelock));
        token.revokeRole(role, address(slots));
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertEq(slots.owedReward(ann), outcome.prompterTokens, "owed");
        assertEq(slots.lockedCollateralOf(ann), 0, "collateral is free");
        assertEq(outcome.priceToTreasury, 1e15, "the price moved");
        vm.prank(address(timelock));
        token.grantRole(role, address(slots));
        assertEq(slots.claimReward(ann), outcome.prompterTokens, "paid when the role is back");
    }

    function test_claimReward__ofNothingReverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NothingToClaim.selector, stranger));
        slots.claimReward(stranger);
    }

    // helpers

    /// @dev Ann wins at `price`, alice buys `bought`, the proposal is executed, and slot 1 is mature.
    function _earn(uint256 bid, uint256 price, uint256 bought) private {
        _commit(e, ann, bid);
        if (price > 1e15) _commit(e, ben, price);
        _toReveal(e);
        _reveal(e, ann, bid);
        if (price > 1e15) _reveal(e, ben, price);
        _toStart(e);
        _drawSeed(e);
        uint256 id = _post(e);
        _buy(alice, bought);
        _enact(e, id);
        skip(CAP_WINDOW);
        vm.prank(setter);
        slots.exitSlot();
        vm.warp(slots.matureAt(1));
    }

    function _tuneToken(bytes32 name, uint256 value) private {
        vm.prank(address(timelock));
        token.setParameter(name, value);
    }
}

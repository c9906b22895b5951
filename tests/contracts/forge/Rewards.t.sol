// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotEvents} from "contracts/interfaces/ISlotEvents.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";
import {RewardMath} from "contracts/libraries/RewardMath.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

contract RewardsTest is SlotFixture {
    uint256 internal e;
    uint256 internal id;
    uint256 internal price;

    function setUp() public override {
        super.setUp();
        e = _next();
    }

    // the cap rises

    function test_settleReward__afterARise_mintsBothShares() public {
        _open();
        _buy(alice, 10 * TOKEN);
        _closeExecuted();
        ISlotTypes.Outcome memory outcome = _expected();
        assertLt(int256(0), outcome.delta, "the cap rose");
        assertGt(outcome.prompterTokens, 0, "something to pay");
        uint256 anns = token.balanceOf(ann);
        uint256 setters = token.balanceOf(setter);
        uint256 treasury = token.balanceOf(address(timelock));
        vm.expectEmit(address(slots));
        emit ISlotEvents.RewardSettled(1, e, ann, setter, outcome);
        vm.expectEmit(address(slots));
        emit ISlotEvents.RewardClaimed(ann, outcome.prompterTokens);
        vm.expectEmit(address(slots));
        emit ISlotEvents.RewardClaimed(setter, outcome.setterTokens);
        vm.prank(stranger);
        slots.settleReward(1);
        assertEq(token.balanceOf(ann) - anns, outcome.prompterTokens, "prompter");
        assertEq(token.balanceOf(setter) - setters, outcome.setterTokens, "setter");
        assertEq(token.balanceOf(address(timelock)) - treasury, price, "the price goes to the treasury");
        assertEq(slots.lockedCollateralOf(ann), 0, "prompter's side is free");
        assertEq(slots.lockedCollateralOf(setter), 0, "setter's side is free");
        assertTrue(slots.slot(1).settled, "once");
    }

    function test_settleReward__isCapped() public {
        _open();
        _buy(alice, 500 * TOKEN);
        _closeExecuted();
        ISlotTypes.Outcome memory outcome = slots.previewReward(1);
        uint256 value = outcome.m0 * 50 / 10_000;
        assertEq(outcome.prompterTokens, value * token.totalSupply() / token.marketCap(), "I15: 50 bps of M0");
    }

    function test_settleReward__ofAProposalThatWasNotExecuted_paysNothing() public {
        _open();
        _buy(alice, 10 * TOKEN);
        _defeat(id);
        _close();
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertLt(int256(0), outcome.delta, "the cap rose");
        assertEq(outcome.prompterTokens + outcome.setterTokens, 0, "advice that nobody followed");
        assertEq(outcome.priceToTreasury, price, "the price is paid all the same");
    }

    function test_settleReward__unlessExecutionIsRequired() public {
        _tune("rewardRequiresExecution", 0);
        _open();
        _buy(alice, 10 * TOKEN);
        _defeat(id);
        _close();
        assertGt(slots.settleReward(1).prompterTokens, 0, "paid");
    }

    function test_settleReward__ofAnInvalidProposal_burnsThePriceAndPaysNothing() public {
        _tune("rewardRequiresExecution", 0);
        _open();
        _buy(alice, 10 * TOKEN);
        _ruleInvalid();
        skip(1 days);
        _close();
        uint256 supply = token.totalSupply();
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertLt(int256(0), outcome.delta, "the cap rose");
        assertEq(outcome.prompterTokens + outcome.setterTokens, 0, "nothing");
        assertEq(outcome.priceBurned, price, "burned");
        assertEq(supply - token.totalSupply(), price, "burned on the token");
    }

    // nothing happens

    function test_settleReward__ofAnUnchangedCap_paysNothing() public {
        _open();
        _defeat(id);
        _close();
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertEq(outcome.delta, 0, "no change");
        assertEq(outcome.prompterTokens + outcome.setterTokens + outcome.priceBurned, 0, "nothing");
        assertEq(outcome.priceToTreasury, price, "treasury");
    }

    // the cap falls

    function test_settleReward__afterAFall_burnsPriceAndCollateral() public {
        _open();
        _redeem(alice, 50 * TOKEN);
        _defeat(id);
        _close();
        uint256 supply = token.totalSupply();
        ISlotTypes.Outcome memory outcome = _expected();
        assertLt(outcome.delta, int256(0), "the cap fell");
        slots.settleReward(1);
        uint256 lost = outcome.prompterTokens + outcome.setterTokens;
        assertGt(lost, 0, "a loss");
        assertEq(slots.collateralOf(ann), COLLATERAL - outcome.prompterTokens, "prompter's loss");
        assertEq(slots.collateralOf(setter), COLLATERAL - outcome.setterTokens, "setter's loss");
        assertEq(slots.lockedCollateralOf(ann) + slots.lockedCollateralOf(setter), 0, "unlocked");
        assertEq(supply - token.totalSupply(), price + lost, "burned");
        assertEq(outcome.priceToTreasury, 0, "none for the treasury");
    }

    function test_settleReward__lossIsAtMostTheLockedCollateral() public {
        _tune("rewardCapBps", 10);
        _open();
        _redeem(alice, 350 * TOKEN); // the cap falls by more than half
        _defeat(id);
        _close();
        uint256 side = slots.slot(1).collateral;
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertLe(outcome.prompterTokens, side, "I15: loss <= collateral");
        assertEq(outcome.prompterTokens, _expectedTokens(outcome, 10, side), "formula, then collateral");
    }

    function test_settleReward__withOneAccountOnBothSides() public {
        uint256 deposit = 9 * TOKEN;
        _commit(e, setter, deposit);
        _toReveal(e);
        _reveal(e, setter, deposit);
        _toStart(e);
        _drawSeed(e);
        id = _post(e);
        uint256 before = token.balanceOf(setter);
        _buy(alice, 10 * TOKEN);
        _closeExecuted();
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertEq(token.balanceOf(setter) - before, outcome.prompterTokens + outcome.setterTokens, "both shares");
        assertEq(slots.lockedCollateralOf(setter), 0, "both locks end");
    }

    // empty slots

    function test_settleReward__ofAnEmptySlot_paysTheSetterOnly() public {
        _open();
        _defeat(id);
        _toSubmitEnd(_next());
        slots.rollSlot();
        _buy(alice, 10 * TOKEN);
        vm.warp(slots.windowsOf(slots.slot(2).epoch + 1).submitEnd);
        slots.rollSlot();
        vm.warp(slots.matureAt(2));
        ISlotTypes.Outcome memory outcome = slots.settleReward(2);
        assertEq(outcome.prompterTokens, 0, "no prompter");
        assertGt(outcome.setterTokens, 0, "the setter's share");
        assertEq(outcome.priceToTreasury + outcome.priceBurned, 0, "no price");
    }

    // no single window can be pumped

    function test_settleReward__aPumpOfOneWindow_paysNothing() public {
        _open();
        _defeat(id);
        vm.warp(slots.windowsOf(_next()).submitEnd - CAP_WINDOW);
        uint256 bought = 500 * TOKEN;
        _buy(stranger, bought);
        skip(CAP_WINDOW);
        vm.prank(setter);
        slots.exitSlot();
        skip(MATURITY - CAP_WINDOW);
        _redeem(stranger, bought);
        vm.warp(slots.matureAt(1));
        ISlotTypes.Outcome memory outcome = slots.settleReward(1);
        assertGt(outcome.m1, outcome.m0, "the window before the end was pumped");
        assertEq(outcome.prompterTokens + outcome.setterTokens, 0, "and it pays nothing");
    }

    // when

    function test_settleReward__beforeMaturityReverts() public {
        _open();
        _defeat(id);
        _close();
        uint256 matured = slots.matureAt(1);
        vm.warp(matured - 1);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NotMature.selector, 1, matured));
        slots.settleReward(1);
    }

    function test_settleReward__ofAnOpenOrUnknownSlotReverts() public {
        _open();
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.SlotStillOpen.selector, 1));
        slots.settleReward(1);
        assertEq(slots.matureAt(1), 0, "not mature while open");
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.UnknownSlot.selector, 2));
        slots.settleReward(2);
    }

    function test_settleReward__twiceReverts() public {
        _open();
        _defeat(id);
        _close();
        slots.settleReward(1);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.RewardAlreadySettled.selector, 1));
        slots.settleReward(1);
    }

    // helpers

    function _open() private {
        id = _fill(e, 9 * TOKEN);
        price = slots.slot(1).price;
        assertEq(price, 1e15, "reserve price");
    }

    /// @dev Executes the proposal, closes the slot and waits until it is mature.
    function _closeExecuted() private {
        _enact(e, id);
        skip(CAP_WINDOW);
        price = slots.slot(1).price;
        _close();
    }

    function _close() private {
        vm.prank(setter);
        slots.exitSlot();
        vm.warp(slots.matureAt(1));
    }

    function _ruleInvalid() private {
        usdc.mint(stranger, 500 * USD);
        vm.startPrank(stranger);
        usdc.approve(address(resolver), 500 * USD);
        resolver.challenge(id, IDisputeResolver.Ground.Samples, "ipfs://evidence");
        vm.stopPrank();
        vm.prank(arbitrator);
        resolver.rule(id, IDisputeResolver.Ruling.Invalid, keccak256("report"));
    }

    /// @dev The outcome by the formula, from the token's own history.
    function _expected() private view returns (ISlotTypes.Outcome memory outcome) {
        ISlotTypes.Slot memory slot = slots.slot(1);
        outcome.m0 = token.averageCap(uint48(slot.openedAt - CAP_WINDOW), uint48(slot.openedAt));
        outcome.m1 = token.averageCap(uint48(slot.closedAt - CAP_WINDOW), uint48(slot.closedAt));
        uint256 matured = slot.closedAt + MATURITY;
        outcome.m2 = token.averageCap(uint48(matured - CAP_WINDOW), uint48(matured));
        outcome.delta = RewardMath.delta(outcome.m0, outcome.m1, outcome.m2);
        outcome.prompterTokens = _expectedTokens(outcome, 50, slot.collateral);
        outcome.setterTokens = outcome.prompterTokens;
        if (outcome.delta < 0) outcome.priceBurned = price;
        else outcome.priceToTreasury = price;
    }

    function _expectedTokens(ISlotTypes.Outcome memory outcome, uint256 capBps, uint256 side)
        private
        view
        returns (uint256 tokens)
    {
        uint256 change = outcome.delta < 0 ? uint256(-outcome.delta) : uint256(outcome.delta);
        uint256 value = change * 250 / 10_000;
        uint256 most = outcome.m0 * capBps / 10_000;
        uint256 middle = uint256(int256(outcome.m0) + outcome.delta);
        uint256 cap = middle > token.marketCap() ? middle : token.marketCap();
        tokens = (value < most ? value : most) * token.totalSupply() / cap;
        if (outcome.delta < 0 && tokens > side) tokens = side;
    }
}

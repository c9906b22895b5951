// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {System} from "../support/System.sol";

/// @notice Slots that lose, and slots that would be paid twice. Branches: Attacks.tree.
contract RewardAttacks is System {
    // The cap falls

    function test_capFalls__bothSidesPayAndThePriceIsBurned() public {
        Posted memory posted = _runSlot(attacker, TOKEN);
        uint256 price = slots.slot(posted.slotId).price;
        _sell(whale, 300 * TOKEN);
        _closeByRival();
        skip(1 days);
        (uint256 supply, uint256 treasury) = (token.totalSupply(), token.balanceOf(address(timelock)));
        uint256 tokensBefore = slots.collateralOf(attacker) + slots.collateralOf(setter);
        ISlotTypes.Outcome memory outcome = _matureAndSettle(posted.slotId);

        assertLt(outcome.delta, 0, "the cap fell");
        assertGt(outcome.prompterTokens, 0, "the prompter pays");
        assertGt(outcome.setterTokens, 0, "the setter pays");
        assertLe(outcome.prompterTokens, slots.slot(posted.slotId).collateral, "at most its collateral");
        uint256 lost = outcome.prompterTokens + outcome.setterTokens;
        assertEq(slots.collateralOf(attacker) + slots.collateralOf(setter), tokensBefore - lost, "out of collateral");
        assertEq(outcome.priceBurned, price, "the slot's price is lost");
        assertEq(token.totalSupply(), supply - lost - price, "all of it burned");
        assertEq(token.balanceOf(address(timelock)), treasury, "none of it for the treasury");
    }

    function test_capFalls__theLoserCannotPullItsCollateral() public {
        vm.prank(attacker);
        slots.announceWithdrawal(); // as early as possible
        Posted memory posted = _runSlot(attacker, TOKEN);
        _sell(whale, 300 * TOKEN);
        (uint256 from, uint256 to) = slots.withdrawalWindow(attacker);
        assertTrue(from <= block.timestamp && block.timestamp < to, "within its withdrawal window");

        uint256 locked = slots.slot(posted.slotId).collateral;
        uint256 all = slots.collateralOf(attacker);
        vm.startPrank(attacker);
        vm.expectRevert(
            abi.encodeWithSelector(ISlotErrors.InsufficientCollateral.selector, attacker, all - locked, all)
        );
        slots.withdrawCollateral(all);
        slots.withdrawCollateral(all - locked); // the free rest is its own
        vm.stopPrank();
        _closeByRival();
        ISlotTypes.Outcome memory outcome = _matureAndSettle(posted.slotId);
        assertEq(slots.collateralOf(attacker), locked - outcome.prompterTokens, "the loss was there to take");
    }

    /// @dev A loss counts in tokens at the price max(now, at maturity): who pumps just before settlement gives fewer of
    /// them. That takes capital for a day, and anyone else may settle first.
    function test_capFalls__aLatePumpDoesNotTurnTheLoss() public {
        Posted memory posted = _runSlot(attacker, TOKEN);
        _sell(whale, 300 * TOKEN);
        _closeByRival();
        vm.warp(slots.matureAt(posted.slotId));
        ISlotTypes.Outcome memory honest = slots.previewReward(posted.slotId);
        uint256 price = token.currentPrice();

        uint256 cost = _buy(attacker, 2_000 * TOKEN);
        ISlotTypes.Outcome memory outcome = _matureAndSettle(posted.slotId);
        assertEq(outcome.delta, honest.delta, "the loss stands");
        assertEq(outcome.priceBurned, honest.priceBurned, "and so does the price");
        uint256 least = honest.prompterTokens * price / token.currentPrice();
        assertGe(outcome.prompterTokens, least - least / 100, "fewer tokens, of the same worth at the pumped price");
        uint256 spared = (honest.prompterTokens - outcome.prompterTokens) * price / TOKEN;
        assertLe(spared, cost / 500, "for five hundred times as much money, locked for a day");
    }

    function test_capFalls__aRivalWhoDumpsToHurtGainsNoMoreThanTheBurnGivesToAll() public {
        Posted memory posted = _runSlot(prompter, TOKEN);
        uint256 snapshot = vm.snapshotState();
        _closeByRival();
        _matureAndSettle(posted.slotId);
        uint256 honest = _worth(rival);
        vm.revertToState(snapshot);

        uint256 stock = token.balanceOf(rival) - 2 * TOKEN;
        uint256 sold = _sell(rival, stock);
        _closeByRival();
        ISlotTypes.Outcome memory outcome = _matureAndSettle(posted.slotId);
        assertLt(outcome.delta, 0, "it hurts the prompter");
        uint256 bought = _buy(rival, stock);
        assertGe(bought, sold, "it buys back no cheaper than it sold");

        // What is burned makes every other token dearer, the rival's too: about 40 of 1,060 tokens.
        uint256 burned = outcome.priceBurned + outcome.prompterTokens + outcome.setterTokens;
        uint256 worth = _worth(rival) - bought;
        assertLe(worth, honest + token.rewardForBurn(burned) / 20, "its part of what is burned, and no more");
    }

    // Reward echo

    /// @dev In the seed a reward raises price times supply, and so about a fifth of it is paid again each epoch.
    function test_rewardEcho__aRewardIsNotAReasonForTheNext() public {
        Posted memory earning = _runSlot(attacker, TOKEN);
        _buy(whale, 500 * TOKEN); // the organisation does well in earnest
        skip(1 days);
        Posted memory second = _post(_win(attacker, TOKEN), _fund(_actor("project"), TOKEN));
        _pass(second);

        uint256 cap = token.marketCap();
        ISlotTypes.Outcome memory outcome = _matureAndSettle(earning.slotId); // within the second slot
        assertGt(outcome.prompterTokens, 0, "a reward");
        assertEq(token.marketCap(), cap, "which leaves the cap as it was");

        Posted memory third = _post(_win(attacker, TOKEN), _fund(_actor("project"), TOKEN));
        _pass(third);
        ISlotTypes.Outcome memory echo = _matureAndSettle(second.slotId);
        assertEq(echo.delta, 0, "no change in the second slot");
        assertEq(echo.prompterTokens + echo.setterTokens, 0, "no echo");

        _closeByRival();
        echo = _matureAndSettle(third.slotId);
        assertEq(echo.delta, 0, "nor in the third");
        assertEq(echo.prompterTokens + echo.setterTokens, 0, "no echo of the echo");
    }

    function test_rewardEcho__noSlotIsPaidTwice() public {
        Posted memory posted = _runSlot(attacker, TOKEN);
        _buy(whale, 500 * TOKEN);
        skip(1 days);
        _closeByRival();
        _matureAndSettle(posted.slotId);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.RewardAlreadySettled.selector, posted.slotId));
        slots.settleReward(posted.slotId);
    }

    function _closeByRival() private {
        _post(_win(rival, TOKEN), _fund(_actor("project"), TOKEN));
    }
}

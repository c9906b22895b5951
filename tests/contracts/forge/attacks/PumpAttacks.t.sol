// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBToken} from "contracts/interfaces/IBToken.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {System} from "../support/System.sol";

/// @notice A prompter in league with its weight setter pumps the market cap to be paid for it. The attacker holds slot
/// one, wins the next one too, and so chooses the second in which slot one closes. Branches: Attacks.tree.
/// @dev Profit is what the attacker and the setter can take away, compared with the same story without the pump.
contract PumpAttacks is System {
    uint256 internal constant PUMP = 3_000 * TOKEN; // from 1,061 to 4,061 tokens: the cap rises more than fourteenfold
    uint256 internal constant REWARD_CAP_BPS = 50;

    Posted internal first;
    uint256 internal next;

    function setUp() public override {
        super.setUp();
        first = _runSlot(attacker, TOKEN);
        next = _win(attacker, TOKEN);
    }

    /// @dev The seed reads the spot price: there this pump takes 499,789 of a reserve of 500,000 in one transaction.
    function test_flashPump__cannotRepayItsLoanInTheSameTransaction() public {
        _buy(attacker, PUMP); // with borrowed money
        _close();
        uint256 free = token.balanceOf(attacker) - PUMP;
        vm.prank(attacker);
        vm.expectRevert(abi.encodeWithSelector(IBToken.TokensLocked.selector, attacker, free, PUMP));
        token.redeem(PUMP, 0, block.timestamp);
    }

    function test_flashPump__paysNothingWithCapitalOfItsOwn() public {
        int256 honest = _honest();

        uint256 cost = _buy(attacker, PUMP);
        _close();
        skip(1 days);
        _sell(attacker, PUMP);
        ISlotTypes.Outcome memory outcome = _matureAndSettle(first.slotId);

        assertEq(outcome.delta, 0, "the second of the pump is in none of two windows");
        assertEq(outcome.prompterTokens + outcome.setterTokens, 0, "no reward");
        assertLe(_worthOfBoth() - int256(cost), honest, "no profit");
    }

    function test_oneWindowPump__paysNothing() public {
        int256 honest = _honest();

        uint256 cost = _buy(attacker, PUMP); // for the whole window before the slot closes
        skip(4 hours);
        _close();
        skip(20 hours); // until the lock ends: the last window begins
        _sell(attacker, PUMP);
        ISlotTypes.Outcome memory outcome = _matureAndSettle(first.slotId);

        assertGt(outcome.m1, 10 * outcome.m0, "the window before the close is pumped");
        assertApproxEqAbs(outcome.m2, outcome.m0, 4, "the last one is not, up to what rounding left in the reserve");
        assertLe(outcome.delta, int256(4), "the median is not");
        assertEq(outcome.prompterTokens + outcome.setterTokens, 0, "no reward");
        assertLe(_worthOfBoth() - int256(cost), honest, "no profit");
    }

    function test_oneWindowPump__ofTheLastWindowPaysNothingEither() public {
        _close();
        skip(20 hours);
        _buy(attacker, PUMP);
        ISlotTypes.Outcome memory outcome = _matureAndSettle(first.slotId);
        assertGt(outcome.m2, 10 * outcome.m0, "pumped");
        assertEq(outcome.delta, 0, "but not the median");
        assertEq(outcome.prompterTokens + outcome.setterTokens, 0, "no reward");
    }

    /// @dev A refundable curve cannot tell a holder who pays to wait from a believer: the cap is what bounds this.
    function test_patientPump__isBoundedByTheRewardCap() public {
        int256 honest = _honest();

        uint256 cost = _buy(attacker, PUMP); // held through both windows, 28 hours
        skip(4 hours);
        _close();
        skip(1 days);
        ISlotTypes.Outcome memory outcome = _matureAndSettle(first.slotId);
        _sell(attacker, PUMP);

        uint256 bound = 2 * outcome.m0 * REWARD_CAP_BPS / 10_000;
        int256 profit = _worthOfBoth() - int256(cost) - honest;
        assertGt(outcome.delta, 0, "it works");
        assertGt(profit, 0, "and pays");
        assertLe(profit, int256(bound), "at most the cap of both sides");
        assertLe(profit, int256(cost / 1_000), "for capital a thousand times as large, locked for a day");
        assertEq(slots.owedReward(attacker), 0, "nothing more to come");
    }

    function testFuzz_pump__neverPaysMoreThanTheCap(uint256 tokens, uint256 early, uint256 hold) public {
        int256 honest = _honest();
        early = bound(early, 0, 6 hours);
        hold = bound(hold, 1 days, 3 days);

        uint256 cost = _buy(attacker, bound(tokens, 1, 20_000 * TOKEN));
        uint256 bought = block.timestamp;
        skip(early);
        _close();
        vm.warp(slots.matureAt(first.slotId));
        ISlotTypes.Outcome memory outcome = slots.settleReward(first.slotId);
        if (block.timestamp < bought + hold) vm.warp(bought + hold);
        _sell(attacker, token.balanceOf(attacker) - 1);

        int256 profit = _worthOfBoth() - int256(cost) - honest;
        assertLe(profit, int256(2 * outcome.m0 * REWARD_CAP_BPS / 10_000), "bounded by the caps of both sides");
    }

    /// @dev The attacker posts the slot it has won, which closes slot one.
    function _close() private {
        _post(next, _fund(_actor("project"), TOKEN));
        assertEq(uint256(slots.slot(first.slotId).closedAt), block.timestamp, "slot one is closed");
    }

    /// @dev What both could take away if they closed and settled slot one without a pump.
    function _honest() private returns (int256 worth) {
        uint256 snapshot = vm.snapshotState();
        _close();
        _matureAndSettle(first.slotId);
        worth = _worthOfBoth();
        vm.revertToState(snapshot);
    }

    function _worthOfBoth() private view returns (int256) {
        return int256(_worth(attacker) + _worth(setter));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBToken} from "contracts/interfaces/IBToken.sol";

import {System} from "../support/System.sol";

/// @notice Attacks on those who hold or buy tokens. Branches: Attacks.tree.
contract CurveAttacks is System {
    // Bank run after a mint

    /// @dev The seed owes 720,000 and holds 500,000 after this mint: 664 of 1,000 honest tokens are stuck.
    function test_bankRunAfterAMint__leavesEverybodyAbleToLeave() public {
        uint256 minted = _mintAFifthTo(attacker);
        uint256 supply = token.totalSupply();
        uint256 reserve = token.reserve();
        uint256 taken = _sell(attacker, minted); // the first to run
        // 1 - (5/6)^2 of the reserve for 1/6 of the supply: dilution is what the vote allowed, and no more.
        assertLe(taken, reserve - reserve * (supply - minted) ** 2 / supply ** 2, "the integral, rounded down");

        address[5] memory holders = [whale, setter, prompter, rival, attacker];
        for (uint256 i = 0; i < holders.length; ++i) {
            _sell(holders[i], token.balanceOf(holders[i]));
        }
        uint256 rest = token.balanceOf(address(slots)) + token.balanceOf(_actor("project")) + token.MIN_SUPPLY();
        assertEq(token.totalSupply(), rest, "all others are out");
        assertGe(usdc.balanceOf(address(token)), token.reserve(), "what is owed to the rest is there");
        assertGe(token.reserve(), token.rewardForBurn(rest - token.MIN_SUPPLY()), "to the last token");
    }

    function test_bankRunAfterAMint__holdersWhoDisagreeLeaveBeforeIt() public {
        Posted memory posted = _post(_win(attacker, TOKEN), _fund(attacker, token.totalSupply() / 5));
        uint256 fair = token.rewardForBurn(token.balanceOf(rival));
        vm.warp(governance.proposalSnapshot(posted.id) + 1);
        vm.prank(whale);
        governance.castVote(posted.id, FOR);
        vm.warp(governance.proposalDeadline(posted.id) + 1);
        governance.queue(
            posted.actions.targets, posted.actions.values, posted.actions.calldatas, posted.descriptionHash
        );
        // The veto window is longer than the lock: even who bought after the vote is free before the mint.
        assertGt(governance.proposalEta(posted.id), block.timestamp + token.parameter("mintLock"), "time to leave");
        assertEq(_sell(rival, token.balanceOf(rival)), fair, "at the price before the mint");
    }

    // Rounding by splitting

    function testFuzz_splitting__aRoundTripInPiecesNeverPays(uint256 tokens, uint256 pieces, uint256 dust) public {
        tokens = bound(tokens, 1e6, 10 * TOKEN);
        pieces = bound(pieces, 1, 40);
        dust = bound(dust, 1, tokens / pieces);
        uint256 before = usdc.balanceOf(attacker);
        uint256 paid;
        for (uint256 i = 0; i < pieces; ++i) {
            paid += _buy(attacker, dust);
        }
        skip(1 days);
        for (uint256 i = 0; i < pieces; ++i) {
            _sell(attacker, dust);
        }
        assertLe(usdc.balanceOf(attacker) - before, paid, "no profit");
        assertGe(usdc.balanceOf(address(token)), token.reserve(), "I1");
    }

    function test_splitting__weiByWeiLosesAWholeUnitEachTime() public {
        uint256 paid;
        for (uint256 i = 0; i < 100; ++i) {
            paid += _buy(attacker, 1);
        }
        assertEq(paid, 100, "a base unit for each, though each is worth a thousandth of a millionth");
        skip(1 days);
        for (uint256 i = 0; i < 100; ++i) {
            assertEq(_sell(attacker, 1), 0, "and worth nothing on the way back");
        }
    }

    // Sandwich

    function test_sandwich__cannotCloseInTheSameSecond() public {
        address newcomer = _actor("newcomer");
        uint256 limit = token.costToMint(20 * TOKEN) * 101 / 100;
        uint256 front = 5 * TOKEN;
        _buy(newcomer, front);
        _victimBuys(20 * TOKEN, limit);
        vm.prank(newcomer);
        vm.expectRevert(abi.encodeWithSelector(IBToken.TokensLocked.selector, newcomer, 0, front));
        token.redeem(front, 0, block.timestamp);
    }

    function test_sandwich__failsOnAnExactLimit() public {
        uint256 limit = token.costToMint(20 * TOKEN);
        _buy(attacker, TOKEN / 10);
        uint256 cost = token.costToMint(20 * TOKEN);
        usdc.mint(rival, cost);
        vm.startPrank(rival);
        usdc.approve(address(token), cost);
        vm.expectRevert(abi.encodeWithSelector(IBToken.Slippage.selector, cost, limit));
        token.permissionlessMint(20 * TOKEN, limit, block.timestamp);
        vm.stopPrank();
    }

    /// @dev With old tokens to sell the attacker can close at once; what it takes is what the victim's limit allowed.
    function testFuzz_sandwich__withInventoryTakesAtMostTheVictimsSlack(uint256 front, uint256 slackBps) public {
        uint256 fair = token.costToMint(20 * TOKEN);
        uint256 limit = fair + fair * bound(slackBps, 0, 500) / 10_000;
        front = bound(front, 1, token.balanceOf(attacker));
        uint256 worth = _worth(attacker);

        uint256 cost = _buy(attacker, front);
        if (token.costToMint(20 * TOKEN) > limit) return; // the victim's purchase reverts, as above
        uint256 paid = _victimBuys(20 * TOKEN, limit);
        uint256 sold = _sell(attacker, front);

        assertLe(sold, cost + (paid - fair), "at most what the victim paid above the fair cost");
        assertLe(paid - fair, limit - fair, "which the victim allowed");
        assertGe(_worth(attacker) + limit, worth, "and the rest of its tokens are what they were or more");
    }

    function _victimBuys(uint256 tokens, uint256 limit) private returns (uint256 paid) {
        usdc.mint(rival, limit);
        vm.startPrank(rival);
        usdc.approve(address(token), limit);
        paid = token.permissionlessMint(tokens, limit, block.timestamp);
        vm.stopPrank();
    }

    function _mintAFifthTo(address account) private returns (uint256 minted) {
        minted = token.mintable(token.MINTER_ROLE());
        _pass(_post(_win(attacker, TOKEN), _fund(account, minted)));
    }
}

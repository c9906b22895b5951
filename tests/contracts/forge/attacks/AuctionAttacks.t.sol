// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {System} from "../support/System.sol";

/// @notice Attacks on the auction of a slot. Branches: Attacks.tree.
contract AuctionAttacks is System {
    // Copied commitment

    function test_copiedCommitment__opensForNobody() public {
        uint256 e = _nextEpoch();
        _commit(e, prompter, 2 * TOKEN, 3 * TOKEN);
        bytes32 sealed_ = slots.bidOf(e, prompter).hash;
        vm.prank(attacker);
        slots.commitBid(e, sealed_, 3 * TOKEN); // whatever it says, the attacker says too

        _reveal(e, prompter, 2 * TOKEN); // now the opening is public
        ISlotTypes.Opening memory opening = _opening(prompter, 2 * TOKEN);
        bytes32 own = slots.commitmentOf(e, attacker, opening);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.WrongOpening.selector, own, sealed_));
        vm.prank(attacker);
        slots.revealBid(e, attacker, opening);

        _settle(e);
        assertEq(slots.auction(e).winner, prompter, "the author wins");
        assertEq(slots.auction(e).price, TOKEN / 1_000, "at the price without the copy");
    }

    function test_copiedCommitment__costsAPartOfTheDeposit() public {
        uint256 e = _nextEpoch();
        _commit(e, prompter, 2 * TOKEN, 3 * TOKEN);
        bytes32 sealed_ = slots.bidOf(e, prompter).hash;
        uint256 before = token.balanceOf(attacker);
        vm.prank(attacker);
        slots.commitBid(e, sealed_, 3 * TOKEN);
        vm.warp(slots.epochStart(e));
        slots.withdrawBid(e, attacker);
        assertEq(token.balanceOf(attacker), before - 3 * TOKEN * 5 / 100, "5 % burned");
    }

    function test_copiedCommitment__aRevealedPromptComesTooLateToBeBidWith() public {
        uint256 e = _nextEpoch();
        _commit(e, prompter, 2 * TOKEN, 2 * TOKEN);
        _reveal(e, prompter, 2 * TOKEN);
        ISlotTypes.Opening memory copy = _opening(prompter, 3 * TOKEN);
        bytes32 commitment = slots.commitmentOf(e, attacker, copy);
        ISlotTypes.Windows memory windows = slots.windowsOf(e);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISlotErrors.OutsideWindow.selector, windows.commitStart, windows.revealStart, block.timestamp
            )
        );
        vm.prank(attacker);
        slots.commitBid(e, commitment, 3 * TOKEN);
    }

    // Outbid and no-show

    function test_outbidAndNoShow__losesTheWholeBidAndBlocksOneEpoch() public {
        uint256 e = _nextEpoch();
        _commit(e, prompter, 2 * TOKEN, 2 * TOKEN);
        _commit(e, attacker, 15 * TOKEN, 15 * TOKEN);
        uint256 tokens = token.balanceOf(attacker);
        _reveal(e, prompter, 2 * TOKEN);
        _reveal(e, attacker, 15 * TOKEN);
        _settle(e);
        assertEq(slots.auction(e).winner, attacker, "outbid");
        assertEq(slots.auction(e).price, 2 * TOKEN, "the slot itself would cost the second price");
        _fixSeed(e);

        vm.warp(slots.windowsOf(e).submitEnd); // and never posts
        uint256 supply = token.totalSupply();
        slots.forfeit(e);
        assertEq(token.totalSupply(), supply - 15 * TOKEN, "the whole bid is burned, not the second price");
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NothingToWithdraw.selector, e, attacker));
        slots.withdrawBid(e, attacker);
        assertEq(token.balanceOf(attacker), tokens, "nothing comes back");
    }

    function test_outbidAndNoShow__costsTheOthersNothing() public {
        uint256 e = _nextEpoch();
        uint256 tokens = token.balanceOf(prompter);
        _commit(e, prompter, 2 * TOKEN, 2 * TOKEN);
        _commit(e, attacker, 15 * TOKEN, 15 * TOKEN);
        _reveal(e, prompter, 2 * TOKEN);
        _reveal(e, attacker, 15 * TOKEN);
        _settle(e);
        slots.withdrawBid(e, prompter);
        assertEq(token.balanceOf(prompter), tokens, "the loser has its deposit at once");
        assertEq(slots.lockedCollateralOf(prompter), 0, "and its collateral");

        vm.warp(slots.windowsOf(e).submitEnd); // before anyone calls forfeit
        uint256 later = slots.currentEpoch() + 1;
        assertEq(slots.reservePrice(later), TOKEN / 1_000, "the reserve price does not rise");
        _commit(later, prompter, 2 * TOKEN, 2 * TOKEN);
        _reveal(later, prompter, 2 * TOKEN);
        _settle(later);
        assertEq(slots.auction(later).winner, prompter, "the next slot is won as if nothing had been");
    }

    function test_outbidAndNoShow__aWithheldSeedIsNoWayOut() public {
        uint256 e = _nextEpoch();
        _commit(e, attacker, 15 * TOKEN, 15 * TOKEN);
        _reveal(e, attacker, 15 * TOKEN);
        _settle(e);
        vm.roll(slots.auction(e).seedBlock + 257); // nobody fixed the seed while the chain knew the block
        _expectWrongStage(e, ISlotTypes.Stage.Lapsed, ISlotTypes.Stage.Seed);
        slots.fixSeed(e);
        uint256 supply = token.totalSupply();
        slots.forfeit(e);
        assertEq(token.totalSupply(), supply - 15 * TOKEN, "forfeit, never drawn again");
    }

    function _expectWrongStage(uint256 e, ISlotTypes.Stage stage, ISlotTypes.Stage needed) private {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.WrongStage.selector, e, stage, needed));
    }
}

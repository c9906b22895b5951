// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotEvents} from "contracts/interfaces/ISlotEvents.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

contract BidsTest is SlotFixture {
    uint256 internal e;

    function setUp() public override {
        super.setUp();
        e = _next();
    }

    // commitBid

    function test_commitBid__pullsTheDepositAndSealsTheBid() public {
        bytes32 commitment = slots.commitmentOf(e, ann, _opening(ann, 5 * TOKEN));
        vm.expectEmit(address(slots));
        emit ISlotEvents.BidCommitted(e, ann, commitment, 7 * TOKEN);
        _commit(e, ann, 5 * TOKEN, 7 * TOKEN);

        ISlotTypes.Bid memory bid = slots.bidOf(e, ann);
        assertEq(bid.hash, commitment, "sealed");
        assertEq(bid.deposit, 7 * TOKEN, "deposit");
        assertEq(bid.amount, 0, "nobody knows the amount");
        assertEq(bid.committedAt, block.timestamp, "time");
        assertEq(uint256(bid.status), uint256(ISlotTypes.BidStatus.Sealed), "status");
        assertEq(token.balanceOf(address(slots)), 3 * COLLATERAL + 7 * TOKEN, "tokens");
        assertEq(slots.liveEpoch(), e, "the auction is live");
    }

    function test_commitBid__countsFromTheFirstSecondOfThePhaseToTheLast() public {
        _commit(e, ann, 5 * TOKEN);
        vm.warp(slots.windowsOf(e).revealStart - 1);
        _commit(e, ben, 5 * TOKEN);
    }

    function test_commitBid__outsideThePhaseReverts() public {
        ISlotTypes.Windows memory w = slots.windowsOf(e + 1);
        vm.warp(w.commitStart - 1);
        _expect(
            abi.encodeWithSelector(ISlotErrors.OutsideWindow.selector, w.commitStart, w.revealStart, w.commitStart - 1)
        );
        _commitRaw(e + 1, ann, TOKEN);
        vm.warp(w.revealStart);
        _expect(abi.encodeWithSelector(ISlotErrors.OutsideWindow.selector, w.commitStart, w.revealStart, w.revealStart));
        _commitRaw(e + 1, ann, TOKEN);
    }

    function test_commitBid__forEpochZeroReverts() public {
        _expect(abi.encodeWithSelector(ISlotErrors.UnknownEpoch.selector, 0));
        _commitRaw(0, ann, TOKEN);
    }

    function test_commitBid__forAnEpochThatWouldWrapAroundReverts() public {
        // 2^249 epochs of 86,400 = 2^7 * 675 seconds are 0 modulo 2^256.
        _expect(abi.encodeWithSignature("Panic(uint256)", 0x11));
        _commitRaw(e + (1 << 249), ann, TOKEN);
    }

    function test_commitBid__twiceReverts() public {
        _commit(e, ann, 5 * TOKEN);
        _expect(abi.encodeWithSelector(ISlotErrors.AlreadyCommitted.selector, e, ann));
        _commitRaw(e, ann, TOKEN);
    }

    function test_commitBid__belowTheMinimumReverts() public {
        _expect(abi.encodeWithSelector(ISlotErrors.DepositTooLow.selector, 1e15 - 1, 1e15));
        _commitRaw(e, ann, 1e15 - 1);
    }

    function test_commitBid__moreThanTheBidderHasReverts() public {
        uint256 has = token.balanceOf(ann);
        _expect(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ann, has, has + 1));
        _commitRaw(e, ann, has + 1);
    }

    function test_commitBid__moreThanFitsReverts() public {
        _expect(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, 1 << 96));
        _commitRaw(e, ann, 1 << 96);
    }

    function test_commitBid__waitsForTheAuctionBefore() public {
        _win(e, 5 * TOKEN);
        _expect(abi.encodeWithSelector(ISlotErrors.AuctionLive.selector, e));
        _commitRaw(e + 1, ben, TOKEN);
        vm.warp(slots.windowsOf(e).submitEnd - 1);
        _expect(abi.encodeWithSelector(ISlotErrors.AuctionLive.selector, e));
        _commitRaw(e + 1, ben, TOKEN);
        _toSubmitEnd(e);
        _commit(e + 1, ben, TOKEN); // not even forfeited: its time is over
    }

    function test_commitBid__doesNotWaitForAnAuctionThatNobodyRevealed() public {
        _commit(e, ann, 5 * TOKEN);
        _toStart(e);
        _commit(e + 1, ben, TOKEN);
    }

    function test_commitBid__waitsUntilTheProposalBeforeIsFinal() public {
        uint256 id = _fill(e, 5 * TOKEN);
        _expect(abi.encodeWithSelector(ISlotErrors.PreviousProposalPending.selector, id));
        _commitRaw(e + 1, ben, TOKEN);
        _defeat(id);
        _commit(_next(), ben, 5 * TOKEN);
    }

    // revealBid

    function test_revealBid__byAnyone_opensTheBidAndLocksBothSides() public {
        _commit(e, ann, 5 * TOKEN, 7 * TOKEN);
        _toReveal(e);
        ISlotTypes.Opening memory opening = _opening(ann, 5 * TOKEN);
        vm.expectEmit(address(slots));
        emit ISlotEvents.BidRevealed(e, ann, model, 5 * TOKEN, opening.promptHash, true);
        vm.prank(stranger);
        slots.revealBid(e, ann, opening);

        ISlotTypes.Bid memory bid = slots.bidOf(e, ann);
        assertEq(bid.hash, opening.promptHash, "the prompt is bound");
        assertEq(bid.amount, 5 * TOKEN, "amount");
        assertEq(uint256(bid.status), uint256(ISlotTypes.BidStatus.Revealed), "status");
        ISlotTypes.Auction memory auction = slots.auction(e);
        assertEq(auction.winner, ann, "leader");
        assertEq(auction.setter, setter, "weight setter");
        assertEq(auction.modelId, model, "model");
        assertEq(auction.promptHash, opening.promptHash, "prompt");
        assertEq(auction.amount, 5 * TOKEN, "bid");
        assertEq(auction.price, auction.reserve, "alone, at the reserve price");
        assertEq(slots.lockedCollateralOf(ann), slots.requiredCollateral(e), "bidder's side");
        assertEq(slots.lockedCollateralOf(setter), slots.requiredCollateral(e), "setter's side");
    }

    function test_revealBid__aHigherBidTakesTheLeadAndTheLock() public {
        _twoReveals(5 * TOKEN, 6 * TOKEN);
        assertEq(slots.auction(e).winner, ben, "the higher bid leads");
        assertEq(slots.auction(e).price, 5 * TOKEN, "second price");
        assertEq(slots.lockedCollateralOf(ann), 0, "outbid, unlocked");
        assertEq(slots.lockedCollateralOf(ben), slots.requiredCollateral(e), "locked");
        assertEq(slots.lockedCollateralOf(setter), slots.requiredCollateral(e), "once");
    }

    function test_revealBid__aLowerBidMakesThePriceOnly() public {
        _twoReveals(5 * TOKEN, 4 * TOKEN);
        assertEq(slots.auction(e).winner, ann, "the first leads on");
        assertEq(slots.auction(e).price, 4 * TOKEN, "second price");
        assertEq(slots.lockedCollateralOf(ben), 0, "no lock");
    }

    function test_revealBid__ofEqualBidsTheEarlierCommitmentLeads() public {
        _commit(e, ben, 5 * TOKEN);
        skip(1);
        _commit(e, ann, 5 * TOKEN);
        _toReveal(e);
        _reveal(e, ann, 5 * TOKEN);
        _reveal(e, ben, 5 * TOKEN);
        assertEq(slots.auction(e).winner, ben, "earlier");
        assertEq(slots.auction(e).price, 5 * TOKEN, "price = bid");
    }

    function test_revealBid__ofEqualBidsOfOneSecondTheLowerAddressLeads() public {
        _twoReveals(5 * TOKEN, 5 * TOKEN);
        assertEq(slots.auction(e).winner, ann < ben ? ann : ben, "whatever the order of opening");
    }

    function test_revealBid__outsideThePhaseReverts() public {
        _commit(e, ann, 5 * TOKEN);
        ISlotTypes.Windows memory w = slots.windowsOf(e);
        ISlotTypes.Opening memory opening = _opening(ann, 5 * TOKEN);
        vm.warp(w.revealStart - 1);
        _expect(abi.encodeWithSelector(ISlotErrors.OutsideWindow.selector, w.revealStart, w.start, w.revealStart - 1));
        slots.revealBid(e, ann, opening);
        vm.warp(w.start);
        _expect(abi.encodeWithSelector(ISlotErrors.OutsideWindow.selector, w.revealStart, w.start, w.start));
        slots.revealBid(e, ann, opening);
    }

    function test_revealBid__withoutASealedBidReverts() public {
        _commit(e, ann, 5 * TOKEN);
        _toReveal(e);
        _expect(abi.encodeWithSelector(ISlotErrors.NoSealedBid.selector, e, ben));
        _revealRaw(ben, 5 * TOKEN);
        _reveal(e, ann, 5 * TOKEN);
        _expect(abi.encodeWithSelector(ISlotErrors.NoSealedBid.selector, e, ann));
        _revealRaw(ann, 5 * TOKEN);
    }

    function testFuzz_revealBid__withAnyOtherOpeningReverts(uint256 amount, bytes32 modelId, bytes32 hash, bytes32 salt)
        public
    {
        ISlotTypes.Opening memory right = _opening(ann, 5 * TOKEN);
        ISlotTypes.Opening memory wrong = ISlotTypes.Opening(amount, modelId, hash, salt);
        vm.assume(keccak256(abi.encode(right)) != keccak256(abi.encode(wrong)));
        _commit(e, ann, 5 * TOKEN);
        _toReveal(e);
        vm.expectPartialRevert(ISlotErrors.WrongOpening.selector);
        slots.revealBid(e, ann, wrong);
    }

    function test_revealBid__aCopiedCommitmentOpensForNobody() public {
        _commit(e, ann, 5 * TOKEN);
        bytes32 copied = slots.bidOf(e, ann).hash;
        vm.prank(ben);
        slots.commitBid(e, copied, 5 * TOKEN);
        _toReveal(e);
        _reveal(e, ann, 5 * TOKEN);
        ISlotTypes.Opening memory opening = _opening(ann, 5 * TOKEN);
        bytes32 expected = slots.commitmentOf(e, ben, opening);
        _expect(abi.encodeWithSelector(ISlotErrors.WrongOpening.selector, expected, copied));
        slots.revealBid(e, ben, opening);
    }

    function test_revealBid__aboveTheDepositReverts() public {
        _commit(e, ann, 8 * TOKEN, 7 * TOKEN);
        _toReveal(e);
        _expect(abi.encodeWithSelector(ISlotErrors.DepositTooLow.selector, 7 * TOKEN, 8 * TOKEN));
        _revealRaw(ann, 8 * TOKEN);
    }

    function test_revealBid__belowTheReservePriceReverts() public {
        _commit(e, ann, 1e15 - 1, TOKEN);
        _toReveal(e);
        _expect(abi.encodeWithSelector(ISlotErrors.BidBelowReserve.selector, 1e15 - 1, 1e15));
        _revealRaw(ann, 1e15 - 1);
    }

    function test_revealBid__withAModelThatIsTooYoungReverts() public {
        skip(1); // a second too late for this auction
        vm.prank(ben);
        model = registry.register(_commitmentOf("young"));
        _approve(model);
        _commit(e, ann, 5 * TOKEN);
        _toReveal(e);
        _expect(abi.encodeWithSelector(ISlotErrors.ModelNotUsable.selector, model));
        _revealRaw(ann, 5 * TOKEN);
    }

    function test_revealBid__withoutTheBiddersCollateralReverts() public {
        _drain(ann);
        _commit(e, ann, 5 * TOKEN);
        _toReveal(e);
        _expect(
            abi.encodeWithSelector(ISlotErrors.InsufficientCollateral.selector, ann, 0, slots.requiredCollateral(e))
        );
        _revealRaw(ann, 5 * TOKEN);
    }

    function test_revealBid__withoutTheSettersCollateralReverts() public {
        _drain(setter);
        _commit(e, ann, 5 * TOKEN);
        _toReveal(e);
        _expect(
            abi.encodeWithSelector(ISlotErrors.InsufficientCollateral.selector, setter, 0, slots.requiredCollateral(e))
        );
        _revealRaw(ann, 5 * TOKEN);
    }

    function test_revealBid__byTheSetterItself_needsBothSides() public {
        _commit(e, setter, 5 * TOKEN);
        _toReveal(e);
        _reveal(e, setter, 5 * TOKEN);
        assertEq(slots.lockedCollateralOf(setter), 2 * slots.requiredCollateral(e), "two sides, two locks");
    }

    function test_revealBid__byTheSetterWithOneSideOnlyReverts() public {
        uint256 side = slots.requiredCollateral(e);
        _leave(setter, 2 * side - 1);
        _commit(e, setter, 5 * TOKEN);
        _toReveal(e);
        _expect(abi.encodeWithSelector(ISlotErrors.InsufficientCollateral.selector, setter, 2 * side - 1, 2 * side));
        _revealRaw(setter, 5 * TOKEN);
    }

    function test_revealBid__requiredCollateralCannotBePumped() public {
        uint256 before = slots.requiredCollateral(e);
        _commit(e, ann, 5 * TOKEN);
        _buy(stranger, 10_000 * TOKEN);
        assertEq(slots.requiredCollateral(e), before, "by the supply when the commit phase began");
        _toReveal(e);
        _reveal(e, ann, 5 * TOKEN);
    }

    // helpers

    function _expect(bytes memory reason) private {
        vm.expectRevert(reason);
    }

    /// @dev The next call is the one that must revert.
    function _commitRaw(uint256 epoch, address bidder, uint256 deposit) private {
        vm.prank(bidder);
        slots.commitBid(epoch, keccak256("commitment"), deposit);
    }

    function _revealRaw(address bidder, uint256 amount) private {
        slots.revealBid(e, bidder, _opening(bidder, amount));
    }

    function _twoReveals(uint256 anns, uint256 bens) private {
        _commit(e, ann, anns);
        _commit(e, ben, bens);
        _toReveal(e);
        _reveal(e, ann, anns);
        _reveal(e, ben, bens);
    }

    function _drain(address account) private {
        _leave(account, 0);
    }

    /// @dev Withdraws collateral down to `left`; `e` is the open epoch afterwards.
    function _leave(address account, uint256 left) private {
        vm.startPrank(account);
        slots.announceWithdrawal();
        skip(EPOCH);
        slots.withdrawCollateral(COLLATERAL - left);
        vm.stopPrank();
        e = _next();
    }
}

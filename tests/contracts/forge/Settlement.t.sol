// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotEvents} from "contracts/interfaces/ISlotEvents.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";
import {SampleTree} from "contracts/libraries/SampleTree.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

contract SettlementTest is SlotFixture {
    uint256 internal e;

    function setUp() public override {
        super.setUp();
        e = _next();
    }

    // settleAuction

    function test_settleAuction__byAnyone_fixesPriceAndSeedBlock() public {
        _duel(9 * TOKEN, 4 * TOKEN);
        ISlotTypes.Opening memory opening = _opening(ann, 9 * TOKEN);
        uint256 seedBlock = block.number + SEED_DELAY;
        vm.expectEmit(address(slots));
        emit ISlotEvents.AuctionSettled(e, ann, setter, model, opening.promptHash, 1e15, 4 * TOKEN, seedBlock);
        vm.prank(stranger);
        slots.settleAuction(e);
        assertEq(slots.auction(e).price, 4 * TOKEN, "second price");
        assertEq(slots.auction(e).seedBlock, seedBlock, "eight blocks on");
        _assertStage(ISlotTypes.Stage.Seed);
    }

    function test_settleAuction__ofOneBidder_costsTheReservePrice() public {
        _win(e, 9 * TOKEN);
        slots.settleAuction(e);
        assertEq(slots.auction(e).price, 1e15, "minBid before any slot was filled");
    }

    function test_settleAuction__reserveIsTheLastPriceOverTheEpochsSince() public {
        _duel(9 * TOKEN, 4 * TOKEN);
        _drawSeed(e);
        _defeat(_post(e));
        uint256 later = _next() + 2;
        _toCommit(later);
        assertEq(slots.reservePrice(later), 4 * TOKEN / (later - e) + 1, "more than 1/n of the last price");
        _win(later, 9 * TOKEN);
        slots.settleAuction(later);
        assertEq(slots.auction(later).price, 4 * TOKEN / (later - e) + 1, "paid");
    }

    function test_settleAuction__countsUntilTheSubmitWindowEnds() public {
        _win(e, 9 * TOKEN);
        _toSubmitEnd(e);
        _expectStage(ISlotTypes.Stage.Lapsed, ISlotTypes.Stage.Settle);
        slots.settleAuction(e);
        vm.warp(block.timestamp - 1);
        slots.settleAuction(e);
    }

    function test_settleAuction__tooEarlyReverts() public {
        _commit(e, ann, 9 * TOKEN);
        _expectStage(ISlotTypes.Stage.Commit, ISlotTypes.Stage.Settle);
        slots.settleAuction(e);
        _toReveal(e);
        _reveal(e, ann, 9 * TOKEN);
        vm.warp(slots.windowsOf(e).start - 1);
        _expectStage(ISlotTypes.Stage.Reveal, ISlotTypes.Stage.Settle);
        slots.settleAuction(e);
    }

    function test_settleAuction__withoutARevealedBidReverts() public {
        _commit(e, ann, 9 * TOKEN);
        _toStart(e);
        _expectStage(ISlotTypes.Stage.Vacant, ISlotTypes.Stage.Settle);
        slots.settleAuction(e);
    }

    function test_settleAuction__twiceReverts() public {
        _win(e, 9 * TOKEN);
        slots.settleAuction(e);
        _expectStage(ISlotTypes.Stage.Seed, ISlotTypes.Stage.Settle);
        slots.settleAuction(e);
    }

    function testFuzz_settleAuction__priceLiesBetweenReserveAndBid(uint256 first, uint256 second) public {
        first = bound(first, 1e15, 100 * TOKEN);
        second = bound(second, 1e15, 100 * TOKEN);
        _duel(first, second);
        slots.settleAuction(e);
        ISlotTypes.Auction memory settled = slots.auction(e);
        assertEq(settled.amount, first > second ? first : second, "the highest wins");
        assertEq(settled.price, first > second ? second : first, "and pays the second highest");
        assertGe(settled.price, settled.reserve, "I13: not below the reserve price");
        assertLe(settled.price, settled.amount, "I13: not above the bid");
    }

    // fixSeed

    function test_fixSeed__byAnyone_isTheFormula() public {
        _win(e, 9 * TOKEN);
        slots.settleAuction(e);
        uint256 seedBlock = slots.auction(e).seedBlock;
        bytes32 blockHash = keccak256("the hash");
        vm.roll(seedBlock + 1);
        vm.setBlockhash(seedBlock, blockHash);
        bytes32 promptHash = keccak256(_prompt(ann));
        bytes32 seed = SampleTree.seedOf(block.chainid, address(slots), e, ann, promptHash, model, blockHash);
        vm.expectEmit(address(slots));
        emit ISlotEvents.SeedFixed(e, seed);
        vm.prank(stranger);
        slots.fixSeed(e);
        assertEq(slots.auction(e).seed, seed, "seed");
        assertEq(slots.auction(e).seedBlock, 0, "the block has served");
        _assertStage(ISlotTypes.Stage.Submit);
    }

    function test_fixSeed__beforeTheBlockIsMinedReverts() public {
        _win(e, 9 * TOKEN);
        slots.settleAuction(e);
        uint256 seedBlock = slots.auction(e).seedBlock;
        vm.roll(seedBlock);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.SeedTooEarly.selector, seedBlock));
        slots.fixSeed(e);
    }

    function test_fixSeed__inTheLastBlockThatRemembersCounts() public {
        _win(e, 9 * TOKEN);
        slots.settleAuction(e);
        vm.roll(slots.auction(e).seedBlock + 256);
        slots.fixSeed(e);
        _assertStage(ISlotTypes.Stage.Submit);
    }

    function test_fixSeed__oneBlockLaterIsForfeit() public {
        _win(e, 9 * TOKEN);
        slots.settleAuction(e);
        vm.roll(slots.auction(e).seedBlock + 257);
        _expectStage(ISlotTypes.Stage.Lapsed, ISlotTypes.Stage.Seed);
        slots.fixSeed(e);
        slots.forfeit(e);
        _assertStage(ISlotTypes.Stage.Forfeited);
    }

    function test_fixSeed__isNeverDrawnAgain() public {
        _winSeed(e, 9 * TOKEN);
        _expectStage(ISlotTypes.Stage.Submit, ISlotTypes.Stage.Seed);
        slots.fixSeed(e);
    }

    function test_fixSeed__beforeSettlementReverts() public {
        _win(e, 9 * TOKEN);
        _expectStage(ISlotTypes.Stage.Settle, ISlotTypes.Stage.Seed);
        slots.fixSeed(e);
    }

    // forfeit

    function test_forfeit__byAnyone_burnsTheWholeBidAndUnlocksBothSides() public {
        _commit(e, ann, 9 * TOKEN, 11 * TOKEN);
        _toReveal(e);
        _reveal(e, ann, 9 * TOKEN);
        _toStart(e);
        _drawSeed(e);
        _toSubmitEnd(e);
        uint256 supply = token.totalSupply();
        vm.expectEmit(address(slots));
        emit ISlotEvents.SlotForfeited(e, ann, 9 * TOKEN);
        vm.prank(stranger);
        slots.forfeit(e);
        assertEq(supply - token.totalSupply(), 9 * TOKEN, "the bid, not only the price");
        assertEq(slots.lockedCollateralOf(ann), 0, "bidder's side is free");
        assertEq(slots.lockedCollateralOf(setter), 0, "setter's side is free");
        slots.withdrawBid(e, ann);
        assertEq(token.balanceOf(address(slots)), 3 * COLLATERAL, "what hid the bid is returned");
        assertEq(slots.reservePrice(e + 1), 1e15, "no slot was filled");
    }

    function test_forfeit__ofAnAuctionThatNobodySettled() public {
        _win(e, 9 * TOKEN);
        _toSubmitEnd(e);
        slots.forfeit(e);
        _assertStage(ISlotTypes.Stage.Forfeited);
    }

    function test_forfeit__whileTheWinnerCanSubmitReverts() public {
        _winSeed(e, 9 * TOKEN);
        vm.warp(slots.windowsOf(e).submitEnd - 1);
        _expectStage(ISlotTypes.Stage.Submit, ISlotTypes.Stage.Lapsed);
        slots.forfeit(e);
    }

    function test_forfeit__twiceReverts() public {
        _win(e, 9 * TOKEN);
        _toSubmitEnd(e);
        slots.forfeit(e);
        _expectStage(ISlotTypes.Stage.Forfeited, ISlotTypes.Stage.Lapsed);
        slots.forfeit(e);
    }

    function test_forfeit__ofAPostedSlotReverts() public {
        _fill(e, 9 * TOKEN);
        _toSubmitEnd(e);
        _expectStage(ISlotTypes.Stage.Posted, ISlotTypes.Stage.Lapsed);
        slots.forfeit(e);
    }

    // withdrawBid

    function test_withdrawBid__byAnyone_returnsALosersDeposit() public {
        _duel(9 * TOKEN, 4 * TOKEN);
        uint256 before = token.balanceOf(ben);
        vm.expectEmit(address(slots));
        emit ISlotEvents.BidWithdrawn(e, ben, 4 * TOKEN, 0);
        vm.prank(stranger);
        slots.withdrawBid(e, ben);
        assertEq(token.balanceOf(ben) - before, 4 * TOKEN, "all of it");
    }

    function test_withdrawBid__neverOpened_losesAndBurnsFivePercent() public {
        _commit(e, ann, 9 * TOKEN, 10 * TOKEN);
        _toStart(e);
        (uint256 amount, uint256 slashed) = slots.withdrawableBid(e, ann);
        assertEq(amount, 9.5 ether, "95 %");
        assertEq(slashed, 0.5 ether, "5 %");
        uint256 supply = token.totalSupply();
        uint256 before = token.balanceOf(ann);
        slots.withdrawBid(e, ann);
        assertEq(token.balanceOf(ann) - before, 9.5 ether, "returned");
        assertEq(supply - token.totalSupply(), 0.5 ether, "burned");
    }

    function test_withdrawBid__ofTheWinner_waitsForTheEndOfItsAuction() public {
        _winSeed(e, 9 * TOKEN);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.BidAtStake.selector, e, ann));
        slots.withdrawBid(e, ann);
        _post(e);
        (uint256 amount,) = slots.withdrawableBid(e, ann);
        assertEq(amount, 9 * TOKEN - 1e15, "bid less price");
        slots.withdrawBid(e, ann);
    }

    function test_withdrawBid__beforeTheEpochStartsReverts() public {
        _commit(e, ann, 9 * TOKEN);
        _toReveal(e);
        _expectStage(ISlotTypes.Stage.Reveal, ISlotTypes.Stage.Settle);
        slots.withdrawBid(e, ann);
    }

    function test_withdrawBid__twiceReverts() public {
        _duel(9 * TOKEN, 4 * TOKEN);
        slots.withdrawBid(e, ben);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NothingToWithdraw.selector, e, ben));
        slots.withdrawBid(e, ben);
    }

    function test_withdrawBid__withoutABidReverts() public {
        _toStart(e);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.NothingToWithdraw.selector, e, ben));
        slots.withdrawBid(e, ben);
    }

    // helpers

    function _duel(uint256 anns, uint256 bens) private {
        _commit(e, ann, anns);
        _commit(e, ben, bens);
        _toReveal(e);
        _reveal(e, ann, anns);
        _reveal(e, ben, bens);
        _toStart(e);
    }

    function _expectStage(ISlotTypes.Stage stage, ISlotTypes.Stage needed) private {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.WrongStage.selector, e, stage, needed));
    }

    function _assertStage(ISlotTypes.Stage expected) private view {
        assertEq(uint256(slots.stage(e)), uint256(expected), "stage");
    }
}

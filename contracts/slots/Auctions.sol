// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IPromptUpdate} from "../interfaces/IPromptUpdate.sol";
import {AuctionMath} from "../libraries/AuctionMath.sol";
import {SampleTree} from "../libraries/SampleTree.sol";
import {CollateralAccounts} from "./CollateralAccounts.sol";

/// @title Auctions
/// @notice Sealed bids for the next slot, from commitment to the seed of the winner's samples.
abstract contract Auctions is CollateralAccounts {
    using SafeCast for uint256;

    /// @dev How far back the chain remembers block hashes.
    uint256 private constant BLOCK_HASHES = 256;

    /// @dev The leading bid of an epoch; its prompt's hash and amount are in its {Bid}. `price` is the second highest
    /// bid until settlement. `draw` is 0, then the number of the block whose hash makes the seed, then the seed: the
    /// values cannot be confused, since no hash is as small as a block number.
    struct Contest {
        address winner;
        uint96 price;
        address setter;
        uint96 collateral;
        bytes32 modelId;
        uint256 draw;
    }

    /// @dev Pointers that change together.
    struct Heads {
        uint32 openSlot;
        uint32 slotCount;
    }

    Heads internal _heads;
    /// @dev The last proposal posted; see {activeProposal} for whether it still counts.
    uint256 internal _proposal;
    mapping(uint256 e => Contest) internal _contests;
    mapping(uint256 e => mapping(address bidder => Bid)) internal _bids;

    // Bids

    /// @inheritdoc IPromptUpdate
    function commitBid(uint256 e, bytes32 commitment, uint256 deposit) external {
        Windows memory windows = windowsOf(e);
        _requireWithin(windows.commitStart, windows.revealStart);
        if (_gate.liveEpoch != e) _openAuction(e);
        Bid storage bid = _bids[e][msg.sender];
        if (bid.status != BidStatus.None) revert AlreadyCommitted(e, msg.sender);
        if (deposit < _gate.minBid) revert DepositTooLow(deposit, _gate.minBid);
        uint96 held = deposit.toUint96();

        bid.hash = commitment;
        bid.deposit = held;
        bid.committedAt = uint48(block.timestamp);
        bid.status = BidStatus.Sealed;
        emit BidCommitted(e, msg.sender, commitment, deposit);

        _pull(deposit);
    }

    /// @inheritdoc IPromptUpdate
    function revealBid(uint256 e, address bidder, Opening calldata opening) external {
        Windows memory windows = windowsOf(e);
        _requireWithin(windows.revealStart, windows.start);
        Bid storage bid = _bids[e][bidder];
        _requireOpens(e, bidder, bid, opening);
        IModelRegistry registry = _registry();
        if (!registry.usable(opening.modelId, windows.commitStart)) revert ModelNotUsable(opening.modelId);

        bid.hash = opening.promptHash;
        bid.amount = uint96(opening.amount); // at most the deposit
        bid.status = BidStatus.Revealed;
        address setter = registry.setterOf(opening.modelId);
        bool leads = _contend(e, bidder, setter, opening, _collateralSince(windows.commitStart));
        emit BidRevealed(e, bidder, opening.modelId, opening.amount, opening.promptHash, leads);
    }

    /// @inheritdoc IPromptUpdate
    function withdrawBid(uint256 e, address bidder) external {
        Stage current = stage(e);
        if (current < Stage.Settle) revert WrongStage(e, current, Stage.Settle);
        Bid storage bid = _bids[e][bidder];
        if (bid.status == BidStatus.Revealed && bidder == _contests[e].winner) revert BidAtStake(e, bidder);
        (uint256 amount, uint256 slashed) = withdrawableBid(e, bidder);
        if (amount == 0) revert NothingToWithdraw(e, bidder);

        bid.deposit = 0;
        emit BidWithdrawn(e, bidder, amount, slashed);

        if (slashed != 0) _burn(slashed);
        _push(bidder, amount);
    }

    // Settlement

    /// @inheritdoc IPromptUpdate
    function settleAuction(uint256 e) external {
        _requireStage(e, Stage.Settle);
        Contest storage contest = _contests[e];
        address winner = contest.winner;
        uint256 reserve = reservePrice(e);
        uint256 price = AuctionMath.clearingPrice(contest.price, reserve);
        uint256 seedBlock = block.number + _parameter("seedDelay");
        contest.price = uint96(price); // at most the winner's bid
        contest.draw = seedBlock;
        emit AuctionSettled(
            e, winner, contest.setter, contest.modelId, _bids[e][winner].hash, reserve, price, seedBlock
        );
    }

    /// @inheritdoc IPromptUpdate
    function fixSeed(uint256 e) external {
        _requireStage(e, Stage.Seed);
        Contest storage contest = _contests[e];
        uint256 seedBlock = contest.draw;
        if (block.number <= seedBlock) revert SeedTooEarly(seedBlock);
        address winner = contest.winner;

        bytes32 seed = SampleTree.seedOf(
            block.chainid, address(this), e, winner, _bids[e][winner].hash, contest.modelId, blockhash(seedBlock)
        );
        contest.draw = uint256(seed);
        emit SeedFixed(e, seed);
    }

    /// @inheritdoc IPromptUpdate
    function forfeit(uint256 e) external {
        _requireStage(e, Stage.Lapsed);
        Contest storage contest = _contests[e];
        address winner = contest.winner;
        Bid storage bid = _bids[e][winner];
        uint256 amount = bid.amount;
        bid.status = BidStatus.Forfeited;
        bid.deposit -= uint96(amount);
        _releaseSides(winner, contest.setter, contest.collateral);
        emit SlotForfeited(e, winner, amount);

        _burn(amount);
    }

    // Views

    /// @inheritdoc IPromptUpdate
    function stage(uint256 e) public view returns (Stage) {
        Windows memory windows = windowsOf(e);
        if (block.timestamp < windows.commitStart) return Stage.Upcoming;
        if (block.timestamp < windows.revealStart) return Stage.Commit;
        if (block.timestamp < windows.start) return Stage.Reveal;

        Contest storage contest = _contests[e];
        address winner = contest.winner;
        if (winner == address(0)) return Stage.Vacant;
        BidStatus status = _bids[e][winner].status;
        if (status == BidStatus.Posted) return Stage.Posted;
        if (status == BidStatus.Abstained) return Stage.Abstained;
        if (status == BidStatus.Forfeited) return Stage.Forfeited;
        if (block.timestamp >= windows.submitEnd) return Stage.Lapsed;

        uint256 draw = contest.draw;
        if (draw == 0) return Stage.Settle;
        if (_isSeed(draw)) return Stage.Submit;
        return block.number > draw + BLOCK_HASHES ? Stage.Lapsed : Stage.Seed;
    }

    /// @inheritdoc IPromptUpdate
    function reservePrice(uint256 e) public view returns (uint256) {
        Pricing memory pricing = _pricing;
        if (e <= pricing.lastFilledEpoch) revert UnknownEpoch(e);
        return AuctionMath.reservePrice(pricing.lastPrice, e - pricing.lastFilledEpoch, _gate.minBid);
    }

    /// @inheritdoc IPromptUpdate
    function withdrawableBid(uint256 e, address bidder) public view returns (uint256 amount, uint256 slashed) {
        Bid storage bid = _bids[e][bidder];
        uint256 deposit = bid.deposit;
        if (bid.status == BidStatus.Sealed) slashed = AuctionMath.unrevealedPenalty(deposit);
        amount = deposit - slashed;
    }

    /// @inheritdoc IPromptUpdate
    function commitmentOf(uint256 e, address bidder, Opening calldata opening) public view returns (bytes32) {
        return AuctionMath.commitmentOf(
            block.chainid, address(this), e, bidder, opening.amount, opening.modelId, opening.promptHash, opening.salt
        );
    }

    /// @inheritdoc IPromptUpdate
    function activeProposal() public view returns (uint256) {
        uint256 id = _proposal;
        return id != 0 && !governance.isFinal(id) ? id : 0;
    }

    // Internal

    /// @dev From here to its end an auction cannot be blocked: nothing before it can bring a proposal any more, so no
    /// proposal can become pending, and no parameter can change.
    function _openAuction(uint256 e) private {
        _requireNoAuction();
        _requireNoProposal();
        _gate.liveEpoch = uint24(e); // its window is now
    }

    function _requireNoAuction() internal view override {
        uint256 e = _gate.liveEpoch;
        if (e == 0) return;
        if (stage(e) < Stage.Vacant) revert AuctionLive(e);
    }

    function _requireStage(uint256 e, Stage needed) internal view {
        Stage current = stage(e);
        if (current != needed) revert WrongStage(e, current, needed);
    }

    function _requireNoProposal() internal view {
        uint256 id = activeProposal();
        if (id != 0) revert PreviousProposalPending(id);
    }

    function _isSeed(uint256 draw) internal pure returns (bool) {
        return draw > type(uint64).max;
    }

    function _requireOpens(uint256 e, address bidder, Bid storage bid, Opening calldata opening) private view {
        if (bid.status != BidStatus.Sealed) revert NoSealedBid(e, bidder);
        bytes32 commitment = commitmentOf(e, bidder, opening);
        if (commitment != bid.hash) revert WrongOpening(commitment, bid.hash);
        if (opening.amount > bid.deposit) revert DepositTooLow(bid.deposit, opening.amount);
        uint256 reserve = reservePrice(e);
        if (opening.amount < reserve) revert BidBelowReserve(opening.amount, reserve);
    }

    /// @dev Puts an opened bid against the leading one. Only the leader holds locks; a bid that does not lead needs the
    /// same free collateral, so that what counts does not depend on the order of opening.
    function _contend(uint256 e, address bidder, address setter, Opening calldata opening, uint256 collateral)
        private
        returns (bool leads)
    {
        Contest storage contest = _contests[e];
        address leader = contest.winner;
        if (leader != address(0)) _releaseSides(leader, contest.setter, collateral);
        _requireFreeSides(bidder, setter, collateral);

        Bid storage best = _bids[e][leader];
        uint256 committedAt = _bids[e][bidder].committedAt;
        leads = leader == address(0)
            || AuctionMath.beats(opening.amount, committedAt, bidder, best.amount, best.committedAt, leader);
        if (!leads) {
            contest.price = uint96(Math.max(contest.price, opening.amount));
            _lockSides(leader, contest.setter, collateral);
            return false;
        }
        contest.winner = bidder;
        contest.price = best.amount; // 0 if there was no leader
        contest.setter = setter;
        contest.collateral = uint96(collateral); // at most what the sides hold
        contest.modelId = opening.modelId;
        _lockSides(bidder, setter, collateral);
    }
}

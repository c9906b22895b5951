// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title AuctionMath
/// @notice The slot auction: sealed bids, second price, and a reserve price that fades with the epochs without a slot.
/// @dev Amounts are token base units.
library AuctionMath {
    uint256 private constant BPS = 10_000;

    /// @dev Share of its deposit that a bid loses which is never opened. A near-total loss would make honest mistakes
    /// ruinous; none would let a bidder choose, after seeing the others, which of its bids to open.
    uint256 internal constant UNREVEALED_PENALTY_BPS = 500;

    /// @notice max(minBid, floor(lastPrice / epochsSince) + 1): more than 1/n of the last price after n epochs.
    /// @param lastPrice Price of the last filled slot, 0 before the first.
    /// @param epochsSince Epochs since it was won, at least 1.
    function reservePrice(uint256 lastPrice, uint256 epochsSince, uint256 minBid) internal pure returns (uint256) {
        return Math.max(minBid, lastPrice / epochsSince + 1);
    }

    /// @notice max(second highest bid, reserve price): what the winner pays.
    function clearingPrice(uint256 second, uint256 reserve) internal pure returns (uint256) {
        return Math.max(second, reserve);
    }

    /// @notice Whether a bid beats another: by amount, then by time of commitment, then by the lower address.
    /// @dev The last rule only makes the winner of two bids of one second independent of the order of their opening.
    function beats(
        uint256 amount,
        uint256 committedAt,
        address bidder,
        uint256 otherAmount,
        uint256 otherCommittedAt,
        address otherBidder
    ) internal pure returns (bool) {
        if (amount != otherAmount) return amount > otherAmount;
        if (committedAt != otherCommittedAt) return committedAt < otherCommittedAt;
        return bidder < otherBidder;
    }

    /// @notice What a bid loses that was not opened: floor(5 % of the deposit).
    function unrevealedPenalty(uint256 deposit) internal pure returns (uint256) {
        return deposit * UNREVEALED_PENALTY_BPS / BPS;
    }

    /// @notice max(minCollateral, ceil(rewardCapBps of the supply)): what each side of a slot puts up.
    function requiredCollateral(uint256 supply, uint256 rewardCapBps, uint256 minCollateral)
        internal
        pure
        returns (uint256)
    {
        return Math.max(minCollateral, Math.ceilDiv(supply * rewardCapBps, BPS));
    }

    /// @notice Commitment to a bid; chain, contract, epoch and bidder are in it, so that no copy of it opens.
    function commitmentOf(
        uint256 chainId,
        address promptUpdate,
        uint256 e,
        address bidder,
        uint256 amount,
        bytes32 modelId,
        bytes32 promptHash,
        bytes32 salt
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(chainId, promptUpdate, e, bidder, amount, modelId, promptHash, salt));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuctionMath} from "../../../../contracts/libraries/AuctionMath.sol";

/// @notice Makes the functions of {AuctionMath} callable: for tests of its twin in Python, and for its own.
contract AuctionMathHarness {
    function reservePrice(uint256 lastPrice, uint256 epochsSince, uint256 minBid) external pure returns (uint256) {
        return AuctionMath.reservePrice(lastPrice, epochsSince, minBid);
    }

    function clearingPrice(uint256 second, uint256 reserve) external pure returns (uint256) {
        return AuctionMath.clearingPrice(second, reserve);
    }

    function beats(
        uint256 amount,
        uint256 committedAt,
        address bidder,
        uint256 otherAmount,
        uint256 otherCommittedAt,
        address otherBidder
    ) external pure returns (bool) {
        return AuctionMath.beats(amount, committedAt, bidder, otherAmount, otherCommittedAt, otherBidder);
    }

    function unrevealedPenalty(uint256 deposit) external pure returns (uint256) {
        return AuctionMath.unrevealedPenalty(deposit);
    }

    function requiredCollateral(uint256 supply, uint256 rewardCapBps, uint256 minCollateral)
        external
        pure
        returns (uint256)
    {
        return AuctionMath.requiredCollateral(supply, rewardCapBps, minCollateral);
    }

    function commitmentOf(
        uint256 chainId,
        address promptUpdate,
        uint256 e,
        address bidder,
        uint256 amount,
        bytes32 modelId,
        bytes32 promptHash,
        bytes32 salt
    ) external pure returns (bytes32) {
        return AuctionMath.commitmentOf(chainId, promptUpdate, e, bidder, amount, modelId, promptHash, salt);
    }
}

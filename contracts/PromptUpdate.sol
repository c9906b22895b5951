// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPromptUpdate} from "./interfaces/IPromptUpdate.sol";
import {AuctionMath} from "./libraries/AuctionMath.sol";
import {Rewards} from "./slots/Rewards.sol";
import {SlotParameters} from "./slots/SlotParameters.sol";

/// @title PromptUpdate
/// @notice See {IPromptUpdate}. The stages of a slot's life are in slots/, each on top of the one before: Timing,
/// SlotParameters, CollateralAccounts, Auctions, Proposals, Rewards; here are the views of the whole.
/// @dev Its BToken balance is the deposits of bids, the prices of unsettled slots and the collateral, and no more. Every
/// function writes what it changes before it calls out, so that a call back finds nothing half done.
contract PromptUpdate is Rewards {
    constructor(Config memory config) SlotParameters(config) {}

    // Auctions

    /// @inheritdoc IPromptUpdate
    function auction(uint256 e) external view returns (Auction memory found) {
        Contest storage contest = _contests[e];
        if (e > _pricing.lastFilledEpoch) found.reserve = reservePrice(e);
        if (contest.winner == address(0)) return found;

        Bid storage best = _bids[e][contest.winner];
        found.winner = contest.winner;
        found.setter = contest.setter;
        found.modelId = contest.modelId;
        found.promptHash = best.hash;
        found.amount = best.amount;
        found.price = contest.draw == 0 ? AuctionMath.clearingPrice(contest.price, found.reserve) : contest.price;
        found.collateral = contest.collateral;
        if (_isSeed(contest.draw)) found.seed = bytes32(contest.draw);
        else found.seedBlock = contest.draw;
    }

    /// @inheritdoc IPromptUpdate
    function bidOf(uint256 e, address bidder) external view returns (Bid memory) {
        return _bids[e][bidder];
    }

    /// @inheritdoc IPromptUpdate
    function liveEpoch() external view returns (uint256) {
        return _gate.liveEpoch;
    }

    // Slots

    /// @inheritdoc IPromptUpdate
    function openSlot() external view returns (uint256) {
        return _heads.openSlot;
    }

    /// @inheritdoc IPromptUpdate
    function slotCount() external view returns (uint256) {
        return _heads.slotCount;
    }

    /// @inheritdoc IPromptUpdate
    function slot(uint256 slotId) external view returns (Slot memory) {
        Record memory record = _slots[slotId];
        Contest storage sides = _sidesOf(slotId);
        if (record.openedAt == 0) revert UnknownSlot(slotId);
        return Slot({
            prompter: sides.winner,
            price: sides.price,
            setter: sides.setter,
            collateral: sides.collateral,
            proposalId: record.proposalId,
            epoch: record.epoch,
            openedAt: record.openedAt,
            closedAt: record.closedAt,
            settled: record.settled,
            prompterBps: record.terms.prompterBps(),
            setterBps: record.terms.setterBps(),
            rewardCapBps: record.terms.rewardCapBps(),
            capWindow: record.terms.capWindow(),
            maturity: record.terms.maturity(),
            rewardSource: record.terms.fromVault() ? RewardSource.Vault : RewardSource.Mint,
            rewardRequiresExecution: record.terms.requiresExecution()
        });
    }
}

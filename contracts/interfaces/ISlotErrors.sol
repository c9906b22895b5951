// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotTypes} from "./ISlotTypes.sol";

/// @title ISlotErrors
/// @notice Everything that {IPromptUpdate} refuses.
interface ISlotErrors {
    // Errors: who and when

    /// @notice Only the timelock may call this.
    error OnlyTimelock(address caller);

    /// @notice Only the winner of the epoch, or an operator it appointed, may call this.
    error OnlyWinner(address caller);

    /// @notice Only the weight setter of the open slot may call this.
    error OnlySetter(address caller);

    /// @notice An address that must be a contract, or set at all, is not.
    error BadAddress(address account);

    /// @notice An amount that must be positive is zero.
    error ZeroAmount();

    /// @notice There is no such epoch, or none that is still to be won: they count from 1.
    error UnknownEpoch(uint256 epoch);

    /// @notice The call counts in [from, to) only, and it is `nowAt`.
    error OutsideWindow(uint256 from, uint256 to, uint256 nowAt);

    /// @notice The epoch stands at `stage`, and the call counts at `needed` only.
    error WrongStage(uint256 epoch, ISlotTypes.Stage stage, ISlotTypes.Stage needed);

    /// @notice The proposal before is not final yet.
    error PreviousProposalPending(uint256 proposalId);

    /// @notice The auction of this epoch may still bring a proposal.
    error AuctionLive(uint256 epoch);

    // Errors: bids

    /// @notice The bidder has a bid in this epoch already.
    error AlreadyCommitted(uint256 epoch, address bidder);

    /// @notice The deposit does not cover what it must: minBid at commit, the bid at reveal.
    error DepositTooLow(uint256 deposit, uint256 needed);

    /// @notice The bidder has no sealed bid in this epoch.
    error NoSealedBid(uint256 epoch, address bidder);

    /// @notice The opening is not what the bidder committed to.
    error WrongOpening(bytes32 commitment, bytes32 expected);

    /// @notice The bid is below the reserve price.
    error BidBelowReserve(uint256 amount, uint256 reserve);

    /// @notice The model was not approved and registered early enough for this epoch.
    error ModelNotUsable(bytes32 modelId);

    /// @notice The side has `has` free tokens of collateral and needs `needs`.
    error InsufficientCollateral(address account, uint256 has, uint256 needs);

    /// @notice The bid is the leading one, or the winner's before its slot is posted, abstained or forfeited.
    error BidAtStake(uint256 epoch, address bidder);

    /// @notice Nothing of this deposit is left to withdraw.
    error NothingToWithdraw(uint256 epoch, address bidder);

    // Errors: settlement, seed, submission

    /// @notice The seed comes from block `seedBlock`, which is not mined before block `seedBlock + 1`.
    error SeedTooEarly(uint256 seedBlock);

    /// @notice The prompt is not the one that the bid bound.
    error WrongPrompt(bytes32 promptHash, bytes32 expected);

    /// @notice The prompt is longer than 8192 bytes.
    error PromptTooLong(uint256 length);

    /// @notice The model is not the one that the bid bound.
    error WrongModel(bytes32 modelId, bytes32 expected);

    /// @notice The template is not approved.
    error TemplateNotApproved(bytes32 templateId);

    /// @notice The sampling rule is not approved.
    error SamplerNotApproved(bytes32 samplerId);

    /// @notice The selected leaf and its calls are not in the samples root under the seed of this epoch.
    error NotInSamples(bytes32 expectedRoot, bytes32 samplesRoot);

    // Errors: slots and rewards

    /// @notice No slot is open.
    error NoOpenSlot();

    /// @notice The submit window of the epoch after the open slot's has not passed yet.
    error NotRollable(uint256 epoch);

    /// @notice There is no such slot.
    error UnknownSlot(uint256 slotId);

    /// @notice The slot is still open.
    error SlotStillOpen(uint256 slotId);

    /// @notice The slot is settled already.
    error RewardAlreadySettled(uint256 slotId);

    /// @notice The last window of the slot ends at `matureAt`.
    error NotMature(uint256 slotId, uint256 matureAt);

    /// @notice No reward is owed to the account, or none of it can be minted now.
    error NothingToClaim(address account);
}

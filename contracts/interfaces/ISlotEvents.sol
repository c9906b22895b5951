// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotTypes} from "./ISlotTypes.sol";

/// @title ISlotEvents
/// @notice Everything that {IPromptUpdate} tells the world.
interface ISlotEvents is ISlotTypes {
    // Events, in the order of a slot's life

    /// @notice Emitted when a sealed bid is committed.
    event BidCommitted(uint256 indexed epoch, address indexed bidder, bytes32 commitment, uint256 deposit);

    /// @notice Emitted when a bid is opened; `leads` if it is the best so far.
    event BidRevealed(
        uint256 indexed epoch,
        address indexed bidder,
        bytes32 indexed modelId,
        uint256 amount,
        bytes32 promptHash,
        bool leads
    );

    /// @notice Emitted when a bidder gets `amount` of its deposit back, after `slashed` were burned.
    event BidWithdrawn(uint256 indexed epoch, address indexed bidder, uint256 amount, uint256 slashed);

    /// @notice Emitted when an auction is settled; the hash of block `seedBlock` will make the seed.
    event AuctionSettled(
        uint256 indexed epoch,
        address indexed winner,
        address indexed setter,
        bytes32 modelId,
        bytes32 promptHash,
        uint256 reserve,
        uint256 price,
        uint256 seedBlock
    );

    /// @notice Emitted when the seed of the samples is fixed.
    event SeedFixed(uint256 indexed epoch, bytes32 seed);

    /// @notice Emitted when the winner posts what the model answered; the prompt's text is in the event.
    event ProposalPosted(
        uint256 indexed epoch,
        uint256 indexed proposalId,
        address indexed prompter,
        Generation generation,
        string uri,
        bytes prompt
    );

    /// @notice Emitted when the winner reports that the samples yield no proposal; `price` went to the treasury.
    event Abstained(
        uint256 indexed epoch,
        address indexed prompter,
        uint256 indexed price,
        Generation generation,
        string uri,
        bytes prompt
    );

    /// @notice Emitted when a winner who did not submit loses the whole bid of `amount`, which is burned.
    event SlotForfeited(uint256 indexed epoch, address indexed winner, uint256 amount);

    /// @notice Emitted when a slot opens; an empty one has no prompter, no proposal and no price.
    event SlotOpened(
        uint256 indexed slotId,
        uint256 indexed epoch,
        uint256 indexed proposalId,
        address prompter,
        address setter,
        uint256 price,
        uint256 collateral
    );

    /// @notice Emitted when a slot closes; {settleReward} is due at `matureAt` if its proposal is final by then.
    event SlotClosed(uint256 indexed slotId, uint256 indexed epoch, uint256 matureAt);

    /// @notice Emitted when a slot is settled.
    event RewardSettled(
        uint256 indexed slotId, uint256 indexed epoch, address indexed prompter, address setter, Outcome outcome
    );

    /// @notice Emitted when `amount` of a reward could not be minted within the cap; {claimReward} pays it later.
    event RewardOwed(address indexed account, uint256 amount);

    /// @notice Emitted when `amount` of an owed reward is minted.
    event RewardClaimed(address indexed account, uint256 amount);

    // Events of accounts and parameters

    /// @notice Emitted when an account puts in collateral.
    event CollateralDeposited(address indexed account, uint256 amount);

    /// @notice Emitted when an account gives notice that it will withdraw collateral in [from, to).
    event WithdrawalAnnounced(address indexed account, uint256 from, uint256 to);

    /// @notice Emitted when an account takes out collateral.
    event CollateralWithdrawn(address indexed account, uint256 amount);

    /// @notice Emitted when `owner` lets `operator` post and abstain for it, or stops it.
    event OperatorSet(address indexed owner, address indexed operator, bool allowed);

    /// @notice Emitted when new lengths are set that count from `fromEpoch` on, which starts at `start`.
    event TimingChanged(
        uint256 indexed fromEpoch, uint256 start, uint256 epochLength, uint256 revealDuration, uint256 submitWindow
    );

    /// @notice Emitted when the organisation says something without doing anything.
    event Signalled(string text);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IBToken} from "./IBToken.sol";
import {IGovernance} from "./IGovernance.sol";
import {IParameters} from "./IParameters.sol";
import {ISlotErrors} from "./ISlotErrors.sol";
import {ISlotEvents} from "./ISlotEvents.sol";

/// @title IPromptUpdate
/// @notice The slots of the organisation: who may prompt its model, what the slot costs, and what it earns.
/// @dev Tokens are BToken base units (1e18); caps are reserve base units; shares are basis points (bps); times are
/// seconds, every window is half-open [from, to). Epochs count from 1. Stages of an epoch e that starts at start(e):
///
///     commit [start(e-1), start(e) - revealDuration)   reveal [.., start(e))   settle, seed, submit [.., + submitWindow)
///
/// One auction is live at a time, and one proposal: nobody can commit while the auction before may still bring a
/// proposal, or while the proposal before is not final.
interface IPromptUpdate is ISlotEvents, ISlotErrors, IParameters {
    // A bid, from sealed to withdrawn

    /// @notice Commits a sealed bid for epoch `e` and pulls `deposit` tokens; a larger deposit hides the bid.
    /// @dev Commit phase only. Reverts with {OutsideWindow}, {AuctionLive}, {PreviousProposalPending},
    /// {AlreadyCommitted}, {DepositTooLow} (below minBid).
    /// @param commitment keccak256(abi.encode(chainid, this, e, bidder, amount, modelId, promptHash, salt)): bound to the
    /// bidder, so that a copy opens for nobody.
    function commitBid(uint256 e, bytes32 commitment, uint256 deposit) external;

    /// @notice Opens a bid, by anyone who knows the opening; the leading bid locks collateral of both its sides.
    /// @dev Reveal phase only. Reverts with {OutsideWindow}, {NoSealedBid}, {WrongOpening}, {DepositTooLow},
    /// {BidBelowReserve}, {ModelNotUsable}, {InsufficientCollateral}.
    function revealBid(uint256 e, address bidder, Opening calldata opening) external;

    /// @notice Returns to `bidder` what is left of its deposit, by anyone.
    /// @dev From start(e) on. A bid that was never opened loses 5 %, which is burned; the winner waits until its slot is
    /// posted, abstained or forfeited. Reverts with {WrongStage}, {BidAtStake}, {NothingToWithdraw}.
    function withdrawBid(uint256 e, address bidder) external;

    /// @notice Settles the auction at max(second highest bid, reserve price) and fixes the block of the seed, by anyone.
    /// @dev In [start(e), start(e) + submitWindow). Reverts with {WrongStage}.
    function settleAuction(uint256 e) external;

    /// @notice Fixes the seed from the hash of the block that settlement named, by anyone, within 256 blocks of it.
    /// @dev Never drawn again: if it is not fixed in time the slot is forfeit. Reverts with {WrongStage},
    /// {SeedTooEarly}.
    function fixSeed(uint256 e) external;

    /// @notice Lets `operator` post and abstain for the caller, or stops it.
    function setOperator(address operator, bool allowed) external;

    // A slot, from the proposal to the reward

    /// @notice Posts what the model answered as a proposal, bonds it, closes the open slot and opens the winner's.
    /// @dev By the winner or its operator, in the submit window; the bond is pulled from the winner. Description of the
    /// proposal: "gengov/epoch/<e>/<dataDigest>". Reverts with {WrongStage}, {OnlyWinner}, {WrongPrompt}, {PromptTooLong}, {WrongModel}, {TemplateNotApproved}, {SamplerNotApproved},
    /// {NotInSamples}, and as Governance and DisputeResolver do.
    /// @return proposalId Id of the proposal in Governance.
    function updatePrompt(
        uint256 e,
        Generation calldata generation,
        LeafProof calldata proof,
        Actions calldata actions,
        string calldata uri,
        bytes calldata prompt
    ) external returns (uint256 proposalId);

    /// @notice Reports that the samples yield no proposal: too few valid, no consensus, or the median answer is to do
    /// nothing. The price goes to the treasury, no slot opens, the rest of the deposit can be withdrawn.
    /// @dev By the winner or its operator, in the submit window. Reverts as {updatePrompt} does on stage, caller, prompt
    /// and model; it needs no other part of the organisation to work.
    function abstain(uint256 e, Generation calldata generation, string calldata uri, bytes calldata prompt) external;

    /// @notice Burns the whole bid of a winner who did not submit in time, or whose seed was never fixed; by anyone.
    /// @dev At stage Lapsed. Reverts with {WrongStage}.
    function forfeit(uint256 e) external;

    /// @notice Closes the open slot and opens an empty one for its weight setter, by anyone: when its proposal is final,
    /// the last execution is `capWindow` ago, and the submit window of a later epoch passed without a proposal. If the setter's free collateral does not
    /// suffice no slot is open afterwards (the lock position).
    /// @dev Reverts with {NoOpenSlot}, {PreviousProposalPending}, {OutsideWindow}, {NotRollable}.
    function rollSlot() external;

    /// @notice Forced exit by the weight setter of the open slot, once its proposal is final and the last execution is
    /// `capWindow` ago: no slot is open afterwards.
    /// @dev Not before: the exit ends the measurement for the prompter too. Reverts with {NoOpenSlot}, {OnlySetter},
    /// {PreviousProposalPending}, {OutsideWindow}.
    function exitSlot() external;

    /// @notice Settles a closed slot once it is mature: pays or burns, and releases collateral.
    /// @dev By anyone, once. A slot closes when its proposal is final. What cannot be minted within the cap is owed and
    /// paid by {claimReward}. Reverts with {UnknownSlot}, {SlotStillOpen}, {RewardAlreadySettled}, {NotMature}.
    function settleReward(uint256 slotId) external returns (Outcome memory outcome);

    /// @notice Mints to `account` what it is owed, as far as the cap of REWARDER_ROLE goes now; by anyone.
    /// @dev Reverts with {NothingToClaim}.
    function claimReward(address account) external returns (uint256 amount);

    // Collateral

    /// @notice Puts in collateral of the caller.
    function depositCollateral(uint256 amount) external;

    /// @notice Gives notice of a withdrawal, which is possible in a window of seven days that begins one epoch length
    /// later: a bidder who commits before the notice can count on the collateral of its weight setter.
    function announceWithdrawal() external;

    /// @notice Takes out free collateral within the announced window.
    /// @dev Reverts with {OutsideWindow}, {InsufficientCollateral}.
    function withdrawCollateral(uint256 amount) external;

    // Governance

    /// @notice Says something in the organisation's name; timelock only.
    function signal(string calldata text) external;

    // Views: epochs and auctions

    /// @notice The epoch that runs: start(e) <= now < start(e + 1); 0 before the first. Bids are for the next one.
    function currentEpoch() external view returns (uint256);

    /// @notice start(e); reverts with {UnknownEpoch} for 0.
    function epochStart(uint256 e) external view returns (uint256);

    /// @notice All windows of an epoch.
    function windowsOf(uint256 e) external view returns (Windows memory);

    /// @notice Where an epoch stands.
    function stage(uint256 e) external view returns (Stage);

    /// @notice max(minBid, floor(lastPrice / (e - lastFilledEpoch)) + 1): the price of the last slot fades with time.
    /// @dev Before any slot was filled lastPrice and lastFilledEpoch are 0. Reverts with {UnknownEpoch} for epochs up to
    /// the last filled one: their reserve prices are in {AuctionSettled}.
    function reservePrice(uint256 e) external view returns (uint256);

    /// @notice Collateral of each side: max(minCollateral, rewardCapBps of the supply just before the commit phase).
    /// @dev Before that, of the supply a second ago.
    function requiredCollateral(uint256 e) external view returns (uint256);

    /// @notice The auction of an epoch.
    function auction(uint256 e) external view returns (Auction memory);

    /// @notice The bid of `bidder` in an epoch.
    function bidOf(uint256 e, address bidder) external view returns (Bid memory);

    /// @notice What {withdrawBid} would pay and burn once it is possible, were nothing more to happen.
    function withdrawableBid(uint256 e, address bidder) external view returns (uint256 amount, uint256 slashed);

    /// @notice The commitment to an opening, for {commitBid}.
    function commitmentOf(uint256 e, address bidder, Opening calldata opening) external view returns (bytes32);

    /// @notice The last epoch that somebody committed a bid for; 0 if none.
    function liveEpoch() external view returns (uint256);

    /// @notice Whether `operator` may post and abstain for `owner`.
    function isOperator(address owner, address operator) external view returns (bool);

    // Views: slots and rewards

    /// @notice Id of the open slot; 0 if none.
    function openSlot() external view returns (uint256);

    /// @notice Number of slots so far; they count from 1.
    function slotCount() external view returns (uint256);

    /// @notice A slot; reverts with {UnknownSlot}.
    function slot(uint256 slotId) external view returns (Slot memory);

    /// @notice The last proposal, if it is not final; else 0.
    function activeProposal() external view returns (uint256 proposalId);

    /// @notice First second at which {settleReward} can count for a closed slot; 0 while it is open.
    function matureAt(uint256 slotId) external view returns (uint256);

    /// @notice What {settleReward} would do now; reverts as it does.
    function previewReward(uint256 slotId) external view returns (Outcome memory);

    /// @notice Tokens of rewards that are owed to an account.
    function owedReward(address account) external view returns (uint256);

    // Views: collateral and parts

    /// @notice All collateral of an account.
    function collateralOf(address account) external view returns (uint256);

    /// @notice The part of it that is locked.
    function lockedCollateralOf(address account) external view returns (uint256);

    /// @notice The announced withdrawal window [from, to) of an account; zeros if none was announced.
    function withdrawalWindow(address account) external view returns (uint256 from, uint256 to);

    /// @notice Unit of bids, collateral and rewards.
    function bToken() external view returns (IBToken);

    /// @notice Unit of the proposal bond.
    function reserveToken() external view returns (IERC20);

    /// @notice The governor.
    function governance() external view returns (IGovernance);

    /// @notice Treasury, and the only one that changes anything here.
    function timelock() external view returns (address);

    /// @notice Start of epoch 0: the second of deployment.
    function genesis() external view returns (uint256);
}

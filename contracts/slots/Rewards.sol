// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IDisputeResolver} from "../interfaces/IDisputeResolver.sol";
import {IPromptUpdate} from "../interfaces/IPromptUpdate.sol";
import {RewardMath} from "../libraries/RewardMath.sol";
import {SlotTerms} from "../libraries/SlotTerms.sol";
import {Proposals} from "./Proposals.sol";

/// @title Rewards
/// @notice What a closed slot earned or lost, by the change in market cap, and what becomes of its price.
abstract contract Rewards is Proposals {
    bytes32 private immutable _rewarderRole;

    /// @inheritdoc IPromptUpdate
    mapping(address account => uint256) public owedReward;

    constructor() {
        _rewarderRole = bToken.REWARDER_ROLE();
    }

    /// @inheritdoc IPromptUpdate
    function settleReward(uint256 slotId) external returns (Outcome memory outcome) {
        outcome = previewReward(slotId);
        Record storage record = _slots[slotId];
        record.settled = true;
        Contest storage sides = _sidesOf(slotId);
        address prompter = sides.winner;
        address setter = sides.setter;
        emit RewardSettled(slotId, record.epoch, prompter, setter, outcome);

        uint256 burned = outcome.priceBurned;
        uint256 collateral = sides.collateral;
        if (outcome.delta < 0) {
            burned += outcome.prompterTokens + outcome.setterTokens;
            if (prompter != address(0)) _release(prompter, collateral, outcome.prompterTokens);
            _release(setter, collateral, outcome.setterTokens);
        } else {
            if (prompter != address(0)) _release(prompter, collateral, 0);
            _release(setter, collateral, 0);
            _pay(record.terms.fromVault(), prompter, outcome.prompterTokens);
            _pay(record.terms.fromVault(), setter, outcome.setterTokens);
        }
        if (burned != 0) _burn(burned);
        if (outcome.priceToTreasury != 0) _push(timelock, outcome.priceToTreasury);
    }

    /// @inheritdoc IPromptUpdate
    function claimReward(address account) external returns (uint256 amount) {
        amount = _mintOwed(account);
        if (amount == 0) revert NothingToClaim(account);
    }

    // Views

    /// @inheritdoc IPromptUpdate
    function previewReward(uint256 slotId) public view returns (Outcome memory outcome) {
        Record storage record = _slots[slotId];
        Contest storage sides = _sidesOf(slotId);
        SlotTerms terms = record.terms;
        _measure(record, _requireMature(slotId), outcome);
        (outcome.delta,, outcome.prompterTokens, outcome.setterTokens) = RewardMath.split(
            outcome.m0,
            outcome.m1,
            outcome.m2,
            sides.winner == address(0) ? 0 : terms.prompterBps(),
            terms.setterBps(),
            terms.rewardCapBps(),
            bToken.totalSupply(),
            bToken.marketCap()
        );
        uint256 price = sides.price;
        (bool earns, bool invalid) = _verdict(record.proposalId, terms);
        if (outcome.delta < 0) {
            outcome.prompterTokens = Math.min(outcome.prompterTokens, sides.collateral);
            outcome.setterTokens = Math.min(outcome.setterTokens, sides.collateral);
            outcome.priceBurned = price;
            return outcome;
        }
        uint256 available = earns ? (terms.fromVault() ? price : type(uint256).max) : 0;
        (outcome.prompterTokens, outcome.setterTokens) =
            RewardMath.within(available, outcome.prompterTokens, outcome.setterTokens);
        if (invalid) outcome.priceBurned = price;
        else if (!terms.fromVault()) outcome.priceToTreasury = price;
        else outcome.priceToTreasury = price - outcome.prompterTokens - outcome.setterTokens;
    }

    /// @inheritdoc IPromptUpdate
    function matureAt(uint256 slotId) public view returns (uint256) {
        Record storage record = _slots[slotId];
        return record.closedAt == 0 ? 0 : record.closedAt + record.terms.maturity();
    }

    // Internal

    function _requireMature(uint256 slotId) private view returns (uint256 matured) {
        if (_slots[slotId].openedAt == 0) revert UnknownSlot(slotId);
        matured = matureAt(slotId);
        if (matured == 0) revert SlotStillOpen(slotId);
        if (_slots[slotId].settled) revert RewardAlreadySettled(slotId);
        if (block.timestamp < matured) revert NotMature(slotId, matured);
    }

    function _measure(Record storage record, uint256 matured, Outcome memory outcome) private view {
        uint256 window = record.terms.capWindow();
        outcome.m0 = _averageCap(record.openedAt, window);
        outcome.m1 = _averageCap(record.closedAt, window);
        outcome.m2 = _averageCap(matured, window);
    }

    /// @dev The average over the `window` seconds before `to`, fewer if this contract is younger: the token was there
    /// before it, so its cap was observed.
    function _averageCap(uint256 to, uint256 window) private view returns (uint256) {
        return bToken.averageCap(uint48(Math.max(to - window, genesis)), uint48(to));
    }

    /// @dev Whether a slot may earn, and whether its proposal was ruled invalid. An empty slot may earn. A slot closes only
    /// when its proposal is final, so neither changes any more.
    function _verdict(uint256 proposalId, SlotTerms terms) private view returns (bool earns, bool invalid) {
        if (proposalId == 0) return (true, false);
        invalid = IDisputeResolver(governance.resolverOf(proposalId)).ruledInvalid(proposalId);
        if (invalid || !terms.requiresExecution()) return (!invalid, invalid);
        earns = IGovernor(address(governance)).state(proposalId) == IGovernor.ProposalState.Executed;
    }

    /// @dev A reward never holds up a settlement: what cannot be minted now stays owed.
    function _pay(bool fromVault, address account, uint256 tokens) private {
        if (tokens == 0) return;
        if (fromVault) return _push(account, tokens);
        owedReward[account] += tokens;
        uint256 paid = _mintOwed(account);
        if (paid != tokens) emit RewardOwed(account, owedReward[account]);
    }

    /// @dev Mints what the cap of our role allows; nothing if we do not have the role any more.
    function _mintOwed(address account) private returns (uint256 amount) {
        uint256 owed = owedReward[account];
        amount = Math.min(owed, bToken.mintable(_rewarderRole));
        if (amount == 0) return 0;
        try bToken.rewardMint(account, amount) {
            owedReward[account] = owed - amount; // the token calls nobody back
            emit RewardClaimed(account, amount);
        } catch {
            amount = 0;
        }
    }
}

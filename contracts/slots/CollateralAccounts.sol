// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPromptUpdate} from "../interfaces/IPromptUpdate.sol";
import {AuctionMath} from "../libraries/AuctionMath.sol";
import {SlotParameters} from "./SlotParameters.sol";

/// @title CollateralAccounts
/// @notice Tokens that prompters and weight setters put up against the losses of their slots.
/// @dev Each side of the leading bid and of each unsettled slot holds a lock of its own; one account on both sides holds
/// two. A withdrawal needs notice: without it a setter could make every bid with its model fail between commit and
/// reveal, at 5 % of their deposits, and take the slot itself at the reserve price.
abstract contract CollateralAccounts is SlotParameters {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev How long an announced withdrawal stays possible.
    uint256 private constant WITHDRAWAL_WINDOW = 7 days;

    mapping(address account => Collateral) private _collateral;

    /// @inheritdoc IPromptUpdate
    function depositCollateral(uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        _collateral[msg.sender].balance += amount.toUint96();
        emit CollateralDeposited(msg.sender, amount);
        _pull(amount);
    }

    /// @inheritdoc IPromptUpdate
    function announceWithdrawal() external {
        Windows memory open = windowsOf(currentEpoch() + 1);
        uint256 from = block.timestamp + open.start - open.commitStart;
        _collateral[msg.sender].withdrawableFrom = uint48(from);
        emit WithdrawalAnnounced(msg.sender, from, from + WITHDRAWAL_WINDOW);
    }

    /// @inheritdoc IPromptUpdate
    function withdrawCollateral(uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        (uint256 from, uint256 to) = withdrawalWindow(msg.sender);
        _requireWithin(from, to);
        _requireFree(msg.sender, amount);
        _collateral[msg.sender].balance -= uint96(amount);
        emit CollateralWithdrawn(msg.sender, amount);
        _push(msg.sender, amount);
    }

    // Views

    /// @inheritdoc IPromptUpdate
    function collateralOf(address account) external view returns (uint256) {
        return _collateral[account].balance;
    }

    /// @inheritdoc IPromptUpdate
    function lockedCollateralOf(address account) external view returns (uint256) {
        return _collateral[account].locked;
    }

    /// @inheritdoc IPromptUpdate
    function withdrawalWindow(address account) public view returns (uint256 from, uint256 to) {
        from = _collateral[account].withdrawableFrom;
        if (from != 0) to = from + WITHDRAWAL_WINDOW;
    }

    /// @inheritdoc IPromptUpdate
    function requiredCollateral(uint256 e) public view returns (uint256) {
        return _collateralSince(windowsOf(e).commitStart);
    }

    // Internal

    /// @dev By the supply just before the phase: nothing within it can price anybody out.
    function _collateralSince(uint256 commitStart) internal view returns (uint256) {
        uint256 supply = bToken.getPastTotalSupply(Math.min(commitStart, block.timestamp) - 1);
        Demands memory demands = _demands;
        return AuctionMath.requiredCollateral(supply, demands.terms.rewardCapBps(), demands.minCollateral);
    }

    function _pull(uint256 amount) internal {
        IERC20(bToken).safeTransferFrom(msg.sender, address(this), amount);
    }

    function _push(address to, uint256 amount) internal {
        IERC20(bToken).safeTransfer(to, amount);
    }

    function _burn(uint256 amount) internal {
        bToken.burn(amount);
    }

    function _freeCollateral(address account) internal view returns (uint256) {
        Collateral memory held = _collateral[account];
        return held.balance - held.locked;
    }

    function _requireFree(address account, uint256 amount) internal view {
        uint256 free = _freeCollateral(account);
        if (amount > free) revert InsufficientCollateral(account, free, amount);
    }

    /// @dev Both sides must be able to lock `amount`; an account on both sides twice that.
    function _requireFreeSides(address prompter, address setter, uint256 amount) internal view {
        if (prompter == setter) return _requireFree(prompter, 2 * amount);
        _requireFree(prompter, amount);
        _requireFree(setter, amount);
    }

    function _lock(address account, uint256 amount) internal {
        _collateral[account].locked += uint96(amount); // at most the balance
    }

    function _lockSides(address prompter, address setter, uint256 amount) internal {
        _lock(prompter, amount);
        _lock(setter, amount);
    }

    /// @dev Ends a lock of `amount`, of which `loss` <= `amount` leaves the account to be burned.
    function _release(address account, uint256 amount, uint256 loss) internal {
        Collateral storage held = _collateral[account];
        held.locked -= uint96(amount);
        held.balance -= uint96(loss);
    }

    function _releaseSides(address prompter, address setter, uint256 amount) internal {
        _release(prompter, amount, 0);
        _release(setter, amount, 0);
    }
}

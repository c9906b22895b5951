// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IBToken} from "../interfaces/IBToken.sol";
import {IDisputeResolver} from "../interfaces/IDisputeResolver.sol";
import {IGovernance} from "../interfaces/IGovernance.sol";

/// @title Tracks
/// @notice Which actions may be fast and what they take from the fast budget; which repair; which cannot be challenged.
/// @dev Pure: the same rules run off the chain. Whatever is not listed here, to the byte, is slow.
library Tracks {
    uint256 private constant WHOLE_TOKEN = 1e18;
    uint256 private constant BPS = 10_000;

    /// @dev selector + address + uint256; selector + address.
    uint256 private constant TRANSFER_LENGTH = 68;
    uint256 private constant SETTER_LENGTH = 36;

    /// @dev Larger amounts count as this much: no supply comes near it, and ten of them cannot overflow.
    uint256 private constant AMOUNT_LIMIT = type(uint128).max;

    /// @notice Whether every action is listed, and the tokens that all of them move.
    /// @dev Listed: (token, governanceMint or transfer) and (reserveToken, transfer), exact length, clean address, no
    /// value; arrays of equal length, not empty. A reserve amount counts as ceil(amount * 1e18 / price)
    /// tokens; it is not listed while the price is 0.
    /// @param price Reserve units per whole token, see {floorPrice}.
    /// @return listed False as soon as one action is not listed; the amount is 0 then.
    /// @return amount Token base units.
    function fastAmount(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        address token,
        address reserveToken,
        uint256 price
    ) internal pure returns (bool listed, uint256 amount) {
        uint256 count = targets.length;
        if (count == 0 || values.length != count || calldatas.length != count) return (false, 0);
        for (uint256 i = 0; i < count; ++i) {
            (bytes4 selector, uint256 to, uint256 moved) = _words(calldatas[i]);
            if (values[i] != 0 || calldatas[i].length != TRANSFER_LENGTH || to > type(uint160).max) return (false, 0);
            bool transfers = selector == IERC20.transfer.selector;
            moved = Math.min(moved, AMOUNT_LIMIT);
            if (targets[i] == token && (transfers || selector == IBToken.governanceMint.selector)) {
                amount += moved;
            } else if (targets[i] == reserveToken && transfers && price != 0) {
                amount += Math.ceilDiv(moved * WHOLE_TOKEN, price);
            } else {
                return (false, 0);
            }
        }
        return (true, amount);
    }

    /// @notice A price that nobody can pump to make a reserve transfer look small: min(spot price, average market cap
    /// per token of the larger supply), rounded down.
    /// @param averageCap Time-weighted market cap over the window.
    /// @param supplyNow Supply now.
    /// @param supplyBefore Supply at the start of the window; 0 if there was none, then the price is 0.
    function floorPrice(uint256 spot, uint256 averageCap, uint256 supplyNow, uint256 supplyBefore)
        internal
        pure
        returns (uint256)
    {
        if (supplyBefore == 0) return 0;
        return Math.min(spot, averageCap * WHOLE_TOKEN / Math.max(supplyNow, supplyBefore));
    }

    /// @notice What is left of the budget: floor(bps of min(supply now, supply before)) - spent, at least 0.
    /// @dev The lagged minimum: a share of the present supply would grow with whoever pumps the supply.
    function budgetLeft(uint256 supplyNow, uint256 supplyBefore, uint256 budgetBps, uint256 spent)
        internal
        pure
        returns (uint256)
    {
        uint256 budget = Math.min(supplyNow, supplyBefore) * budgetBps / BPS;
        return budget > spent ? budget - spent : 0;
    }

    /// @notice Whether the one and only action is to replace the arbitrator of `resolver`.
    function replacesArbitrator(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        address resolver
    ) internal pure returns (bool) {
        if (targets.length != 1 || values.length != 1 || calldatas.length != 1) return false;
        if (targets[0] != resolver || values[0] != 0) return false;
        (bytes4 selector, uint256 arbitrator,) = _words(calldatas[0]);
        return calldatas[0].length == SETTER_LENGTH && selector == IDisputeResolver.setArbitrator.selector
            && arbitrator <= type(uint160).max;
    }

    /// @notice Whether one action only replaces PromptUpdate, the model registry or the dispute resolver: the governor
    /// alone names them, and the other contracts ask it.
    function repairs(address target, uint256 value, bytes memory data, address governance)
        internal
        pure
        returns (bool)
    {
        (bytes4 selector, uint256 part,) = _words(data);
        return target == governance && value == 0 && data.length == SETTER_LENGTH && part <= type(uint160).max
            && (selector == IGovernance.setPromptUpdate.selector
                || selector == IGovernance.setModelRegistry.selector
                || selector == IGovernance.setDisputeResolver.selector);
    }

    /// @dev The selector and the first two words of a call. What the call is too short for is whatever memory holds
    /// there: callers check the length before they believe it.
    function _words(bytes memory data) private pure returns (bytes4 selector, uint256 first, uint256 second) {
        // solhint-disable-next-line no-inline-assembly
        // Only reads, which cannot break the memory model.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            selector := mload(add(data, 32))
            first := mload(add(data, 36))
            second := mload(add(data, 68))
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tracks} from "contracts/libraries/Tracks.sol";

/// @notice The pure library as a contract, for its tests and for the twin off the chain.
contract TracksHarness {
    function fastAmount(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        address token,
        address reserveToken,
        uint256 price
    ) external pure returns (bool listed, uint256 amount) {
        return Tracks.fastAmount(targets, values, calldatas, token, reserveToken, price);
    }

    function floorPrice(uint256 spot, uint256 averageCap, uint256 supplyNow, uint256 supplyBefore)
        external
        pure
        returns (uint256)
    {
        return Tracks.floorPrice(spot, averageCap, supplyNow, supplyBefore);
    }

    function budgetLeft(uint256 supplyNow, uint256 supplyBefore, uint256 budgetBps, uint256 spent)
        external
        pure
        returns (uint256)
    {
        return Tracks.budgetLeft(supplyNow, supplyBefore, budgetBps, spent);
    }

    function replacesArbitrator(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        address resolver
    ) external pure returns (bool) {
        return Tracks.replacesArbitrator(targets, values, calldatas, resolver);
    }

    function repairs(address target, uint256 value, bytes memory data, address governance)
        external
        pure
        returns (bool)
    {
        return Tracks.repairs(target, value, data, governance);
    }
}

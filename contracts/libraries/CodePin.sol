// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernance} from "../interfaces/IGovernance.sol";

/// @title CodePin
/// @notice That a target is a contract, and which code it and the others have now.
/// @dev A proxy keeps its code hash when its implementation changes: such a target stays as trusted as its owner is.
library CodePin {
    /// @notice Reverts with {IGovernance-TargetHasNoCode} for an account without code.
    function requireCode(address target) internal view {
        if (target.code.length == 0) revert IGovernance.TargetHasNoCode(target);
    }

    /// @notice One hash of the code of all targets, in their order.
    function hashOf(address[] memory targets) internal view returns (bytes32 hash) {
        for (uint256 i = 0; i < targets.length; ++i) {
            hash = keccak256(abi.encode(hash, targets[i].codehash));
        }
    }
}

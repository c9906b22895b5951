// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IArbitrator
/// @notice Whoever judges the cases of a dispute resolver, by calling its `rule`.
interface IArbitrator {
    /// @notice The resolver whose cases this arbitrator judges; a resolver accepts no arbitrator of another.
    function disputeResolver() external view returns (address);
}

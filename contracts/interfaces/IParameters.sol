// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IParameters
/// @notice One way to read and change the numbers that governance may tune, the same in every contract.
/// @dev A name is a short string in a bytes32, for instance bytes32("mintLock"). Only the timelock changes a value.
interface IParameters {
    /// @notice Emitted when governance changes a parameter.
    event ParameterChanged(bytes32 indexed name, uint256 previous, uint256 value);

    /// @notice The value lies outside the bounds of the parameter.
    error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);

    /// @notice The contract has no parameter of this name.
    error UnknownParameter(bytes32 name);

    /// @notice The local profile (short times) is for development chains only.
    error LocalProfileRefused(uint256 chainId);

    /// @notice Changes one parameter; timelock only.
    /// @dev Reverts with {UnknownParameter} or {ParameterOutOfBounds}. Emits {ParameterChanged}.
    function setParameter(bytes32 name, uint256 value) external;

    /// @notice The present value of a parameter; reverts with {UnknownParameter}.
    function parameter(bytes32 name) external view returns (uint256 value);

    /// @notice The inclusive bounds of a parameter; reverts with {UnknownParameter}.
    function parameterBounds(bytes32 name) external view returns (uint256 min, uint256 max);

    /// @notice Whether durations have the short floors of a development chain. The rules are the same either way.
    function localProfile() external view returns (bool);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IParameters} from "../interfaces/IParameters.sol";

/// @title Parameters
/// @notice Storage of the numbers that governance may tune, each within bounds that the contract states.
/// @dev Inherit it first: its constructor fixes the profile, by which the bounds of all later constructors go.
abstract contract Parameters is IParameters {
    /// @inheritdoc IParameters
    bool public immutable localProfile;

    mapping(bytes32 name => uint256) private _values;

    constructor(bool local) {
        if (local && block.chainid != 31_337 && block.chainid != 1337) revert LocalProfileRefused(block.chainid);
        localProfile = local;
    }

    /// @inheritdoc IParameters
    function parameter(bytes32 name) external view returns (uint256) {
        parameterBounds(name); // reverts for an unknown name
        return _values[name];
    }

    /// @inheritdoc IParameters
    function parameterBounds(bytes32 name) public view virtual returns (uint256 min, uint256 max);

    /// @dev The value of a parameter that is known to exist.
    function _parameter(bytes32 name) internal view returns (uint256) {
        return _values[name];
    }

    function _storeParameter(bytes32 name, uint256 value) internal {
        _requireInBounds(name, value);
        emit ParameterChanged(name, _values[name], value);
        _values[name] = value;
    }

    function _requireInBounds(bytes32 name, uint256 value) internal view {
        (uint256 min, uint256 max) = parameterBounds(name);
        if (value < min || value > max) revert ParameterOutOfBounds(name, value, min, max);
    }

    /// @dev The bounds of a duration: a development chain may shrink the time to a minute, never the rule.
    function _duration(uint256 min, uint256 max) internal view returns (uint256, uint256) {
        return (localProfile && min > 1 minutes ? 1 minutes : min, max);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "./Test.sol";

/// @notice Measures the last call as a whole transaction (intrinsic gas and calldata included) and prints it; the tables
/// of contracts/README.md are made of what it prints. A test that uses it runs isolated.
abstract contract GasMeter is Test {
    /// @dev A name that forge prints.
    // solhint-disable-next-line event-name-capwords
    event log_named_uint(string key, uint256 val);

    function _measure(string memory what, uint256 budget) internal {
        (, uint256 used,,,) = vm.lastCallGas();
        emit log_named_uint(what, used);
        assertGt(used, 21_000, "a whole transaction");
        assertLe(used, budget, what);
    }
}

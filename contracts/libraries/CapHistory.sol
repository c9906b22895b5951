// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title CapHistory
/// @notice The time integral of the market cap: checkpoints (second, cumulative), one per second in which it changed.
/// @dev Between two checkpoints the cap was constant, so interpolation is exact. The first change of a second stores
/// the integral up to that second; later changes of the same second add no time, so nothing that happens in a second
/// alters the integral up to it.
library CapHistory {
    using Checkpoints for Checkpoints.Trace208;

    /// @notice Starts the history at the present second, or closes the stretch in which the cap was `cap`.
    /// @dev Call it before the cap changes.
    function record(Checkpoints.Trace208 storage self, uint256 cap) internal {
        (bool exists, uint48 last, uint208 cumulative) = self.latestCheckpoint();
        if (exists && last == block.timestamp) return;

        uint256 sum = exists ? cumulative + cap * (block.timestamp - last) : 0;
        self.push(SafeCast.toUint48(block.timestamp), SafeCast.toUint208(sum));
    }

    /// @notice The second of the first checkpoint.
    function first(Checkpoints.Trace208 storage self) internal view returns (uint48) {
        return self.at(0)._key;
    }

    /// @notice The integral up to `timepoint`, which is neither before {first} nor in the future.
    /// @param cap The cap since the last checkpoint.
    function cumulativeAt(Checkpoints.Trace208 storage self, uint48 timepoint, uint256 cap)
        internal
        view
        returns (uint256)
    {
        uint256 count = self.length();
        Checkpoints.Checkpoint208 memory last = self.at(uint32(count - 1));
        if (timepoint >= last._key) return last._value + cap * (timepoint - last._key);

        // Invariant of the search: key(low) <= timepoint < key(high).
        uint256 low;
        uint256 high = count - 1;
        while (high - low > 1) {
            uint256 middle = Math.average(low, high);
            if (self.at(uint32(middle))._key <= timepoint) low = middle;
            else high = middle;
        }

        Checkpoints.Checkpoint208 memory left = self.at(uint32(low));
        Checkpoints.Checkpoint208 memory right = self.at(uint32(high));
        uint256 constantCap = (right._value - left._value) / (right._key - left._key);
        return left._value + constantCap * (timepoint - left._key);
    }
}

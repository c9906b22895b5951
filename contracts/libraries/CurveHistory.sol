// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title CurveHistory
/// @notice The past of the curve in one word per second in which it moved: the supply at the end of that second, and
/// the time integral of the market cap up to that second.
/// @dev One word instead of two lists of checkpoints saves a quarter of the gas of a purchase. The two halves differ
/// on purpose: a supply is final when its second is over, whereas the integral up to a second is untouched by anything
/// within it. Between two entries the cap was constant, so interpolation is exact. The integral wraps at 2^120 and
/// differences are taken modulo 2^120: exact for 97 days at the highest cap (2^97), longer for any real one.
library CurveHistory {
    /// @dev Seconds fit 40 bits for 34,000 years; supplies are below 2^96, see BToken.
    struct Entry {
        uint40 time;
        uint96 supply;
        uint120 capIntegral;
    }

    /// @notice Enters the new `supply`, and closes the stretch in which the market cap was `cap`.
    /// @dev Call it after the supply and before the cap changes.
    function record(Entry[] storage self, uint256 supply, uint256 cap) internal {
        uint96 supply96 = SafeCast.toUint96(supply);
        uint40 time = uint40(block.timestamp);
        uint256 count = self.length;
        if (count == 0) {
            self.push(Entry(time, supply96, 0));
            return;
        }
        Entry storage last = self[count - 1];
        if (last.time == time) last.supply = supply96;
        else self.push(Entry(time, supply96, _integralAt(last, time, cap)));
    }

    /// @notice The second of the first entry.
    function first(Entry[] storage self) internal view returns (uint256) {
        return self[0].time;
    }

    /// @notice The supply at the end of second `timepoint`; 0 before the first entry.
    function supplyAt(Entry[] storage self, uint256 timepoint) internal view returns (uint256) {
        uint256 position = _entriesUpTo(self, timepoint);
        return position == 0 ? 0 : self[position - 1].supply;
    }

    /// @notice The integral of the market cap from the first entry to `timepoint`, modulo 2^120.
    /// @param timepoint Neither before the first entry nor in the future.
    /// @param cap The market cap since the last entry.
    function capIntegralAt(Entry[] storage self, uint256 timepoint, uint256 cap) internal view returns (uint256) {
        uint256 position = _entriesUpTo(self, timepoint);
        Entry memory left = self[position - 1];
        if (position < self.length) {
            Entry memory right = self[position];
            cap = difference(right.capIntegral, left.capIntegral) / (right.time - left.time);
        }
        return _integralAt(left, timepoint, cap);
    }

    /// @notice The integral over the stretch between two readings of {capIntegralAt}.
    function difference(uint256 later, uint256 earlier) internal pure returns (uint256) {
        // Wraps by design, see above.
        unchecked {
            return uint120(later - earlier);
        }
    }

    /// @dev The integral at `timepoint` if the cap is `cap` from `entry` on.
    function _integralAt(Entry memory entry, uint256 timepoint, uint256 cap) private pure returns (uint120) {
        // Wraps by design, see above.
        unchecked {
            return uint120(entry.capIntegral + cap * (timepoint - entry.time));
        }
    }

    /// @dev How many entries are not later than `timepoint`.
    function _entriesUpTo(Entry[] storage self, uint256 timepoint) private view returns (uint256) {
        uint256 low = 0;
        uint256 high = self.length;
        while (low < high) {
            uint256 middle = Math.average(low, high);
            if (self[middle].time <= timepoint) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A run of epochs of the same lengths, small enough to share a word of storage.
/// @dev From the low end: first epoch (24 bits), its start (40), epochLength, revealDuration, submitWindow (24 each), in
/// seconds: up to 194 days. The commit phase of the first epoch began epochLength before its start, where the run before
/// ends: commit phases follow each other without gap or overlap.
type EpochRun is uint136;

using {from, start, epochLength, revealDuration, submitWindow, startOf} for EpochRun global;

/// @notice Packs values that fit their bits: the bounds of the parameters see to the lengths, time to the others.
function packRun(uint256 from_, uint256 start_, uint256 epochLength_, uint256 revealDuration_, uint256 submitWindow_)
    pure
    returns (EpochRun)
{
    return
        EpochRun.wrap(uint136(from_ | start_ << 24 | epochLength_ << 64 | revealDuration_ << 88 | submitWindow_ << 112));
}

/// @notice First epoch of the run.
function from(EpochRun run) pure returns (uint256) {
    return uint24(EpochRun.unwrap(run));
}

/// @notice When the first epoch starts.
function start(EpochRun run) pure returns (uint256) {
    return uint40(EpochRun.unwrap(run) >> 24);
}

/// @notice Seconds from one epoch to the next.
function epochLength(EpochRun run) pure returns (uint256) {
    return uint24(EpochRun.unwrap(run) >> 64);
}

/// @notice Seconds before an epoch starts in which bids are opened.
function revealDuration(EpochRun run) pure returns (uint256) {
    return uint24(EpochRun.unwrap(run) >> 88);
}

/// @notice Seconds after an epoch starts in which its winner posts.
function submitWindow(EpochRun run) pure returns (uint256) {
    return EpochRun.unwrap(run) >> 112;
}

/// @notice When epoch `e` of the run starts.
function startOf(EpochRun run, uint256 e) pure returns (uint256) {
    return run.start() + (e - run.from()) * run.epochLength();
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPromptUpdate} from "../interfaces/IPromptUpdate.sol";
import {EpochRun, packRun} from "../libraries/EpochRun.sol";

/// @title Timing
/// @notice The clock of the slots. New lengths count from the first epoch whose commit phase has not begun.
abstract contract Timing is IPromptUpdate {
    /// @inheritdoc IPromptUpdate
    uint256 public immutable genesis;

    /// @dev All that a commit must know, in one word: the lengths that were set last, the epoch whose auction runs or
    /// ran last, and a copy of the parameter minBid.
    struct Gate {
        EpochRun latest;
        uint24 liveEpoch;
        uint96 minBid;
    }

    Gate internal _gate;
    /// @dev Runs of epochs before the latest, which only rare calls need.
    EpochRun[] private _earlier;

    constructor(uint256 epochLength, uint256 revealDuration, uint256 submitWindow) {
        genesis = block.timestamp;
        _gate.latest = packRun(1, block.timestamp + epochLength, epochLength, revealDuration, submitWindow);
    }

    /// @inheritdoc IPromptUpdate
    function currentEpoch() public view returns (uint256) {
        EpochRun run = _gate.latest;
        uint256 last = type(uint256).max;
        for (uint256 i = _earlier.length; block.timestamp < run.start() && i != 0; --i) {
            last = run.from() - 1;
            run = _earlier[i - 1];
        }
        if (block.timestamp < run.start()) return 0;
        uint256 e = run.from() + (block.timestamp - run.start()) / run.epochLength();
        return e < last ? e : last; // the last epoch of a run lasts until the next run starts
    }

    /// @inheritdoc IPromptUpdate
    function epochStart(uint256 e) external view returns (uint256) {
        return _runOf(e).startOf(e);
    }

    /// @inheritdoc IPromptUpdate
    function windowsOf(uint256 e) public view returns (Windows memory windows) {
        EpochRun run = _runOf(e);
        uint256 start = run.startOf(e);
        windows.commitStart = start - run.epochLength();
        windows.revealStart = start - run.revealDuration();
        windows.start = start;
        windows.submitEnd = start + run.submitWindow();
    }

    /// @dev Changes the lengths from epoch currentEpoch() + 2 on: the one before may have bids already.
    function _schedule(uint256 epochLength, uint256 revealDuration, uint256 submitWindow) internal {
        uint256 from = currentEpoch() + 2;
        uint256 start = _runOf(from - 1).startOf(from - 1) + epochLength;
        if (_gate.latest.from() != from) _earlier.push(_gate.latest);
        _gate.latest = packRun(from, start, epochLength, revealDuration, submitWindow);
        emit TimingChanged(from, start, epochLength, revealDuration, submitWindow);
    }

    /// @dev Reverts unless `from` <= now < `to`.
    function _requireWithin(uint256 from, uint256 to) internal view {
        if (block.timestamp < from || block.timestamp >= to) revert OutsideWindow(from, to, block.timestamp);
    }

    function _runOf(uint256 e) private view returns (EpochRun run) {
        if (e == 0) revert UnknownEpoch(e);
        run = _gate.latest;
        if (e >= run.from()) return run; // nearly always: spares the length of the list
        for (uint256 i = _earlier.length; e < run.from(); --i) {
            run = _earlier[i - 1]; // the first run is from epoch 1, so there is one
        }
    }
}

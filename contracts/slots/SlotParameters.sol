// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Parameters} from "../bases/Parameters.sol";
import {IBToken} from "../interfaces/IBToken.sol";
import {IGovernance} from "../interfaces/IGovernance.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IPromptUpdate} from "../interfaces/IPromptUpdate.sol";
import {EpochRun} from "../libraries/EpochRun.sol";
import {SlotTerms, packTerms} from "../libraries/SlotTerms.sol";
import {Timing} from "./Timing.sol";

/// @title SlotParameters
/// @notice The parts that PromptUpdate works with and the numbers that governance may tune.
abstract contract SlotParameters is Parameters, Timing {
    /// @dev What the reserve price fades from.
    struct Pricing {
        uint96 lastPrice;
        uint32 lastFilledEpoch;
    }

    /// @dev Copies of parameters that every reveal and every new slot read, in one word.
    struct Demands {
        SlotTerms terms;
        uint96 minCollateral;
    }

    /// @inheritdoc IPromptUpdate
    IBToken public immutable bToken;
    /// @inheritdoc IPromptUpdate
    IERC20 public immutable reserveToken;
    /// @inheritdoc IPromptUpdate
    IGovernance public immutable governance;
    /// @inheritdoc IPromptUpdate
    address public immutable timelock;
    uint256 private immutable _reserveUnit;

    Pricing internal _pricing;
    Demands internal _demands;

    modifier onlyTimelock() {
        _requireTimelock();
        _;
    }

    constructor(Config memory config)
        Parameters(config.local)
        Timing(config.epochLength, config.revealDuration, config.submitWindow)
    {
        // Parts that are deployed later have no code yet.
        if (config.bToken.code.length == 0) revert BadAddress(config.bToken);
        if (config.reserveToken.code.length == 0) revert BadAddress(config.reserveToken);
        if (config.governance == address(0)) revert BadAddress(config.governance);
        if (config.timelock == address(0)) revert BadAddress(config.timelock);
        bToken = IBToken(config.bToken);
        reserveToken = IERC20(config.reserveToken);
        governance = IGovernance(config.governance);
        timelock = config.timelock;
        _reserveUnit = 10 ** IERC20Metadata(config.reserveToken).decimals();

        _storeParameter("epochLength", config.epochLength);
        _storeParameter("revealDuration", config.revealDuration);
        _storeParameter("submitWindow", config.submitWindow);
        _storeParameter("seedDelay", config.seedDelay);
        _storeParameter("maturity", config.maturity);
        _storeParameter("capWindow", config.capWindow); // at most the maturity
        _storeParameter("prompterBps", config.prompterBps);
        _storeParameter("setterBps", config.setterBps);
        _storeParameter("rewardCapBps", config.rewardCapBps);
        _storeParameter("minBid", config.minBid);
        _storeParameter("proposalBond", config.proposalBond);
        _storeParameter("minCollateral", config.minCollateral);
        _storeParameter("rewardSource", config.rewardSource);
        _storeParameter("rewardRequiresExecution", config.rewardRequiresExecution);
        _copy();
    }

    // Governance

    /// @inheritdoc IParameters
    function setParameter(bytes32 name, uint256 value) external onlyTimelock {
        // Commits wait until the last proposal is final, so an execution never meets a running auction of ours; the
        // check keeps reserve price and collateral the same from commit to settlement whatever else happens.
        _requireNoAuction();
        _storeParameter(name, value);
        if (name == "epochLength" || name == "revealDuration" || name == "submitWindow") {
            _schedule(_parameter("epochLength"), _parameter("revealDuration"), _parameter("submitWindow"));
        } else {
            _copy();
        }
    }

    /// @inheritdoc IPromptUpdate
    function signal(string calldata text) external onlyTimelock {
        emit Signalled(text);
    }

    // Views

    /// @inheritdoc IParameters
    /// @dev Opening and posting fit into an epoch: revealDuration + submitWindow <= epochLength, so that a winner's time
    /// is over before the next commit phase is. The last window of a reward begins after its slot closed: capWindow <=
    /// maturity. It ends when what was bought to move the cap can be sold again: mintLock <= maturity.
    function parameterBounds(bytes32 name)
        public
        view
        override(IParameters, Parameters)
        returns (uint256 min, uint256 max)
    {
        EpochRun run = _gate.latest;
        if (name == "epochLength") {
            (min, max) = _duration(1 hours, 30 days);
            return (Math.max(min, run.revealDuration() + run.submitWindow()), max);
        }
        if (name == "revealDuration") return _duration(10 minutes, run.epochLength() - run.submitWindow());
        if (name == "submitWindow") return _duration(30 minutes, run.epochLength() - run.revealDuration());
        if (name == "seedDelay") return (1, 64);
        if (name == "capWindow") return _duration(1 hours, _parameter("maturity"));
        if (name == "maturity") return (Math.max(bToken.parameter("mintLock"), _parameter("capWindow")), 30 days);
        if (name == "prompterBps" || name == "setterBps") return (0, 1_000);
        if (name == "rewardCapBps") return (0, 200);
        if (name == "minBid") return (1e12, 1e21);
        if (name == "proposalBond") return (_reserveUnit, 1e6 * _reserveUnit);
        if (name == "minCollateral") return (1e15, 1e21);
        if (name == "rewardSource" || name == "rewardRequiresExecution") return (0, 1);
        revert UnknownParameter(name);
    }

    // Internal

    /// @dev Reverts with {AuctionLive} while an auction may still bring a proposal.
    function _requireNoAuction() internal view virtual;

    function _registry() internal view returns (IModelRegistry) {
        return IModelRegistry(governance.modelRegistry());
    }

    /// @dev Every bound fits the bits of its copy.
    function _copy() private {
        _gate.minBid = uint96(_parameter("minBid"));
        SlotTerms terms = packTerms(
            _parameter("prompterBps"),
            _parameter("setterBps"),
            _parameter("rewardCapBps"),
            _parameter("capWindow"),
            _parameter("maturity"),
            _parameter("rewardSource"),
            _parameter("rewardRequiresExecution")
        );
        _demands = Demands(terms, uint96(_parameter("minCollateral")));
    }

    function _requireTimelock() private view {
        if (msg.sender != timelock) revert OnlyTimelock(msg.sender);
    }
}

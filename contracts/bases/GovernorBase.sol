// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IGovernance} from "../interfaces/IGovernance.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {Parameters} from "./Parameters.sol";

/// @title GovernorBase
/// @notice OpenZeppelin's governor with its parts joined: the clock, aged votes, and every number that can be tuned.
/// @dev What OpenZeppelin stores is written through its own setters, which keep their events and get our bounds. An
/// override that only calls super is there because Solidity wants two inherited definitions joined by hand.
abstract contract GovernorBase is
    IGovernance,
    Parameters,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    uint256 internal constant BPS = 10_000;

    /// @dev The vote age and the one before, so that no vote that runs is weighed by two of them.
    uint48 private _voteAge;
    uint48 private _previousVoteAge;
    uint48 private _voteAgeSince;

    constructor(Config memory config)
        Parameters(config.local)
        Governor("gengov Governance")
        GovernorSettings(
            _saturate48(config.votingDelay),
            uint32(Math.min(config.votingPeriodSlow, type(uint32).max)),
            config.repairThresholdBps
        )
        GovernorVotes(IVotes(config.token))
        GovernorVotesQuorumFraction(config.quorumSlowBps)
        GovernorPreventLateQuorum(_saturate48(config.lateQuorumExtension))
        GovernorTimelockControl(TimelockController(payable(config.timelock)))
    {
        _storeParameter("votingPeriodFast", config.votingPeriodFast);
        _storeParameter("quorumFastBps", config.quorumFastBps);
        _storeParameter("fastBudgetBps", config.fastBudgetBps);
        _storeParameter("fastWindow", config.fastWindow);
        _storeParameter("gracePeriod", config.gracePeriod);
        _storeParameter("repairAfter", config.repairAfter);
        _setVoteAge(config.voteAge);
    }

    /// @inheritdoc Governor
    /// @dev Seconds, without asking the token, which may be deployed later.
    function clock() public view override(Governor, GovernorVotes) returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @inheritdoc Governor
    function CLOCK_MODE() public pure override(Governor, GovernorVotes) returns (string memory) {
        // solhint-disable-previous-line func-name-mixedcase
        return "mode=timestamp";
    }

    /// @inheritdoc Governor
    function votingDelay() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.votingDelay();
    }

    /// @inheritdoc Governor
    /// @dev The slow one, but for the moment in which a fast proposal is made.
    function votingPeriod() public view virtual override(Governor, GovernorSettings) returns (uint256) {
        return super.votingPeriod();
    }

    /// @inheritdoc Governor
    /// @dev Aged votes that a repairer needs now; {GovernorSettings} stores it in bps of the electorate.
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return electorate(clock() - 1) * super.proposalThreshold() / BPS;
    }

    /// @inheritdoc GovernorVotesQuorumFraction
    function quorumDenominator() public pure override returns (uint256) {
        return BPS;
    }

    /// @inheritdoc Governor
    /// @dev That of the slow track; see {quorumOf}.
    function quorum(uint256 timepoint) public view override(Governor, GovernorVotesQuorumFraction) returns (uint256) {
        return electorate(timepoint) * quorumNumerator(timepoint) / BPS;
    }

    /// @inheritdoc IGovernance
    function electorate(uint256 timepoint) public view returns (uint256) {
        return Math.min(_supplyAt(timepoint), _supplyAt(_aged(timepoint)));
    }

    /// @inheritdoc Governor
    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    /// @inheritdoc IParameters
    function parameterBounds(bytes32 name)
        public
        view
        override(IParameters, Parameters)
        returns (uint256 min, uint256 max)
    {
        if (name == "votingDelay") return (0, 3 days);
        if (name == "votingPeriodFast") return _duration(12 hours, 3 days);
        if (name == "votingPeriodSlow") return _duration(3 days, 30 days);
        if (name == "lateQuorumExtension") return _duration(1 hours, 3 days);
        if (name == "voteAge") return _duration(1 days, 30 days);
        if (name == "gracePeriod") return _duration(3 days, 60 days);
        if (name == "fastWindow") return _duration(7 days, 90 days);
        if (name == "repairAfter") return _duration(14 days, 180 days);
        if (name == "quorumFastBps") return (100, 500);
        if (name == "quorumSlowBps") return (500, 4000);
        if (name == "fastBudgetBps") return (0, 2000);
        if (name == "repairThresholdBps") return (500, 3000);
        revert UnknownParameter(name);
    }

    /// @inheritdoc IParameters
    function setParameter(bytes32 name, uint256 value) external onlyGovernance {
        _requireInBounds(name, value); // before the casts below, which would cut a value off
        if (name == "votingDelay") _setVotingDelay(uint48(value));
        else if (name == "votingPeriodSlow") _setVotingPeriod(uint32(value));
        else if (name == "lateQuorumExtension") _setLateQuorumVoteExtension(uint48(value));
        else if (name == "quorumSlowBps") _updateQuorumNumerator(value);
        else if (name == "repairThresholdBps") _setProposalThreshold(value);
        else if (name == "voteAge") _setVoteAge(value);
        else _storeParameter(name, value);
    }

    function _setVoteAge(uint256 value) private {
        _storeParameter("voteAge", value);
        _previousVoteAge = _voteAge;
        _voteAge = uint48(value);
        _voteAgeSince = clock();
    }

    function _setVotingDelay(uint48 value) internal override {
        _storeParameter("votingDelay", value);
        super._setVotingDelay(value);
    }

    function _setVotingPeriod(uint32 value) internal override {
        _storeParameter("votingPeriodSlow", value);
        super._setVotingPeriod(value);
    }

    function _setLateQuorumVoteExtension(uint48 value) internal override {
        _storeParameter("lateQuorumExtension", value);
        super._setLateQuorumVoteExtension(value);
    }

    function _updateQuorumNumerator(uint256 value) internal override {
        _storeParameter("quorumSlowBps", value);
        super._updateQuorumNumerator(value);
    }

    function _setProposalThreshold(uint256 value) internal override {
        _storeParameter("repairThresholdBps", value);
        super._setProposalThreshold(value);
    }

    /// @dev Rented and freshly bought votes count nothing: min(votes at the snapshot, votes one vote age before).
    function _getVotes(address account, uint256 timepoint, bytes memory)
        internal
        view
        override(Governor, GovernorVotes)
        returns (uint256)
    {
        return Math.min(_votesAt(account, timepoint), _votesAt(account, _aged(timepoint)));
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    function _supplyAt(uint256 timepoint) internal view returns (uint256) {
        return token().getPastTotalSupply(timepoint);
    }

    function _votesAt(address account, uint256 timepoint) private view returns (uint256) {
        return token().getPastVotes(account, timepoint);
    }

    function _aged(uint256 timepoint) private view returns (uint256) {
        uint256 age = timepoint < _voteAgeSince ? _previousVoteAge : _voteAge;
        return timepoint > age ? timepoint - age : 0;
    }

    function _saturate48(uint256 value) private pure returns (uint48) {
        return uint48(Math.min(value, type(uint48).max));
    }

    // Joined by hand

    /// @inheritdoc Governor
    function state(uint256 id) public view virtual override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(id);
    }

    /// @inheritdoc Governor
    function proposalNeedsQueuing(uint256 id) public view override(Governor, GovernorTimelockControl) returns (bool) {
        return super.proposalNeedsQueuing(id);
    }

    function _executeOperations(
        uint256 id,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal virtual override(Governor, GovernorTimelockControl) {
        super._executeOperations(id, targets, values, calldatas, descriptionHash);
    }

    function _queueOperations(
        uint256 id,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(id, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }

    function _quorumReached(uint256 id)
        internal
        view
        virtual
        override(Governor, GovernorCountingSimple)
        returns (bool)
    {
        return super._quorumReached(id);
    }

    function _voteSucceeded(uint256 id) internal view override(Governor, GovernorCountingSimple) returns (bool) {
        return super._voteSucceeded(id);
    }

    function _countVote(uint256 id, address account, uint8 support, uint256 weight, bytes memory params)
        internal
        override(Governor, GovernorCountingSimple)
        returns (uint256)
    {
        return super._countVote(id, account, support, weight, params);
    }
}

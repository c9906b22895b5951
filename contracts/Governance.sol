// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import {GovernorBase} from "./bases/GovernorBase.sol";
import {IBToken} from "./interfaces/IBToken.sol";
import {IDisputeResolver} from "./interfaces/IDisputeResolver.sol";
import {IGovernance} from "./interfaces/IGovernance.sol";
import {CodePin} from "./libraries/CodePin.sol";
import {Tracks} from "./libraries/Tracks.sol";

// OpenZeppelin's governor works on arrays in memory.
// solhint-disable gas-calldata-parameters

/// @title Governance
/// @notice The organisation's governor: only a model output becomes a proposal, and only plain transfers are fast.
/// @dev The timelock executes, holds the treasury and is the only one that changes this contract. Nothing is ever
/// called by delegatecall.
contract Governance is GovernorBase {
    using Checkpoints for Checkpoints.Trace208;

    /// @dev Where a proposal comes from, fixed when it is made: later changes of the parts do not touch it. A repair has
    /// no resolver: it has no bond to dispute, and must go through when the resolver is what is broken.
    struct Origin {
        IDisputeResolver resolver;
        Track track;
        uint16 quorumBps;
        bool replacesArbitrator;
    }

    uint256 private constant MAX_ACTIONS = 10;
    uint256 private constant CONSENSUS_BPS = 200;
    uint256 private constant FAST_MARGIN_BPS = 1000;

    /// @dev A bit for each state in which a proposal waits for votes, for time or for its execution.
    uint256 private constant LIVE_STATES = (1 << uint8(ProposalState.Pending)) | (1 << uint8(ProposalState.Active))
        | (1 << uint8(ProposalState.Succeeded)) | (1 << uint8(ProposalState.Queued));

    /// @inheritdoc IGovernance
    address public immutable reserveToken;

    /// @inheritdoc IGovernance
    address public promptUpdate;

    /// @dev True only while a fast proposal is being made; it chooses the voting period. Beside a slot that is warm.
    bool private _proposingFast;

    uint48 private _lastExecutedAt;

    /// @inheritdoc IGovernance
    address public modelRegistry;

    /// @inheritdoc IGovernance
    address public disputeResolver;

    mapping(uint256 id => Origin) private _origins;
    mapping(uint256 id => bytes32) private _codeHashes;

    /// @dev Running total of the executed fast amounts.
    Checkpoints.Trace208 private _fastSpent;

    constructor(Config memory config) GovernorBase(config) {
        reserveToken = config.reserveToken;
        promptUpdate = config.promptUpdate;
        modelRegistry = config.modelRegistry;
        disputeResolver = config.disputeResolver;
        _lastExecutedAt = clock();
        emit PartChanged("promptUpdate", address(0), config.promptUpdate);
        emit PartChanged("modelRegistry", address(0), config.modelRegistry);
        emit PartChanged("disputeResolver", address(0), config.disputeResolver);
    }

    // Proposing

    /// @inheritdoc IGovernance
    function proposeGenerated(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        uint256 gammaBps
    ) external returns (uint256 id) {
        if (_msgSender() != promptUpdate) revert OnlyPromptUpdate(_msgSender());
        if (gammaBps < CONSENSUS_BPS) revert NoConsensus(gammaBps);
        Track track = Track.Slow;
        uint256 fastAmount;
        if (gammaBps >= FAST_MARGIN_BPS) (track, fastAmount) = classify(targets, values, calldatas);
        return _open(targets, values, calldatas, description, track, fastAmount, disputeResolver);
    }

    /// @inheritdoc IGovernance
    function proposeRepair(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) external returns (uint256 id) {
        uint256 from = _lastExecutedAt + _parameter("repairAfter");
        if (block.timestamp < from) revert RepairTooEarly(from);
        uint256 votes = getVotes(_msgSender(), clock() - 1);
        uint256 needed = proposalThreshold();
        if (votes < needed) revert RepairVotesTooLow(_msgSender(), votes, needed);
        // The prefix keeps a repair from taking the id of a generated proposal.
        id = _open(targets, values, calldatas, string.concat("gengov/repair/", description), Track.Slow, 0, address(0));
        for (uint256 i = 0; i < targets.length; ++i) {
            if (!Tracks.repairs(targets[i], values[i], calldatas[i], address(this))) revert NotARepair(i);
        }
        emit RepairProposed(id, _msgSender(), votes);
    }

    /// @inheritdoc Governor
    /// @dev Closed to everybody: no winner of a slot, no proposal.
    function propose(address[] memory, uint256[] memory, bytes[] memory, string memory)
        public
        view
        override
        returns (uint256)
    {
        revert OnlyPromptUpdate(_msgSender());
    }

    // Executing

    /// @inheritdoc Governor
    function execute(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public payable override returns (uint256) {
        uint256 id = getProposalId(targets, values, calldatas, descriptionHash);
        if (state(id) == ProposalState.Expired) revert ProposalStale(id, expiryOf(id));
        return super.execute(targets, values, calldatas, descriptionHash);
    }

    /// @notice Closed: the governor calls nobody but its timelock, whose proposer, executor and canceller it is.
    function relay(address, uint256, bytes calldata) external payable override {
        revert RelayDisabled();
    }

    // Changes, by the timelock

    /// @inheritdoc IGovernance
    function setPromptUpdate(address next) external onlyGovernance {
        _changePart("promptUpdate", promptUpdate, next);
        promptUpdate = next;
    }

    /// @inheritdoc IGovernance
    function setModelRegistry(address next) external onlyGovernance {
        _changePart("modelRegistry", modelRegistry, next);
        modelRegistry = next;
    }

    /// @inheritdoc IGovernance
    function setDisputeResolver(address next) external onlyGovernance {
        _changePart("disputeResolver", disputeResolver, next);
        disputeResolver = next;
    }

    // Views

    /// @inheritdoc IGovernance
    function classify(address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
        public
        view
        returns (Track track, uint256 fastAmount)
    {
        bool listed;
        (listed, fastAmount) = _fastAmount(targets, values, calldatas);
        track = listed && fastAmount <= fastBudget() ? Track.Fast : Track.Slow;
    }

    /// @inheritdoc IGovernance
    function fastBudget() public view returns (uint256) {
        (uint48 before, uint256 supplyNow, uint256 supplyBefore) = _fastWindow();
        uint256 spent = _fastSpent.latest() - _fastSpent.upperLookupRecent(before);
        return Tracks.budgetLeft(supplyNow, supplyBefore, _parameter("fastBudgetBps"), spent);
    }

    /// @inheritdoc IGovernance
    function fastPrice() public view returns (uint256) {
        (uint48 before, uint256 supplyNow, uint256 supplyBefore) = _fastWindow();
        if (supplyBefore == 0) return 0; // nothing was observed then either
        IBToken bToken = IBToken(address(token()));
        return Tracks.floorPrice(bToken.currentPrice(), bToken.averageCap(before, clock()), supplyNow, supplyBefore);
    }

    /// @inheritdoc Governor
    /// @dev A ruling Invalid cancels at any stage before execution; time ends what voting let through.
    function state(uint256 id) public view override returns (ProposalState) {
        ProposalState current = super.state(id);
        if (!_isLive(current)) return current;
        IDisputeResolver resolver = _origins[id].resolver;
        if (address(resolver) != address(0) && resolver.ruledInvalid(id)) return ProposalState.Canceled;
        if (current == ProposalState.Active || current == ProposalState.Pending) return current;
        return block.timestamp > expiryOf(id) ? ProposalState.Expired : current;
    }

    /// @inheritdoc IGovernance
    function isFinal(uint256 id) external view returns (bool) {
        return !_isLive(state(id));
    }

    /// @inheritdoc IGovernance
    /// @dev The grace counts from when execution is free: else a dispute could run a proposal out of its time.
    function expiryOf(uint256 id) public view returns (uint256) {
        uint256 eta = proposalEta(id);
        uint256 free = Math.max(eta == 0 ? proposalDeadline(id) : eta, _blockedUntil(id));
        return free == type(uint256).max ? free : free + _parameter("gracePeriod");
    }

    /// @inheritdoc IGovernance
    function quorumOf(uint256 id) public view returns (uint256) {
        // Counted at every vote. A supply fits 208 bits, so the product cannot overflow.
        unchecked {
            return electorate(proposalSnapshot(id)) * _origins[id].quorumBps / BPS;
        }
    }

    /// @inheritdoc IGovernance
    function trackOf(uint256 id) external view returns (Track) {
        return _origin(id).track;
    }

    /// @inheritdoc IGovernance
    function resolverOf(uint256 id) external view returns (address) {
        return address(_origin(id).resolver);
    }

    /// @inheritdoc IGovernance
    function replacesArbitratorOnly(uint256 id) external view returns (bool) {
        return _origin(id).replacesArbitrator;
    }

    /// @inheritdoc IGovernance
    function lastExecutedAt() external view returns (uint256) {
        return _lastExecutedAt;
    }

    /// @inheritdoc Governor
    function votingPeriod() public view override returns (uint256) {
        return _proposingFast ? _parameter("votingPeriodFast") : super.votingPeriod();
    }

    // Internal

    /// @dev Checks the actions, fixes their origin, and proposes in OpenZeppelin's governor.
    function _open(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        Track track,
        uint256 fastAmount,
        address resolver
    ) private returns (uint256 id) {
        if (targets.length == 0 || targets.length > MAX_ACTIONS) {
            revert TooManyActions(targets.length);
        }
        for (uint256 i = 0; i < targets.length; ++i) {
            CodePin.requireCode(targets[i]);
        }

        bool fast = track == Track.Fast;
        // The voting period has no argument to tell it by; deadline and event must be right from the start.
        if (fast) _proposingFast = true;
        id = _propose(targets, values, calldatas, description, _msgSender());
        if (fast) _proposingFast = false;

        Origin storage origin = _origins[id];
        origin.resolver = IDisputeResolver(resolver);
        origin.track = track;
        origin.quorumBps = uint16(fast ? _parameter("quorumFastBps") : quorumNumerator());
        origin.replacesArbitrator = Tracks.replacesArbitrator(targets, values, calldatas, resolver);
        _codeHashes[id] = CodePin.hashOf(targets);
        emit ProposalTrack(id, track, fast ? fastAmount : 0);
    }

    /// @dev What voting and the delay let through must still be what was proposed, undisputed, and affordable.
    function _executeOperations(
        uint256 id,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override {
        uint256 blockedUntil = _blockedUntil(id);
        if (block.timestamp < blockedUntil) revert ExecutionBlocked(id, blockedUntil);
        if (CodePin.hashOf(targets) != _codeHashes[id]) revert TargetCodeChanged(id);
        if (_origins[id].track == Track.Fast) _spendFast(id, targets, values, calldatas);
        _lastExecutedAt = clock();
        super._executeOperations(id, targets, values, calldatas, descriptionHash);
    }

    /// @dev At the present supply and price, which may be worse than when it was proposed.
    function _spendFast(uint256 id, address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
        private
    {
        (bool listed, uint256 amount) = _fastAmount(targets, values, calldatas);
        if (!listed) amount = type(uint256).max; // the price of the reserve fell to 0
        uint256 available = fastBudget();
        if (amount > available) revert FastBudgetExceeded(amount, available);
        _fastSpent.push(clock(), uint208(_fastSpent.latest() + amount));
        emit FastBudgetSpent(id, amount);
    }

    function _fastAmount(address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
        private
        view
        returns (bool listed, uint256 amount)
    {
        return Tracks.fastAmount(targets, values, calldatas, address(token()), reserveToken, fastPrice());
    }

    function _isLive(ProposalState current) private pure returns (bool) {
        return (1 << uint8(current)) & LIVE_STATES != 0;
    }

    function _changePart(bytes32 part, address previous, address next) private {
        CodePin.requireCode(next);
        emit PartChanged(part, previous, next);
    }

    function _origin(uint256 id) private view returns (Origin storage origin) {
        origin = _origins[id];
        if (origin.quorumBps == 0) revert GovernorNonexistentProposal(id);
    }

    function _blockedUntil(uint256 id) private view returns (uint256) {
        IDisputeResolver resolver = _origin(id).resolver;
        return address(resolver) == address(0) ? 0 : resolver.executionBlockedUntil(id);
    }

    /// @dev The start of the rolling window, the supply now and the supply then.
    function _fastWindow() private view returns (uint48 before, uint256 supplyNow, uint256 supplyBefore) {
        before = uint48(Math.saturatingSub(block.timestamp, _parameter("fastWindow")));
        return (before, IBToken(address(token())).totalSupply(), _supplyAt(before));
    }

    function _quorumReached(uint256 id) internal view override returns (bool) {
        (, uint256 forVotes, uint256 abstainVotes) = proposalVotes(id);
        return quorumOf(id) <= forVotes + abstainVotes;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Parameters} from "./bases/Parameters.sol";
import {IArbitrator} from "./interfaces/IArbitrator.sol";
import {IDisputeResolver} from "./interfaces/IDisputeResolver.sol";
import {IGovernance} from "./interfaces/IGovernance.sol";
import {IParameters} from "./interfaces/IParameters.sol";

/// @title DisputeResolver
/// @notice Holds the bond behind every generated proposal and settles challenges of how it was generated.
/// @dev Every payment is a credit first. Tokens move last, and the balance is compared with what is owed whenever some
/// should have come in, so neither a fee on transfer nor a re-entrant token can leave a debt without cover.
contract DisputeResolver is IDisputeResolver, Parameters {
    using SafeERC20 for IERC20;

    /// @dev Bond and last case of a proposal. The third slot alone answers whether execution is free.
    struct Record {
        address proposer;
        uint96 bond;
        bytes32 dataDigest;
        address challenger;
        uint48 deadline;
        Ground ground;
        Ruling ruling;
        uint8 round;
        bool open;
        bool published;
        uint96 stake;
        uint48 reopenedUntil;
    }

    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_ROUNDS = 3;

    /// @notice Unit of bonds and stakes.
    IERC20 public immutable reserveToken;

    /// @notice The governor whose proposals are bonded here.
    address public immutable governance;

    /// @notice Treasury, and the only one that changes the arbitrator and the parameters.
    address public immutable timelock;

    /// @inheritdoc IDisputeResolver
    address public arbitrator;

    /// @inheritdoc IDisputeResolver
    uint256 public owed;

    mapping(uint256 id => Record) private _records;

    /// @inheritdoc IDisputeResolver
    mapping(address account => uint256) public creditOf;

    modifier onlyTimelock() {
        if (msg.sender != timelock) revert OnlyTimelock(msg.sender);
        _;
    }

    constructor(Config memory config) Parameters(config.local) {
        reserveToken = IERC20(config.reserveToken);
        governance = config.governance;
        timelock = config.timelock;
        arbitrator = config.arbitrator;
        emit ArbitratorChanged(address(0), config.arbitrator);
        _storeParameter("baseStake", config.baseStake);
        _storeParameter("publishWindow", config.publishWindow);
        _storeParameter("rulingTimeout", config.rulingTimeout);
        _storeParameter("postRulingDelay", config.postRulingDelay);
        _storeParameter("treasuryBps", config.treasuryBps);
    }

    // Bond

    /// @inheritdoc IDisputeResolver
    function bond(uint256 id, address proposer, uint256 amount, bytes32 dataDigest) external {
        if (msg.sender != IGovernance(governance).promptUpdate()) revert OnlyPromptUpdate(msg.sender);
        if (IGovernance(governance).resolverOf(id) != address(this)) revert OtherResolver(id);
        if (amount == 0 || amount > type(uint96).max) revert BadAmount(amount);
        Record storage record = _records[id];
        if (record.proposer != address(0)) revert AlreadyBonded(id);
        record.proposer = proposer;
        record.bond = uint96(amount);
        record.dataDigest = dataDigest;
        owed += amount;
        emit Bonded(id, proposer, amount, dataDigest);
        _requireBacked();
    }

    /// @inheritdoc IDisputeResolver
    function releaseBond(uint256 id) external {
        Record storage record = _bonded(id);
        if (record.open) revert CaseOpen(id);
        if (!IGovernance(governance).isFinal(id)) revert NotFinal(id);
        uint256 amount = record.bond;
        record.bond = 0;
        emit BondReleased(id, record.proposer, amount);
        _credit(record.proposer, amount);
    }

    // Case

    /// @inheritdoc IDisputeResolver
    function challenge(uint256 id, Ground ground, string calldata evidenceUri) external {
        Record storage record = _bonded(id);
        if (record.open) revert CaseOpen(id);
        uint256 stake = nextStake(id);
        if (ground == Ground.DataUnavailable && record.published) revert AlreadyPublished(id);
        _requireChallengeable(id, record.reopenedUntil);

        uint256 round = record.round + 1;
        uint256 window =
            _parameter(ground == Ground.DataUnavailable ? bytes32("publishWindow") : bytes32("rulingTimeout"));
        uint256 deadline = block.timestamp + window;
        record.challenger = msg.sender;
        record.deadline = uint48(deadline);
        record.ground = ground;
        record.ruling = Ruling.None;
        record.round = uint8(round);
        record.open = true;
        record.stake = uint96(stake);
        owed += stake;
        emit Challenged(id, msg.sender, ground, round, stake, deadline, evidenceUri);
        reserveToken.safeTransferFrom(msg.sender, address(this), stake);
        _requireBacked();
    }

    /// @inheritdoc IDisputeResolver
    function publish(uint256 id, bytes calldata data) external {
        Record storage record = _bonded(id);
        if (record.published) revert AlreadyPublished(id);
        bytes32 digest = sha256(data);
        if (digest != record.dataDigest) revert WrongData(digest, record.dataDigest);
        record.published = true;
        emit Published(id, msg.sender, data);
        if (record.open && record.ground == Ground.DataUnavailable) {
            if (block.timestamp >= record.deadline) revert CaseOverdue(id, record.deadline);
            _settle(record, Ruling.Valid);
        }
    }

    /// @inheritdoc IDisputeResolver
    function rule(uint256 id, Ruling ruling, bytes32 evidenceHash) external {
        if (msg.sender != arbitrator) revert OnlyArbitrator(msg.sender);
        if (ruling == Ruling.None) revert NoRuling();
        Record storage record = _openCase(id);
        if (record.ground == Ground.DataUnavailable) revert NotForArbitrator(id);
        // The full deadline asks the governor, so it is only read once the stored one has passed.
        if (block.timestamp >= record.deadline) {
            uint256 deadline = deadlineOf(id);
            if (block.timestamp >= deadline) revert CaseOverdue(id, deadline);
        }
        emit Ruled(id, record.round, ruling, evidenceHash);
        _settle(record, ruling);
    }

    /// @inheritdoc IDisputeResolver
    function timeout(uint256 id) external {
        Record storage record = _openCase(id);
        uint256 deadline = deadlineOf(id);
        if (block.timestamp < deadline) revert CaseNotOverdue(id, deadline);
        bool judged = record.ground == Ground.DataUnavailable;
        bool valid = !judged && IGovernance(governance).trackOf(id) == IGovernance.Track.Slow && _votedValid(id);
        Ruling ruling = valid ? Ruling.Valid : Ruling.Invalid;
        emit TimedOut(id, record.round, ruling);
        if (judged || valid) _settle(record, ruling);
        else _refund(record);
    }

    // Money

    /// @inheritdoc IDisputeResolver
    function withdraw() external returns (uint256 amount) {
        return withdrawFor(msg.sender);
    }

    /// @inheritdoc IDisputeResolver
    function withdrawFor(address account) public returns (uint256 amount) {
        amount = creditOf[account];
        if (amount == 0) revert NothingToWithdraw(account);
        creditOf[account] = 0;
        owed -= amount;
        emit Withdrawn(account, amount);
        reserveToken.safeTransfer(account, amount);
    }

    // Changes, by the timelock

    /// @inheritdoc IDisputeResolver
    function setArbitrator(address next) external onlyTimelock {
        if (next.code.length == 0 || IArbitrator(next).disputeResolver() != address(this)) {
            revert WrongArbitrator(next);
        }
        emit ArbitratorChanged(arbitrator, next);
        arbitrator = next;
    }

    /// @inheritdoc IParameters
    function setParameter(bytes32 name, uint256 value) external onlyTimelock {
        _storeParameter(name, value);
    }

    // Views

    /// @inheritdoc IDisputeResolver
    function executionBlockedUntil(uint256 id) external view returns (uint256) {
        Record storage record = _records[id];
        if (record.open) return type(uint256).max;
        return record.round == 0 ? 0 : record.reopenedUntil;
    }

    /// @inheritdoc IDisputeResolver
    function ruledInvalid(uint256 id) external view returns (bool) {
        return _records[id].ruling == Ruling.Invalid;
    }

    /// @inheritdoc IDisputeResolver
    function bondOf(uint256 id) external view returns (Bond memory) {
        Record storage record = _records[id];
        return Bond({proposer: record.proposer, amount: record.bond, dataDigest: record.dataDigest});
    }

    /// @inheritdoc IDisputeResolver
    function caseOf(uint256 id) external view returns (Case memory) {
        Record storage record = _records[id];
        return Case({
            challenger: record.challenger,
            stake: record.stake,
            ground: record.ground,
            round: record.round,
            deadline: record.deadline,
            ruling: record.ruling,
            open: record.open
        });
    }

    /// @inheritdoc IDisputeResolver
    function published(uint256 id) external view returns (bool) {
        return _records[id].published;
    }

    /// @inheritdoc IDisputeResolver
    function nextStake(uint256 id) public view returns (uint256) {
        uint256 round = _records[id].round;
        if (round == MAX_ROUNDS) revert TooManyRounds(id);
        return _parameter("baseStake") << round;
    }

    /// @inheritdoc IDisputeResolver
    function deadlineOf(uint256 id) public view returns (uint256) {
        Record storage record = _openCase(id);
        if (record.ground == Ground.DataUnavailable) return record.deadline;
        if (IGovernance(governance).trackOf(id) == IGovernance.Track.Fast) return record.deadline;
        return Math.max(record.deadline, IGovernor(governance).proposalDeadline(id) + 1);
    }

    /// @inheritdoc IParameters
    function parameterBounds(bytes32 name) public view override(IParameters, Parameters) returns (uint256, uint256) {
        if (name == "baseStake") return (1, 2 ** 93); // three rounds fit 96 bits
        if (name == "treasuryBps") return (3000, 8000);
        if (name == "publishWindow") return _duration(6 hours, 7 days);
        if (name == "rulingTimeout") return _duration(1 days, 14 days);
        if (name == "postRulingDelay") return _duration(6 hours, 7 days);
        revert UnknownParameter(name);
    }

    // Internal

    /// @dev The loser's money: the treasury's share (rounded down) to the treasury, the rest to the winner.
    function _settle(Record storage record, Ruling ruling) private {
        record.open = false;
        record.ruling = ruling;
        uint256 stake = record.stake;
        if (ruling == Ruling.Valid) {
            record.reopenedUntil = uint48(block.timestamp + _parameter("postRulingDelay"));
            uint256 share = _creditTreasury(stake);
            _credit(record.proposer, stake - share);
        } else {
            uint256 lost = record.bond;
            record.bond = 0;
            uint256 share = _creditTreasury(lost);
            _credit(record.challenger, stake + lost - share);
        }
    }

    /// @dev Nobody judged: the proposal falls, and nobody pays for it.
    function _refund(Record storage record) private {
        uint256 bonded = record.bond;
        record.open = false;
        record.ruling = Ruling.Invalid;
        record.bond = 0;
        _credit(record.challenger, record.stake);
        _credit(record.proposer, bonded);
    }

    function _creditTreasury(uint256 amount) private returns (uint256 share) {
        share = amount * _parameter("treasuryBps") / BPS;
        _credit(timelock, share);
    }

    /// @dev Moves money that is already owed; the total stays.
    function _credit(address account, uint256 amount) private {
        creditOf[account] += amount;
        emit Credited(account, amount);
    }

    function _requireBacked() private view {
        uint256 balance = reserveToken.balanceOf(address(this));
        if (balance < owed) revert ReserveNotReceived(owed, balance);
    }

    /// @dev Once queued, time alone decides: nothing is executed before eta, nor while it is blocked. At eta exactly the
    /// proposal can be executed and no longer challenged.
    function _requireChallengeable(uint256 id, uint256 reopenedUntil) private view {
        if (IGovernance(governance).replacesArbitratorOnly(id)) revert ArbitratorReplacement(id);
        uint256 eta = IGovernor(governance).proposalEta(id);
        if (eta != 0 && block.timestamp < Math.max(eta, reopenedUntil)) return;
        IGovernor.ProposalState state = IGovernor(governance).state(id);
        bool early = state == IGovernor.ProposalState.Pending || state == IGovernor.ProposalState.Active
            || state == IGovernor.ProposalState.Succeeded;
        if (!early) revert NotChallengeable(id, uint8(state));
    }

    /// @dev For has at least 20 % of the electorate and 2/3 of the votes cast.
    function _votedValid(uint256 id) private view returns (bool) {
        (uint256 against, uint256 inFavour, uint256 abstain) =
            GovernorCountingSimple(payable(governance)).proposalVotes(id);
        uint256 electorate = IGovernance(governance).electorate(IGovernor(governance).proposalSnapshot(id));
        return inFavour * 5 >= electorate && inFavour * 3 >= (against + inFavour + abstain) * 2;
    }

    function _bonded(uint256 id) private view returns (Record storage record) {
        record = _records[id];
        if (record.bond == 0) revert NotBonded(id);
    }

    function _openCase(uint256 id) private view returns (Record storage record) {
        record = _records[id];
        if (!record.open) revert NoOpenCase(id);
    }
}

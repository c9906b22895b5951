// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IDisputeResolver} from "../interfaces/IDisputeResolver.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IPromptUpdate} from "../interfaces/IPromptUpdate.sol";
import {Hex} from "../libraries/Hex.sol";
import {SampleTree} from "../libraries/SampleTree.sol";
import {SlotTerms} from "../libraries/SlotTerms.sol";
import {Auctions} from "./Auctions.sol";

/// @title Proposals
/// @notice What the winner makes of its slot: a proposal bound to the model's answer, or an abstention; and how slots
/// follow each other.
abstract contract Proposals is Auctions {
    using SafeERC20 for IERC20;

    /// @dev A {Slot} as stored; its sides, price and collateral stay where its auction left them, see {_sidesOf}.
    struct Record {
        uint256 proposalId;
        uint32 epoch;
        uint40 openedAt;
        uint40 closedAt;
        bool settled;
        SlotTerms terms;
    }

    uint256 private constant MAX_PROMPT = 8192;

    mapping(address owner => mapping(address operator => bool)) private _operators;
    mapping(uint256 slotId => Record) internal _slots;
    /// @dev Weight setter and collateral of empty slots, which no auction filled.
    mapping(uint256 slotId => Contest) private _vacancies;

    // The winner

    /// @inheritdoc IPromptUpdate
    function setOperator(address operator, bool allowed) external {
        _operators[msg.sender][operator] = allowed;
        emit OperatorSet(msg.sender, operator, allowed);
    }

    /// @inheritdoc IPromptUpdate
    function updatePrompt(
        uint256 e,
        Generation calldata generation,
        LeafProof calldata proof,
        Actions calldata actions,
        string calldata uri,
        bytes calldata prompt
    ) external returns (uint256 proposalId) {
        address winner = _requireSubmission(e, generation, prompt);
        _requireRules(generation);
        _requireInSamples(e, generation, proof, actions);

        _finish(e, winner, BidStatus.Posted);
        _pricing.lastPrice = _contests[e].price;
        _pricing.lastFilledEpoch = uint32(e); // its window is now

        proposalId = _propose(e, generation, actions);
        _proposal = proposalId;
        _succeedSlot(e, proposalId);
        emit ProposalPosted(e, proposalId, winner, generation, uri, prompt);

        _bond(proposalId, winner, generation.dataDigest);
    }

    /// @inheritdoc IPromptUpdate
    function abstain(uint256 e, Generation calldata generation, string calldata uri, bytes calldata prompt) external {
        address winner = _requireSubmission(e, generation, prompt);
        Contest storage contest = _contests[e];
        uint256 price = contest.price;

        _finish(e, winner, BidStatus.Abstained);
        _releaseSides(winner, contest.setter, contest.collateral);
        emit Abstained(e, winner, price, generation, uri, prompt);

        _push(timelock, price);
    }

    // Slots without a winner

    /// @inheritdoc IPromptUpdate
    function rollSlot() external {
        uint256 id = _requireOpenSlot();
        _requireMeasured(id);
        uint256 last = _slots[id].epoch;
        uint256 e = currentEpoch();
        while (e > last && block.timestamp < windowsOf(e).submitEnd) --e;
        if (e == last) revert NotRollable(last + 1);

        address setter = _sidesOf(id).setter;
        uint256 collateral = requiredCollateral(e);
        _closeSlot(id);
        if (_freeCollateral(setter) < collateral) return;
        _lock(setter, collateral);
        Contest storage vacancy = _vacancies[_heads.slotCount + 1];
        vacancy.setter = setter;
        vacancy.collateral = uint96(collateral); // at most what the setter holds
        _open(e, 0, vacancy);
    }

    /// @inheritdoc IPromptUpdate
    function exitSlot() external {
        uint256 id = _requireOpenSlot();
        if (msg.sender != _sidesOf(id).setter) revert OnlySetter(msg.sender);
        _requireMeasured(id);
        _closeSlot(id);
    }

    // Views

    /// @inheritdoc IPromptUpdate
    function isOperator(address owner, address operator) external view returns (bool) {
        return _operators[owner][operator];
    }

    // Internal: checks of a submission

    /// @dev Everything that a proposal and an abstention have in common. Commits waited for the proposal before, and
    /// none can have come since, so there is none to ask for here.
    function _requireSubmission(uint256 e, Generation calldata generation, bytes calldata prompt)
        private
        view
        returns (address winner)
    {
        _requireStage(e, Stage.Submit);
        Contest storage contest = _contests[e];
        winner = contest.winner;
        if (msg.sender != winner && !_operators[winner][msg.sender]) revert OnlyWinner(msg.sender);

        if (prompt.length > MAX_PROMPT) revert PromptTooLong(prompt.length);
        bytes32 promptHash = keccak256(prompt);
        bytes32 bound = _bids[e][winner].hash;
        if (promptHash != bound) revert WrongPrompt(promptHash, bound);
        if (generation.modelId != contest.modelId) revert WrongModel(generation.modelId, contest.modelId);
    }

    function _requireRules(Generation calldata generation) private view {
        IModelRegistry registry = _registry();
        if (!registry.templateApproved(generation.templateId)) revert TemplateNotApproved(generation.templateId);
        if (!registry.samplerApproved(generation.samplerId)) revert SamplerNotApproved(generation.samplerId);
    }

    /// @dev The selected sample is valid, carries these calls, and lies under a root that was made with this seed.
    function _requireInSamples(
        uint256 e,
        Generation calldata generation,
        LeafProof calldata proof,
        Actions calldata actions
    ) private view {
        bytes32 payload = SampleTree.payloadHash(
            proof.payloadJsonHash, SampleTree.actionsHash(actions.targets, actions.values, actions.calldatas)
        );
        bytes32 leaf = SampleTree.leaf(generation.pick, proof.tokensHash, payload, proof.textHash, true);
        bytes32 root = SampleTree.samplesRoot(bytes32(_contests[e].draw), SampleTree.rootFromProof(leaf, proof.path));
        if (root != generation.samplesRoot || proof.path.length != SampleTree.DEPTH) {
            revert NotInSamples(root, generation.samplesRoot);
        }
    }

    // Internal: effects

    function _propose(uint256 e, Generation calldata generation, Actions calldata actions) private returns (uint256) {
        string memory description = _description(e, generation.dataDigest);
        return governance.proposeGenerated(
            actions.targets, actions.values, actions.calldatas, description, generation.gammaBps
        );
    }

    /// @dev The price leaves the deposit: to the slot, or to the treasury.
    function _finish(uint256 e, address winner, BidStatus status) private {
        Bid storage bid = _bids[e][winner];
        bid.status = status;
        bid.deposit -= _contests[e].price;
    }

    /// @dev Closes the open slot, if any, and opens the winner's in the same second. The locks of the leading bid are
    /// the slot's from now on.
    function _succeedSlot(uint256 e, uint256 proposalId) private {
        uint256 previous = _heads.openSlot;
        if (previous != 0) _closeSlot(previous);
        _open(e, proposalId, _contests[e]);
    }

    function _open(uint256 e, uint256 proposalId, Contest storage sides) private {
        uint32 id = ++_heads.slotCount;
        _heads.openSlot = id;
        _slots[id] = Record(proposalId, uint32(e), uint40(block.timestamp), 0, false, _demands.terms);
        emit SlotOpened(id, e, proposalId, sides.winner, sides.setter, sides.price, sides.collateral);
    }

    function _closeSlot(uint256 id) private {
        Record storage closing = _slots[id];
        closing.closedAt = uint40(block.timestamp);
        _heads.openSlot = 0;
        emit SlotClosed(id, closing.epoch, block.timestamp + closing.terms.maturity());
    }

    /// @dev Last of all: the reserve token is the only code here that is not the organisation's own.
    function _bond(uint256 proposalId, address winner, bytes32 dataDigest) private {
        uint256 amount = _parameter("proposalBond");
        IDisputeResolver resolver = IDisputeResolver(governance.disputeResolver());
        reserveToken.safeTransferFrom(winner, address(resolver), amount);
        resolver.bond(proposalId, winner, amount, dataDigest);
    }

    // Internal: reads

    /// @dev The proposal is final, and the window before the slot's end lies after its execution: else whoever closes it
    /// at once would leave the market no time to say what the proposal was worth.
    function _requireMeasured(uint256 id) private view {
        _requireNoProposal();
        _requireWithin(governance.lastExecutedAt() + _slots[id].terms.capWindow(), type(uint256).max);
    }

    /// @dev Of an empty slot the winner, the price and the model are zero.
    function _sidesOf(uint256 id) internal view returns (Contest storage) {
        Record storage record = _slots[id];
        return record.proposalId == 0 ? _vacancies[id] : _contests[record.epoch];
    }

    function _requireOpenSlot() private view returns (uint256 id) {
        id = _heads.openSlot;
        if (id == 0) revert NoOpenSlot();
    }

    /// @dev Names one proposal only, so that no other can have its id and anyone can derive it again.
    function _description(uint256 e, bytes32 dataDigest) private pure returns (string memory) {
        return string.concat("gengov/epoch/", Strings.toString(e), "/0x", Hex.digits(dataDigest));
    }
}

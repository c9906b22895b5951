// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";
import {SampleTree} from "contracts/libraries/SampleTree.sol";

import {OrganisationFixture} from "./OrganisationFixture.sol";

/// @notice Short verbs for the way of a slot, from the sealed bid to the executed proposal.
/// @dev A bidder's salt and prompt derive from its address, so that any test can open any bid.
abstract contract SlotFixture is OrganisationFixture {
    uint8 internal constant FOR = 1;
    uint256 internal constant CLEAR = 1_000;

    // Time

    /// @notice The epoch that bids are for.
    function _next() internal view returns (uint256) {
        return slots.currentEpoch() + 1;
    }

    function _toCommit(uint256 e) internal {
        vm.warp(slots.windowsOf(e).commitStart);
    }

    function _toReveal(uint256 e) internal {
        vm.warp(slots.windowsOf(e).revealStart);
    }

    function _toStart(uint256 e) internal {
        vm.warp(slots.windowsOf(e).start);
    }

    function _toSubmitEnd(uint256 e) internal {
        vm.warp(slots.windowsOf(e).submitEnd);
    }

    // Bids

    function _prompt(address bidder) internal pure returns (bytes memory) {
        return abi.encodePacked('{"advice":"', Strings.toHexString(bidder), '"}');
    }

    function _opening(address bidder, uint256 amount) internal view returns (ISlotTypes.Opening memory) {
        return ISlotTypes.Opening(amount, model, keccak256(_prompt(bidder)), keccak256(abi.encode("salt", bidder)));
    }

    function _commit(uint256 e, address bidder, uint256 amount, uint256 deposit) internal {
        bytes32 commitment = slots.commitmentOf(e, bidder, _opening(bidder, amount));
        vm.prank(bidder);
        slots.commitBid(e, commitment, deposit);
    }

    function _commit(uint256 e, address bidder, uint256 amount) internal {
        _commit(e, bidder, amount, amount);
    }

    function _reveal(uint256 e, address bidder, uint256 amount) internal {
        slots.revealBid(e, bidder, _opening(bidder, amount));
    }

    /// @notice Ann bids, alone, and reveals; the epoch starts.
    function _win(uint256 e, uint256 amount) internal {
        _commit(e, ann, amount);
        _toReveal(e);
        _reveal(e, ann, amount);
        _toStart(e);
    }

    function _drawSeed(uint256 e) internal {
        slots.settleAuction(e);
        uint256 seedBlock = slots.auction(e).seedBlock;
        vm.roll(seedBlock + 1);
        vm.setBlockhash(seedBlock, keccak256(abi.encode("block", seedBlock)));
        slots.fixSeed(e);
    }

    /// @notice Ann wins alone and the seed is fixed.
    function _winSeed(uint256 e, uint256 amount) internal {
        _win(e, amount);
        _drawSeed(e);
    }

    // Proposals

    /// @notice A transfer of tokens from the treasury.
    function _fund(address to, uint256 tokens) internal view returns (ISlotTypes.Actions memory actions) {
        actions = ISlotTypes.Actions(new address[](1), new uint256[](1), new bytes[](1));
        actions.targets[0] = address(token);
        actions.calldatas[0] = abi.encodeCall(IERC20.transfer, (to, tokens));
    }

    /// @notice Samples of which only the pick is not empty: its siblings are the roots of empty trees.
    function _proof() internal pure returns (ISlotTypes.LeafProof memory proof) {
        proof = ISlotTypes.LeafProof(keccak256("tokens"), keccak256("json"), keccak256("text"), new bytes32[](7));
        for (uint256 i = 1; i < 7; ++i) {
            proof.path[i] = keccak256(abi.encode(proof.path[i - 1], proof.path[i - 1]));
        }
    }

    function _generation(uint256 e, ISlotTypes.Actions memory actions)
        internal
        view
        returns (ISlotTypes.Generation memory generation)
    {
        generation.templateId = TEMPLATE;
        generation.samplerId = SAMPLER;
        generation.modelId = model;
        generation.pick = 17;
        generation.gammaBps = uint16(CLEAR);
        generation.dispersionBps = 345;
        generation.dataDigest = keccak256(abi.encode("data", e));
        generation.samplesRoot = _samplesRoot(slots.auction(e).seed, generation.pick, _proof(), actions);
    }

    function _samplesRoot(
        bytes32 seed,
        uint256 pick,
        ISlotTypes.LeafProof memory proof,
        ISlotTypes.Actions memory actions
    ) internal pure returns (bytes32) {
        bytes32 actionsHash = keccak256(abi.encode(actions.targets, actions.values, actions.calldatas));
        bytes32 payload = keccak256(abi.encode(proof.payloadJsonHash, actionsHash));
        bytes32 node = SampleTree.leaf(pick, proof.tokensHash, payload, proof.textHash, true);
        for (uint256 i = 0; i < proof.path.length; ++i) {
            bytes32 other = proof.path[i];
            node = node < other ? keccak256(abi.encode(node, other)) : keccak256(abi.encode(other, node));
        }
        return keccak256(abi.encode("gengov/samples/v1", seed, node));
    }

    function _description(uint256 e) internal pure returns (string memory) {
        bytes32 digest = keccak256(abi.encode("data", e));
        return string.concat("gengov/epoch/", Strings.toString(e), "/", Strings.toHexString(uint256(digest), 32));
    }

    function _post(uint256 e, ISlotTypes.Actions memory actions) internal returns (uint256 id) {
        address winner = slots.auction(e).winner;
        ISlotTypes.Generation memory generation = _generation(e, actions);
        vm.prank(winner);
        return slots.updatePrompt(e, generation, _proof(), actions, "ipfs://data", _prompt(winner));
    }

    function _post(uint256 e) internal returns (uint256 id) {
        return _post(e, _fund(stranger, TOKEN));
    }

    /// @notice From an empty commit phase of `e` to Ann's posted proposal.
    function _fill(uint256 e, uint256 amount) internal returns (uint256 id) {
        _winSeed(e, amount);
        return _post(e);
    }

    /// @notice Votes, queues and executes the proposal of `e`, which funds the stranger with one token.
    function _enact(uint256 e, uint256 id) internal {
        ISlotTypes.Actions memory a = _fund(stranger, TOKEN);
        vm.warp(governance.proposalSnapshot(id) + 1);
        vm.prank(alice);
        governance.castVote(id, FOR);
        vm.warp(governance.proposalDeadline(id) + 1);
        bytes32 descriptionHash = keccak256(bytes(_description(e)));
        governance.queue(a.targets, a.values, a.calldatas, descriptionHash);
        vm.warp(governance.proposalEta(id));
        governance.execute(a.targets, a.values, a.calldatas, descriptionHash);
    }

    /// @notice Nobody votes: the proposal is defeated.
    function _defeat(uint256 id) internal {
        vm.warp(governance.proposalDeadline(id) + 1);
        assertTrue(governance.isFinal(id), "defeated");
    }
}

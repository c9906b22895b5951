// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SampleTree} from "../../../../contracts/libraries/SampleTree.sol";

/// @notice Makes the functions of {SampleTree} callable: for tests of its twin in Python, and for its own.
contract SampleTreeHarness {
    function seedOf(
        uint256 chainId,
        address promptUpdate,
        uint256 e,
        address winner,
        bytes32 promptHash,
        bytes32 modelId,
        bytes32 blockHash
    ) external pure returns (bytes32) {
        return SampleTree.seedOf(chainId, promptUpdate, e, winner, promptHash, modelId, blockHash);
    }

    function actionsHash(address[] calldata targets, uint256[] calldata values, bytes[] calldata calldatas)
        external
        pure
        returns (bytes32)
    {
        return SampleTree.actionsHash(targets, values, calldatas);
    }

    function payloadHash(bytes32 payloadJsonHash, bytes32 actionsDigest) external pure returns (bytes32) {
        return SampleTree.payloadHash(payloadJsonHash, actionsDigest);
    }

    function leaf(uint256 index, bytes32 tokensHash, bytes32 payload, bytes32 textHash, bool valid)
        external
        pure
        returns (bytes32)
    {
        return SampleTree.leaf(index, tokensHash, payload, textHash, valid);
    }

    function rootFromProof(bytes32 leafHash, bytes32[] calldata path) external pure returns (bytes32) {
        return SampleTree.rootFromProof(leafHash, path);
    }

    function samplesRoot(bytes32 seed, bytes32 treeRoot) external pure returns (bytes32) {
        return SampleTree.samplesRoot(seed, treeRoot);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title SampleTree
/// @notice The samples as a Merkle tree of 128 leaves, and the seed that they are drawn from.
/// @dev A leaf is hashed twice, a node once over its sorted children, so that neither passes for the other. Missing
/// samples are zero leaves, which no sample hashes to.
library SampleTree {
    /// @dev Siblings in a proof: 2^7 = 128 leaves hold 100 samples.
    uint256 internal constant DEPTH = 7;

    string private constant SEED_TAG = "gengov/seed/v1";
    string private constant ROOT_TAG = "gengov/samples/v1";

    /// @notice The seed of a slot's samples, which nobody knew when the prompt was bound.
    /// @dev Template and sampler are named in the prompt, so that its hash binds them too.
    function seedOf(
        uint256 chainId,
        address promptUpdate,
        uint256 e,
        address winner,
        bytes32 promptHash,
        bytes32 modelId,
        bytes32 blockHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(SEED_TAG, chainId, promptUpdate, e, winner, promptHash, modelId, blockHash));
    }

    /// @notice keccak256(abi.encode(targets, values, calldatas)).
    function actionsHash(address[] calldata targets, uint256[] calldata values, bytes[] calldata calldatas)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(targets, values, calldatas));
    }

    /// @notice Hash of an answer and of the calls that it stands for.
    function payloadHash(bytes32 payloadJsonHash, bytes32 actionsDigest) internal pure returns (bytes32) {
        return keccak256(abi.encode(payloadJsonHash, actionsDigest));
    }

    /// @notice The leaf of sample `index`; an invalid sample has payload hash 0.
    function leaf(uint256 index, bytes32 tokensHash, bytes32 payload, bytes32 textHash, bool valid)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(bytes.concat(keccak256(abi.encode(index, tokensHash, payload, textHash, valid))));
    }

    /// @notice The root that a leaf and its siblings lead to.
    function rootFromProof(bytes32 leafHash, bytes32[] calldata path) internal pure returns (bytes32) {
        return MerkleProof.processProofCalldata(path, leafHash);
    }

    /// @notice The root that is posted: it carries the seed of the chain, so that it can belong to one slot only.
    function samplesRoot(bytes32 seed, bytes32 treeRoot) internal pure returns (bytes32) {
        return keccak256(abi.encode(ROOT_TAG, seed, treeRoot));
    }
}

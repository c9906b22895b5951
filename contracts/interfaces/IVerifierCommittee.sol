// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrator} from "./IArbitrator.sol";
import {IDisputeResolver} from "./IDisputeResolver.sol";

/// @title IVerifierCommittee
/// @notice An arbitrator of n verifiers: a verdict counts when k of them signed it; anyone relays it.
/// @dev With n = k = 1 and the key of an enclave this is the trusted enclave of the original design.
interface IVerifierCommittee is IArbitrator {
    /// @notice What the committee is deployed with.
    /// @param disputeResolver The resolver whose cases it judges.
    /// @param timelock The only one that changes members and threshold.
    /// @param members The verifiers, each once.
    /// @param threshold k: signatures that a verdict needs.
    struct Config {
        address disputeResolver;
        address timelock;
        address[] members;
        uint256 threshold;
    }

    /// @notice What a verifier signs (EIP-712, in this order).
    /// @param proposalId The challenged proposal.
    /// @param round The round of its case, so that no verdict counts in a later one.
    /// @param ruling 1 Valid, 2 Invalid.
    /// @param evidenceHash keccak256 of the canonical report of the check.
    /// @param deadline Last second at which the signature counts.
    struct Verdict {
        uint256 proposalId;
        uint256 round;
        IDisputeResolver.Ruling ruling;
        bytes32 evidenceHash;
        uint256 deadline;
    }

    /// @notice Emitted when a verdict with enough signatures is passed to the resolver.
    event VerdictRelayed(
        uint256 indexed proposalId,
        uint256 round,
        IDisputeResolver.Ruling ruling,
        bytes32 evidenceHash,
        address[] signers
    );

    /// @notice Emitted when the committee is set.
    event CommitteeChanged(address[] members, uint256 threshold);

    /// @notice Only the timelock may call this.
    error OnlyTimelock(address caller);

    /// @notice The threshold lies outside 1..number of members, or there are too many members.
    error BadThreshold(uint256 threshold, uint256 members);

    /// @notice A member is zero or named twice.
    error BadMember(address member);

    /// @notice The verdict carries fewer signatures than it needs.
    error NotEnoughSignatures(uint256 given, uint256 needed);

    /// @notice A signature is not of a member over exactly this verdict.
    error NotAMember(address signer);

    /// @notice A member signed twice.
    error DuplicateSigner(address signer);

    /// @notice The signatures counted until `deadline`.
    error VerdictExpired(uint256 deadline);

    /// @notice The verdict is about another round than the open one.
    error WrongRound(uint256 round, uint256 current);

    /// @notice Passes a verdict with its signatures, in any order, to the resolver; by anyone.
    function relay(Verdict calldata verdict, bytes[] calldata signatures) external;

    /// @notice Replaces all members and the threshold; timelock only.
    function setCommittee(address[] calldata members, uint256 threshold) external;

    /// @notice The EIP-712 digest that a verifier signs.
    function hashVerdict(Verdict calldata verdict) external view returns (bytes32);

    /// @notice The verifiers.
    function members() external view returns (address[] memory);

    /// @notice Whether an account is a verifier.
    function isMember(address account) external view returns (bool);

    /// @notice k: signatures that a verdict needs.
    function threshold() external view returns (uint256);
}

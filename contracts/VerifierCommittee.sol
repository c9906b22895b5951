// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IArbitrator} from "./interfaces/IArbitrator.sol";
import {IDisputeResolver} from "./interfaces/IDisputeResolver.sol";
import {IVerifierCommittee} from "./interfaces/IVerifierCommittee.sol";

/// @title VerifierCommittee
/// @notice An arbitrator of n verifiers: a verdict counts when k of them signed it; anyone relays it.
/// @dev A verdict names the round, the domain names chain and contract, and the case closes with the ruling: a
/// signature can count only once.
contract VerifierCommittee is IVerifierCommittee, EIP712 {
    /// @dev Signers are marked in one word of bits.
    uint256 private constant MAX_MEMBERS = 64;

    bytes32 private constant VERDICT_TYPEHASH =
        keccak256("Verdict(uint256 proposalId,uint256 round,uint8 ruling,bytes32 evidenceHash,uint256 deadline)");

    /// @inheritdoc IArbitrator
    address public immutable disputeResolver;

    /// @notice The only one that changes members and threshold.
    address public immutable timelock;

    /// @inheritdoc IVerifierCommittee
    uint256 public threshold;

    address[] private _members;

    /// @dev Place in the list, from 1; 0 for everybody else.
    mapping(address account => uint256) private _seats;

    constructor(Config memory config) EIP712("gengov VerifierCommittee", "1") {
        disputeResolver = config.disputeResolver;
        timelock = config.timelock;
        _setCommittee(config.members, config.threshold);
    }

    /// @inheritdoc IVerifierCommittee
    function relay(Verdict calldata verdict, bytes[] calldata signatures) external {
        if (block.timestamp > verdict.deadline) revert VerdictExpired(verdict.deadline);
        uint256 round = IDisputeResolver(disputeResolver).caseOf(verdict.proposalId).round;
        if (verdict.round != round) revert WrongRound(verdict.round, round);
        address[] memory signers = _recover(verdict, signatures);
        emit VerdictRelayed(verdict.proposalId, verdict.round, verdict.ruling, verdict.evidenceHash, signers);
        IDisputeResolver(disputeResolver).rule(verdict.proposalId, verdict.ruling, verdict.evidenceHash);
    }

    /// @inheritdoc IVerifierCommittee
    function setCommittee(address[] calldata members_, uint256 threshold_) external {
        if (msg.sender != timelock) revert OnlyTimelock(msg.sender);
        _setCommittee(members_, threshold_);
    }

    /// @inheritdoc IVerifierCommittee
    function hashVerdict(Verdict calldata verdict) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    VERDICT_TYPEHASH,
                    verdict.proposalId,
                    verdict.round,
                    verdict.ruling,
                    verdict.evidenceHash,
                    verdict.deadline
                )
            )
        );
    }

    /// @inheritdoc IVerifierCommittee
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc IVerifierCommittee
    function isMember(address account) external view returns (bool) {
        return _seats[account] != 0;
    }

    /// @dev The signers, all members and all different.
    function _recover(Verdict calldata verdict, bytes[] calldata signatures)
        private
        view
        returns (address[] memory signers)
    {
        if (signatures.length < threshold) revert NotEnoughSignatures(signatures.length, threshold);
        bytes32 digest = hashVerdict(verdict);
        signers = new address[](signatures.length);
        uint256 seen;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = ECDSA.recover(digest, signatures[i]);
            uint256 seat = _seats[signer];
            if (seat == 0) revert NotAMember(signer);
            if (seen & (1 << seat) != 0) revert DuplicateSigner(signer);
            seen |= 1 << seat;
            signers[i] = signer;
        }
    }

    function _setCommittee(address[] memory members_, uint256 threshold_) private {
        if (threshold_ == 0 || threshold_ > members_.length || members_.length > MAX_MEMBERS) {
            revert BadThreshold(threshold_, members_.length);
        }
        for (uint256 i = 0; i < _members.length; ++i) {
            delete _seats[_members[i]];
        }
        for (uint256 i = 0; i < members_.length; ++i) {
            if (members_[i] == address(0) || _seats[members_[i]] != 0) revert BadMember(members_[i]);
            _seats[members_[i]] = i + 1;
        }
        _members = members_;
        threshold = threshold_;
        emit CommitteeChanged(members_, threshold_);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {VerifierCommittee} from "contracts/VerifierCommittee.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IVerifierCommittee} from "contracts/interfaces/IVerifierCommittee.sol";

import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @notice k of n verdicts. Branches: VerifierCommittee.tree.
contract VerifierCommitteeTest is GovernanceFixture {
    uint256 private _id;

    function setUp() public override {
        super.setUp();
        _id = _propose(_fund(TOKEN), CLEAR);
        _challenge(_id);
    }

    // Deployment

    function test_constructor__namesMembersAndThreshold() public view {
        assertEq(committee.disputeResolver(), address(resolver), "resolver");
        assertEq(committee.timelock(), address(timelock), "timelock");
        assertEq(committee.threshold(), 2, "k");
        assertEq(committee.members().length, 3, "n");
        assertTrue(committee.isMember(vm.addr(_verifierKey(0))), "member");
        assertFalse(committee.isMember(alice), "no member");
    }

    function test_constructor__oneOfOne__isAnEnclave() public {
        IVerifierCommittee.Config memory config = _committeeConfig();
        config.members = new address[](1);
        config.members[0] = alice;
        config.threshold = 1;
        assertEq(new VerifierCommittee(config).threshold(), 1, "1 of 1");
    }

    function test_constructor__badThresholdOrMembers__reverts() public {
        IVerifierCommittee.Config memory config = _committeeConfig();
        config.threshold = 0;
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.BadThreshold.selector, 0, 3));
        new VerifierCommittee(config);
        config.threshold = 4;
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.BadThreshold.selector, 4, 3));
        new VerifierCommittee(config);
        config.members = new address[](65);
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.BadThreshold.selector, 4, 65));
        new VerifierCommittee(config);
        config = _committeeConfig();
        config.members[2] = config.members[0];
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.BadMember.selector, config.members[0]));
        new VerifierCommittee(config);
        config.members[2] = address(0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.BadMember.selector, address(0)));
        new VerifierCommittee(config);
    }

    // relay

    function test_relay__kSignaturesInAnyOrder__rule() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Invalid);
        address[] memory signers = new address[](2);
        signers[0] = vm.addr(_verifierKey(2));
        signers[1] = vm.addr(_verifierKey(0));
        bytes[] memory signatures = _sign(verdict, 2, 0);
        vm.expectEmit(address(committee));
        emit IVerifierCommittee.VerdictRelayed(_id, 1, verdict.ruling, verdict.evidenceHash, signers);
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.Ruled(_id, 1, verdict.ruling, verdict.evidenceHash);
        vm.prank(bob); // whoever it is
        committee.relay(verdict, signatures);
        assertTrue(resolver.ruledInvalid(_id), "ruled");
    }

    function test_relay__inTheLastSecond__rules() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        vm.warp(verdict.deadline);
        committee.relay(verdict, _sign(verdict, 0, 1));
        assertFalse(resolver.caseOf(_id).open, "ruled");
    }

    function test_relay__fewerThanK__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory one = new bytes[](1);
        one[0] = _signature(verdict, _verifierKey(0));
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.NotEnoughSignatures.selector, 1, 2));
        committee.relay(verdict, one);
    }

    function test_relay__duplicate__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory signatures = _sign(verdict, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.DuplicateSigner.selector, vm.addr(_verifierKey(1))));
        committee.relay(verdict, signatures);
    }

    function test_relay__stranger__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory signatures = _sign(verdict, 0, 1);
        uint256 key = uint256(keccak256("bob"));
        signatures[1] = _signature(verdict, key);
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.NotAMember.selector, bob));
        committee.relay(verdict, signatures);
    }

    function test_relay__changedVerdict__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory signatures = _sign(verdict, 0, 1);
        verdict.ruling = IDisputeResolver.Ruling.Invalid;
        _expectNotAMember();
        committee.relay(verdict, signatures);
        verdict = _verdict(IDisputeResolver.Ruling.Valid);
        verdict.evidenceHash = keccak256("another report");
        _expectNotAMember();
        committee.relay(verdict, signatures);
        verdict = _verdict(IDisputeResolver.Ruling.Valid);
        verdict.deadline += 1;
        _expectNotAMember();
        committee.relay(verdict, signatures);
    }

    function test_relay__malleatedOrCutSignature__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory signatures = _sign(verdict, 0, 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_verifierKey(0), committee.hashVerdict(verdict));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        signatures[1] = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : 27);
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureS.selector);
        committee.relay(verdict, signatures);
        signatures[1] = hex"00";
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureLength.selector);
        committee.relay(verdict, signatures);
    }

    function test_relay__afterItsDeadline__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory signatures = _sign(verdict, 0, 1);
        vm.warp(verdict.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.VerdictExpired.selector, verdict.deadline));
        committee.relay(verdict, signatures);
    }

    function test_relay__replay__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory signatures = _sign(verdict, 0, 1);
        committee.relay(verdict, signatures);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NoOpenCase.selector, _id));
        committee.relay(verdict, signatures);
        _challenge(_id);
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.WrongRound.selector, 1, 2));
        committee.relay(verdict, signatures);
    }

    function test_relay__otherProposalCommitteeOrChain__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory signatures = _sign(verdict, 0, 1);
        uint256 other = _propose(_fund(TOKEN), CLEAR);
        _challenge(other);
        verdict.proposalId = other;
        _expectNotAMember();
        committee.relay(verdict, signatures);
        verdict.proposalId = _id;
        VerifierCommittee twin = new VerifierCommittee(_committeeConfig());
        _expectNotAMember();
        twin.relay(verdict, signatures);
        vm.chainId(1);
        _expectNotAMember();
        committee.relay(verdict, signatures);
    }

    function test_relay__noRuling__reverts() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.None);
        bytes[] memory signatures = _sign(verdict, 0, 1);
        vm.expectRevert(IDisputeResolver.NoRuling.selector);
        committee.relay(verdict, signatures);
    }

    function test_hashVerdict__isEip712() public view {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Invalid);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("gengov VerifierCommittee"),
                keccak256("1"),
                block.chainid,
                address(committee)
            )
        );
        bytes32 typed = keccak256(
            abi.encode(
                keccak256(
                    "Verdict(uint256 proposalId,uint256 round,uint8 ruling,bytes32 evidenceHash,uint256 deadline)"
                ),
                _id,
                1,
                2,
                verdict.evidenceHash,
                verdict.deadline
            )
        );
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", domain, typed));
        assertEq(committee.hashVerdict(verdict), expected, "by hand");
    }

    // setCommittee

    function test_setCommittee__byVote__replacesAll() public {
        address[] memory members = new address[](2);
        members[0] = alice;
        members[1] = vm.addr(_verifierKey(1));
        Draft memory draft = _draft(address(committee), abi.encodeCall(IVerifierCommittee.setCommittee, (members, 1)));
        _toEta(_enqueue(draft, CLEAR));
        vm.expectEmit(address(committee));
        emit IVerifierCommittee.CommitteeChanged(members, 1);
        _execute(draft);
        assertEq(committee.members().length, 2, "n");
        assertEq(committee.threshold(), 1, "k");
        assertTrue(committee.isMember(alice) && committee.isMember(members[1]), "new ones and who stays");
        assertFalse(committee.isMember(vm.addr(_verifierKey(0))), "old ones are out");
    }

    function test_setCommittee__byAnyoneElse__reverts() public {
        address[] memory members = new address[](1);
        members[0] = alice;
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.OnlyTimelock.selector, alice));
        committee.setCommittee(members, 1);
    }

    function test_setCommittee__signaturesOfFormerMembers__countNoMore() public {
        IVerifierCommittee.Verdict memory verdict = _verdict(IDisputeResolver.Ruling.Valid);
        bytes[] memory signatures = _sign(verdict, 0, 1);
        address[] memory members = new address[](2);
        (members[0], members[1]) = (vm.addr(_verifierKey(1)), vm.addr(_verifierKey(2)));
        vm.prank(address(timelock));
        committee.setCommittee(members, 2);
        vm.expectRevert(abi.encodeWithSelector(IVerifierCommittee.NotAMember.selector, vm.addr(_verifierKey(0))));
        committee.relay(verdict, signatures);
    }

    // Helpers

    function _verdict(IDisputeResolver.Ruling ruling) private view returns (IVerifierCommittee.Verdict memory) {
        return IVerifierCommittee.Verdict({
            proposalId: _id,
            round: 1,
            ruling: ruling,
            evidenceHash: keccak256("report"),
            deadline: block.timestamp + 1 days
        });
    }

    function _sign(IVerifierCommittee.Verdict memory verdict, uint256 a, uint256 b)
        private
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](2);
        signatures[0] = _signature(verdict, _verifierKey(a));
        signatures[1] = _signature(verdict, _verifierKey(b));
    }

    function _signature(IVerifierCommittee.Verdict memory verdict, uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, committee.hashVerdict(verdict));
        return abi.encodePacked(r, s, v);
    }

    function _expectNotAMember() private {
        vm.expectPartialRevert(IVerifierCommittee.NotAMember.selector);
    }
}

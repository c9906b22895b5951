// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";

import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @notice Aged votes, quorum by track, late quorum. Branches: Governance.tree.
contract GovernanceVotingTest is GovernanceFixture {
    address private _renter;

    function setUp() public override {
        super.setUp();
        _renter = _actor("renter");
    }

    // Weight

    function test_castVote__agedVotes__countInFull() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _toActive(id);
        vm.expectEmit(address(governance));
        emit IGovernor.VoteCast(alice, id, FOR, 600 * TOKEN, "");
        _vote(alice, id, FOR);
        assertTrue(governance.hasVoted(id, alice), "voted");
    }

    function test_castVote__votesBoughtForTheSnapshot__countNothing() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        skip(1 minutes);
        _buyAndDelegate(_renter, 10_000 * TOKEN);
        _toActive(id);
        assertEq(token.getPastVotes(_renter, governance.proposalSnapshot(id)), 10_000 * TOKEN, "held then");
        _vote(_renter, id, AGAINST);
        (uint256 against,,) = governance.proposalVotes(id);
        assertEq(against, 0, "nothing");
    }

    function test_castVote__votesRentedByDelegation__countNothing() public {
        vm.prank(alice);
        token.delegate(_renter);
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _toActive(id);
        _vote(_renter, id, FOR);
        _vote(alice, id, FOR);
        (, uint256 inFavour,) = governance.proposalVotes(id);
        assertEq(inFavour, 0, "neither who rents nor who rented out");
    }

    function test_castVote__votesSoldBeforeTheSnapshot__countNothing() public {
        vm.prank(alice);
        token.redeem(600 * TOKEN, 0, block.timestamp);
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _toActive(id);
        _vote(alice, id, FOR);
        (, uint256 inFavour,) = governance.proposalVotes(id);
        assertEq(inFavour, 0, "nothing");
    }

    function test_castVote__votesSoldAfterTheSnapshot__stillCount() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _toActive(id);
        vm.prank(alice);
        token.redeem(600 * TOKEN, 0, block.timestamp);
        _vote(alice, id, FOR);
        (, uint256 inFavour,) = governance.proposalVotes(id);
        assertEq(inFavour, 600 * TOKEN, "those of the snapshot");
    }

    function test_castVote__exactlyOneVoteAgeBefore__counts() public {
        uint256 start = block.timestamp;
        _buyAndDelegate(_renter, 50 * TOKEN);
        vm.warp(start + 3 days - 1 hours);
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        assertEq(governance.proposalSnapshot(id), start + 3 days, "snapshot");
        _toActive(id);
        assertEq(governance.getVotes(_renter, start + 3 days), 50 * TOKEN, "old enough");
        assertEq(governance.getVotes(_renter, start + 3 days - 1), 0, "a second too young");
    }

    function test_castVote__changedVoteAge__countsForLaterSnapshotsOnly() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR - 1);
        _buyAndDelegate(_renter, 50 * TOKEN);
        _toActive(id);
        uint256 snapshot = governance.proposalSnapshot(id);
        _enact(_tune("voteAge", 1 days));
        assertEq(governance.parameter("voteAge"), 1 days, "changed");
        assertEq(governance.getVotes(_renter, snapshot), 0, "the running vote is weighed as before");
        skip(1);
        assertEq(governance.getVotes(_renter, block.timestamp - 1), 50 * TOKEN, "later ones by the new age");
    }

    function testFuzz_getVotes__isTheLowerOfBothTimes(uint256 sold, uint256 bought) public {
        sold = bound(sold, 0, 600 * TOKEN);
        bought = bound(bought, 0, 1_000 * TOKEN);
        vm.prank(alice);
        token.transfer(bob, sold);
        skip(1 days);
        if (bought != 0) _buy(alice, bought);
        skip(3 days);
        uint256 then = 600 * TOKEN - sold;
        assertEq(governance.getVotes(alice, block.timestamp - 1 days), then, "min");
    }

    // When votes count

    function test_castVote__pendingOrOver__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        vm.warp(governance.proposalSnapshot(id));
        vm.prank(alice);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        governance.castVote(id, FOR);
        _toVoted(id);
        vm.prank(alice);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        governance.castVote(id, FOR);
        _assertState(id, IGovernor.ProposalState.Defeated, "nobody voted");
    }

    function test_castVote__twiceOrOfAnUnknownKind__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _toActive(id);
        vm.prank(bob);
        vm.expectRevert(IGovernor.GovernorInvalidVoteType.selector);
        governance.castVote(id, 3);
        _vote(alice, id, FOR);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, alice));
        governance.castVote(id, FOR);
    }

    function test_castVoteBySig__countsAndIsNotReplayed() public {
        uint256 key = uint256(keccak256("alice"));
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _toActive(id);
        bytes memory signature = _ballot(key, id);
        governance.castVoteBySig(id, FOR, alice, signature);
        (, uint256 inFavour,) = governance.proposalVotes(id);
        assertEq(inFavour, 600 * TOKEN, "counted");
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorInvalidSignature.selector, alice));
        governance.castVoteBySig(id, FOR, alice, signature);
    }

    // Quorum

    function test_quorum__byTrack__isAShareOfTheElectorate() public {
        uint256 fast = _propose(_fund(TOKEN), CLEAR);
        uint256 slow = _propose(_fund(TOKEN), CLEAR - 1);
        _toActive(slow);
        uint256 electorate = token.totalSupply();
        assertEq(governance.electorate(governance.proposalSnapshot(slow)), electorate, "nobody traded");
        assertEq(governance.quorumOf(fast), electorate * 4 / 100, "4 %");
        assertEq(governance.quorumOf(slow), electorate * 10 / 100, "10 %");
        assertEq(governance.quorum(governance.proposalSnapshot(slow)), governance.quorumOf(slow), "the slow one");
    }

    function test_quorum__pumpedSupply__doesNotRaiseIt() public {
        uint256 supply = token.totalSupply();
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _buy(_renter, 100_000 * TOKEN);
        _toActive(id);
        assertEq(governance.quorumOf(id), supply * 4 / 100, "who pumps the supply cannot silence the holders");
    }

    function test_quorum__reachedByAbstainers__passesWithAMajority() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR - 1);
        _toActive(id);
        vm.prank(carol);
        token.transfer(_renter, 99 * TOKEN); // after the snapshot: no matter
        _vote(bob, id, ABSTAIN);
        _vote(carol, id, FOR);
        _toVoted(id);
        _assertState(id, IGovernor.ProposalState.Succeeded, "400 of 120 needed, 100 for");
    }

    function test_quorum__missedOrOutvoted__isDefeated() public {
        uint256 missed = _propose(_fund(TOKEN), CLEAR - 1);
        uint256 outvoted = _propose(_fund(TOKEN), CLEAR - 1);
        _toActive(outvoted);
        _vote(carol, missed, FOR); // 100 of 120.1
        _vote(bob, outvoted, FOR);
        _vote(alice, outvoted, AGAINST);
        _toVoted(outvoted);
        _assertState(missed, IGovernor.ProposalState.Defeated, "missed");
        _assertState(outvoted, IGovernor.ProposalState.Defeated, "outvoted");
        assertTrue(governance.isFinal(missed), "final");
    }

    function test_quorum__changedWhileVoting__staysAsProposed() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR - 1);
        _toActive(id);
        uint256 needed = governance.quorumOf(id);
        _enact(_tune("quorumSlowBps", 4_000));
        assertEq(governance.quorumOf(id), needed, "as proposed");
        assertEq(governance.quorumNumerator(), 4_000, "for later ones");
    }

    // Late quorum

    function test_lateQuorum__extendsTheVoteOnce() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        uint256 deadline = governance.proposalDeadline(id);
        vm.warp(deadline);
        vm.expectEmit(address(governance));
        emit GovernorPreventLateQuorum.ProposalExtended(id, uint64(deadline + 12 hours));
        _vote(bob, id, FOR);
        assertEq(governance.proposalDeadline(id), deadline + 12 hours, "time to answer");
        vm.warp(deadline + 12 hours);
        _vote(alice, id, AGAINST);
        assertEq(governance.proposalDeadline(id), deadline + 12 hours, "once");
        _toVoted(id);
        _assertState(id, IGovernor.ProposalState.Defeated, "the swing was answered");
    }

    function test_lateQuorum__early__changesNothing() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        uint256 deadline = governance.proposalDeadline(id);
        _toActive(id);
        _vote(bob, id, FOR);
        assertEq(governance.proposalDeadline(id), deadline, "as proposed");
    }

    function _ballot(uint256 key, uint256 id) private view returns (bytes memory) {
        (, string memory name, string memory version, uint256 chain, address verifier,,) = governance.eip712Domain();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chain,
                verifier
            )
        );
        bytes32 ballot = keccak256(abi.encode(governance.BALLOT_TYPEHASH(), id, FOR, vm.addr(key), 0));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, ballot)));
        return abi.encodePacked(r, s, v);
    }
}

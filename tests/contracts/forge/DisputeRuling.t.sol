// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {VerifierCommittee} from "contracts/VerifierCommittee.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";

import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @notice Rulings, timeouts and who gets the money. Branches: DisputeResolver.tree.
contract DisputeRulingTest is GovernanceFixture {
    address private _treasury;

    function setUp() public override {
        super.setUp();
        _treasury = address(timelock);
    }

    // rule

    function test_rule__valid__paysProposerAndTreasuryAndDelays() public {
        uint256 id = _open(_fund(TOKEN), CLEAR);
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.Ruled(id, 1, IDisputeResolver.Ruling.Valid, keccak256("report"));
        _rule(id, IDisputeResolver.Ruling.Valid);
        _assertCredits(STAKE / 2, 0, STAKE / 2);
        assertEq(resolver.bondOf(id).amount, BOND, "the bond stays");
        assertEq(resolver.executionBlockedUntil(id), block.timestamp + 1 days, "one more day");
        assertFalse(resolver.ruledInvalid(id), "valid");
    }

    function test_rule__invalid__paysChallengerAndTreasury() public {
        uint256 id = _open(_fund(TOKEN), CLEAR);
        _rule(id, IDisputeResolver.Ruling.Invalid);
        _assertCredits(0, STAKE + BOND / 2, BOND / 2);
        assertEq(resolver.bondOf(id).amount, 0, "the bond is gone");
        assertTrue(resolver.ruledInvalid(id), "invalid");
        _assertState(id, IGovernor.ProposalState.Canceled, "canceled");
    }

    function test_rule__oddAmounts__roundTheTreasuryDown() public {
        vm.prank(_treasury);
        resolver.setParameter("baseStake", 3);
        uint256 id = _open(_fund(TOKEN), CLEAR);
        _rule(id, IDisputeResolver.Ruling.Valid);
        _assertCredits(2, 0, 1);
    }

    function test_rule__disputingOneself__costsHalfTheStakeOrHalfTheBond() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        usdc.mint(prompter, STAKE);
        vm.startPrank(prompter);
        usdc.approve(address(resolver), STAKE);
        resolver.challenge(id, IDisputeResolver.Ground.Samples, "");
        vm.stopPrank();
        uint256 snapshot = vm.snapshotState();
        _rule(id, IDisputeResolver.Ruling.Valid);
        assertEq(resolver.creditOf(prompter), STAKE / 2, "half the stake is lost");
        vm.revertToState(snapshot);
        _rule(id, IDisputeResolver.Ruling.Invalid);
        assertEq(resolver.creditOf(prompter), STAKE + BOND / 2, "half the bond is lost");
    }

    function test_rule__byAnyoneButTheArbitrator__reverts() public {
        uint256 id = _open(_fund(TOKEN), CLEAR);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.OnlyArbitrator.selector, alice));
        resolver.rule(id, IDisputeResolver.Ruling.Valid, 0);
    }

    function test_rule__noneOrNoCase__reverts() public {
        uint256 id = _open(_fund(TOKEN), CLEAR);
        vm.expectRevert(IDisputeResolver.NoRuling.selector);
        _rule(id, IDisputeResolver.Ruling.None);
        _rule(id, IDisputeResolver.Ruling.Valid);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NoOpenCase.selector, id));
        _rule(id, IDisputeResolver.Ruling.Invalid);
    }

    function test_rule__unavailableData__isNotForTheArbitrator() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _challenge(id, IDisputeResolver.Ground.DataUnavailable);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NotForArbitrator.selector, id));
        _rule(id, IDisputeResolver.Ruling.Valid);
    }

    function test_rule__overdue__reverts() public {
        uint256 id = _open(_fund(TOKEN), CLEAR);
        uint256 deadline = resolver.deadlineOf(id);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.CaseOverdue.selector, id, deadline));
        _rule(id, IDisputeResolver.Ruling.Valid);
        vm.warp(deadline - 1);
        _rule(id, IDisputeResolver.Ruling.Valid);
    }

    function test_rule__slowTrack__staysOpenUntilVotingHasEnded() public {
        uint256 id = _open(_fund(TOKEN), CLEAR - 1);
        vm.warp(governance.proposalDeadline(id));
        assertGt(block.timestamp, resolver.caseOf(id).deadline, "past the ruling timeout");
        _rule(id, IDisputeResolver.Ruling.Valid);
    }

    // timeout

    function test_timeout__beforeTheDeadlineOrWithoutACase__reverts() public {
        uint256 id = _open(_fund(TOKEN), CLEAR);
        uint256 deadline = resolver.deadlineOf(id);
        assertEq(deadline, block.timestamp + 3 days, "ruling timeout");
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.CaseNotOverdue.selector, id, deadline));
        resolver.timeout(id);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NoOpenCase.selector, 1));
        resolver.timeout(1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NoOpenCase.selector, 1));
        resolver.deadlineOf(1);
    }

    function test_timeout__fast__isInvalidAndRefundsBoth() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _succeed(draft, CLEAR);
        _challenge(id);
        _expire(id, IDisputeResolver.Ruling.Invalid);
        _assertCredits(BOND, STAKE, 0);
        _assertState(id, IGovernor.ProposalState.Canceled, "a dead arbitrator stops every fast proposal");
    }

    function test_timeout__slowWithASupermajority__isValid() public {
        uint256 id = _votedSlow(FOR, FOR, AGAINST);
        _expire(id, IDisputeResolver.Ruling.Valid);
        _assertCredits(STAKE / 2, 0, STAKE / 2);
        assertEq(resolver.executionBlockedUntil(id), block.timestamp + 1 days, "as after a ruling");
    }

    function test_timeout__slowWithoutASupermajority__isInvalidAndRefundsBoth() public {
        uint256 id = _votedSlow(FOR, AGAINST, AGAINST); // 600 of 1,000: a majority, below two thirds
        _assertState(id, IGovernor.ProposalState.Succeeded, "voted through");
        _expire(id, IDisputeResolver.Ruling.Invalid);
        _assertCredits(BOND, STAKE, 0);
        _assertState(id, IGovernor.ProposalState.Canceled, "canceled");
    }

    function test_timeout__slowAbstentions__countAsVotesCast() public {
        uint256 id = _votedSlow(FOR, ABSTAIN, ABSTAIN);
        _expire(id, IDisputeResolver.Ruling.Invalid);
    }

    function test_timeout__slowWithLittleSupport__isInvalid() public {
        uint256 id = _open(_fund(TOKEN), CLEAR - 1);
        _toActive(id);
        _vote(carol, id, FOR); // unanimous, but 100 of the 240 tokens needed
        vm.warp(resolver.deadlineOf(id));
        _expire(id, IDisputeResolver.Ruling.Invalid);
        _assertState(id, IGovernor.ProposalState.Defeated, "no quorum either");
    }

    function test_timeout__slow__waitsForTheEndOfVoting() public {
        uint256 id = _open(_fund(TOKEN), CLEAR - 1);
        uint256 voted = governance.proposalDeadline(id) + 1;
        assertEq(resolver.deadlineOf(id), voted, "the voters judge");
        vm.warp(voted - 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.CaseNotOverdue.selector, id, voted));
        resolver.timeout(id);
    }

    function test_timeout__unavailableData__isInvalidOnBothTracks() public {
        uint256 fast = _propose(_fund(TOKEN), CLEAR);
        uint256 slow = _propose(_fund(TOKEN), CLEAR - 1);
        _challenge(fast, IDisputeResolver.Ground.DataUnavailable);
        _challenge(slow, IDisputeResolver.Ground.DataUnavailable);
        skip(1 days);
        _expire(fast, IDisputeResolver.Ruling.Invalid);
        _expire(slow, IDisputeResolver.Ruling.Invalid);
        _assertCredits(0, 2 * STAKE + BOND, BOND);
    }

    function test_deadArbitrator__isReplacedByAVoteNobodyCanChallenge() public {
        VerifierCommittee next = new VerifierCommittee(_committeeConfig());
        bytes memory call = abi.encodeCall(IDisputeResolver.setArbitrator, (address(next)));
        Draft memory draft = _draft(address(resolver), call);
        uint256 id = _enqueue(draft, CLEAR);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.ArbitratorReplacement.selector, id));
        _challenge(id);
        _toEta(id);
        _execute(draft);
        assertEq(resolver.arbitrator(), address(next), "replaced");
    }

    // withdraw

    function test_withdraw__paysOnce() public {
        uint256 id = _open(_fund(TOKEN), CLEAR);
        _rule(id, IDisputeResolver.Ruling.Invalid);
        uint256 before = usdc.balanceOf(challenger);
        vm.prank(challenger);
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.Withdrawn(challenger, STAKE + BOND / 2);
        resolver.withdraw();
        assertEq(usdc.balanceOf(challenger) - before, STAKE + BOND / 2, "paid");
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NothingToWithdraw.selector, challenger));
        resolver.withdraw();
    }

    function test_withdrawFor__anyonePaysTheTreasury() public {
        uint256 id = _open(_fund(TOKEN), CLEAR);
        _rule(id, IDisputeResolver.Ruling.Invalid);
        uint256 before = usdc.balanceOf(_treasury);
        resolver.withdrawFor(_treasury);
        assertEq(usdc.balanceOf(_treasury) - before, BOND / 2, "paid");
        assertEq(resolver.owed(), STAKE + BOND / 2, "what is left is owed to the challenger");
    }

    function testFuzz_I18_anyAmountsAndShare__areSharedOutWithoutRest(uint256 stake, uint256 bonded, uint256 bps)
        public
    {
        stake = bound(stake, 1, 1e30);
        bonded = bound(bonded, 1, type(uint96).max);
        bps = bound(bps, 3_000, 8_000);
        vm.startPrank(_treasury);
        resolver.setParameter("treasuryBps", bps);
        resolver.setParameter("baseStake", bound(stake, 1, 2 ** 93));
        vm.stopPrank();
        usdc.mint(challenger, 1e60);
        Draft memory draft = _fund(TOKEN);
        vm.prank(promptUpdate);
        uint256 id = governance.proposeGenerated(draft.targets, draft.values, draft.calldatas, draft.description, CLEAR);
        _bond(id, bonded);
        _challenge(id);
        _rule(id, IDisputeResolver.Ruling.Invalid);
        assertEq(resolver.creditOf(_treasury), bonded * bps / 10_000, "the treasury's share");
        assertEq(resolver.creditOf(_treasury) + resolver.creditOf(challenger), resolver.owed(), "no rest");
        assertEq(usdc.balanceOf(address(resolver)), resolver.owed(), "covered");
    }

    // Helpers

    function _open(Draft memory draft, uint256 gammaBps) private returns (uint256 id) {
        id = _propose(draft, gammaBps);
        _challenge(id);
    }

    /// @notice A slow proposal, challenged and voted on, whose case is overdue.
    function _votedSlow(uint8 aliceVotes, uint8 bobVotes, uint8 carolVotes) private returns (uint256 id) {
        id = _open(_fund(TOKEN), CLEAR - 1);
        _toActive(id);
        _vote(alice, id, aliceVotes);
        _vote(bob, id, bobVotes);
        _vote(carol, id, carolVotes);
        vm.warp(resolver.deadlineOf(id));
    }

    function _expire(uint256 id, IDisputeResolver.Ruling expected) private {
        vm.warp(resolver.deadlineOf(id));
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.TimedOut(id, 1, expected);
        resolver.timeout(id);
        assertEq(resolver.ruledInvalid(id), expected == IDisputeResolver.Ruling.Invalid, "ruling");
    }

    function _assertCredits(uint256 proposers, uint256 challengers, uint256 treasurys) private view {
        assertEq(resolver.creditOf(prompter), proposers, "proposer");
        assertEq(resolver.creditOf(challenger), challengers, "challenger");
        assertEq(resolver.creditOf(_treasury), treasurys, "treasury");
    }
}

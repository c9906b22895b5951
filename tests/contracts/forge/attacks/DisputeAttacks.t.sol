// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IArbitrator} from "contracts/interfaces/IArbitrator.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {IParameters} from "contracts/interfaces/IParameters.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";
import {IVerifierCommittee} from "contracts/interfaces/IVerifierCommittee.sol";

import {System} from "../support/System.sol";

/// @notice Attacks on the veto window, with what each costs in reserve tokens. Branches: Attacks.tree.
contract DisputeAttacks is System {
    uint256 private constant STAKE = 500 * USD;
    uint256 private constant BOND = 1_000 * USD;

    address private _challenger;

    function setUp() public override {
        super.setUp();
        _challenger = _actor("challenger");
        _fundForStakes(_challenger);
        _fundForStakes(attacker);
        _fundForStakes(prompter);
    }

    // Challenge at eta - 1

    function test_challengeAtTheLastSecond__delaysAnHonestProposalAtADoublingPrice() public {
        Posted memory posted = _queued(prompter);
        uint256 eta = governance.proposalEta(posted.id);
        uint256 before = usdc.balanceOf(attacker);
        vm.warp(eta - 1);
        for (uint256 round = 1; round <= 3; ++round) {
            _challenge(attacker, posted.id, IDisputeResolver.Ground.Samples);
            skip(3 days - 1); // the committee takes all the time it has
            _rule(posted.id, IDisputeResolver.Ruling.Valid);
            vm.warp(resolver.executionBlockedUntil(posted.id) - 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.TooManyRounds.selector, posted.id));
        vm.prank(attacker);
        resolver.challenge(posted.id, IDisputeResolver.Ground.Samples, "");
        skip(1);
        _execute(posted);
        assertEq(usdc.balanceOf(attacker), before - 7 * STAKE, "500 + 1,000 + 2,000");
        assertEq(resolver.creditOf(attacker), 0, "all of it lost");
        assertEq(resolver.creditOf(prompter), 7 * STAKE / 2, "half of it to the proposer");
        assertLe(block.timestamp - eta, 12 days, "three rulings and three days of delay");
    }

    function test_challengeAtTheLastSecond__winsIfTheProposalIsBad() public {
        Posted memory posted = _queued(attacker);
        vm.warp(governance.proposalEta(posted.id) - 1);
        _challenge(_challenger, posted.id, IDisputeResolver.Ground.Samples);
        skip(1);
        _expectBlocked(posted, type(uint256).max);
        _rule(posted.id, IDisputeResolver.Ruling.Invalid);
        skip(14 days);
        _expectUnexecutable(posted, IGovernor.ProposalState.Canceled);
        assertEq(resolver.creditOf(_challenger), STAKE + BOND / 2, "the stake and half the bond");
    }

    function test_challengeAtEta__isTooLate() public {
        Posted memory posted = _queued(prompter);
        vm.warp(governance.proposalEta(posted.id));
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeResolver.NotChallengeable.selector, posted.id, uint8(IGovernor.ProposalState.Queued)
            )
        );
        vm.prank(attacker);
        resolver.challenge(posted.id, IDisputeResolver.Ground.Samples, "");
        _execute(posted);
    }

    // Direct call to the timelock

    function test_directCallToTheTimelock__isForGovernanceAlone() public {
        Posted memory posted = _queued(attacker);
        vm.warp(governance.proposalEta(posted.id) - 1);
        _challenge(_challenger, posted.id, IDisputeResolver.Ground.Actions);
        skip(1 days);
        ISlotTypes.Actions memory calls = posted.actions;
        bytes32 salt = bytes32(bytes20(address(governance))) ^ posted.descriptionHash;
        bytes32 operation = timelock.hashOperationBatch(calls.targets, calls.values, calls.calldatas, 0, salt);
        assertTrue(timelock.isOperationReady(operation), "the timelock itself would let it through");
        address[3] memory people = [attacker, _challenger, verifier];
        for (uint256 i = 0; i < people.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessControl.AccessControlUnauthorizedAccount.selector, people[i], timelock.EXECUTOR_ROLE()
                )
            );
            vm.prank(people[i]);
            timelock.executeBatch(calls.targets, calls.values, calls.calldatas, 0, salt);
        }
    }

    // Stale execution after a ruling

    function test_staleExecution__afterARulingInvalid__neverHappens() public {
        Posted memory posted = _queued(attacker);
        _challenge(_challenger, posted.id, IDisputeResolver.Ground.Selection);
        _rule(posted.id, IDisputeResolver.Ruling.Invalid);
        uint256[4] memory waits = [uint256(0), 1 days, 7 days, 60 days];
        for (uint256 i = 0; i < waits.length; ++i) {
            skip(waits[i]);
            _expectUnexecutable(posted, IGovernor.ProposalState.Canceled);
        }
    }

    function test_staleExecution__afterTheGrace__isRefused() public {
        Posted memory posted = _queued(attacker);
        _challenge(_challenger, posted.id, IDisputeResolver.Ground.Selection);
        _rule(posted.id, IDisputeResolver.Ruling.Valid);
        uint256 expiry = governance.expiryOf(posted.id);
        vm.warp(expiry + 1);
        ISlotTypes.Actions memory calls = posted.actions;
        vm.expectRevert(abi.encodeWithSelector(IGovernance.ProposalStale.selector, posted.id, expiry));
        governance.execute(calls.targets, calls.values, calls.calldatas, posted.descriptionHash);
    }

    // Self-dispute

    function test_selfDispute__cannotShutOthersOutOfABadProposal() public {
        Posted memory posted = _queued(attacker);
        _challenge(attacker, posted.id, IDisputeResolver.Ground.Weights); // on a ground where nothing is wrong
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.CaseOpen.selector, posted.id));
        vm.prank(_challenger);
        resolver.challenge(posted.id, IDisputeResolver.Ground.Samples, "");
        // Verifiers judge the proposal, not the ground: what they find anywhere decides.
        _rule(posted.id, IDisputeResolver.Ruling.Invalid);
        assertEq(resolver.creditOf(attacker), STAKE + BOND / 2, "half the bond is the price of one's own dispute");
        _expectUnexecutable(posted, IGovernor.ProposalState.Canceled);
    }

    function test_selfDispute__ofAGoodProposal__costsHalfOfEveryStake() public {
        Posted memory posted = _queued(attacker);
        uint256 before = usdc.balanceOf(attacker);
        for (uint256 round = 1; round <= 3; ++round) {
            _challenge(attacker, posted.id, IDisputeResolver.Ground.Weights);
            _rule(posted.id, IDisputeResolver.Ruling.Valid);
        }
        vm.prank(attacker);
        resolver.withdraw();
        assertEq(before - usdc.balanceOf(attacker), 7 * STAKE / 2, "half of 3,500 is lost to the treasury");
        assertEq(resolver.creditOf(address(timelock)), 7 * STAKE / 2, "which has it");
    }

    // Dispute spam

    function test_disputeSpam__costsAStakeEachAndPaysTheProposers() public {
        uint256 before = usdc.balanceOf(attacker);
        for (uint256 i = 0; i < 3; ++i) {
            Posted memory posted = _queued(prompter);
            _challenge(attacker, posted.id, IDisputeResolver.Ground.Samples);
            _rule(posted.id, IDisputeResolver.Ruling.Valid);
            vm.warp(_max(governance.proposalEta(posted.id), resolver.executionBlockedUntil(posted.id)));
            _execute(posted);
        }
        assertEq(before - usdc.balanceOf(attacker), 3 * STAKE, "every stake is lost");
        assertEq(resolver.creditOf(prompter), 3 * STAKE / 2, "half of them pays for the trouble");
    }

    // Dead arbitrator

    function test_deadArbitrator__fast__whoStakesStopsAndNobodyPays() public {
        Posted memory posted = _queued(prompter);
        uint256 before = usdc.balanceOf(attacker);
        _challenge(attacker, posted.id, IDisputeResolver.Ground.Samples);
        vm.warp(resolver.deadlineOf(posted.id));
        resolver.timeout(posted.id);
        _expectUnexecutable(posted, IGovernor.ProposalState.Canceled);
        vm.prank(attacker);
        resolver.withdraw();
        assertEq(usdc.balanceOf(attacker), before, "refunded: nobody judged");
        assertEq(resolver.creditOf(prompter), BOND, "the bond too");
    }

    function test_deadArbitrator__slow__theVotersDecide() public {
        Posted memory posted = _postSlow(prompter);
        _vote(posted);
        _challenge(attacker, posted.id, IDisputeResolver.Ground.Samples);
        vm.warp(governance.proposalDeadline(posted.id) + 1);
        _queue(posted);
        vm.warp(_max(resolver.deadlineOf(posted.id), governance.proposalEta(posted.id)));
        resolver.timeout(posted.id);
        assertFalse(resolver.ruledInvalid(posted.id), "the majority stands in for the arbitrator");
        vm.warp(resolver.executionBlockedUntil(posted.id));
        _execute(posted);
        assertEq(resolver.creditOf(attacker), 0, "and the attacker's stake is lost");
    }

    function test_deadArbitrator__itsReplacementCannotBeChallenged() public {
        address next = address(new Replacement(address(resolver)));
        ISlotTypes.Actions memory calls =
            _call(address(resolver), abi.encodeCall(IDisputeResolver.setArbitrator, (next)));
        Posted memory posted = _post(_win(prompter, TOKEN), calls);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.ArbitratorReplacement.selector, posted.id));
        vm.prank(attacker);
        resolver.challenge(posted.id, IDisputeResolver.Ground.Samples, "");
        _pass(posted);
        assertEq(resolver.arbitrator(), next, "replaced");
    }

    // Signatures

    function test_signatures__forgedReplayedOrDuplicated__ruleNothing() public {
        Posted memory posted = _queued(prompter);
        _challenge(attacker, posted.id, IDisputeResolver.Ground.Samples);
        IVerifierCommittee.Verdict memory verdict = IVerifierCommittee.Verdict(
            posted.id, 1, IDisputeResolver.Ruling.Invalid, keccak256("a lie"), block.timestamp + 1 days
        );
        _expectRelay(verdict, _signed(verdict, "attacker", 1), IVerifierCommittee.NotAMember.selector); // forged
        IVerifierCommittee.Verdict memory honest = IVerifierCommittee.Verdict(
            posted.id, 1, IDisputeResolver.Ruling.Valid, keccak256("report"), block.timestamp + 1 days
        );
        bytes[] memory real = _signed(honest, "verifier", 1);
        _expectRelay(verdict, real, IVerifierCommittee.NotAMember.selector); // real, under another verdict
        bytes[] memory twice = _signed(honest, "verifier", 2);
        _expectRelay(honest, twice, IVerifierCommittee.DuplicateSigner.selector);
        vm.prank(attacker); // who relays it does not matter
        committee.relay(honest, real);
        _expectRelay(honest, real, IDisputeResolver.NoOpenCase.selector); // replayed
        _challenge(attacker, posted.id, IDisputeResolver.Ground.Samples);
        _expectRelay(honest, real, IVerifierCommittee.WrongRound.selector); // in the next round
        assertTrue(resolver.caseOf(posted.id).open, "only the second case is open, unruled");
    }

    // Helpers

    function _fundForStakes(address account) private {
        usdc.mint(account, 10_000 * USD);
        vm.prank(account);
        usdc.approve(address(resolver), type(uint256).max);
    }

    /// @dev A fast proposal, voted through and waiting out its veto window.
    function _queued(address bidder) private returns (Posted memory posted) {
        posted = _post(_win(bidder, 2 * TOKEN), _fund(_actor("project"), TOKEN));
        _vote(posted);
        vm.warp(governance.proposalDeadline(posted.id) + 1);
        _queue(posted);
    }

    function _postSlow(address bidder) private returns (Posted memory) {
        return _post(
            _win(bidder, TOKEN), _call(address(token), abi.encodeCall(IParameters.setParameter, ("redeemFeeBps", 10)))
        );
    }

    function _vote(Posted memory posted) private {
        vm.warp(governance.proposalSnapshot(posted.id) + 1);
        vm.prank(whale);
        governance.castVote(posted.id, FOR);
    }

    function _queue(Posted memory posted) private {
        ISlotTypes.Actions memory calls = posted.actions;
        governance.queue(calls.targets, calls.values, calls.calldatas, posted.descriptionHash);
    }

    function _execute(Posted memory posted) private {
        ISlotTypes.Actions memory calls = posted.actions;
        governance.execute(calls.targets, calls.values, calls.calldatas, posted.descriptionHash);
    }

    function _challenge(address who, uint256 id, IDisputeResolver.Ground ground) private {
        vm.prank(who);
        resolver.challenge(id, ground, "ipfs://evidence");
    }

    function _rule(uint256 id, IDisputeResolver.Ruling ruling) private {
        IVerifierCommittee.Verdict memory verdict = IVerifierCommittee.Verdict(
            id, resolver.caseOf(id).round, ruling, keccak256("report"), block.timestamp + 1 days
        );
        committee.relay(verdict, _signed(verdict, "verifier", 1));
    }

    function _signed(IVerifierCommittee.Verdict memory verdict, string memory who, uint256 times)
        private
        view
        returns (bytes[] memory signatures)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(uint256(keccak256(bytes(who))), committee.hashVerdict(verdict));
        signatures = new bytes[](times);
        for (uint256 i = 0; i < times; ++i) {
            signatures[i] = abi.encodePacked(r, s, v);
        }
    }

    function _expectRelay(IVerifierCommittee.Verdict memory verdict, bytes[] memory signatures, bytes4 selector)
        private
    {
        vm.expectPartialRevert(selector);
        committee.relay(verdict, signatures);
    }

    function _expectBlocked(Posted memory posted, uint256 until) private {
        vm.expectRevert(abi.encodeWithSelector(IGovernance.ExecutionBlocked.selector, posted.id, until));
        _execute(posted);
    }

    function _expectUnexecutable(Posted memory posted, IGovernor.ProposalState state) private {
        assertEq(uint256(governance.state(posted.id)), uint256(state), "state");
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _execute(posted);
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}

/// @notice The arbitrator that a vote puts in the place of a dead one.
contract Replacement is IArbitrator {
    address public immutable disputeResolver;

    constructor(address resolver) {
        disputeResolver = resolver;
    }
}

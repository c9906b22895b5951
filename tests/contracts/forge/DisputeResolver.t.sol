// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {DisputeResolver} from "contracts/DisputeResolver.sol";
import {VerifierCommittee} from "contracts/VerifierCommittee.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {IParameters} from "contracts/interfaces/IParameters.sol";
import {IVerifierCommittee} from "contracts/interfaces/IVerifierCommittee.sol";

import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @notice Bonds, challenges, publication and changes. Branches: DisputeResolver.tree.
contract DisputeResolverTest is GovernanceFixture {
    // Deployment

    function test_constructor__namesItsPartsAndParameters() public view {
        assertEq(address(resolver.reserveToken()), address(usdc), "reserve");
        assertEq(resolver.governance(), address(governance), "governance");
        assertEq(resolver.timelock(), address(timelock), "timelock");
        assertEq(resolver.arbitrator(), address(committee), "arbitrator");
        assertEq(resolver.parameter("baseStake"), STAKE, "stake");
        assertEq(resolver.parameter("publishWindow"), 1 days, "publish");
        assertEq(resolver.parameter("rulingTimeout"), 3 days, "ruling");
        assertEq(resolver.parameter("postRulingDelay"), 1 days, "delay");
        assertEq(resolver.parameter("treasuryBps"), 5_000, "share");
    }

    function test_constructor__outOfBounds__reverts() public {
        IDisputeResolver.Config memory config = _resolverConfig();
        config.treasuryBps = 2_999;
        vm.expectRevert(
            abi.encodeWithSelector(
                IParameters.ParameterOutOfBounds.selector, bytes32("treasuryBps"), 2_999, 3_000, 8_000
            )
        );
        new DisputeResolver(config);
    }

    // bond

    function test_bond__isRecordedAndOwed() public {
        uint256 id = _proposeUnbonded();
        bytes32 digest = sha256(DATA);
        usdc.mint(address(resolver), BOND);
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.Bonded(id, prompter, BOND, digest);
        vm.prank(promptUpdate);
        resolver.bond(id, prompter, BOND, digest);
        IDisputeResolver.Bond memory bonded = resolver.bondOf(id);
        assertEq(bonded.proposer, prompter, "proposer");
        assertEq(bonded.amount, BOND, "amount");
        assertEq(bonded.dataDigest, digest, "digest");
        assertEq(resolver.owed(), BOND, "owed");
        assertEq(resolver.nextStake(id), STAKE, "first stake");
        assertEq(resolver.executionBlockedUntil(id), 0, "free");
    }

    function test_bond__byAnyoneButPromptUpdate__reverts() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.OnlyPromptUpdate.selector, alice));
        resolver.bond(1, alice, BOND, 0);
    }

    function test_bond__replacedPromptUpdate__losesTheRight() public {
        _enact(_draft(address(governance), abi.encodeCall(IGovernance.setPromptUpdate, (address(usdc)))));
        vm.prank(promptUpdate);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.OnlyPromptUpdate.selector, promptUpdate));
        resolver.bond(1, alice, BOND, 0);
    }

    function test_bond__twice__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        vm.prank(promptUpdate);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.AlreadyBonded.selector, id));
        resolver.bond(id, prompter, BOND, 0);
    }

    function test_bond__underAnotherResolver__reverts() public {
        DisputeResolver other = new DisputeResolver(_resolverConfig());
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        vm.prank(promptUpdate);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.OtherResolver.selector, id));
        other.bond(id, prompter, BOND, 0);
    }

    function test_bond__zeroUnpaidOrTooLarge__reverts() public {
        uint256 id = _proposeUnbonded();
        vm.startPrank(promptUpdate);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.BadAmount.selector, 0));
        resolver.bond(id, prompter, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.BadAmount.selector, uint256(1) << 96));
        resolver.bond(id, prompter, uint256(1) << 96, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.ReserveNotReceived.selector, BOND, 0));
        resolver.bond(id, prompter, BOND, 0);
        vm.stopPrank();
    }

    // releaseBond

    function test_releaseBond__finalProposal__creditsTheProposer() public {
        uint256 id = _enact(_fund(TOKEN));
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.BondReleased(id, prompter, BOND);
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.Credited(prompter, BOND);
        resolver.releaseBond(id);
        assertEq(resolver.creditOf(prompter), BOND, "credit");
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NotBonded.selector, id));
        resolver.releaseBond(id);
    }

    function test_releaseBond__defeatedOrExpired__works() public {
        uint256 defeated = _propose(_fund(TOKEN), CLEAR);
        _toVoted(defeated);
        resolver.releaseBond(defeated);
        uint256 expired = _enqueue(_fund(TOKEN), CLEAR);
        vm.warp(governance.expiryOf(expired) + 1);
        resolver.releaseBond(expired);
        assertEq(resolver.creditOf(prompter), 2 * BOND, "both");
    }

    function test_releaseBond__runningDisputedOrUnknown__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NotFinal.selector, id));
        resolver.releaseBond(id);
        _challenge(id);
        _toVoted(id);
        assertTrue(governance.isFinal(id), "defeated");
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.CaseOpen.selector, id));
        resolver.releaseBond(id);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NotBonded.selector, 1));
        resolver.releaseBond(1);
    }

    // challenge

    function test_challenge__opensACaseAndTakesTheStake() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        uint256 deadline = block.timestamp + 3 days;
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.Challenged(
            id, challenger, IDisputeResolver.Ground.Samples, 1, STAKE, deadline, "ipfs://evidence"
        );
        _challenge(id);
        IDisputeResolver.Case memory opened = resolver.caseOf(id);
        assertEq(opened.challenger, challenger, "challenger");
        assertEq(opened.stake, STAKE, "stake");
        assertEq(opened.round, 1, "round");
        assertEq(opened.deadline, deadline, "deadline");
        assertTrue(opened.open && opened.ruling == IDisputeResolver.Ruling.None, "open");
        assertEq(usdc.balanceOf(address(resolver)), BOND + STAKE, "held");
        assertEq(resolver.owed(), BOND + STAKE, "owed");
        assertEq(resolver.executionBlockedUntil(id), type(uint256).max, "blocked");
    }

    function test_challenge__everyGround__opensACase() public {
        for (uint8 ground = 0; ground < 6; ++ground) {
            uint256 id = _propose(_fund(TOKEN), CLEAR);
            _challenge(id, IDisputeResolver.Ground(ground));
            assertTrue(resolver.caseOf(id).ground == IDisputeResolver.Ground(ground), "ground");
        }
    }

    function test_challenge__atEveryStageBeforeEta__opensACase() public {
        uint256 active = _propose(_fund(TOKEN), CLEAR);
        _toActive(active);
        _challenge(active);
        uint256 succeeded = _succeed(_fund(TOKEN), CLEAR);
        _challenge(succeeded);
        uint256 queued = _enqueue(_fund(TOKEN), CLEAR);
        vm.warp(governance.proposalEta(queued) - 1);
        _challenge(queued);
        assertTrue(resolver.caseOf(queued).open, "in the last second of the veto window");
    }

    function test_challenge__atEtaOrWhenOver__reverts() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        _toEta(id);
        _expectNotChallengeable(id, IGovernor.ProposalState.Queued);
        _execute(draft);
        _expectNotChallengeable(id, IGovernor.ProposalState.Executed);
        uint256 defeated = _propose(_fund(TOKEN), CLEAR);
        _toVoted(defeated);
        _expectNotChallengeable(defeated, IGovernor.ProposalState.Defeated);
    }

    function test_challenge__afterARulingValid__isOpenForOneMoreDay() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        _challenge(id);
        vm.warp(governance.proposalEta(id) + 12 hours);
        _rule(id, IDisputeResolver.Ruling.Valid);
        uint256 free = block.timestamp + 1 days;
        assertEq(resolver.executionBlockedUntil(id), free, "one more day");
        vm.warp(free);
        _expectNotChallengeable(id, IGovernor.ProposalState.Queued);
        vm.warp(free - 1);
        _challenge(id);
        assertEq(resolver.caseOf(id).round, 2, "second round");
    }

    function test_challenge__threeRounds__doubleTheStakeAndEnd() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR - 1);
        for (uint256 round = 0; round < 3; ++round) {
            assertEq(resolver.nextStake(id), STAKE << round, "stake");
            _challenge(id);
            assertEq(resolver.caseOf(id).stake, STAKE << round, "taken");
            _rule(id, IDisputeResolver.Ruling.Valid);
        }
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.TooManyRounds.selector, id));
        resolver.challenge(id, IDisputeResolver.Ground.Weights, "");
        assertEq(resolver.creditOf(prompter), (STAKE + 2 * STAKE + 4 * STAKE) / 2, "spam pays the proposer");
    }

    function test_challenge__openCaseOrNoBond__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _challenge(id);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.CaseOpen.selector, id));
        resolver.challenge(id, IDisputeResolver.Ground.Weights, "");
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NotBonded.selector, 1));
        resolver.challenge(1, IDisputeResolver.Ground.Weights, "");
    }

    function test_challenge__ruledInvalid__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _challenge(id);
        _rule(id, IDisputeResolver.Ruling.Invalid);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NotBonded.selector, id));
        _challenge(id);
    }

    function test_challenge__replacementOfTheArbitrator__reverts() public {
        bytes memory call = abi.encodeCall(IDisputeResolver.setArbitrator, (address(committee)));
        uint256 id = _propose(_draft(address(resolver), call), CLEAR);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.ArbitratorReplacement.selector, id));
        _challenge(id);
    }

    function test_challenge__withoutTheMoney__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        vm.prank(alice);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        resolver.challenge(id, IDisputeResolver.Ground.Weights, "");
    }

    // publish

    function test_publish__answersAChallengeOfUnavailability() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _challenge(id, IDisputeResolver.Ground.DataUnavailable);
        assertEq(resolver.deadlineOf(id), block.timestamp + 1 days, "publish window");
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.Published(id, bob, DATA);
        vm.prank(bob); // whoever has it
        resolver.publish(id, DATA);
        assertTrue(resolver.published(id), "published");
        IDisputeResolver.Case memory closed = resolver.caseOf(id);
        assertTrue(!closed.open && closed.ruling == IDisputeResolver.Ruling.Valid, "valid");
        assertEq(resolver.creditOf(prompter), STAKE / 2, "half the stake for the trouble");
        assertEq(resolver.creditOf(address(timelock)), STAKE / 2, "half to the treasury");
    }

    function test_publish__beforeAnyChallenge__preemptsIt() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        resolver.publish(id, DATA);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.AlreadyPublished.selector, id));
        _challenge(id, IDisputeResolver.Ground.DataUnavailable);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.AlreadyPublished.selector, id));
        resolver.publish(id, DATA);
    }

    function test_publish__duringAnotherCase__leavesItOpen() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _challenge(id, IDisputeResolver.Ground.Samples);
        resolver.publish(id, DATA);
        assertTrue(resolver.caseOf(id).open, "open");
    }

    function test_publish__otherBytes__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        bytes32 expected = sha256(DATA);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.WrongData.selector, sha256("other"), expected));
        resolver.publish(id, "other");
    }

    function test_publish__tooLateOrUnbonded__reverts() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR);
        _challenge(id, IDisputeResolver.Ground.DataUnavailable);
        uint256 deadline = resolver.deadlineOf(id);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.CaseOverdue.selector, id, deadline));
        resolver.publish(id, DATA);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NotBonded.selector, 1));
        resolver.publish(1, DATA);
    }

    // Changes

    function test_setArbitrator__byVote__alsoForOpenCases() public {
        VerifierCommittee next = new VerifierCommittee(_committeeConfig());
        uint256 id = _propose(_fund(TOKEN), CLEAR - 1);
        _challenge(id);
        bytes memory call = abi.encodeCall(IDisputeResolver.setArbitrator, (address(next)));
        Draft memory draft = _draft(address(resolver), call);
        _toEta(_enqueue(draft, CLEAR));
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.ArbitratorChanged(address(committee), address(next));
        _execute(draft);
        vm.prank(address(committee));
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.OnlyArbitrator.selector, address(committee)));
        resolver.rule(id, IDisputeResolver.Ruling.Valid, 0);
    }

    function test_setArbitrator__noneOfThisResolver__reverts() public {
        IVerifierCommittee.Config memory config = _committeeConfig();
        config.disputeResolver = address(usdc);
        address stranger = address(new VerifierCommittee(config));
        vm.startPrank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.WrongArbitrator.selector, stranger));
        resolver.setArbitrator(stranger);
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.WrongArbitrator.selector, alice));
        resolver.setArbitrator(alice);
        vm.stopPrank();
    }

    function test_setters__byAnyoneButTheTimelock__revert() public {
        vm.startPrank(alice);
        bytes memory refused = abi.encodeWithSelector(IDisputeResolver.OnlyTimelock.selector, alice);
        vm.expectRevert(refused);
        resolver.setArbitrator(address(committee));
        vm.expectRevert(refused);
        resolver.setParameter("baseStake", 1);
        vm.stopPrank();
    }

    function test_setParameter__boundsAndNames__areChecked() public {
        bytes32[5] memory names =
            [bytes32("baseStake"), "treasuryBps", "publishWindow", "rulingTimeout", "postRulingDelay"];
        vm.startPrank(address(timelock));
        for (uint256 i = 0; i < names.length; ++i) {
            (uint256 min, uint256 max) = resolver.parameterBounds(names[i]);
            uint256 previous = resolver.parameter(names[i]);
            vm.expectEmit(address(resolver));
            emit IParameters.ParameterChanged(names[i], previous, max);
            resolver.setParameter(names[i], max);
            assertEq(resolver.parameter(names[i]), max, "changed");
            vm.expectRevert(
                abi.encodeWithSelector(IParameters.ParameterOutOfBounds.selector, names[i], max + 1, min, max)
            );
            resolver.setParameter(names[i], max + 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IParameters.UnknownParameter.selector, bytes32("luck")));
        resolver.setParameter("luck", 1);
        vm.stopPrank();
    }

    function test_setParameter__largestStake__fitsThreeRounds() public view {
        (, uint256 max) = resolver.parameterBounds("baseStake");
        assertLe(max << 2, type(uint96).max, "96 bits");
    }

    // Helpers

    function _proposeUnbonded() private returns (uint256) {
        Draft memory draft = _fund(TOKEN);
        vm.prank(promptUpdate);
        return governance.proposeGenerated(draft.targets, draft.values, draft.calldatas, draft.description, CLEAR);
    }

    function _expectNotChallengeable(uint256 id, IGovernor.ProposalState state) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputeResolver.NotChallengeable.selector, id, uint8(state)));
        _challenge(id);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Governance} from "contracts/Governance.sol";
import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {IParameters} from "contracts/interfaces/IParameters.sol";

import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @notice Deployment, proposals and their track. Branches: Governance.tree.
contract GovernanceTest is GovernanceFixture {
    // Deployment

    function test_constructor__namesItsPartsAndRunsOnSeconds() public view {
        assertEq(governance.promptUpdate(), promptUpdate, "promptUpdate");
        assertEq(governance.disputeResolver(), address(resolver), "resolver");
        assertEq(governance.modelRegistry(), _governanceConfig().modelRegistry, "registry");
        assertEq(governance.reserveToken(), address(usdc), "reserve token");
        assertEq(governance.timelock(), address(timelock), "timelock");
        assertEq(governance.CLOCK_MODE(), "mode=timestamp", "clock mode");
        assertEq(governance.clock(), block.timestamp, "clock");
        assertEq(governance.lastExecutedAt(), START, "deployment counts as execution");
        assertFalse(governance.localProfile(), "production floors");
    }

    function test_constructor__storesEveryParameter() public view {
        assertEq(governance.votingDelay(), 1 hours, "delay");
        assertEq(governance.votingPeriod(), SLOW_PERIOD, "the slow period is the default");
        assertEq(governance.quorumNumerator(), 1_000, "slow quorum");
        assertEq(governance.quorumDenominator(), 10_000, "bps");
        assertEq(governance.lateQuorumVoteExtension(), 12 hours, "extension");
        assertEq(governance.parameter("votingPeriodFast"), FAST_PERIOD, "fast period");
        assertEq(governance.parameter("quorumFastBps"), 400, "fast quorum");
        assertEq(governance.parameter("fastBudgetBps"), 500, "budget");
        assertEq(governance.parameter("fastWindow"), 30 days, "window");
        assertEq(governance.parameter("voteAge"), 3 days, "age");
        assertEq(governance.parameter("gracePeriod"), 14 days, "grace");
        assertEq(governance.parameter("repairAfter"), 30 days, "repair");
        assertEq(governance.parameter("repairThresholdBps"), 1_000, "repair threshold");
    }

    function test_constructor__parameterOutOfBounds__reverts() public {
        IGovernance.Config memory config = _governanceConfig();
        config.fastBudgetBps = 2_001;
        vm.expectRevert(
            abi.encodeWithSelector(IParameters.ParameterOutOfBounds.selector, bytes32("fastBudgetBps"), 2_001, 0, 2_000)
        );
        new Governance(config);

        config = _governanceConfig();
        config.votingDelay = type(uint256).max;
        vm.expectPartialRevert(IParameters.ParameterOutOfBounds.selector);
        new Governance(config);

        config = _governanceConfig();
        config.votingPeriodSlow = type(uint256).max;
        vm.expectPartialRevert(IParameters.ParameterOutOfBounds.selector);
        new Governance(config);
    }

    function test_constructor__localProfile__lowersDurationsOnDevelopmentChainsOnly() public {
        IGovernance.Config memory config = _governanceConfig();
        config.local = true;
        config.votingPeriodSlow = 2 minutes;
        config.voteAge = 1 minutes;
        Governance local = new Governance(config);
        assertEq(local.votingPeriod(), 2 minutes, "short");
        assertTrue(local.localProfile(), "says so");
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(IParameters.LocalProfileRefused.selector, 1));
        new Governance(config);
    }

    function test_I19_timelockRoles__areTheGovernorsAlone() public view {
        bytes32[3] memory roles = [timelock.PROPOSER_ROLE(), timelock.EXECUTOR_ROLE(), timelock.CANCELLER_ROLE()];
        for (uint256 i = 0; i < 3; ++i) {
            assertTrue(timelock.hasRole(roles[i], address(governance)), "governor");
            assertFalse(timelock.hasRole(roles[i], address(this)), "deployer");
            assertFalse(timelock.hasRole(roles[i], address(0)), "nobody in particular");
        }
        assertTrue(timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(timelock)), "its own admin");
        assertFalse(timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(this)), "deployer is no admin");
        assertFalse(timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(governance)), "governor is no admin");
    }

    // propose

    function test_propose__byAnyone__reverts() public {
        Draft memory draft = _fund(TOKEN);
        address[3] memory callers = [alice, promptUpdate, address(timelock)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IGovernance.OnlyPromptUpdate.selector, callers[i]));
            governance.propose(draft.targets, draft.values, draft.calldatas, draft.description);
        }
    }

    // proposeGenerated

    function test_proposeGenerated__byAStranger__reverts() public {
        Draft memory draft = _fund(TOKEN);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IGovernance.OnlyPromptUpdate.selector, alice));
        governance.proposeGenerated(draft.targets, draft.values, draft.calldatas, draft.description, CLEAR);
    }

    function test_proposeGenerated__belowConsensus__reverts() public {
        _expectProposalRevert(_fund(TOKEN), 199, abi.encodeWithSelector(IGovernance.NoConsensus.selector, 199));
    }

    function test_proposeGenerated__noneOrElevenActions__reverts() public {
        bytes memory call = abi.encodeCall(IERC20.transfer, (prompter, 1));
        bytes memory none = abi.encodeWithSelector(IGovernance.TooManyActions.selector, 0);
        _expectProposalRevert(_draftOf(0, address(token), call), CLEAR, none);
        bytes memory eleven = abi.encodeWithSelector(IGovernance.TooManyActions.selector, 11);
        _expectProposalRevert(_draftOf(11, address(token), call), CLEAR, eleven);
        assertNotEq(_propose(_draftOf(10, address(token), call), CLEAR), 0, "ten are fine");
    }

    function test_proposeGenerated__targetWithoutCode__reverts() public {
        bytes memory reason = abi.encodeWithSelector(IGovernance.TargetHasNoCode.selector, alice);
        _expectProposalRevert(_draft(alice, ""), CLEAR, reason);
    }

    function test_proposeGenerated__unequalArrays__reverts() public {
        Draft memory draft = _fund(TOKEN);
        draft.values = new uint256[](2);
        _expectProposalRevert(
            draft, CLEAR, abi.encodeWithSelector(IGovernor.GovernorInvalidProposalLength.selector, 1, 1, 2)
        );
    }

    function test_proposeGenerated__sameContentTwice__reverts() public {
        Draft memory draft = _fund(TOKEN);
        _propose(draft, CLEAR);
        vm.prank(promptUpdate);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        governance.proposeGenerated(draft.targets, draft.values, draft.calldatas, draft.description, CLEAR);
    }

    function test_proposeGenerated__clearAndListed__isFastFromTheStart() public {
        Draft memory draft = _fund(60 * TOKEN);
        uint256 id = _idOf(draft);
        uint256 snapshot = block.timestamp + 1 hours;
        vm.expectEmit(address(governance));
        emit IGovernor.ProposalCreated(
            id,
            promptUpdate,
            draft.targets,
            draft.values,
            new string[](1),
            draft.calldatas,
            snapshot,
            snapshot + FAST_PERIOD,
            draft.description
        );
        vm.expectEmit(address(governance));
        emit IGovernance.ProposalTrack(id, IGovernance.Track.Fast, 60 * TOKEN);
        assertEq(_propose(draft, CLEAR), id, "id");
        assertEq(governance.proposalSnapshot(id), snapshot, "snapshot");
        assertEq(governance.proposalDeadline(id), snapshot + FAST_PERIOD, "deadline");
        assertEq(governance.votingPeriod(), SLOW_PERIOD, "back to the default");
        assertTrue(governance.trackOf(id) == IGovernance.Track.Fast, "track");
        assertEq(governance.resolverOf(id), address(resolver), "resolver");
        assertEq(governance.proposalProposer(id), promptUpdate, "proposer");
        _assertState(id, IGovernor.ProposalState.Pending, "pending");
    }

    function test_proposeGenerated__marginBelowTenPercent__isSlow() public {
        Draft memory draft = _fund(TOKEN);
        vm.expectEmit(address(governance));
        emit IGovernance.ProposalTrack(_idOf(draft), IGovernance.Track.Slow, 0);
        uint256 id = _propose(draft, CLEAR - 1);
        assertEq(governance.proposalDeadline(id), block.timestamp + 1 hours + SLOW_PERIOD, "slow deadline");
    }

    // classify, and I20 through proposeGenerated

    function test_classify__withinTheBudget__isFastToTheLastUnit() public {
        uint256 budget = governance.fastBudget();
        assertEq(budget, token.totalSupply() * 500 / 10_000, "5 %");
        _assertTrack(_fund(budget), IGovernance.Track.Fast, budget);
        _assertTrack(_fund(budget + 1), IGovernance.Track.Slow, budget + 1);
    }

    function test_classify__mintAndReserve__areListed() public {
        _assertTrack(
            _draft(address(token), abi.encodeCall(IBToken.governanceMint, (alice, TOKEN))),
            IGovernance.Track.Fast,
            TOKEN
        );
        uint256 price = governance.fastPrice();
        assertEq(price, token.currentPrice(), "nothing traded for a month");
        _assertTrack(
            _draft(address(usdc), abi.encodeCall(IERC20.transfer, (alice, price))), IGovernance.Track.Fast, TOKEN
        );
    }

    function test_classify__pump__neitherWidensTheBudgetNorShrinksAReserveAmount() public {
        uint256 budget = governance.fastBudget();
        bytes memory call = abi.encodeCall(IERC20.transfer, (alice, 50_000 * USD));
        Draft memory draft = _draft(address(usdc), call);
        (, uint256 amount) = governance.classify(draft.targets, draft.values, draft.calldatas);
        _buy(carol, 100_000 * TOKEN);
        assertEq(governance.fastBudget(), budget, "the lagged minimum");
        (, uint256 pumped) = governance.classify(draft.targets, draft.values, draft.calldatas);
        assertGe(pumped, amount, "a reserve transfer counts no less");
    }

    function test_classify__burnedSupply__narrowsTheBudgetAtOnce() public {
        uint256 budget = governance.fastBudget();
        vm.prank(alice);
        token.burn(300 * TOKEN);
        assertEq(governance.fastBudget(), budget - 15 * TOKEN, "5 % of what is left");
    }

    function test_classify__youngToken__isSlow() public {
        vm.warp(START + 29 days);
        assertEq(governance.fastBudget(), 0, "no supply a window ago");
        assertEq(governance.fastPrice(), 0, "nor a price");
        _assertTrack(_fund(1), IGovernance.Track.Slow, 1);
        _assertTrack(_draft(address(usdc), abi.encodeCall(IERC20.transfer, (alice, 1))), IGovernance.Track.Slow, 0);
    }

    function test_I20_anyNonListedAction__getsTheSlowPeriod() public {
        bytes memory transfer = abi.encodeCall(IERC20.transfer, (alice, 1));
        _assertSlow(_tune("voteAge", 4 days), "parameter");
        _assertSlow(_draft(address(governance), abi.encodeCall(IGovernance.setModelRegistry, (alice))), "model");
        _assertSlow(_draft(address(token), abi.encodeCall(IERC20.approve, (alice, 1))), "approve");
        _assertSlow(_draft(address(token), bytes.concat(transfer, hex"00")), "padded calldata");
        _assertSlow(_draft(address(token), abi.encodeWithSignature("multicall(bytes[])", new bytes[](1))), "multicall");
        _assertSlow(_draft(address(resolver), transfer), "unknown target");
        _assertSlow(
            _draft(address(timelock), abi.encodeCall(timelock.grantRole, (bytes32(0), alice))), "a role of the timelock"
        );
        Draft memory paid = _draft(address(token), transfer);
        paid.values[0] = 1;
        _assertSlow(paid, "value");
        Draft memory mixed = _draftOf(2, address(token), transfer);
        mixed.calldatas[1] = abi.encodeCall(IERC20.approve, (alice, 1));
        _assertSlow(mixed, "one of two");
    }

    function testFuzz_I20_anyCalldataButTheListed__getsTheSlowPeriod(bytes memory data) public {
        vm.assume(data.length != 68);
        _assertSlow(_draft(address(token), data), "length");
    }

    function test_replacesArbitratorOnly__isFixedAtProposal() public {
        bytes memory call = abi.encodeCall(IDisputeResolver.setArbitrator, (address(committee)));
        assertTrue(governance.replacesArbitratorOnly(_propose(_draft(address(resolver), call), CLEAR)), "alone");
        assertFalse(governance.replacesArbitratorOnly(_propose(_draftOf(2, address(resolver), call), CLEAR)), "twice");
        assertFalse(governance.replacesArbitratorOnly(_propose(_fund(1), CLEAR)), "a fund");
    }

    // Unknown proposals

    function test_views__unknownProposal__revert() public {
        bytes memory reason = abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, 1);
        vm.expectRevert(reason);
        governance.trackOf(1);
        vm.expectRevert(reason);
        governance.resolverOf(1);
        vm.expectRevert(reason);
        governance.replacesArbitratorOnly(1);
        vm.expectRevert(reason);
        governance.expiryOf(1);
        vm.expectRevert(reason);
        governance.isFinal(1);
    }

    // Helpers

    function _expectProposalRevert(Draft memory draft, uint256 gammaBps, bytes memory reason) private {
        vm.prank(promptUpdate);
        vm.expectRevert(reason);
        governance.proposeGenerated(draft.targets, draft.values, draft.calldatas, draft.description, gammaBps);
    }

    function _assertTrack(Draft memory draft, IGovernance.Track expected, uint256 expectedAmount) private view {
        (IGovernance.Track track, uint256 amount) = governance.classify(draft.targets, draft.values, draft.calldatas);
        assertTrue(track == expected, "track");
        assertEq(amount, expectedAmount, "amount");
    }

    function _assertSlow(Draft memory draft, string memory reason) private {
        uint256 id = _propose(draft, 10_000);
        assertTrue(governance.trackOf(id) == IGovernance.Track.Slow, reason);
        assertEq(governance.proposalDeadline(id), block.timestamp + 1 hours + SLOW_PERIOD, reason);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {MockUSDC} from "contracts/mocks/MockUSDC.sol";

import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @notice Queue, veto window, execution, expiry, cancellation. Branches: GovernanceExecution.tree.
contract GovernanceExecutionTest is GovernanceFixture {
    uint256 private constant GRACE = 14 days;

    // The straight way

    function test_execute__fastTransfer__paysFromTheTreasury() public {
        Draft memory draft = _fund(60 * TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        assertEq(governance.proposalEta(id), block.timestamp + VETO, "veto window");
        _assertState(id, IGovernor.ProposalState.Queued, "queued");
        assertFalse(governance.isFinal(id), "not final");
        _toEta(id);
        vm.expectEmit(address(governance));
        emit IGovernance.FastBudgetSpent(id, 60 * TOKEN);
        vm.expectEmit(address(governance));
        emit IGovernor.ProposalExecuted(id);
        _execute(draft);
        assertEq(token.balanceOf(prompter), 60 * TOKEN, "paid");
        assertEq(governance.lastExecutedAt(), block.timestamp, "noted");
        _assertState(id, IGovernor.ProposalState.Executed, "executed");
        assertTrue(governance.isFinal(id), "final");
    }

    function test_execute__reserveTransferAndMint__work() public {
        Draft memory draft = _draftOf(2, address(usdc), abi.encodeCall(IERC20.transfer, (prompter, 1_000 * USD)));
        draft.targets[1] = address(token);
        draft.calldatas[1] = abi.encodeCall(IBToken.governanceMint, (prompter, 10 * TOKEN));
        uint256 id = _enact(draft);
        assertTrue(governance.trackOf(id) == IGovernance.Track.Fast, "fast");
        assertEq(usdc.balanceOf(prompter), 1_000 * USD, "reserve");
        assertEq(token.balanceOf(prompter), 10 * TOKEN, "minted");
    }

    function test_execute__withEther__passesItOnFromTheTimelock() public {
        vm.deal(address(timelock), 1 ether);
        Draft memory draft = _draft(address(timelock), "");
        draft.values[0] = 1 ether;
        _enact(draft);
        assertEq(address(timelock).balance, 1 ether, "to itself");
    }

    function test_execute__slowProposal__takesNothingFromTheBudget() public {
        Draft memory draft = _fund(60 * TOKEN);
        uint256 id = _enqueue(draft, CLEAR - 1);
        _toEta(id);
        _execute(draft);
        assertEq(governance.fastBudget(), token.totalSupply() * 5 / 100, "untouched");
    }

    // Too early, twice, past the governor

    function test_execute__beforeEta__reverts() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        vm.warp(governance.proposalEta(id) - 1);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(draft);
    }

    function test_execute__notQueued__reverts() public {
        Draft memory draft = _fund(TOKEN);
        _succeed(draft, CLEAR);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(draft);
    }

    function test_execute__twice__reverts() public {
        Draft memory draft = _fund(TOKEN);
        _enact(draft);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _execute(draft);
    }

    function test_execute__unknown__reverts() public {
        Draft memory draft = _fund(TOKEN);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, _idOf(draft)));
        _execute(draft);
    }

    function test_execute__directlyAtTheTimelock__isNobodys() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        _toEta(id);
        bytes32 salt = bytes20(address(governance)) ^ keccak256(bytes(draft.description));
        bytes32 operation = timelock.hashOperationBatch(draft.targets, draft.values, draft.calldatas, 0, salt);
        assertTrue(timelock.isOperationReady(operation), "the very operation");
        bytes32 role = timelock.EXECUTOR_ROLE();
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, alice, role));
        timelock.executeBatch(draft.targets, draft.values, draft.calldatas, 0, salt);
    }

    function test_relay__evenByVote__isClosed() public {
        bytes memory hidden = abi.encodeCall(TimelockController.updateDelay, (0));
        Draft memory draft =
            _draft(address(governance), abi.encodeCall(governance.relay, (address(timelock), 0, hidden)));
        uint256 id = _enqueue(draft, CLEAR);
        _toEta(id);
        vm.expectRevert(IGovernance.RelayDisabled.selector);
        _execute(draft);
    }

    // Expiry

    function test_execute__inTheLastSecondOfTheGrace__works() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        assertEq(governance.expiryOf(id), governance.proposalEta(id) + GRACE, "expiry");
        vm.warp(governance.expiryOf(id));
        _execute(draft);
    }

    function test_execute__afterTheGrace__isStale() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        uint256 expiry = governance.expiryOf(id);
        vm.warp(expiry + 1);
        _assertState(id, IGovernor.ProposalState.Expired, "expired");
        assertTrue(governance.isFinal(id), "frees the next slot");
        vm.expectRevert(abi.encodeWithSelector(IGovernance.ProposalStale.selector, id, expiry));
        _execute(draft);
    }

    function test_queue__afterTheGrace__reverts() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _succeed(draft, CLEAR);
        assertEq(governance.expiryOf(id), governance.proposalDeadline(id) + GRACE, "counts from the end of voting");
        vm.warp(governance.expiryOf(id) + 1);
        _assertState(id, IGovernor.ProposalState.Expired, "nobody can keep it for later");
        assertTrue(governance.isFinal(id), "final");
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _queue(draft);
    }

    function test_expiry__afterADispute__countsFromWhenExecutionIsFree() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        vm.warp(governance.proposalEta(id) - 1);
        _challenge(id);
        assertEq(governance.expiryOf(id), type(uint256).max, "a case stops the clock");
        vm.warp(block.timestamp + 3 days - 1);
        _rule(id, IDisputeResolver.Ruling.Valid);
        uint256 free = block.timestamp + 1 days;
        assertEq(governance.expiryOf(id), free + GRACE, "whole grace");
        vm.warp(free + GRACE);
        _execute(draft);
    }

    // Disputes

    function test_I17_openCase__blocksExecution() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        _challenge(id);
        _toEta(id);
        bytes memory blocked = abi.encodeWithSelector(IGovernance.ExecutionBlocked.selector, id, type(uint256).max);
        vm.expectRevert(blocked);
        _execute(draft);
    }

    function test_I17_rulingValid__blocksUntilTheDelayIsOver() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        vm.warp(governance.proposalEta(id) - 1);
        _challenge(id);
        _toEta(id);
        _rule(id, IDisputeResolver.Ruling.Valid);
        uint256 free = block.timestamp + 1 days;
        vm.warp(free - 1);
        vm.expectRevert(abi.encodeWithSelector(IGovernance.ExecutionBlocked.selector, id, free));
        _execute(draft);
        vm.warp(free);
        _execute(draft);
    }

    function test_I17_rulingInvalid__cancelsAtEveryStage() public {
        Draft memory pending = _fund(TOKEN);
        uint256 id = _propose(pending, CLEAR);
        _invalidate(id);
        _assertState(id, IGovernor.ProposalState.Canceled, "pending");

        Draft memory active = _fund(TOKEN);
        id = _propose(active, CLEAR);
        _toActive(id);
        _invalidate(id);
        vm.prank(alice);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        governance.castVote(id, FOR);

        Draft memory succeeded = _fund(TOKEN);
        id = _succeed(succeeded, CLEAR);
        _invalidate(id);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _queue(succeeded);

        Draft memory queued = _fund(TOKEN);
        id = _enqueue(queued, CLEAR);
        _invalidate(id);
        _toEta(id);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _execute(queued);
        vm.warp(block.timestamp + 365 days);
        _assertState(id, IGovernor.ProposalState.Canceled, "for ever");
        assertTrue(governance.isFinal(id), "final");
    }

    function test_setDisputeResolver__runningProposal__keepsItsResolver() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        _invalidate(id);
        _enact(_draft(address(governance), abi.encodeCall(IGovernance.setDisputeResolver, (address(usdc)))));
        assertEq(governance.disputeResolver(), address(usdc), "replaced");
        _assertState(id, IGovernor.ProposalState.Canceled, "no escape from a ruling");
    }

    // Code

    function test_execute__swappedCode__reverts() public {
        Draft memory draft = _draft(address(new MockUSDC()), abi.encodeCall(MockUSDC.mint, (alice, 1)));
        uint256 id = _enqueue(draft, CLEAR);
        _toEta(id);
        vm.etch(draft.targets[0], address(token).code);
        vm.expectRevert(abi.encodeWithSelector(IGovernance.TargetCodeChanged.selector, id));
        _execute(draft);
        vm.etch(draft.targets[0], "");
        vm.expectRevert(abi.encodeWithSelector(IGovernance.TargetCodeChanged.selector, id));
        _execute(draft);
    }

    /// forge-config: default.isolate = true
    function test_execute__codeRecreatedAfterSelfdestruct__reverts() public {
        Metamorph factory = new Metamorph();
        address target = factory.create(hex"33ff"); // selfdestruct(caller)
        Draft memory draft = _draft(target, "");
        uint256 id = _enqueue(draft, CLEAR);
        _toEta(id);
        (bool destroyed,) = target.call("");
        assertTrue(destroyed, "destroyed at the end of its own transaction");
        assertEq(factory.create(hex"6002600155"), target, "same address, other code");
        vm.expectRevert(abi.encodeWithSelector(IGovernance.TargetCodeChanged.selector, id));
        _execute(draft);
    }

    // Budget

    function test_I16_splitOverManyProposals__staysWithinTheBudget() public {
        uint256 budget = governance.fastBudget();
        Draft memory first = _fund(budget / 2);
        Draft memory second = _fund(budget / 2 + 2);
        uint256 a = _propose(first, CLEAR);
        uint256 b = _propose(second, CLEAR);
        assertTrue(governance.trackOf(b) == IGovernance.Track.Fast, "each fits by itself");
        _toActive(b);
        _vote(alice, a, FOR);
        _vote(alice, b, FOR);
        _toVoted(b);
        _queue(first);
        _queue(second);
        _toEta(b);
        _execute(first);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernance.FastBudgetExceeded.selector, budget / 2 + 2, budget - budget / 2)
        );
        _execute(second);
    }

    function test_I16_spentBudget__comesBackAfterTheWindow() public {
        uint256 budget = governance.fastBudget();
        _enact(_fund(budget));
        assertEq(governance.fastBudget(), 0, "spent");
        assertTrue(governance.trackOf(_propose(_fund(1), CLEAR)) == IGovernance.Track.Slow, "slow meanwhile");
        vm.warp(block.timestamp + 30 days - 1);
        assertEq(governance.fastBudget(), 0, "to the second");
        skip(1);
        assertEq(governance.fastBudget(), budget, "back");
    }

    function test_I16_supplyFellSinceProposal__reverts() public {
        Draft memory draft = _fund(60 * TOKEN);
        uint256 id = _enqueue(draft, CLEAR);
        _toEta(id);
        vm.prank(bob);
        token.redeem(300 * TOKEN, 0, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IGovernance.FastBudgetExceeded.selector, 60 * TOKEN, 45.05 * 1e18));
        _execute(draft);
    }

    function test_I16_priceFellSinceProposal__countsReserveTransfersForMore() public {
        uint256 worth = 55 * governance.fastPrice();
        Draft memory draft = _draft(address(usdc), abi.encodeCall(IERC20.transfer, (prompter, worth)));
        uint256 id = _enqueue(draft, CLEAR);
        assertTrue(governance.trackOf(id) == IGovernance.Track.Fast, "55 tokens at first");
        _toEta(id);
        vm.prank(address(timelock));
        token.governanceMint(carol, 200 * TOKEN);
        vm.expectPartialRevert(IGovernance.FastBudgetExceeded.selector);
        _execute(draft);
    }

    function test_I16_priceFellToNothing__reverts() public {
        Draft memory draft = _draft(address(usdc), abi.encodeCall(IERC20.transfer, (prompter, USD)));
        uint256 id = _enqueue(draft, CLEAR);
        _toEta(id);
        uint256 budget = governance.fastBudget();
        vm.mockCall(address(token), abi.encodeCall(IBToken.currentPrice, ()), abi.encode(0));
        vm.expectRevert(abi.encodeWithSelector(IGovernance.FastBudgetExceeded.selector, type(uint256).max, budget));
        _execute(draft);
    }

    // Cancel

    function test_cancel__byTheProposerWhilePending__freesTheBond() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _propose(draft, CLEAR);
        assertTrue(governance.proposalNeedsQueuing(id), "through the timelock");
        vm.prank(promptUpdate);
        governance.cancel(draft.targets, draft.values, draft.calldatas, keccak256(bytes(draft.description)));
        _assertState(id, IGovernor.ProposalState.Canceled, "canceled");
        resolver.releaseBond(id);
        assertEq(resolver.creditOf(prompter), BOND, "nobody lied");
    }

    function test_cancel__byAnyoneButTheProposer__reverts() public {
        Draft memory draft = _fund(TOKEN);
        uint256 id = _propose(draft, CLEAR);
        bytes32 hash = keccak256(bytes(draft.description));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, alice));
        governance.cancel(draft.targets, draft.values, draft.calldatas, hash);
        _toActive(id);
        vm.prank(promptUpdate);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, promptUpdate));
        governance.cancel(draft.targets, draft.values, draft.calldatas, hash);
    }

    // Ether

    function test_receive__directDeposit__reverts() public {
        vm.deal(address(this), 1 ether);
        (bool sent,) = address(governance).call{value: 1}("");
        assertFalse(sent, "the treasury is the timelock");
    }

    function _invalidate(uint256 id) private {
        _challenge(id);
        _rule(id, IDisputeResolver.Ruling.Invalid);
    }
}

/// @notice Creates at one address whatever code it is given, as a create2 factory of changing contracts does.
contract Metamorph {
    bytes public code;

    function create(bytes calldata runtime) external returns (address made) {
        code = runtime;
        // The init code asks its creator for the runtime, so its own hash, and with it the address, never changes.
        bytes memory init = type(Metamorphic).creationCode;
        assembly ("memory-safe") {
            made := create2(0, add(init, 32), mload(init), 0)
        }
    }
}

/// @notice Becomes the code that its creator holds.
contract Metamorphic {
    constructor() {
        bytes memory runtime = Metamorph(msg.sender).code();
        assembly ("memory-safe") {
            return(add(runtime, 32), mload(runtime))
        }
    }
}

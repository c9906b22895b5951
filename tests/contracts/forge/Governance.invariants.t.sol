// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";

import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";
import {Test} from "./support/Test.sol";

/// @notice I16..I20 of the specification after any sequence of proposals, votes, disputes, trades and waits.
contract GovernanceInvariants is Test {
    GovernanceHandler internal handler;

    function setUp() public {
        handler = new GovernanceHandler();
        handler.setUp();
        _target(address(handler));
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: default.invariant.runs = 8
    function invariant_I16_fastAmountsStayWithinTheBudget() public view {
        assertFalse(handler.budgetExceeded(), "I16");
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: default.invariant.runs = 8
    function invariant_I17_nothingIsExecutedTooEarlyTooLateOrDisputed() public view {
        assertFalse(handler.executedWrongly(), "I17");
        assertTrue(handler.invalidStayCanceled(), "I17, what was ruled Invalid");
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: default.invariant.runs = 8
    function invariant_I18_theResolverHoldsWhatItOwes() public view {
        (uint256 balance, uint256 parts, uint256 owed) = handler.money();
        assertEq(parts, owed, "I18: bonds + stakes + credits");
        assertEq(balance, owed, "I18: balance");
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: default.invariant.runs = 8
    function invariant_I19_I20_rolesStayAndWhatIsNotListedIsSlow() public view {
        assertTrue(handler.rolesStay(), "I19");
        assertFalse(handler.tooFast(), "I20");
    }
}

/// @notice Walks proposals through their lives with sensible arguments, and notes every step that breaks a rule.
contract GovernanceHandler is GovernanceFixture {
    struct Spent {
        uint256 time;
        uint256 amount;
    }

    Draft[] private _proposals;
    uint256[] private _ids;
    Spent[] private _spent;

    bool public budgetExceeded;
    bool public executedWrongly;
    bool public tooFast;

    function setUp() public override {
        if (address(governance) == address(0)) super.setUp(); // else the fuzzer called it
    }

    // Proposals

    function propose(uint256 kind, uint256 amount, uint256 gammaBps) external {
        Draft memory draft;
        bool listed = kind % 6 < 3;
        amount = bound(amount, 0, governance.fastBudget() * 2);
        if (kind % 6 == 0) draft = _fund(amount);
        if (kind % 6 == 1) draft = _draft(address(token), abi.encodeCall(IBToken.governanceMint, (carol, amount)));
        if (kind % 6 == 2) {
            amount = amount * governance.fastPrice() / 1e18;
            draft = _draft(address(usdc), abi.encodeCall(IERC20.transfer, (carol, amount)));
        }
        if (kind % 6 == 3) draft = _tune("voteAge", 3 days);
        if (kind % 6 == 4) {
            draft = _draft(address(token), bytes.concat(abi.encodeCall(IERC20.transfer, (carol, amount)), hex"00"));
        }
        if (kind % 6 == 5) {
            draft = _draftOf(2, address(token), abi.encodeCall(IERC20.transfer, (carol, amount)));
            draft.calldatas[1] = abi.encodeCall(IERC20.approve, (carol, amount));
        }
        uint256 id = _register(draft, bound(gammaBps, 200, 10_000));
        bool slow = governance.proposalDeadline(id) - governance.proposalSnapshot(id) >= SLOW_PERIOD;
        if (!listed && !slow) tooFast = true;
    }

    /// @notice Two fast proposals that are voted through together, and of which the budget allows one.
    function proposeRivals(uint256 amount) external {
        uint256 budget = governance.fastBudget();
        amount = bound(amount, budget / 2 + 1, budget + 1);
        uint256 first = _register(_fund(amount), CLEAR);
        uint256 second = _register(_fund(amount), CLEAR);
        _toActive(second);
        _vote(alice, first, FOR);
        _vote(alice, second, FOR);
    }

    function vote(uint256 index, uint256 voter, uint256 support) external {
        if (!_any()) return;
        uint256 id = _ids[_pick(index)];
        address account = voter % 3 == 0 ? alice : voter % 3 == 1 ? bob : carol;
        if (governance.state(id) == IGovernor.ProposalState.Pending) _toActive(id);
        if (governance.state(id) != IGovernor.ProposalState.Active || governance.hasVoted(id, account)) return;
        _vote(account, id, uint8(support % 8 == 0 ? AGAINST : support % 8 == 1 ? ABSTAIN : FOR));
    }

    function queue(uint256 index) external {
        if (!_any()) return;
        index = _pick(index);
        IGovernor.ProposalState current = governance.state(_ids[index]);
        if (current == IGovernor.ProposalState.Active) _toVoted(_ids[index]);
        if (governance.state(_ids[index]) == IGovernor.ProposalState.Succeeded) _queue(_proposals[index]);
    }

    /// @notice Carries a proposal as far as it goes: most calls at random stop half-way.
    function carry(uint256 index) external {
        if (!_any()) return;
        uint256 id = _ids[_pick(index)];
        if (governance.state(id) == IGovernor.ProposalState.Pending) _toActive(id);
        if (governance.state(id) == IGovernor.ProposalState.Active && !governance.hasVoted(id, alice)) {
            _vote(alice, id, FOR);
        }
        this.queue(index);
        this.execute(index, true);
    }

    /// @notice Tries whatever the state is; only what went through is judged.
    function execute(uint256 index, bool waits) external {
        if (!_any()) return;
        index = _pick(index);
        uint256 id = _ids[index];
        uint256 eta = governance.proposalEta(id);
        if (waits && eta > block.timestamp) vm.warp(eta);
        Draft memory draft = _proposals[index];
        uint256 free = Math.max(eta, resolver.executionBlockedUntil(id));
        bool refused = resolver.caseOf(id).open || resolver.ruledInvalid(id) || eta == 0 || block.timestamp < free
            || block.timestamp - free > 14 days;
        uint256 supplyNow = token.totalSupply();
        uint256 budget = Math.min(supplyNow, token.getPastTotalSupply(block.timestamp - 30 days)) * 500 / 10_000;
        (, uint256 amount) = governance.classify(draft.targets, draft.values, draft.calldatas);
        try governance.execute(draft.targets, draft.values, draft.calldatas, keccak256(bytes(draft.description))) {
            if (refused) executedWrongly = true;
            if (governance.trackOf(id) == IGovernance.Track.Slow) return;
            _spent.push(Spent(block.timestamp, amount));
            if (_spentInWindow() > budget) budgetExceeded = true;
        } catch {}
    }

    // Disputes

    function challenge(uint256 index, uint8 ground) external {
        if (!_any()) return;
        vm.prank(challenger);
        try resolver.challenge(_ids[_pick(index)], IDisputeResolver.Ground(ground % 6), "") {} catch {}
    }

    function rule(uint256 index, bool valid) external {
        if (!_any()) return;
        IDisputeResolver.Ruling ruling = valid ? IDisputeResolver.Ruling.Valid : IDisputeResolver.Ruling.Invalid;
        vm.prank(address(committee));
        try resolver.rule(_ids[_pick(index)], ruling, 0) {} catch {}
    }

    function publish(uint256 index) external {
        if (!_any()) return;
        try resolver.publish(_ids[_pick(index)], DATA) {} catch {}
    }

    function timeout(uint256 index, bool waits) external {
        if (!_any()) return;
        uint256 id = _ids[_pick(index)];
        if (!resolver.caseOf(id).open) return;
        if (waits && block.timestamp < resolver.deadlineOf(id)) vm.warp(resolver.deadlineOf(id));
        try resolver.timeout(id) {} catch {}
    }

    function releaseBond(uint256 index) external {
        if (!_any()) return;
        try resolver.releaseBond(_ids[_pick(index)]) {} catch {}
    }

    function withdraw(uint256 who) external {
        address[3] memory accounts = [prompter, challenger, address(timelock)];
        try resolver.withdrawFor(accounts[who % 3]) {} catch {}
    }

    // The world

    function wait(uint256 time) external {
        skip(bound(time, 1, 3 days));
    }

    function trade(uint256 amount, bool buys) external {
        amount = bound(amount, 1, 20 * TOKEN);
        if (buys) return _buy(bob, amount);
        if (token.balanceOf(bob) - token.lockedOf(bob) < amount) return;
        vm.prank(bob);
        token.redeem(amount, 0, block.timestamp);
    }

    // What the invariants ask

    function money() external view returns (uint256 balance, uint256 parts, uint256 owed) {
        for (uint256 i = 0; i < _ids.length; ++i) {
            parts += resolver.bondOf(_ids[i]).amount;
            if (resolver.caseOf(_ids[i]).open) parts += resolver.caseOf(_ids[i]).stake;
        }
        parts += resolver.creditOf(prompter) + resolver.creditOf(challenger) + resolver.creditOf(address(timelock));
        return (usdc.balanceOf(address(resolver)), parts, resolver.owed());
    }

    function invalidStayCanceled() external view returns (bool) {
        for (uint256 i = 0; i < _ids.length; ++i) {
            IGovernor.ProposalState current = governance.state(_ids[i]);
            bool dead = current == IGovernor.ProposalState.Canceled || current == IGovernor.ProposalState.Defeated;
            if (resolver.ruledInvalid(_ids[i]) != (current == IGovernor.ProposalState.Canceled) && !dead) return false;
        }
        return true;
    }

    function rolesStay() external view returns (bool) {
        bytes32[3] memory roles = [timelock.PROPOSER_ROLE(), timelock.EXECUTOR_ROLE(), timelock.CANCELLER_ROLE()];
        address[5] memory others = [address(this), promptUpdate, alice, address(resolver), address(0)];
        for (uint256 i = 0; i < 3; ++i) {
            if (!timelock.hasRole(roles[i], address(governance))) return false;
            for (uint256 j = 0; j < 5; ++j) {
                if (timelock.hasRole(roles[i], others[j])) return false;
            }
        }
        return !timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
    }

    function _register(Draft memory draft, uint256 gammaBps) private returns (uint256 id) {
        id = _propose(draft, gammaBps);
        _proposals.push(draft);
        _ids.push(id);
    }

    function _spentInWindow() private view returns (uint256 total) {
        for (uint256 i = 0; i < _spent.length; ++i) {
            if (_spent[i].time > block.timestamp - 30 days) total += _spent[i].amount;
        }
    }

    /// @dev One of the last four proposals: the others are mostly over.
    function _pick(uint256 index) private view returns (uint256) {
        return _ids.length - 1 - index % Math.min(4, _ids.length);
    }

    function _any() private view returns (bool) {
        return _ids.length != 0;
    }
}

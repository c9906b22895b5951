// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BToken} from "contracts/BToken.sol";
import {DisputeResolver} from "contracts/DisputeResolver.sol";
import {Governance} from "contracts/Governance.sol";
import {VerifierCommittee} from "contracts/VerifierCommittee.sol";
import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {IParameters} from "contracts/interfaces/IParameters.sol";
import {IVerifierCommittee} from "contracts/interfaces/IVerifierCommittee.sol";
import {MockUSDC} from "contracts/mocks/MockUSDC.sol";

import {Test} from "./Test.sol";

/// @notice What a proposal consists of, kept so that it can be queued and executed.
struct Draft {
    address[] targets;
    uint256[] values;
    bytes[] calldatas;
    string description;
}

/// @notice The governing contracts with production parameters, a month after the start; PromptUpdate is an actor.
/// @dev The governor is deployed before everything that it names. Holders: alice 600, bob 300, carol 100 of 1,001
/// tokens; the treasury holds 200 more, which do not vote.
abstract contract GovernanceFixture is Test {
    uint256 internal constant START = 1_700_000_000;
    uint256 internal constant USD = 1e6;
    uint256 internal constant TOKEN = 1e18;
    uint256 internal constant BOND = 1_000 * USD;
    uint256 internal constant STAKE = 500 * USD;
    uint256 internal constant CLEAR = 1_000;
    uint256 internal constant VETO = 2 days;
    uint256 internal constant FAST_PERIOD = 1 days;
    uint256 internal constant SLOW_PERIOD = 7 days;
    bytes internal constant DATA = "the data file";

    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;

    MockUSDC internal usdc;
    BToken internal token;
    TimelockController internal timelock;
    Governance internal governance;
    DisputeResolver internal resolver;
    VerifierCommittee internal committee;

    address internal promptUpdate;
    address internal prompter;
    address internal alice;
    address internal bob;
    address internal carol;
    address internal challenger;

    uint256 private _drafts;

    function setUp() public virtual {
        vm.warp(START);
        promptUpdate = _actor("promptUpdate");
        prompter = _actor("prompter");
        challenger = _actor("challenger");
        alice = _actor("alice");
        bob = _actor("bob");
        carol = _actor("carol");
        usdc = new MockUSDC();
        _deployAll(vm.getNonce(address(this)));
        _buyAndDelegate(alice, 600 * TOKEN);
        _buyAndDelegate(bob, 300 * TOKEN);
        _buyAndDelegate(carol, 100 * TOKEN);
        _buy(prompter, 200 * TOKEN);
        skip(31 days);
        vm.prank(prompter);
        token.transfer(address(timelock), 200 * TOKEN);
        usdc.mint(address(timelock), 1_000_000 * USD);
        usdc.mint(challenger, 1_000_000 * USD);
        vm.prank(challenger);
        usdc.approve(address(resolver), type(uint256).max);
    }

    // Deployment

    function _deployAll(uint256 nonce) private {
        governance = Governance(payable(_predict(nonce)));
        resolver = DisputeResolver(_predict(nonce + 1));
        committee = VerifierCommittee(_predict(nonce + 2));
        timelock = TimelockController(payable(_predict(nonce + 3)));
        token = BToken(_predict(nonce + 4));
        new Governance(_governanceConfig());
        new DisputeResolver(_resolverConfig());
        new VerifierCommittee(_committeeConfig());
        address[] memory governors = new address[](1);
        governors[0] = address(governance);
        new TimelockController(VETO, governors, governors, address(0));
        IBToken.Config memory config = _tokenConfig();
        usdc.mint(address(this), config.initialReserve);
        // An approval is a call, not a creation: the nonce stays.
        usdc.approve(address(token), config.initialReserve);
        new BToken(config);
        assertGt(address(token).code.length, 0, "the predicted addresses hold");
    }

    function _predict(uint256 nonce) private view returns (address) {
        return vm.computeCreateAddress(address(this), nonce);
    }

    function _governanceConfig() internal view returns (IGovernance.Config memory) {
        return IGovernance.Config({
            token: address(token),
            reserveToken: address(usdc),
            timelock: address(timelock),
            promptUpdate: promptUpdate,
            modelRegistry: _constant("modelRegistry"),
            disputeResolver: address(resolver),
            votingDelay: 1 hours,
            votingPeriodFast: FAST_PERIOD,
            votingPeriodSlow: SLOW_PERIOD,
            quorumFastBps: 400,
            quorumSlowBps: 1_000,
            fastBudgetBps: 500,
            fastWindow: 30 days,
            voteAge: 3 days,
            lateQuorumExtension: 12 hours,
            gracePeriod: 14 days,
            repairAfter: 30 days,
            repairThresholdBps: 1_000,
            local: false
        });
    }

    function _resolverConfig() internal view returns (IDisputeResolver.Config memory) {
        return IDisputeResolver.Config({
            reserveToken: address(usdc),
            governance: address(governance),
            timelock: address(timelock),
            arbitrator: address(committee),
            baseStake: STAKE,
            publishWindow: 1 days,
            rulingTimeout: 3 days,
            postRulingDelay: 1 days,
            treasuryBps: 5_000,
            local: false
        });
    }

    function _committeeConfig() internal view returns (IVerifierCommittee.Config memory) {
        address[] memory members = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            members[i] = vm.addr(_verifierKey(i));
        }
        return IVerifierCommittee.Config({
            disputeResolver: address(resolver), timelock: address(timelock), members: members, threshold: 2
        });
    }

    function _tokenConfig() private view returns (IBToken.Config memory) {
        return IBToken.Config({
            name: "Organisation Token",
            symbol: "ORG",
            reserveToken: usdc,
            admin: address(timelock),
            rewarder: promptUpdate,
            initialReserve: USD / 2,
            mintLock: 1 days,
            redeemFeeBps: 0,
            minterCapBps: 2_000,
            minterWindow: 30 days,
            rewarderCapBps: 200,
            rewarderWindow: 7 days,
            local: false
        });
    }

    function _verifierKey(uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("verifier", i)));
    }

    function _constant(string memory name) private pure returns (address) {
        return vm.addr(uint256(keccak256(bytes(name))));
    }

    // Holders

    function _buy(address account, uint256 tokens) internal {
        uint256 cost = token.costToMint(tokens);
        usdc.mint(account, cost);
        vm.startPrank(account);
        usdc.approve(address(token), cost);
        token.permissionlessMint(tokens, cost, block.timestamp);
        vm.stopPrank();
    }

    function _buyAndDelegate(address account, uint256 tokens) internal {
        _buy(account, tokens);
        vm.prank(account);
        token.delegate(account);
    }

    // Drafts

    function _draft(address target, bytes memory data) internal returns (Draft memory draft) {
        draft = Draft(new address[](1), new uint256[](1), new bytes[](1), "");
        draft.targets[0] = target;
        draft.calldatas[0] = data;
        draft.description = string.concat("gengov/epoch/", vm.toString(++_drafts));
    }

    /// @notice `count` times the same action.
    function _draftOf(uint256 count, address target, bytes memory data) internal returns (Draft memory draft) {
        draft = Draft(new address[](count), new uint256[](count), new bytes[](count), "");
        for (uint256 i = 0; i < count; ++i) {
            draft.targets[i] = target;
            draft.calldatas[i] = data;
        }
        draft.description = string.concat("gengov/epoch/", vm.toString(++_drafts));
    }

    /// @notice A fund of tokens from the treasury: listed for the fast track.
    function _fund(uint256 tokens) internal returns (Draft memory) {
        return _draft(address(token), abi.encodeCall(IERC20.transfer, (prompter, tokens)));
    }

    /// @notice A change of a parameter of the governor: slow.
    function _tune(bytes32 name, uint256 value) internal returns (Draft memory) {
        return _draft(address(governance), abi.encodeCall(IParameters.setParameter, (name, value)));
    }

    function _idOf(Draft memory draft) internal view returns (uint256) {
        return
            governance.hashProposal(draft.targets, draft.values, draft.calldatas, keccak256(bytes(draft.description)));
    }

    // The way of a proposal

    /// @notice Proposes as PromptUpdate does, and bonds.
    function _propose(Draft memory draft, uint256 gammaBps) internal returns (uint256 id) {
        vm.prank(promptUpdate);
        id = governance.proposeGenerated(draft.targets, draft.values, draft.calldatas, draft.description, gammaBps);
        _bond(id, BOND);
    }

    function _bond(uint256 id, uint256 amount) internal {
        bytes32 digest = sha256(DATA); // a call of the precompile: before the prank, which holds for one call
        usdc.mint(address(resolver), amount);
        vm.prank(promptUpdate);
        resolver.bond(id, prompter, amount, digest);
    }

    function _vote(address voter, uint256 id, uint8 support) internal {
        vm.prank(voter);
        governance.castVote(id, support);
    }

    function _toActive(uint256 id) internal {
        vm.warp(governance.proposalSnapshot(id) + 1);
    }

    function _toVoted(uint256 id) internal {
        vm.warp(governance.proposalDeadline(id) + 1);
    }

    function _toEta(uint256 id) internal {
        vm.warp(governance.proposalEta(id));
    }

    function _queue(Draft memory draft) internal {
        governance.queue(draft.targets, draft.values, draft.calldatas, keccak256(bytes(draft.description)));
    }

    function _execute(Draft memory draft) internal {
        governance.execute(draft.targets, draft.values, draft.calldatas, keccak256(bytes(draft.description)));
    }

    /// @notice Proposes and votes until it has succeeded.
    function _succeed(Draft memory draft, uint256 gammaBps) internal returns (uint256 id) {
        id = _propose(draft, gammaBps);
        _toActive(id);
        _vote(alice, id, FOR);
        _toVoted(id);
    }

    /// @notice Proposes, votes and queues.
    function _enqueue(Draft memory draft, uint256 gammaBps) internal returns (uint256 id) {
        id = _succeed(draft, gammaBps);
        _queue(draft);
    }

    /// @notice The whole way.
    function _enact(Draft memory draft) internal returns (uint256 id) {
        id = _enqueue(draft, CLEAR);
        _toEta(id);
        _execute(draft);
    }

    function _challenge(uint256 id, IDisputeResolver.Ground ground) internal {
        vm.prank(challenger);
        resolver.challenge(id, ground, "ipfs://evidence");
    }

    function _challenge(uint256 id) internal {
        _challenge(id, IDisputeResolver.Ground.Samples);
    }

    function _rule(uint256 id, IDisputeResolver.Ruling ruling) internal {
        vm.prank(address(committee));
        resolver.rule(id, ruling, keccak256("report"));
    }

    function _assertState(uint256 id, IGovernor.ProposalState expected, string memory reason) internal view {
        assertEq(uint256(governance.state(id)), uint256(expected), reason);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IVerifierCommittee} from "contracts/interfaces/IVerifierCommittee.sol";

import {GasMeter} from "./support/GasMeter.sol";
import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @notice Gas of whole transactions against the budget of the specification, and the size limit of the governor.
contract GovernanceGasTest is GovernanceFixture, GasMeter {
    uint256 private constant FIRST_VOTE_BUDGET = 112_000;
    uint256 private constant LATER_VOTE_BUDGET = 95_000;
    uint256 private constant CHALLENGE_BUDGET = 150_000;
    uint256 private constant RULE_BUDGET = 90_000;
    uint256 private constant RECOVER = 12_000;
    /// @dev The vote that reaches the quorum writes the extended deadline.
    uint256 private constant LATE_QUORUM = 25_000;
    /// @dev Of a proposal that is voted through and not queued the votes are counted again.
    uint256 private constant COUNTING = 15_000;
    uint256 private constant PROPOSE_AND_BOND_BUDGET = 250_000;
    uint256 private constant SIZE_LIMIT = 24_576;

    uint256 private _id;
    address private _dave;

    function setUp() public override {
        super.setUp();
        _dave = _actor("dave");
        _buyAndDelegate(_dave, 10 * TOKEN);
        skip(4 days);
        // A treasury that has been paid before: the usual case.
        uint256 earlier = _propose(_fund(TOKEN), CLEAR);
        _challenge(earlier);
        _rule(earlier, IDisputeResolver.Ruling.Invalid);
        _id = _propose(_fund(TOKEN), CLEAR);
    }

    /// forge-config: default.isolate = true
    function test_castVote__staysWithinItsBudget() public {
        uint256 id = _propose(_fund(TOKEN), CLEAR - 1); // 120 votes needed
        _toActive(id);
        _vote(carol, id, FOR);
        _measure("castVote, first", FIRST_VOTE_BUDGET);
        _vote(_dave, id, FOR);
        _measure("castVote, later", LATER_VOTE_BUDGET);
        _vote(bob, id, FOR);
        _measure("castVote, reaching the quorum", LATER_VOTE_BUDGET + LATE_QUORUM);
        _vote(alice, id, FOR);
        _measure("castVote, later", LATER_VOTE_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_challenge__atAnyStage__staysWithinItsBudget() public {
        Draft memory queued = _fund(TOKEN);
        uint256[3] memory ids = [_propose(_fund(TOKEN), CLEAR), _propose(_fund(TOKEN), CLEAR), _propose(queued, CLEAR)];
        _challenge(ids[0]);
        _measure("challenge", CHALLENGE_BUDGET);
        _toActive(ids[2]);
        _vote(alice, ids[1], FOR);
        _vote(alice, ids[2], FOR);
        _toVoted(ids[2]);
        _queue(queued);
        _challenge(ids[2]);
        _measure("challenge", CHALLENGE_BUDGET);
        _challenge(ids[1]);
        _measure("challenge, voted and not queued", CHALLENGE_BUDGET + COUNTING);
    }

    /// forge-config: default.isolate = true
    function test_relay__invalid__staysWithinItsBudgetBesidesTheSignatures() public {
        _challenge(_id);
        _relay(IDisputeResolver.Ruling.Invalid);
    }

    /// forge-config: default.isolate = true
    function test_relay__valid__staysWithinItsBudgetBesidesTheSignatures() public {
        _challenge(_id);
        _relay(IDisputeResolver.Ruling.Valid);
    }

    /// forge-config: default.isolate = true
    function test_rule__staysWithinItsBudget() public {
        _challenge(_id);
        vm.prank(address(committee));
        resolver.rule(_id, IDisputeResolver.Ruling.Invalid, keccak256("report"));
        _measure("rule", RULE_BUDGET);
    }

    function test_proposeGeneratedAndBond__leaveRoomInUpdatePrompt() public {
        Draft memory draft = _fund(TOKEN);
        usdc.mint(address(resolver), BOND);
        uint256 before = gasleft();
        vm.prank(promptUpdate);
        uint256 id = governance.proposeGenerated(draft.targets, draft.values, draft.calldatas, draft.description, CLEAR);
        vm.prank(promptUpdate);
        resolver.bond(id, prompter, BOND, bytes32(uint256(1)));
        assertLe(before - gasleft(), PROPOSE_AND_BOND_BUDGET, "budget");
    }

    function test_size__fitsTheLimit() public view {
        assertLt(address(governance).code.length, SIZE_LIMIT, "governor");
        assertLt(address(resolver).code.length, SIZE_LIMIT, "resolver");
    }

    function _relay(IDisputeResolver.Ruling ruling) private {
        IVerifierCommittee.Verdict memory verdict = IVerifierCommittee.Verdict({
            proposalId: _id,
            round: 1,
            ruling: ruling,
            evidenceHash: keccak256("report"),
            deadline: block.timestamp + 1 days
        });
        bytes32 digest = committee.hashVerdict(verdict);
        bytes[] memory signatures = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_verifierKey(i), digest);
            signatures[i] = abi.encodePacked(r, s, v);
        }
        committee.relay(verdict, signatures);
        _measure("relay of a verdict, two signatures", RULE_BUDGET + 2 * RECOVER);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IParameters} from "./IParameters.sol";

/// @title IGovernance
/// @notice What the organisation's governor adds to an OpenZeppelin Governor: proposals that only a model output can
/// make, two speeds, aged votes, pinned code, disputes that hold execution, and a dead-man switch.
/// @dev Clock: seconds. Amounts are token base units (1e18 a token), shares are basis points (bps).
interface IGovernance is IParameters {
    /// @notice The speed of a proposal. Fast needs a clear sample, plain transfers or mints, and room in the budget.
    enum Track {
        Fast,
        Slow
    }

    /// @notice What the governor is deployed with; every address may still be without code then.
    /// @param token The votes: BToken, which must run on a clock of seconds.
    /// @param reserveToken The token that backs the curve; the treasury may hold it too.
    /// @param timelock Executor of every proposal, treasury, and the only one that changes this contract.
    /// @param promptUpdate The only proposer.
    /// @param modelRegistry Registry of the committed models.
    /// @param disputeResolver Holder of the bonds, asked before every execution.
    /// @param votingDelay Seconds from proposal to snapshot.
    /// @param votingPeriodFast Seconds of voting on the fast track.
    /// @param votingPeriodSlow Seconds of voting on the slow track.
    /// @param quorumFastBps For and abstain votes needed on the fast track, in bps of the electorate.
    /// @param quorumSlowBps The same on the slow track.
    /// @param fastBudgetBps Most that fast proposals may move per `fastWindow`, in bps of the lagged supply.
    /// @param fastWindow Seconds of the rolling window of the fast budget, and of the price that it counts with.
    /// @param voteAge Seconds before the snapshot at which votes must have been held already.
    /// @param lateQuorumExtension Seconds that are left to vote after a late quorum.
    /// @param gracePeriod Seconds in which a proposal can be executed before it expires.
    /// @param repairAfter Seconds without any execution after which holders may propose a repair.
    /// @param repairThresholdBps Aged votes that a repairer needs, in bps of the electorate.
    /// @param local Whether durations may be as short as a minute (development chains only).
    struct Config {
        address token;
        address reserveToken;
        address timelock;
        address promptUpdate;
        address modelRegistry;
        address disputeResolver;
        uint256 votingDelay;
        uint256 votingPeriodFast;
        uint256 votingPeriodSlow;
        uint256 quorumFastBps;
        uint256 quorumSlowBps;
        uint256 fastBudgetBps;
        uint256 fastWindow;
        uint256 voteAge;
        uint256 lateQuorumExtension;
        uint256 gracePeriod;
        uint256 repairAfter;
        uint256 repairThresholdBps;
        bool local;
    }

    /// @notice Emitted with every proposal: its speed, and the tokens that it takes from the fast budget (0 if slow).
    event ProposalTrack(uint256 indexed id, Track track, uint256 fastAmount);

    /// @notice Emitted when a holder proposes a repair by the dead-man switch with `votes` aged votes.
    event RepairProposed(uint256 indexed id, address indexed proposer, uint256 votes);

    /// @notice Emitted when an executed fast proposal takes `amount` tokens from the budget.
    event FastBudgetSpent(uint256 indexed id, uint256 amount);

    /// @notice Emitted when governance replaces a part: "promptUpdate", "modelRegistry" or "disputeResolver".
    event PartChanged(bytes32 indexed part, address indexed previous, address indexed next);

    /// @notice Only PromptUpdate proposes: no winner of a slot, no proposal.
    error OnlyPromptUpdate(address caller);

    /// @notice The samples did not agree enough on an action for a proposal.
    error NoConsensus(uint256 gammaBps);

    /// @notice A proposal has 1 to 10 actions.
    error TooManyActions(uint256 count);

    /// @notice An action or a replaced part must be a contract.
    error TargetHasNoCode(address target);

    /// @notice The code of a target of this proposal is not the code that was there when it was proposed.
    error TargetCodeChanged(uint256 id);

    /// @notice A case is open, or its post-ruling delay runs: no execution before `until`.
    error ExecutionBlocked(uint256 id, uint256 until);

    /// @notice The time for execution passed at `expiredAt`.
    error ProposalStale(uint256 id, uint256 expiredAt);

    /// @notice The fast budget at the present supply and price allows `available` tokens, fewer than `requested`.
    error FastBudgetExceeded(uint256 requested, uint256 available);

    /// @notice The dead-man switch is off until `from`.
    error RepairTooEarly(uint256 from);

    /// @notice The repairer has `votes` aged votes and needs `needed`.
    error RepairVotesTooLow(address proposer, uint256 votes, uint256 needed);

    /// @notice A repair may only replace PromptUpdate, the model registry or the dispute resolver.
    error NotARepair(uint256 index);

    /// @notice The governor relays no calls: through the timelock they would pass by every check of execution.
    error RelayDisabled();

    /// @notice Proposes what the model answered; PromptUpdate only.
    /// @dev Fast if gammaBps >= 1000 and {classify} says so, else slow. Emits {ProposalTrack} after OZ's
    /// ProposalCreated. Reverts with {OnlyPromptUpdate}, {NoConsensus} (gammaBps < 200), {TooManyActions},
    /// {TargetHasNoCode}.
    /// @param gammaBps Action margin of the samples.
    /// @return id OZ's proposal id: the hash of the actions and of the hash of the description.
    function proposeGenerated(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        uint256 gammaBps
    ) external returns (uint256 id);

    /// @notice Proposes, on the slow track, to replace a part of the model path after `repairAfter` seconds without
    /// any execution. The description gets the prefix "gengov/repair/".
    /// @dev Reverts with {RepairTooEarly}, {RepairVotesTooLow}, {NotARepair}, {TooManyActions}.
    function proposeRepair(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) external returns (uint256 id);

    /// @notice Replaces the only proposer; timelock only.
    function setPromptUpdate(address promptUpdate) external;

    /// @notice Replaces the model registry; timelock only.
    function setModelRegistry(address modelRegistry) external;

    /// @notice Replaces the dispute resolver; timelock only. Proposals keep the resolver they were made under.
    function setDisputeResolver(address disputeResolver) external;

    /// @notice The speed that these actions would get now from a clear sample, and the tokens they would take from the
    /// fast budget: 0 if an action is not listed, else the sum even where it is over the budget.
    function classify(address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
        external
        view
        returns (Track track, uint256 fastAmount);

    /// @notice The speed of a proposal.
    function trackOf(uint256 id) external view returns (Track);

    /// @notice Votes (for and abstain) that a proposal needs, known once its snapshot has passed.
    function quorumOf(uint256 id) external view returns (uint256);

    /// @notice The most votes that can count at a snapshot: min(supply then, supply `voteAge` before).
    function electorate(uint256 timepoint) external view returns (uint256);

    /// @notice Whether nothing can happen to a proposal any more: Canceled, Defeated, Expired or Executed.
    function isFinal(uint256 id) external view returns (bool);

    /// @notice Whether the only action of a proposal is to replace the arbitrator: then nobody can challenge it.
    function replacesArbitratorOnly(uint256 id) external view returns (bool);

    /// @notice When a proposal that voting let through expires; type(uint256).max while a case is open.
    function expiryOf(uint256 id) external view returns (uint256);

    /// @notice The resolver that a proposal was made under; zero for a repair, which nobody can dispute.
    function resolverOf(uint256 id) external view returns (address);

    /// @notice Tokens that fast proposals may still move now: the share of the lagged supply, less what was executed
    /// within the window.
    function fastBudget() external view returns (uint256);

    /// @notice The price, in reserve units per whole token, at which a reserve transfer counts in the fast budget; 0
    /// while the token is younger than `fastWindow`.
    function fastPrice() external view returns (uint256);

    /// @notice When something was last executed; deployment counts.
    function lastExecutedAt() external view returns (uint256);

    /// @notice The only proposer.
    function promptUpdate() external view returns (address);

    /// @notice The registry of committed models.
    function modelRegistry() external view returns (address);

    /// @notice The resolver that the next proposal will be made under.
    function disputeResolver() external view returns (address);

    /// @notice The token that backs the curve.
    function reserveToken() external view returns (address);
}

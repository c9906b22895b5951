// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IParameters} from "./IParameters.sol";

/// @title IDisputeResolver
/// @notice Holds the bond behind every generated proposal and settles challenges of how it was generated.
/// @dev Money is in reserve base units. What leaves is credited and then withdrawn, so that no receiver can block a
/// ruling: reserve balance == bonds + stakes + credits.
interface IDisputeResolver is IParameters {
    /// @notice What a challenger says is wrong. The contract judges DataUnavailable, the arbitrator the others.
    enum Ground {
        Weights,
        Prompt,
        Samples,
        Selection,
        Actions,
        DataUnavailable
    }

    /// @notice How a case ended; None while nobody ruled.
    enum Ruling {
        None,
        Valid,
        Invalid
    }

    /// @notice What the resolver is deployed with; every address may still be without code then.
    /// @param reserveToken Unit of bonds and stakes.
    /// @param governance The governor; it names PromptUpdate, and says what state a proposal is in.
    /// @param timelock Treasury, and the only one that changes the arbitrator and the parameters.
    /// @param arbitrator The first judge.
    /// @param baseStake Stake of the first challenge of a proposal; it doubles with each round.
    /// @param publishWindow Seconds that the proposer has to publish data whose absence was challenged.
    /// @param rulingTimeout Seconds that the arbitrator has to rule.
    /// @param postRulingDelay Seconds between a ruling Valid and execution, open to the next challenge.
    /// @param treasuryBps Share of a lost bond or stake that goes to the treasury.
    /// @param local Whether durations may be as short as a minute (development chains only).
    struct Config {
        address reserveToken;
        address governance;
        address timelock;
        address arbitrator;
        uint256 baseStake;
        uint256 publishWindow;
        uint256 rulingTimeout;
        uint256 postRulingDelay;
        uint256 treasuryBps;
        bool local;
    }

    /// @notice The bond behind a proposal.
    /// @param proposer Who posted it and gets it back.
    /// @param amount What is still held.
    /// @param dataDigest sha256 of the data file behind the proposal.
    struct Bond {
        address proposer;
        uint256 amount;
        bytes32 dataDigest;
    }

    /// @notice The last case about a proposal.
    /// @param challenger Who opened it; zero if the proposal was never challenged.
    /// @param stake What the challenger put in.
    /// @param ground What the challenger says is wrong.
    /// @param round Number of the case, from 1; 0 if the proposal was never challenged.
    /// @param deadline End of the time to rule or to publish; see {deadlineOf}.
    /// @param ruling How it ended; None while it is open.
    /// @param open Whether it awaits a ruling, a publication or a timeout.
    struct Case {
        address challenger;
        uint256 stake;
        Ground ground;
        uint256 round;
        uint256 deadline;
        Ruling ruling;
        bool open;
    }

    /// @notice Emitted when a bond is recorded.
    event Bonded(uint256 indexed id, address indexed proposer, uint256 amount, bytes32 dataDigest);

    /// @notice Emitted when a case is opened; the evidence lies at `evidenceUri`.
    event Challenged(
        uint256 indexed id,
        address indexed challenger,
        Ground ground,
        uint256 round,
        uint256 stake,
        uint256 deadline,
        string evidenceUri
    );

    /// @notice Emitted when somebody publishes the data file behind a proposal.
    event Published(uint256 indexed id, address indexed publisher, bytes data);

    /// @notice Emitted when the arbitrator rules; `evidenceHash` is the hash of the report it rests on.
    event Ruled(uint256 indexed id, uint256 round, Ruling ruling, bytes32 evidenceHash);

    /// @notice Emitted when a case ends because its deadline passed.
    event TimedOut(uint256 indexed id, uint256 round, Ruling ruling);

    /// @notice Emitted when `amount` becomes withdrawable by `account`.
    event Credited(address indexed account, uint256 amount);

    /// @notice Emitted when `account` is paid.
    event Withdrawn(address indexed account, uint256 amount);

    /// @notice Emitted when the bond of a final proposal goes back to its proposer.
    event BondReleased(uint256 indexed id, address indexed proposer, uint256 amount);

    /// @notice Emitted when governance replaces the arbitrator.
    event ArbitratorChanged(address indexed previous, address indexed arbitrator);

    /// @notice Only PromptUpdate may call this.
    error OnlyPromptUpdate(address caller);

    /// @notice Only the arbitrator may call this.
    error OnlyArbitrator(address caller);

    /// @notice Only the timelock may call this.
    error OnlyTimelock(address caller);

    /// @notice The proposal has a bond already.
    error AlreadyBonded(uint256 id);

    /// @notice The proposal has no bond: unknown, a repair, or released.
    error NotBonded(uint256 id);

    /// @notice The governor made this proposal under another resolver, and would not ask this one.
    error OtherResolver(uint256 id);

    /// @notice An amount does not fit its field, or is zero.
    error BadAmount(uint256 amount);

    /// @notice The reserve balance is below what is owed: the tokens did not arrive in full.
    error ReserveNotReceived(uint256 owed, uint256 balance);

    /// @notice The proposal is in a state in which it cannot be challenged any more.
    error NotChallengeable(uint256 id, uint8 state);

    /// @notice The proposal only replaces the arbitrator, who cannot judge that.
    error ArbitratorReplacement(uint256 id);

    /// @notice A case about this proposal is open.
    error CaseOpen(uint256 id);

    /// @notice No case about this proposal is open.
    error NoOpenCase(uint256 id);

    /// @notice The proposal was challenged as often as is allowed.
    error TooManyRounds(uint256 id);

    /// @notice The data file is on the chain already.
    error AlreadyPublished(uint256 id);

    /// @notice The bytes are not the file that the proposal committed to.
    error WrongData(bytes32 digest, bytes32 expected);

    /// @notice This ground is judged by the contract, not by the arbitrator.
    error NotForArbitrator(uint256 id);

    /// @notice A ruling is Valid or Invalid.
    error NoRuling();

    /// @notice The deadline of the case has passed: only {timeout} ends it now.
    error CaseOverdue(uint256 id, uint256 deadline);

    /// @notice The deadline of the case has not passed.
    error CaseNotOverdue(uint256 id, uint256 deadline);

    /// @notice The proposal is not final: its bond is still at stake.
    error NotFinal(uint256 id);

    /// @notice The account has nothing to withdraw.
    error NothingToWithdraw(address account);

    /// @notice The contract is no arbitrator of this resolver.
    error WrongArbitrator(address arbitrator);

    /// @notice Records the bond of a new proposal, whose tokens PromptUpdate has just sent here; PromptUpdate only.
    function bond(uint256 id, address proposer, uint256 amount, bytes32 dataDigest) external;

    /// @notice Challenges a proposal and pulls the stake from the caller.
    /// @dev Open while the proposal is Pending, Active, Succeeded, or Queued and before max(eta, end of the post-ruling
    /// delay). One case at a time, three in all, each at twice the stake of the one before.
    function challenge(uint256 id, Ground ground, string calldata evidenceUri) external;

    /// @notice Publishes the data file behind a proposal; ends an open case on its unavailability as Valid.
    /// @dev By anyone, challenged or not, while the bond is held and before the deadline of the case.
    function publish(uint256 id, bytes calldata data) external;

    /// @notice Rules on the open case before its deadline; arbitrator only.
    function rule(uint256 id, Ruling ruling, bytes32 evidenceHash) external;

    /// @notice Ends a case whose deadline passed, by anyone.
    /// @dev DataUnavailable: Invalid. Fast: Invalid and both sides are refunded. Slow: Valid if For has at least 20 % of
    /// the electorate and 2/3 of the votes cast; else Invalid and both sides are refunded.
    function timeout(uint256 id) external;

    /// @notice Credits the bond to its proposer once the proposal is final and no case is open, by anyone.
    function releaseBond(uint256 id) external;

    /// @notice Pays the caller what it is credited.
    function withdraw() external returns (uint256 amount);

    /// @notice Pays `account` what it is credited, by anyone (the treasury cannot call by itself).
    function withdrawFor(address account) external returns (uint256 amount);

    /// @notice Replaces the arbitrator, also for open cases; timelock only.
    function setArbitrator(address arbitrator) external;

    /// @notice Before when a proposal cannot be executed: type(uint256).max while a case is open, the end of the
    /// post-ruling delay after a ruling Valid, 0 if it was never challenged.
    function executionBlockedUntil(uint256 id) external view returns (uint256);

    /// @notice Whether a case about the proposal ended as Invalid; it stays so for ever.
    function ruledInvalid(uint256 id) external view returns (bool);

    /// @notice The bond behind a proposal.
    function bondOf(uint256 id) external view returns (Bond memory);

    /// @notice The last case about a proposal.
    function caseOf(uint256 id) external view returns (Case memory);

    /// @notice Stake that the next challenge of a proposal takes.
    function nextStake(uint256 id) external view returns (uint256);

    /// @notice Whether the data file of a proposal was published on the chain.
    function published(uint256 id) external view returns (bool);

    /// @notice What an account can withdraw.
    function creditOf(address account) external view returns (uint256);

    /// @notice Bonds, stakes and credits together.
    function owed() external view returns (uint256);

    /// @notice First second at which {timeout} ends the open case: the ruling timeout, and on the slow track not
    /// before voting has ended; the publish window if the data is missing.
    function deadlineOf(uint256 id) external view returns (uint256);

    /// @notice The judge.
    function arbitrator() external view returns (address);
}

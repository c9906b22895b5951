// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {IParameters} from "contracts/interfaces/IParameters.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";
import {IVerifierCommittee} from "contracts/interfaces/IVerifierCommittee.sol";

import {System} from "./System.sol";

/// @notice Lets the organisation live: each call is one thing that somebody does, at random, sensible or not. Notes each
/// step that breaks a rule which only the step itself shows.
/// @dev Half of the calls do what is due next, so that slots come to their ends; the other half disturbs.
contract SystemHandler is System {
    struct Executed {
        uint256 time;
        uint256 amount;
    }

    uint256[] public epochs;
    Posted[] internal _posted;
    Executed[] private _fast;
    mapping(uint256 e => mapping(address bidder => uint256)) private _amounts;

    bool public priceWentWrong;
    bool public executedAgainstTheRules;
    bool public rewardWentWrong;
    bool public paidTwice;
    bool public budgetExceeded;
    bool public wrongTrack;
    uint256 public executions;
    uint256 public settlements;

    /// @dev Forge may call this too: the organisation is founded once.
    function setUp() public override {
        if (address(token) == address(0)) super.setUp();
    }

    // What is due

    /// @notice A few of the next steps of the live auction, or of the proposal after it.
    function proceed(uint256 choice) external {
        for (uint256 i = 0; i <= choice % 4; ++i) {
            try this.step(uint256(keccak256(abi.encode(choice, i)))) {}
            catch {
                return;
            }
        }
    }

    function step(uint256 choice) external {
        uint256 e = slots.liveEpoch();
        if (e == 0) return bid(choice, choice);
        ISlotTypes.Stage stage = slots.stage(e);
        if (stage == ISlotTypes.Stage.Commit) choice % 2 == 0 ? bid(choice, choice) : _openBids(e);
        else if (stage == ISlotTypes.Stage.Reveal) _openBids(e);
        else if (stage == ISlotTypes.Stage.Settle) _settleChecked(e);
        else if (stage == ISlotTypes.Stage.Seed) _fixSeed(e);
        else if (stage == ISlotTypes.Stage.Submit) post(choice);
        else if (stage == ISlotTypes.Stage.Lapsed) slots.forfeit(e);
        else if (slots.activeProposal() != 0) _carryOn();
        else if (_settleNextSlot()) return;
        else bid(choice, choice);
    }

    function bid(uint256 who, uint256 amount) public {
        uint256 e = slots.currentEpoch() + 1;
        if (block.timestamp >= slots.windowsOf(e).revealStart) vm.warp(slots.windowsOf(++e).commitStart);
        address bidder = account(who);
        amount = bound(amount, slots.reservePrice(e), slots.reservePrice(e) + 3 * TOKEN);
        uint256 deposit = amount + who % TOKEN;
        if (token.balanceOf(bidder) - token.lockedOf(bidder) < deposit) return;
        _commit(e, bidder, amount, deposit);
        _amounts[e][bidder] = amount;
        if (epochs.length == 0 || epochs[epochs.length - 1] != e) epochs.push(e);
    }

    function post(uint256 choice) public {
        uint256 e = slots.liveEpoch();
        if (choice % 5 == 0) {
            address winner = slots.auction(e).winner;
            (ISlotTypes.Generation memory generation,) = _generation(e, _fund(attacker, 1));
            vm.prank(winner);
            return slots.abstain(e, generation, "ipfs://data", _prompt(winner));
        }
        bool parameter = choice % 3 == 0;
        Posted memory posted = _post(
            e,
            parameter
                ? _call(address(token), abi.encodeCall(IParameters.setParameter, ("redeemFeeBps", choice % 500)))
                : _fund(_actor("project"), bound(choice, 1, 80 * TOKEN))
        );
        if (parameter && governance.trackOf(posted.id) != IGovernance.Track.Slow) wrongTrack = true;
        _posted.push(posted);
    }

    // What disturbs

    function wait(uint256 time) external {
        skip(bound(time, 1 minutes, 5 hours));
        vm.roll(block.number + 1 + time % 300);
    }

    function trade(uint256 who, uint256 tokens) external {
        address trader = account(who);
        uint256 free = token.balanceOf(trader) - token.lockedOf(trader);
        if (who % 2 == 0 || free == 0) _buy(trader, bound(tokens, 1, 300 * TOKEN));
        else _sell(trader, bound(tokens, 1, free));
    }

    function disturb(uint256 who, uint256 amount) external {
        address someone = account(who);
        uint256 kind = (amount >> 128) % 6;
        vm.startPrank(someone);
        if (kind == 0) slots.depositCollateral(bound(amount, 1, 10 * TOKEN));
        else if (kind == 1) slots.announceWithdrawal();
        else if (kind == 2) slots.withdrawCollateral(bound(amount, 1, slots.collateralOf(someone)));
        else if (kind == 3) slots.withdrawBid(epochs[amount % epochs.length], someone);
        else if (kind == 4) slots.exitSlot();
        else slots.rollSlot();
        vm.stopPrank();
    }

    function dispute(uint256 who, uint256 choice) external {
        Posted memory posted = _posted[_posted.length - 1];
        if (!resolver.caseOf(posted.id).open) {
            usdc.mint(account(who), 2_000 * USD);
            vm.startPrank(account(who));
            usdc.approve(address(resolver), 2_000 * USD);
            resolver.challenge(posted.id, IDisputeResolver.Ground(choice % 6), "ipfs://evidence");
            vm.stopPrank();
        } else if (choice % 2 == 0) {
            _rule(posted.id, choice % 4 == 0 ? IDisputeResolver.Ruling.Valid : IDisputeResolver.Ruling.Invalid);
        } else {
            resolver.timeout(posted.id);
        }
    }

    function collect(uint256 choice) external {
        Posted memory posted = _posted[choice % _posted.length];
        if (choice % 3 == 0) resolver.releaseBond(posted.id);
        else if (choice % 3 == 1) resolver.withdrawFor(account(choice));
        else slots.claimReward(account(choice));
    }

    /// @notice Executes any proposal at any time, and looks whether that was allowed.
    function execute(uint256 choice) public {
        Posted memory posted = _posted[choice % _posted.length];
        bool due = governance.state(posted.id) == IGovernor.ProposalState.Queued
            && block.timestamp >= governance.proposalEta(posted.id) && block.timestamp <= governance.expiryOf(posted.id);
        bool disputed = resolver.caseOf(posted.id).open || resolver.ruledInvalid(posted.id)
            || block.timestamp < resolver.executionBlockedUntil(posted.id);
        bool fast = governance.trackOf(posted.id) == IGovernance.Track.Fast;
        (, uint256 amount) =
            governance.classify(posted.actions.targets, posted.actions.values, posted.actions.calldatas);
        governance.execute(
            posted.actions.targets, posted.actions.values, posted.actions.calldatas, posted.descriptionHash
        );
        if (!due || disputed) executedAgainstTheRules = true;
        ++executions;
        if (fast) _noteFast(amount);
    }

    /// @notice Settles any slot at any time, twice over.
    function settleSlot(uint256 choice) public {
        uint256 slotId = 1 + choice % slots.slotCount();
        ISlotTypes.Slot memory slot = slots.slot(slotId);
        ISlotTypes.Outcome memory outcome = slots.settleReward(slotId);
        ++settlements;
        if (slot.settled || block.timestamp < uint256(slot.closedAt) + slot.maturity) paidTwice = true;
        uint256 cap = outcome.m0 * slot.rewardCapBps / 10_000;
        uint256 price = token.currentPrice();
        bool lost = outcome.delta < 0;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 tokens = i == 0 ? outcome.prompterTokens : outcome.setterTokens;
            // At least the present price counts; what was burned since has raised it.
            if (!lost && tokens * price / TOKEN > cap + cap / 1_000 + 1) rewardWentWrong = true;
            if (lost && tokens > slot.collateral) rewardWentWrong = true;
        }
        if (outcome.priceBurned + outcome.priceToTreasury > slot.price) rewardWentWrong = true;
    }

    // What the invariants read

    function account(uint256 index) public view returns (address) {
        address[5] memory all = [prompter, rival, attacker, setter, whale];
        return all[index % all.length];
    }

    function postedCount() external view returns (uint256) {
        return _posted.length;
    }

    function epochCount() external view returns (uint256) {
        return epochs.length;
    }

    function proposalAt(uint256 index) external view returns (uint256 id, uint256 slotId) {
        return (_posted[index].id, _posted[index].slotId);
    }

    function parts() external view returns (address, address, address, address, address) {
        return (address(token), address(slots), address(governance), address(resolver), address(usdc));
    }

    function admin() external view returns (address) {
        return address(timelock);
    }

    // Steps

    /// @dev Settles the first slot that is mature.
    function _settleNextSlot() private returns (bool done) {
        for (uint256 id = 1; id <= slots.slotCount(); ++id) {
            ISlotTypes.Slot memory slot = slots.slot(id);
            if (slot.settled || slot.closedAt == 0 || block.timestamp < slots.matureAt(id)) continue;
            settleSlot(id - 1);
            return true;
        }
    }

    function _openBids(uint256 e) private {
        if (block.timestamp < slots.windowsOf(e).revealStart) vm.warp(slots.windowsOf(e).revealStart);
        for (uint256 i = 0; i < 5; ++i) {
            address bidder = account(i);
            if (slots.bidOf(e, bidder).status != ISlotTypes.BidStatus.Sealed) continue;
            try slots.revealBid(e, bidder, _opening(bidder, _amounts[e][bidder])) {} catch {}
        }
        vm.warp(slots.epochStart(e));
    }

    function _settleChecked(uint256 e) private {
        slots.settleAuction(e);
        ISlotTypes.Auction memory settled = slots.auction(e);
        if (settled.reserve > settled.price || settled.price > settled.amount) priceWentWrong = true;
    }

    function _carryOn() private {
        Posted memory posted = _posted[_posted.length - 1];
        IGovernor.ProposalState state = governance.state(posted.id);
        if (state == IGovernor.ProposalState.Pending) {
            vm.warp(governance.proposalSnapshot(posted.id) + 1);
        } else if (state == IGovernor.ProposalState.Active) {
            vm.prank(whale);
            try governance.castVote(posted.id, FOR) {} catch {}
            vm.warp(governance.proposalDeadline(posted.id) + 1);
        } else if (state == IGovernor.ProposalState.Succeeded) {
            governance.queue(
                posted.actions.targets, posted.actions.values, posted.actions.calldatas, posted.descriptionHash
            );
            vm.warp(governance.proposalEta(posted.id));
        } else if (resolver.caseOf(posted.id).open) {
            vm.warp(resolver.deadlineOf(posted.id));
            resolver.timeout(posted.id);
        } else {
            execute(_posted.length - 1);
        }
    }

    function _rule(uint256 id, IDisputeResolver.Ruling ruling) private {
        IVerifierCommittee.Verdict memory verdict =
            IVerifierCommittee.Verdict(id, resolver.caseOf(id).round, ruling, keccak256("report"), block.timestamp + 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(uint256(keccak256("verifier")), committee.hashVerdict(verdict));
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = abi.encodePacked(r, s, v);
        committee.relay(verdict, signatures);
    }

    function _noteFast(uint256 amount) private {
        _fast.push(Executed(block.timestamp, amount));
        uint256 sum;
        for (uint256 i = _fast.length; i > 0 && _fast[i - 1].time + 30 days > block.timestamp; --i) {
            sum += _fast[i - 1].amount;
        }
        uint256 lagged = token.getPastTotalSupply(block.timestamp - 30 days);
        if (sum > lagged * 500 / 10_000) budgetExceeded = true;
    }
}

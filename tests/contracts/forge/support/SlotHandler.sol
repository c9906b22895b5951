// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotFixture} from "./SlotFixture.sol";

/// @notice Plays bidders, setter, holders and keepers of a whole organisation at random, and keeps the books that the
/// invariants compare with. An action that is not due does nothing.
contract SlotHandler is SlotFixture {
    struct Sealed {
        uint256 epoch;
        address bidder;
        uint256 amount;
    }

    Sealed[] public bids;
    address[3] public sides;
    uint256 public donated;
    uint256 public posted;
    uint256 public settledAuctions;
    uint256 public settledSlots;
    bool public badPrice;
    bool public badReward;
    bool public settledTwice;
    mapping(uint256 slotId => bool) public leftOpen;

    function setUp() public override {
        super.setUp();
        sides = [ann, ben, setter];
        usdc.mint(stranger, 100_000_000 * USD);
        vm.prank(stranger);
        usdc.approve(address(token), type(uint256).max);
    }

    // Time

    /// @notice Goes to the next edge of an epoch, now and then only half the way, or a day further.
    function pass(uint256 seed) external {
        ISlotTypes.Windows memory w = slots.windowsOf(_next());
        uint256 to = w.commitStart + SUBMIT;
        if (to <= block.timestamp) to = w.revealStart;
        if (to <= block.timestamp) to = w.start;
        if (seed % 8 == 0) to = block.timestamp + (to - block.timestamp) / 2;
        if (seed % 8 == 1) to += EPOCH;
        vm.roll(block.number + (to - block.timestamp) / 12);
        vm.warp(to);
    }

    // Bids

    function bid(uint256 seed, uint256 amount, uint256 extra) external {
        uint256 e = _next();
        address bidder = sides[seed % 3];
        uint256 has = token.balanceOf(bidder);
        if (slots.stage(e) != ISlotTypes.Stage.Commit || has < 1e18) return;
        if (slots.bidOf(e, bidder).status != ISlotTypes.BidStatus.None || !_mayBid(e)) return;
        amount = bound(amount, 1e15, has / 2);
        _commit(e, bidder, amount, amount + bound(extra, 0, has / 4));
        bids.push(Sealed(e, bidder, amount));
    }

    /// @notice Opens the bids of the open epoch, leaving out one in eight.
    function open(uint256 seed) external {
        for (uint256 i = bids.length; i != 0 && i + 3 > bids.length; --i) {
            Sealed memory b = bids[i - 1];
            if (slots.stage(b.epoch) != ISlotTypes.Stage.Reveal || (seed >> 3 * i) % 8 == 0) continue;
            try slots.revealBid(b.epoch, b.bidder, _opening(b.bidder, b.amount)) {} catch {}
        }
    }

    function takeBack(uint256 seed) external {
        if (bids.length == 0) return;
        Sealed memory b = bids[seed % bids.length];
        try slots.withdrawBid(b.epoch, b.bidder) {} catch {}
    }

    // The winner's way

    /// @notice Settles, draws the seed, posts or abstains as far as `seed` lets it; forfeits what lapsed.
    function proceed(uint256 seed) external {
        uint256 e = slots.liveEpoch();
        if (e == 0) return;
        if (slots.stage(e) == ISlotTypes.Stage.Lapsed) slots.forfeit(e);
        if (slots.stage(e) == ISlotTypes.Stage.Settle) _settle(e);
        if (slots.stage(e) == ISlotTypes.Stage.Seed && seed % 8 != 0) _fix(e);
        if (slots.stage(e) != ISlotTypes.Stage.Submit || seed % 8 == 1) return;
        if (seed % 8 == 2) _abstainFor(e);
        else _postFor(e);
    }

    /// @notice Votes for, queues or executes the active proposal, whichever is due.
    function govern(uint256 seed) external {
        uint256 id = slots.activeProposal();
        if (id == 0 || seed % 4 == 0) return;
        uint256 e = slots.slot(slots.openSlot()).epoch;
        ISlotTypes.Actions memory a = _fund(stranger, TOKEN);
        bytes32 description = keccak256(bytes(_description(e)));
        vm.prank(alice);
        try governance.castVote(id, FOR) {} catch {}
        try governance.queue(a.targets, a.values, a.calldatas, description) {} catch {}
        try governance.execute(a.targets, a.values, a.calldatas, description) {} catch {}
    }

    // Slots

    function roll() external {
        uint256 before = slots.openSlot();
        try slots.rollSlot() {
            if (slots.openSlot() == 0) leftOpen[before] = true;
        } catch {}
    }

    function exit(uint256 seed) external {
        if (seed % 4 != 0) return;
        uint256 before = slots.openSlot();
        vm.prank(setter);
        try slots.exitSlot() {
            leftOpen[before] = true;
        } catch {}
    }

    function settleSlot(uint256 seed) external {
        uint256 count = slots.slotCount();
        if (count == 0) return;
        uint256 id = 1 + seed % count;
        bool before = slots.slot(id).settled;
        uint256 supply = token.totalSupply();
        uint256 cap = token.marketCap();
        try slots.settleReward(id) returns (ISlotTypes.Outcome memory outcome) {
            ++settledSlots;
            settledTwice = settledTwice || before;
            badReward = badReward || !_fair(id, outcome, supply, cap);
        } catch {}
    }

    function claim(uint256 seed) external {
        try slots.claimReward(sides[seed % 3]) {} catch {}
    }

    // Money

    function putUp(uint256 seed, uint256 amount) external {
        address account = sides[seed % 3];
        if (token.balanceOf(account) == 0) return;
        amount = bound(amount, 1, token.balanceOf(account));
        vm.prank(account);
        slots.depositCollateral(amount / 10 + 1);
    }

    function takeOut(uint256 seed, uint256 amount) external {
        vm.startPrank(sides[seed % 3]);
        if (seed % 2 == 0) slots.announceWithdrawal();
        try slots.withdrawCollateral(bound(amount, 1, 10 * TOKEN)) {} catch {}
        vm.stopPrank();
    }

    function trade(uint256 seed, uint256 amount) external {
        vm.startPrank(stranger);
        if (seed % 2 == 0) {
            try token.permissionlessMint(bound(amount, 1e15, 100 * TOKEN), type(uint256).max, block.timestamp) {}
                catch {}
        } else {
            try token.redeem(bound(amount, 1e15, 100 * TOKEN), 0, block.timestamp) {} catch {}
        }
        vm.stopPrank();
    }

    function donate(uint256 amount) external {
        amount = bound(amount, 1, 1e15);
        vm.prank(alice);
        token.transfer(address(slots), amount);
        donated += amount;
    }

    // Views

    function organisation() external view returns (address) {
        return address(slots);
    }

    function proposerOf(uint256 proposalId) external view returns (address) {
        return governance.proposalProposer(proposalId);
    }

    function bidCount() external view returns (uint256) {
        return bids.length;
    }

    // Internal

    function _mayBid(uint256 e) private view returns (bool) {
        uint256 live = slots.liveEpoch();
        if (live == e) return true;
        return (live == 0 || slots.stage(live) >= ISlotTypes.Stage.Vacant) && slots.activeProposal() == 0;
    }

    function _settle(uint256 e) private {
        uint256 reserve = slots.reservePrice(e);
        slots.settleAuction(e);
        ISlotTypes.Auction memory settled = slots.auction(e);
        badPrice = badPrice || settled.price < reserve || settled.price > settled.amount;
        ++settledAuctions;
    }

    function _fix(uint256 e) private {
        uint256 seedBlock = slots.auction(e).seedBlock;
        if (block.number <= seedBlock) vm.roll(seedBlock + 1);
        vm.setBlockhash(seedBlock, keccak256(abi.encode(seedBlock)));
        slots.fixSeed(e);
    }

    function _postFor(uint256 e) private {
        _post(e);
        ++posted;
    }

    function _abstainFor(uint256 e) private {
        address winner = slots.auction(e).winner;
        ISlotTypes.Generation memory generation = _generation(e, _fund(stranger, TOKEN));
        vm.prank(winner);
        slots.abstain(e, generation, "", _prompt(winner));
    }

    /// @dev I15: a gain is within the cap of a side, a loss within its collateral.
    function _fair(uint256 id, ISlotTypes.Outcome memory outcome, uint256 supply, uint256 cap)
        private
        view
        returns (bool)
    {
        ISlotTypes.Slot memory slot = slots.slot(id);
        uint256 most = outcome.delta < 0 ? slot.collateral : outcome.m0 * slot.rewardCapBps / 10_000 * supply / cap + 1;
        return outcome.prompterTokens <= most && outcome.setterTokens <= most;
    }
}

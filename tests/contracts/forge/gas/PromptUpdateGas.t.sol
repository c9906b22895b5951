// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {GasMeter} from "../support/GasMeter.sol";
import {SlotFixture} from "../support/SlotFixture.sol";

/// @notice Gas of whole transactions (intrinsic gas and calldata included) against the budget of the specification.
/// @dev Every test stands before the second slot of the organisation: words that every later slot finds written are so.
/// A prompt adds 24 gas a byte to {updatePrompt} (calldata and event); here it has 57 bytes.
contract PromptUpdateGasTest is SlotFixture, GasMeter {
    uint256 internal constant COMMIT_BUDGET = 100_000;
    uint256 internal constant REVEAL_BUDGET = 150_000;
    uint256 internal constant SETTLE_BUDGET = 82_000;
    uint256 internal constant SEED_BUDGET = 54_000;
    uint256 internal constant POST_BUDGET = 450_000;

    uint256 internal epoch;

    function setUp() public override {
        super.setUp();
        _defeat(_fill(_next(), 10 * TOKEN));
        epoch = _next() + 1;
        _toCommit(epoch);
    }

    /// forge-config: default.isolate = true
    function test_commitBid__firstOfTheEpoch() public {
        _commit(epoch, ann, 10 * TOKEN);
        _measure("commitBid, first of the epoch (asks whether the last proposal is final)", 150_000);
    }

    /// forge-config: default.isolate = true
    function test_commitBid__staysWithinItsBudget() public {
        _commit(epoch, ben, 10 * TOKEN);
        _commit(epoch, ann, 10 * TOKEN);
        _measure("commitBid", COMMIT_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_revealBid__firstStaysWithinItsBudget() public {
        _commit(epoch, ann, 10 * TOKEN);
        _toReveal(epoch);
        _reveal(epoch, ann, 10 * TOKEN);
        _measure("revealBid, first", REVEAL_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_revealBid__thatTakesTheLeadStaysWithinItsBudget() public {
        _commit(epoch, ann, 10 * TOKEN);
        _commit(epoch, ben, 12 * TOKEN);
        _toReveal(epoch);
        _reveal(epoch, ann, 10 * TOKEN);
        _reveal(epoch, ben, 12 * TOKEN);
        _measure("revealBid, new leader", REVEAL_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_revealBid__thatDoesNotLeadStaysWithinItsBudget() public {
        _commit(epoch, ann, 10 * TOKEN);
        _commit(epoch, ben, 9 * TOKEN);
        _toReveal(epoch);
        _reveal(epoch, ann, 10 * TOKEN);
        _reveal(epoch, ben, 9 * TOKEN);
        _measure("revealBid, not leading", REVEAL_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_settleAuction__staysWithinItsBudget() public {
        _win(epoch, 10 * TOKEN);
        slots.settleAuction(epoch);
        _measure("settleAuction", SETTLE_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_fixSeed__staysWithinItsBudget() public {
        _winSeed(epoch, 10 * TOKEN);
        _measure("fixSeed", SEED_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_updatePrompt__staysWithinItsBudget() public {
        _fill(epoch, 10 * TOKEN);
        _measure("updatePrompt", POST_BUDGET);
    }

    /// forge-config: default.isolate = true
    function test_withdrawBid() public {
        _commit(epoch, ben, 9 * TOKEN);
        _win(epoch, 10 * TOKEN);
        slots.withdrawBid(epoch, ben);
        _measure("withdrawBid, unrevealed", 115_000);
    }

    /// forge-config: default.isolate = true
    function test_settleReward() public {
        uint256 id = _fill(epoch, 10 * TOKEN);
        _buy(alice, 50 * TOKEN);
        _enact(epoch, id);
        uint256 next = _next() + 1;
        _toCommit(next);
        _fill(next, 10 * TOKEN);
        vm.warp(slots.matureAt(2));
        ISlotTypes.Outcome memory outcome = slots.settleReward(2);
        _measure("settleReward, two rewards minted", 300_000);
        assertGt(outcome.prompterTokens, 0, "paid");
    }
}

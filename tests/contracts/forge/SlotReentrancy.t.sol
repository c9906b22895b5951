// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPromptUpdate} from "contracts/interfaces/IPromptUpdate.sol";

import {HookToken, IHook} from "./support/HostileTokens.sol";
import {SlotFixture} from "./support/SlotFixture.sol";

/// @notice The only foreign code that the slots call is the reserve token, when it moves the bond. Here it calls the
/// winner in the middle of its own {updatePrompt}, and the winner calls back.
contract SlotReentrancyTest is SlotFixture {
    function test_updatePrompt__calledBackByTheReserveToken_findsNothingHalfDone() public {
        vm.etch(address(usdc), address(new HookToken()).code); // balances and approvals are elsewhere in it
        Winner winner = new Winner(slots);
        HookToken(address(usdc)).mint(address(winner), BOND);
        vm.startPrank(alice);
        token.transfer(address(winner), 60 * TOKEN);
        vm.stopPrank();
        ann = address(winner);
        vm.startPrank(ann);
        token.approve(address(slots), type(uint256).max);
        usdc.approve(address(slots), type(uint256).max);
        HookToken(address(usdc)).setHook(true);
        slots.depositCollateral(COLLATERAL);
        vm.stopPrank();

        uint256 e = _next();
        _winSeed(e, 9 * TOKEN);
        winner.aim(e);
        _post(e);
        assertEq(winner.calls(), 7, "every way in was tried");
        assertEq(winner.passed(), 1, "and one is open: what is left of the deposit");
        assertEq(token.balanceOf(address(slots)), 4 * COLLATERAL + 1e15, "I11: collateral and one price");
        assertEq(slots.openSlot(), 1, "I12: one slot");
        assertEq(slots.slotCount(), 1, "I12: one slot");
    }
}

/// @notice A winner that, when its bond is moved, tries everything that could pay it twice.
contract Winner is IHook {
    IPromptUpdate private immutable _slots;
    uint256 private _epoch;
    uint256 public calls;
    uint256 public passed;

    constructor(IPromptUpdate slots) {
        _slots = slots;
    }

    function aim(uint256 e) external {
        _epoch = e;
    }

    function tokensToSend(uint256) external {
        _try(abi.encodeCall(IPromptUpdate.withdrawBid, (_epoch, address(this))));
        _try(abi.encodeCall(IPromptUpdate.withdrawBid, (_epoch, address(this))));
        _try(abi.encodeCall(IPromptUpdate.forfeit, (_epoch)));
        _try(abi.encodeCall(IPromptUpdate.settleAuction, (_epoch)));
        _try(abi.encodeCall(IPromptUpdate.settleReward, (1)));
        _try(abi.encodeCall(IPromptUpdate.rollSlot, ()));
        _try(abi.encodeCall(IPromptUpdate.commitBid, (_epoch + 1, keccak256("next"), 1e15)));
    }

    function tokensReceived(uint256) external {}

    function _try(bytes memory call) private {
        ++calls;
        (bool ok,) = address(_slots).call(call);
        if (ok) ++passed;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BToken} from "contracts/BToken.sol";
import {IBToken} from "contracts/interfaces/IBToken.sol";

import {BTokenFixture} from "./support/BTokenFixture.sol";
import {FeeToken, HookToken, IHook} from "./support/HostileTokens.sol";

/// @notice Reserve tokens that call back or keep a share. Branches: BToken.tree.
contract BTokenReentrancyTest is BTokenFixture {
    HookToken internal hook;
    BToken internal hooked;
    Reentrant internal attacker;

    function setUp() public override {
        super.setUp();
        hook = new HookToken();
        IBToken.Config memory config = _config();
        config.reserveToken = hook;
        hook.mint(address(this), INITIAL_RESERVE);
        hook.approve(vm.computeCreateAddress(address(this), vm.getNonce(address(this))), INITIAL_RESERVE);
        hooked = new BToken(config);

        attacker = new Reentrant(hooked, hook);
        hook.mint(address(attacker), 1_000_000 * USD);
        attacker.buy(100 * TOKEN);
        skip(MINT_LOCK);
    }

    function test_reentrancy__aSaleDuringAPurchaseIsRefused() public {
        attacker.plan(Reentrant.Plan.SellWhilePaying, 20 * TOKEN);
        vm.expectPartialRevert(IBToken.ReserveTransferMismatch.selector);
        attacker.buy(100 * TOKEN);
    }

    function test_reentrancy__aPurchaseDuringAPurchaseIsRefused() public {
        attacker.plan(Reentrant.Plan.BuyWhilePaying, TOKEN);
        vm.expectPartialRevert(IBToken.ReserveTransferMismatch.selector);
        attacker.buy(100 * TOKEN);
    }

    function test_reentrancy__aSaleDuringASaleGetsWhatALaterSaleGets() public {
        uint256 snapshot = vm.snapshotState();
        uint256 inOrder = attacker.sell(60 * TOKEN) + attacker.sell(40 * TOKEN);
        vm.revertToState(snapshot);

        uint256 before = hook.balanceOf(address(attacker));
        attacker.plan(Reentrant.Plan.SellWhilePaid, 40 * TOKEN);
        attacker.sell(60 * TOKEN);
        assertEq(hook.balanceOf(address(attacker)) - before, inOrder, "no more than one after the other");
        assertEq(hook.balanceOf(address(hooked)), hooked.reserve(), "I1");
    }

    function test_feeToken__isRefusedOnceItTakesAFee() public {
        FeeToken fees = new FeeToken(0);
        IBToken.Config memory config = _config();
        config.reserveToken = fees;
        fees.mint(address(this), 1_000 * USD);
        fees.approve(vm.computeCreateAddress(address(this), vm.getNonce(address(this))), INITIAL_RESERVE);
        BToken charged = new BToken(config);
        fees.setFee(100);
        fees.approve(address(charged), type(uint256).max);
        uint256 cost = charged.costToMint(TOKEN);
        vm.expectRevert(abi.encodeWithSelector(IBToken.ReserveTransferMismatch.selector, cost - cost / 100, cost));
        charged.permissionlessMint(TOKEN, cost, block.timestamp);
    }
}

/// @notice A holder that calls the token again while the reserve token moves.
contract Reentrant is IHook {
    enum Plan {
        None,
        SellWhilePaying,
        BuyWhilePaying,
        SellWhilePaid
    }

    BToken private immutable _token;
    HookToken private immutable _reserve;
    Plan private _plan;
    uint256 private _tokens;

    constructor(BToken token, HookToken reserve) {
        (_token, _reserve) = (token, reserve);
        reserve.approve(address(token), type(uint256).max);
        reserve.setHook(true);
    }

    function plan(Plan next, uint256 tokens) external {
        (_plan, _tokens) = (next, tokens);
    }

    function buy(uint256 tokens) public {
        _token.permissionlessMint(tokens, type(uint256).max, block.timestamp);
    }

    function sell(uint256 tokens) public returns (uint256) {
        return _token.redeem(tokens, 0, block.timestamp);
    }

    function tokensToSend(uint256) external {
        Plan now_ = _plan;
        if (now_ == Plan.SellWhilePaying || now_ == Plan.BuyWhilePaying) _plan = Plan.None;
        if (now_ == Plan.SellWhilePaying) sell(_tokens);
        if (now_ == Plan.BuyWhilePaying) buy(_tokens);
    }

    function tokensReceived(uint256) external {
        if (_plan != Plan.SellWhilePaid) return;
        _plan = Plan.None;
        sell(_tokens);
    }
}

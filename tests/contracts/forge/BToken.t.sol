// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {BToken} from "contracts/BToken.sol";
import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IParameters} from "contracts/interfaces/IParameters.sol";

import {BTokenFixture} from "./support/BTokenFixture.sol";
import {FeeToken} from "./support/HostileTokens.sol";

/// @notice Deployment, purchase, sale and burn. Branches: BToken.tree.
contract BTokenTest is BTokenFixture {
    // Deployment

    function test_constructor__locksTheMinimumSupplyOnTheInitialReserve() public view {
        assertEq(token.totalSupply(), token.MIN_SUPPLY(), "T");
        assertEq(token.balanceOf(address(token)), token.MIN_SUPPLY(), "held by the token itself");
        assertEq(token.reserve(), INITIAL_RESERVE, "R");
        assertEq(usdc.balanceOf(address(token)), INITIAL_RESERVE, "paid in");
        assertEq(token.currentPrice(), 2 * INITIAL_RESERVE, "price 2R / T");
        assertEq(token.marketCap(), 2 * INITIAL_RESERVE, "cap 2R");
        assertEq(address(token.reserveToken()), address(usdc), "reserve token");
        assertFalse(token.localProfile(), "production floors");
        assertEq(token.name(), "Organisation Token", "name");
        assertEq(token.symbol(), "ORG", "symbol");
    }

    function test_constructor__givesRolesToTimelockAndRewarderAndNoneToTheDeployer() public view {
        assertTrue(token.hasRole(token.DEFAULT_ADMIN_ROLE(), timelock), "admin");
        assertTrue(token.hasRole(token.MINTER_ROLE(), timelock), "minter");
        assertTrue(token.hasRole(token.REWARDER_ROLE(), rewarder), "rewarder");
        assertFalse(token.hasRole(token.DEFAULT_ADMIN_ROLE(), address(this)), "deployer is no admin");
        assertFalse(token.hasRole(token.MINTER_ROLE(), address(this)), "deployer is no minter");
        assertFalse(token.hasRole(token.REWARDER_ROLE(), address(this)), "deployer is no rewarder");
        assertFalse(token.hasRole(token.REWARDER_ROLE(), timelock), "timelock is no rewarder");
    }

    function test_constructor__refusesZeroAddresses() public {
        IBToken.Config memory config = _config();
        config.admin = address(0);
        vm.expectRevert(IBToken.ZeroAddress.selector);
        new BToken(config);

        config = _config();
        config.rewarder = address(0);
        vm.expectRevert(IBToken.ZeroAddress.selector);
        new BToken(config);
    }

    function test_constructor__refusesAnEmptyReserve() public {
        IBToken.Config memory config = _config();
        config.initialReserve = 0;
        vm.expectRevert(IBToken.ZeroAmount.selector);
        new BToken(config);
    }

    function test_constructor__refusesAnUnpaidReserve() public {
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        new BToken(_config());
    }

    function test_constructor__refusesAFeeOnTransfer() public {
        IBToken.Config memory config = _config();
        FeeToken fees = new FeeToken(100);
        config.reserveToken = fees;
        fees.mint(address(this), INITIAL_RESERVE);
        fees.approve(vm.computeCreateAddress(address(this), vm.getNonce(address(this))), INITIAL_RESERVE);
        uint256 received = INITIAL_RESERVE - INITIAL_RESERVE / 100;
        vm.expectRevert(abi.encodeWithSelector(IBToken.ReserveTransferMismatch.selector, received, INITIAL_RESERVE));
        new BToken(config);
    }

    function test_constructor__refusesTheLocalProfileOnARealChain() public {
        vm.chainId(1);
        IBToken.Config memory config = _config();
        config.local = true;
        vm.expectRevert(abi.encodeWithSelector(IParameters.LocalProfileRefused.selector, 1));
        new BToken(config);
    }

    function test_constructor__allowsTheLocalProfileOnDevelopmentChains() public {
        IBToken.Config memory config = _config();
        (config.local, config.mintLock, config.minterWindow, config.rewarderWindow) = (true, 60, 60, 60);
        vm.chainId(1337);
        assertTrue(_deploy(config).localProfile(), "Ganache");
        vm.chainId(31337);
        assertTrue(_deploy(config).localProfile(), "Anvil");
    }

    // Purchase

    function test_permissionlessMint__movesTokensReserveAndPrice() public {
        uint256 cost = token.costToMint(999 * TOKEN);
        assertEq(cost, 1_000 * 1_000 * INITIAL_RESERVE - INITIAL_RESERVE, "R T'^2 / T^2 - R");
        usdc.mint(alice, cost);
        vm.startPrank(alice);
        usdc.approve(address(token), cost);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(0), alice, 999 * TOKEN);
        vm.expectEmit(address(token));
        emit IBToken.Minted(alice, 999 * TOKEN, cost, START + MINT_LOCK);
        assertEq(token.permissionlessMint(999 * TOKEN, cost, START), cost, "returns the cost");
        vm.stopPrank();

        assertEq(token.balanceOf(alice), 999 * TOKEN, "tokens");
        assertEq(usdc.balanceOf(alice), 0, "paid");
        assertEq(token.reserve(), INITIAL_RESERVE + cost, "R");
        assertEq(usdc.balanceOf(address(token)), INITIAL_RESERVE + cost, "I1");
        assertEq(token.currentPrice(), 1_000 * 2 * INITIAL_RESERVE, "price is proportional to supply");
    }

    function test_permissionlessMint__refusesZero() public {
        vm.expectRevert(IBToken.ZeroAmount.selector);
        token.permissionlessMint(0, 0, START);
    }

    function test_permissionlessMint__refusesAfterTheDeadline() public {
        vm.expectRevert(abi.encodeWithSelector(IBToken.Expired.selector, START - 1));
        token.permissionlessMint(1, 1, START - 1);
    }

    function test_permissionlessMint__refusesAboveTheLimit() public {
        uint256 cost = token.costToMint(TOKEN);
        vm.expectRevert(abi.encodeWithSelector(IBToken.Slippage.selector, cost, cost - 1));
        token.permissionlessMint(TOKEN, cost - 1, START);
    }

    function test_permissionlessMint__refusesWithoutPayment() public {
        vm.prank(alice);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        token.permissionlessMint(TOKEN, type(uint256).max, START);
    }

    function test_permissionlessMint__refusesASupplyBeyondTheMaximum() public {
        IBToken.Config memory config = _config();
        config.initialReserve = 1;
        token = _deploy(config);
        vm.expectPartialRevert(bytes4(keccak256("ERC20ExceededSafeSupply(uint256,uint256)")));
        token.permissionlessMint(type(uint96).max, type(uint256).max, START);
    }

    function test_permissionlessMint__refusesAReserveBeyondTheMaximum() public {
        IBToken.Config memory config = _config();
        config.initialReserve = 1e28;
        token = _deploy(config);
        uint256 reserve = 1e28 + token.costToMint(2 * TOKEN);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(96), reserve));
        token.permissionlessMint(2 * TOKEN, type(uint256).max, START);
    }

    function test_tokensForCost__isWhatTheCostBuys() public {
        _buy(alice, 41 * TOKEN);
        uint256 tokens = token.tokensForCost(1_000 * USD);
        assertLe(token.costToMint(tokens), 1_000 * USD, "affordable");
        assertGt(token.costToMint(tokens + 1), 1_000 * USD, "the most");
    }

    // Sale

    function test_redeem__paysTheCurveAndBurns() public {
        uint256 cost = _buyAndWait(alice, 999 * TOKEN);
        uint256 reward = token.rewardForBurn(999 * TOKEN);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, address(0), 999 * TOKEN);
        vm.expectEmit(address(token));
        emit IBToken.Redeemed(alice, 999 * TOKEN, reward, 0);
        assertEq(_redeem(alice, 999 * TOKEN), reward, "returns the reward");

        assertEq(reward, cost, "the first in, alone, gets all back");
        assertEq(usdc.balanceOf(alice), cost, "received");
        assertEq(token.balanceOf(alice), 0, "burned");
        assertEq(token.reserve(), INITIAL_RESERVE, "R is back");
        assertEq(token.totalSupply(), token.MIN_SUPPLY(), "T is back");
    }

    function test_redeem__leavesTheFeeInTheReserve() public {
        vm.prank(timelock);
        token.setParameter("redeemFeeBps", 500);
        _buyAndWait(alice, 100 * TOKEN);
        uint256 gross = token.rewardForBurn(10 * TOKEN);
        (uint256 reward, uint256 fee) = token.quoteRedeem(10 * TOKEN);
        assertEq(fee, (gross * 500 + 9_999) / 10_000, "fee rounds up");
        assertEq(reward + fee, gross, "nothing is lost");

        uint256 reserveBefore = token.reserve();
        vm.expectEmit(address(token));
        emit IBToken.Redeemed(alice, 10 * TOKEN, reward, fee);
        assertEq(_redeem(alice, 10 * TOKEN), reward, "as quoted");
        assertEq(token.reserve(), reserveBefore - reward, "the fee stays for the other holders");
    }

    function test_redeem__refusesZero() public {
        vm.expectRevert(IBToken.ZeroAmount.selector);
        token.redeem(0, 0, START);
    }

    function test_redeem__refusesAfterTheDeadline() public {
        vm.expectRevert(abi.encodeWithSelector(IBToken.Expired.selector, START - 1));
        token.redeem(1, 0, START - 1);
    }

    function test_redeem__refusesBelowTheLimit() public {
        _buyAndWait(alice, 10 * TOKEN);
        uint256 reward = token.rewardForBurn(TOKEN);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBToken.Slippage.selector, reward, reward + 1));
        token.redeem(TOKEN, reward + 1, block.timestamp);
    }

    function test_redeem__refusesToTouchTheMinimumSupply() public {
        _buyAndWait(alice, 10 * TOKEN);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBToken.BelowMinSupply.selector, 10 * TOKEN + 1, 10 * TOKEN));
        token.redeem(10 * TOKEN + 1, 0, block.timestamp);
    }

    function test_redeem__refusesTokensOfOthers() public {
        _buyAndWait(alice, 10 * TOKEN);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, bob, 0, TOKEN));
        token.redeem(TOKEN, 0, block.timestamp);
    }

    // Burn

    function test_burn__leavesTheReserveToTheOthers() public {
        _buyAndWait(alice, 9 * TOKEN);
        uint256 cap = token.marketCap();
        uint256 price = token.currentPrice();
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, address(0), 5 * TOKEN);
        vm.expectEmit(address(token));
        emit IBToken.Burned(alice, 5 * TOKEN);
        vm.prank(alice);
        token.burn(5 * TOKEN);

        assertEq(token.totalSupply(), 5 * TOKEN, "T");
        assertEq(token.marketCap(), cap, "I5: cap unchanged");
        assertEq(token.currentPrice(), 2 * price, "half the supply, twice the price");
        assertEq(usdc.balanceOf(alice), 0, "no refund");
    }

    function test_burn__refusesZero() public {
        vm.expectRevert(IBToken.ZeroAmount.selector);
        token.burn(0);
    }

    function test_burn__refusesMoreThanTheBalance() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 0, 1));
        token.burn(1);
    }

    // Donations

    function test_donation__doesNotMoveThePrice() public {
        _buy(alice, 10 * TOKEN);
        uint256 price = token.currentPrice();
        usdc.mint(address(token), 1_000_000 * USD);
        assertEq(token.currentPrice(), price, "R is tracked, not read from the balance");
        assertEq(token.averageCap(uint48(START), uint48(_after(1 hours))), token.marketCap(), "nor does it the average");
    }

    // A purchase, a sale and the views over all amounts

    function testFuzz_mintThenRedeem__neverPaysMoreThanWasPaid(uint256 others, uint256 tokens, uint256 part) public {
        _buyAndWait(bob, bound(others, 1, 1e7 * TOKEN));
        tokens = bound(tokens, 1, 1e7 * TOKEN);
        part = bound(part, 0, tokens - 1);
        uint256 paid = _buyAndWait(alice, tokens);
        uint256 received = _redeem(alice, tokens - part);
        if (part != 0) received += _redeem(alice, part);
        assertLe(received, paid, "I4");
    }

    function testFuzz_everybody__canLeaveInAnyOrder(uint256 a, uint256 b, uint256 minted, bool aliceFirst) public {
        a = bound(a, 1, 1e6 * TOKEN);
        b = bound(b, 1, 1e6 * TOKEN);
        _buy(alice, a);
        _buy(bob, b);
        skip(30 days);
        minted = bound(minted, 1, token.mintable(token.MINTER_ROLE()));
        vm.prank(timelock);
        token.governanceMint(timelock, minted);

        (address first, address last) = aliceFirst ? (alice, bob) : (bob, alice);
        _redeem(first, token.balanceOf(first));
        _redeem(timelock, minted);
        _redeem(last, token.balanceOf(last));
        assertEq(token.totalSupply(), token.MIN_SUPPLY(), "I3: all are out");
        assertGt(token.reserve(), 0, "I2: a reserve remains");
        assertGe(usdc.balanceOf(address(token)), token.reserve(), "I1");
    }

    function _after(uint256 wait) private returns (uint256) {
        skip(wait);
        return block.timestamp;
    }
}

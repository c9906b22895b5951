// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BToken} from "contracts/BToken.sol";
import {IBToken} from "contracts/interfaces/IBToken.sol";
import {MockUSDC} from "contracts/mocks/MockUSDC.sol";

import {Test} from "./Test.sol";

/// @notice A token with the production parameters on a mock reserve, and short verbs to use it.
abstract contract BTokenFixture is Test {
    uint256 internal constant START = 1_700_000_000;
    uint256 internal constant USD = 1e6;
    uint256 internal constant TOKEN = 1e18;
    uint256 internal constant INITIAL_RESERVE = USD / 2;
    uint256 internal constant MINT_LOCK = 1 days;

    MockUSDC internal usdc;
    BToken internal token;

    address internal timelock;
    address internal rewarder;
    address internal alice;
    address internal bob;

    function setUp() public virtual {
        vm.warp(START);
        timelock = _actor("timelock");
        rewarder = _actor("rewarder");
        alice = _actor("alice");
        bob = _actor("bob");
        usdc = new MockUSDC();
        token = _deploy(_config());
    }

    function _config() internal view returns (IBToken.Config memory) {
        return IBToken.Config({
            name: "Organisation Token",
            symbol: "ORG",
            reserveToken: usdc,
            admin: timelock,
            rewarder: rewarder,
            initialReserve: INITIAL_RESERVE,
            mintLock: MINT_LOCK,
            redeemFeeBps: 0,
            minterCapBps: 2_000,
            minterWindow: 30 days,
            rewarderCapBps: 200,
            rewarderWindow: 7 days,
            local: false
        });
    }

    /// @notice Deploys from this contract, which first approves the address the token will have.
    function _deploy(IBToken.Config memory config) internal returns (BToken) {
        usdc.mint(address(this), config.initialReserve);
        usdc.approve(vm.computeCreateAddress(address(this), vm.getNonce(address(this))), config.initialReserve);
        return new BToken(config);
    }

    /// @notice `account` gets the reserve it needs and buys `tokens`.
    function _buy(address account, uint256 tokens) internal returns (uint256 cost) {
        cost = token.costToMint(tokens);
        usdc.mint(account, cost);
        vm.startPrank(account);
        usdc.approve(address(token), cost);
        token.permissionlessMint(tokens, cost, block.timestamp);
        vm.stopPrank();
    }

    /// @notice `account` buys `tokens` and waits until they are free.
    function _buyAndWait(address account, uint256 tokens) internal returns (uint256 cost) {
        cost = _buy(account, tokens);
        skip(MINT_LOCK);
    }

    function _redeem(address account, uint256 tokens) internal returns (uint256 reward) {
        vm.prank(account);
        reward = token.redeem(tokens, 0, block.timestamp);
    }

    function _transfer(address from, address to, uint256 tokens) internal {
        vm.prank(from);
        token.transfer(to, tokens);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IParameters} from "contracts/interfaces/IParameters.sol";

import {BTokenFixture} from "./support/BTokenFixture.sol";

/// @notice The mint lock, the mint caps of the roles, and the parameters. Branches: BToken.tree.
contract BTokenLimitsTest is BTokenFixture {
    bytes32 internal minter;
    bytes32 internal rewarding;

    function setUp() public override {
        super.setUp();
        minter = token.MINTER_ROLE();
        rewarding = token.REWARDER_ROLE();
    }

    // The lock

    function test_lock__holdsBoughtTokensForADay() public {
        assertEq(token.lockedUntil(alice), 0, "never bought");
        _buy(alice, 10 * TOKEN);
        assertEq(token.lockedOf(alice), 10 * TOKEN, "all locked");
        assertEq(token.lockedUntil(alice), START + MINT_LOCK, "for a day");

        skip(MINT_LOCK - 1);
        _expectLocked(alice, 0, 1);
        token.transfer(bob, 1);

        skip(1);
        assertEq(token.lockedOf(alice), 0, "free");
        _transfer(alice, bob, 10 * TOKEN);
        assertEq(token.balanceOf(bob), 10 * TOKEN, "moved");
    }

    function test_lock__holdsAgainstEveryWayOut() public {
        _buy(alice, 10 * TOKEN);
        _expectLocked(alice, 0, TOKEN);
        token.redeem(TOKEN, 0, START);
        _expectLocked(alice, 0, TOKEN);
        token.burn(TOKEN);
        vm.prank(alice);
        token.approve(bob, TOKEN);
        _expectLocked(bob, alice, 0, TOKEN);
        token.transferFrom(alice, bob, TOKEN);
    }

    function test_lock__leavesOtherTokensFree() public {
        _buyAndWait(bob, 5 * TOKEN);
        _buy(alice, 10 * TOKEN);
        _transfer(bob, alice, 5 * TOKEN);
        assertEq(token.lockedOf(alice), 10 * TOKEN, "received tokens are not locked");

        _expectLocked(alice, 5 * TOKEN, 5 * TOKEN + 1);
        token.transfer(bob, 5 * TOKEN + 1);
        _transfer(alice, bob, 5 * TOKEN);
    }

    function test_lock__isRenewedByAPurchaseForWhatIsStillLocked() public {
        _buy(alice, 10 * TOKEN);
        skip(MINT_LOCK / 2);
        _buy(alice, TOKEN);
        assertEq(token.lockedOf(alice), 11 * TOKEN, "one lock");
        assertEq(token.lockedUntil(alice), START + MINT_LOCK / 2 + MINT_LOCK, "the newest time");

        skip(MINT_LOCK);
        _buy(alice, TOKEN);
        assertEq(token.lockedOf(alice), TOKEN, "free tokens are not locked again");
    }

    function test_lock__cannotBeExtendedByOthers() public {
        _buy(alice, 10 * TOKEN);
        _buyAndWait(bob, TOKEN);
        _transfer(bob, alice, TOKEN);
        assertEq(token.lockedOf(alice), 0, "a gift locks nothing");
    }

    function test_lock__keepsItsTimeWhenTheParameterChanges() public {
        _buy(alice, 10 * TOKEN);
        _set("mintLock", 1 hours);
        assertEq(token.lockedUntil(alice), START + MINT_LOCK, "promised at the purchase");
        _buy(bob, TOKEN);
        assertEq(token.lockedUntil(bob), START + 1 hours, "new purchases only");
    }

    function test_lock__reportsAShortBalanceAsSuch() public {
        _buy(alice, 10 * TOKEN);
        vm.prank(alice);
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)")));
        token.transfer(bob, 10 * TOKEN + 1);
    }

    // The caps

    function test_governanceMint__dilutesWithoutTouchingTheCap() public {
        _grown(1_000 * TOKEN);
        uint256 cap = token.marketCap();
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(0), bob, 200 * TOKEN);
        vm.expectEmit(address(token));
        emit IBToken.RoleMinted(minter, bob, 200 * TOKEN);
        _governanceMint(bob, 200 * TOKEN);
        assertEq(token.marketCap(), cap, "I5");
        assertEq(token.lockedOf(bob), 0, "not locked");
        assertEq(token.mintable(minter), 0, "used up");
    }

    function test_rewardMint__hasItsOwnCap() public {
        _grown(1_000 * TOKEN);
        assertEq(token.mintable(rewarding), 20 * TOKEN, "2 %");
        vm.expectEmit(address(token));
        emit IBToken.RoleMinted(rewarding, bob, 20 * TOKEN);
        vm.prank(rewarder);
        token.rewardMint(bob, 20 * TOKEN);
        assertEq(token.mintable(rewarding), 0, "used up");
        assertEq(token.mintable(minter), 200 * TOKEN, "the other role's is whole");
    }

    function test_roleMint__refusesStrangers() public {
        vm.prank(alice);
        vm.expectRevert(_unauthorized(alice, minter));
        token.governanceMint(alice, 1);
        vm.prank(alice);
        vm.expectRevert(_unauthorized(alice, rewarding));
        token.rewardMint(alice, 1);
    }

    function test_roleMint__refusesZero() public {
        vm.prank(timelock);
        vm.expectRevert(IBToken.ZeroAmount.selector);
        token.governanceMint(bob, 0);
    }

    function test_roleMint__refusesMoreThanTheCap() public {
        _grown(1_000 * TOKEN);
        _governanceMint(bob, 150 * TOKEN);
        vm.prank(timelock);
        vm.expectRevert(_capExceeded(minter, 50 * TOKEN + 1, 50 * TOKEN));
        token.governanceMint(bob, 50 * TOKEN + 1);
    }

    function test_mintable__rollsWithTheWindow() public {
        _grown(1_000 * TOKEN);
        _governanceMint(bob, 150 * TOKEN);
        skip(10 days);
        _governanceMint(bob, 50 * TOKEN);
        skip(20 days - 1);
        assertEq(token.mintable(minter), 0, "both mints within the window");
        skip(1);
        assertEq(token.mintable(minter), 1_150 * TOKEN / 5 - 50 * TOKEN, "the first left it, and counts as supply");
        skip(10 days);
        assertEq(token.mintable(minter), 1_200 * TOKEN / 5, "so did the second");
    }

    function test_mintable__startsFromTheMinimumSupplyInAYoungToken() public {
        _buy(alice, 999 * TOKEN);
        skip(30 days - 1);
        assertEq(token.mintable(minter), TOKEN / 5, "younger than the window");
        _governanceMint(bob, TOKEN / 10);
        assertEq(token.mintable(minter), TOKEN / 10, "use counts from the start");
        skip(1);
        assertEq(token.mintable(minter), 1_000 * TOKEN / 5 - TOKEN / 10, "the supply of the first second");
    }

    function test_mintable__doesNotGrowWithAPump() public {
        _grown(1_000 * TOKEN);
        uint256 before = token.mintable(minter);
        _buy(alice, 1e6 * TOKEN);
        assertEq(token.mintable(minter), before, "the lagged base holds");
        skip(30 days - 1);
        assertEq(token.mintable(minter), before, "for a whole window");
    }

    function test_mintable__shrinksWithTheSupplyAtOnce() public {
        _grown(1_000 * TOKEN);
        _redeem(alice, 500 * TOKEN);
        assertEq(token.mintable(minter), 100 * TOKEN, "20 % of what is left");
        _governanceMint(bob, 100 * TOKEN);
        _redeem(alice, 400 * TOKEN);
        assertEq(token.mintable(minter), 0, "never below zero");
    }

    function test_mintable__isNothingForOtherRoles() public view {
        assertEq(token.mintable(token.DEFAULT_ADMIN_ROLE()), 0, "admin");
        assertEq(token.mintable(keccak256("STRANGER_ROLE")), 0, "unknown");
    }

    function testFuzz_roleMint__staysWithinTheCapOfTheLaggedBase(uint256[8] memory amounts, uint256[8] memory waits)
        public
    {
        _grown(1_000 * TOKEN);
        uint256[8] memory times;
        for (uint256 i = 0; i < 8; ++i) {
            skip(bound(waits[i], 0, 15 days));
            times[i] = block.timestamp;
            amounts[i] = bound(amounts[i], 0, token.mintable(minter));
            if (amounts[i] != 0) _governanceMint(bob, amounts[i]);
            uint256 inWindow;
            for (uint256 j = 0; j <= i; ++j) {
                if (times[j] + 30 days > block.timestamp) inWindow += amounts[j];
            }
            uint256 lagged = token.getPastTotalSupply(block.timestamp - 30 days);
            uint256 base = lagged < token.totalSupply() ? lagged : token.totalSupply();
            assertLe(inWindow, base / 5, "I8");
        }
    }

    // Parameters

    function test_setParameter__changesEachWithinItsBounds() public {
        bytes32[6] memory names = _names();
        for (uint256 i = 0; i < names.length; ++i) {
            (uint256 min, uint256 max) = token.parameterBounds(names[i]);
            uint256 previous = token.parameter(names[i]);
            vm.expectEmit(address(token));
            emit IParameters.ParameterChanged(names[i], previous, min);
            _set(names[i], min);
            assertEq(token.parameter(names[i]), min, "lowest");
            _set(names[i], max);
            assertEq(token.parameter(names[i]), max, "highest");
            for (uint256 j = 0; j < i; ++j) {
                (, uint256 other) = token.parameterBounds(names[j]);
                assertEq(token.parameter(names[j]), other, "the others stay");
            }
        }
    }

    function test_setParameter__refusesValuesOutOfBounds() public {
        bytes32[6] memory names = _names();
        for (uint256 i = 0; i < names.length; ++i) {
            (uint256 min, uint256 max) = token.parameterBounds(names[i]);
            if (min != 0) _expectOutOfBounds(names[i], min - 1, min, max);
            _expectOutOfBounds(names[i], max + 1, min, max);
        }
    }

    function test_setParameter__refusesStrangers() public {
        bytes32 admin = token.DEFAULT_ADMIN_ROLE();
        vm.prank(alice);
        vm.expectRevert(_unauthorized(alice, admin));
        token.setParameter("mintLock", 1 hours);
    }

    function test_parameter__refusesUnknownNames() public {
        bytes memory unknown = abi.encodeWithSelector(IParameters.UnknownParameter.selector, bytes32("slope"));
        vm.expectRevert(unknown);
        token.parameter("slope");
        vm.expectRevert(unknown);
        token.parameterBounds("slope");
        vm.prank(timelock);
        vm.expectRevert(unknown);
        token.setParameter("slope", 1);
    }

    function test_localProfile__lowersTheFloorOfDurationsOnly() public {
        IBToken.Config memory config = _config();
        config.local = true;
        IBToken local = _deploy(config);
        bytes32[6] memory names = _names();
        for (uint256 i = 0; i < names.length; ++i) {
            (uint256 productionMin, uint256 productionMax) = token.parameterBounds(names[i]);
            (uint256 min, uint256 max) = local.parameterBounds(names[i]);
            assertEq(min, productionMin >= 1 hours ? 1 minutes : productionMin, "floor");
            assertEq(max, productionMax, "same ceiling");
        }
    }

    // Verbs

    /// @dev The supply has been `supply` for a whole month; alice holds what she bought.
    function _grown(uint256 supply) private {
        _buy(alice, supply - token.totalSupply());
        skip(30 days);
    }

    function _governanceMint(address to, uint256 tokens) private {
        vm.prank(timelock);
        token.governanceMint(to, tokens);
    }

    function _set(bytes32 name, uint256 value) private {
        vm.prank(timelock);
        token.setParameter(name, value);
    }

    function _names() private pure returns (bytes32[6] memory) {
        return [bytes32("mintLock"), "redeemFeeBps", "minterCapBps", "minterWindow", "rewarderWindow", "rewarderCapBps"];
    }

    function _expectLocked(address account, uint256 available, uint256 needed) private {
        _expectLocked(account, account, available, needed);
    }

    function _expectLocked(address caller, address account, uint256 available, uint256 needed) private {
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IBToken.TokensLocked.selector, account, available, needed));
    }

    function _expectOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max) private {
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IParameters.ParameterOutOfBounds.selector, name, value, min, max));
        token.setParameter(name, value);
    }

    function _capExceeded(bytes32 role, uint256 requested, uint256 available) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBToken.MintCapExceeded.selector, role, requested, available);
    }

    function _unauthorized(address account, bytes32 role) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role);
    }
}

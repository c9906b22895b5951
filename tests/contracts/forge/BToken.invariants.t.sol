// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BToken} from "contracts/BToken.sol";
import {MockUSDC} from "contracts/mocks/MockUSDC.sol";

import {BTokenFixture} from "./support/BTokenFixture.sol";
import {Test} from "./support/Test.sol";

/// @notice I1..I10 of the specification, as far as the token alone carries them, after any sequence of calls.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 5
/// forge-config: long.invariant.runs = 256
contract BTokenInvariants is BTokenFixture {
    BTokenHandler internal handler;

    function setUp() public override {
        super.setUp();
        handler = new BTokenHandler(token, usdc, timelock, rewarder);
        _target(address(handler));
    }

    function invariant_I1_theReserveIsBacked() public view {
        assertGe(usdc.balanceOf(address(token)), token.reserve(), "I1");
        assertEq(usdc.balanceOf(address(token)), token.reserve() + handler.donated(), "I1, to the unit");
    }

    function invariant_I2_supplyAndReserveNeverVanish() public view {
        assertGe(token.totalSupply(), token.MIN_SUPPLY(), "I2, T");
        assertGe(token.balanceOf(address(token)), token.MIN_SUPPLY(), "I2, the locked tokens");
        assertGt(token.reserve(), 0, "I2, R");
    }

    function invariant_I3_everybodyCanLeaveInAnyOrder() public {
        uint256 snapshot = vm.snapshotState();
        skip(MINT_LOCK);
        uint256 count = handler.COUNT();
        for (uint256 i = 0; i < count; ++i) {
            address account = handler.account((i * 3 + handler.calls()) % count);
            uint256 balance = token.balanceOf(account);
            if (balance != 0) _redeem(account, balance);
        }
        assertGt(token.reserve(), 0, "I3");
        vm.revertToState(snapshot);
    }

    function invariant_I4_nobodyGainsFromMintingAndRedeeming() public view {
        assertFalse(handler.gained(), "I4: R / T^2 fell in a purchase or a sale");
    }

    function invariant_I5_onlyTradesMoveTheCap() public view {
        assertFalse(handler.capMoved(), "I5");
    }

    function invariant_I6_priceFollowsTheTrade() public view {
        assertFalse(handler.priceWentWrong(), "I6");
    }

    function invariant_I7_onlyRedeemLowersTheReserve() public view {
        assertFalse(handler.reserveLeaked(), "I7");
    }

    function invariant_I8_roleMintsStayWithinTheirCaps() public view {
        assertFalse(handler.capExceeded(), "I8");
    }

    function invariant_I9_theLastSecondLeavesTheAverage() public view {
        assertFalse(handler.averageMoved(), "I9");
    }

    function invariant_I10_votesAreBalancesAndLocksAreCovered() public view {
        uint256 total = token.balanceOf(address(token));
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            address account = handler.account(i);
            assertEq(token.getVotes(account), token.balanceOf(account), "I10, votes");
            assertLe(token.lockedOf(account), token.balanceOf(account), "I10, locks");
            total += token.balanceOf(account);
        }
        assertEq(total, token.totalSupply(), "I10, no other holder");
    }
}

/// @notice Calls the token with sensible amounts and notes every step that breaks a rule.
contract BTokenHandler is Test {
    uint256 public constant COUNT = 5;
    uint256 private constant WINDOW_MINTER = 30 days;
    uint256 private constant WINDOW_REWARDER = 7 days;

    BToken private immutable _token;
    MockUSDC private immutable _usdc;
    address private immutable _timelock;
    address private immutable _rewarder;
    address[COUNT] private _accounts;

    struct RoleMint {
        uint256 time;
        uint256 tokens;
    }

    struct Snapshot {
        uint256 reserve;
        uint256 supply;
        uint256 price;
        uint256 average;
    }

    mapping(bytes32 role => RoleMint[]) private _roleMints;
    uint48 private immutable _start = uint48(block.timestamp);

    uint256 public calls;
    uint256 public donated;
    bool public gained;
    bool public capMoved;
    bool public priceWentWrong;
    bool public reserveLeaked;
    bool public capExceeded;
    bool public averageMoved;

    constructor(BToken token, MockUSDC usdc, address timelock, address rewarder) {
        (_token, _usdc, _timelock, _rewarder) = (token, usdc, timelock, rewarder);
        for (uint256 i = 0; i < COUNT; ++i) {
            _accounts[i] = _actor(string.concat("holder", vm.toString(i)));
            vm.prank(_accounts[i]);
            token.delegate(_accounts[i]);
            vm.prank(_accounts[i]);
            usdc.approve(address(token), type(uint256).max);
        }
    }

    /// @dev Runs one call, then compares the curve and the average up to this second with what they were.
    modifier watched(bool trade) {
        ++calls;
        Snapshot memory before = _snapshot();
        _;
        _compare(before, _snapshot(), trade);
    }

    function account(uint256 index) public view returns (address) {
        return _accounts[index % COUNT];
    }

    function buy(uint256 who, uint256 tokens) external watched(true) {
        tokens = bound(tokens, 1, 1e5 ether);
        uint256 cost = _token.costToMint(tokens);
        _usdc.mint(account(who), cost);
        vm.prank(account(who));
        _token.permissionlessMint(tokens, cost, block.timestamp);
    }

    function sell(uint256 who, uint256 tokens) external watched(true) {
        uint256 free = _free(account(who));
        if (free == 0) return;
        vm.prank(account(who));
        _token.redeem(bound(tokens, 1, free), 0, block.timestamp);
    }

    function burn(uint256 who, uint256 tokens) external watched(false) {
        uint256 free = _free(account(who));
        if (free == 0) return;
        vm.prank(account(who));
        _token.burn(bound(tokens, 1, free));
    }

    function transfer(uint256 from, uint256 to, uint256 tokens) external watched(false) {
        uint256 amount = bound(tokens, 0, _free(account(from)));
        vm.prank(account(from));
        _token.transfer(account(to), amount);
    }

    function governanceMint(uint256 to, uint256 tokens) external watched(false) {
        bytes32 role = _token.MINTER_ROLE();
        uint256 mintable = _token.mintable(role);
        if (mintable == 0) return;
        tokens = bound(tokens, 1, mintable);
        _note(role, tokens, WINDOW_MINTER, 2_000);
        vm.prank(_timelock);
        _token.governanceMint(account(to), tokens);
    }

    function rewardMint(uint256 to, uint256 tokens) external watched(false) {
        bytes32 role = _token.REWARDER_ROLE();
        uint256 mintable = _token.mintable(role);
        if (mintable == 0) return;
        tokens = bound(tokens, 1, mintable);
        _note(role, tokens, WINDOW_REWARDER, 200);
        vm.prank(_rewarder);
        _token.rewardMint(account(to), tokens);
    }

    function donate(uint256 amount) external watched(false) {
        amount = bound(amount, 0, 1e12);
        donated += amount;
        _usdc.mint(address(_token), amount);
    }

    function wait(uint256 time) external {
        skip(bound(time, 1, 5 days));
    }

    function _free(address holder) private view returns (uint256) {
        return _token.balanceOf(holder) - _token.lockedOf(holder);
    }

    function _snapshot() private view returns (Snapshot memory) {
        uint48 clock = _token.clock();
        uint256 average = clock == _start ? 0 : _token.averageCap(_start, clock);
        return Snapshot(_token.reserve(), _token.totalSupply(), _token.currentPrice(), average);
    }

    function _compare(Snapshot memory a, Snapshot memory b, bool trade) private {
        bool purchase = trade && b.supply > a.supply;
        bool sale = trade && b.supply < a.supply;
        if (trade && b.reserve * a.supply * a.supply < a.reserve * b.supply * b.supply) gained = true;
        if (!trade && b.reserve != a.reserve) capMoved = true;
        if (!sale && b.reserve < a.reserve) reserveLeaked = true;
        if (purchase && b.price < a.price) priceWentWrong = true;
        // The rounding of a sale leaves less than one base unit of reserve behind.
        if (sale && b.price > a.price + 2 ether / b.supply + 1) priceWentWrong = true;
        if (b.average != a.average) averageMoved = true;
    }

    function _note(bytes32 role, uint256 tokens, uint256 window, uint256 bps) private {
        RoleMint[] storage minted = _roleMints[role];
        minted.push(RoleMint(block.timestamp, tokens));
        uint256 inWindow;
        for (uint256 i = minted.length; i > 0 && minted[i - 1].time + window > block.timestamp; --i) {
            inWindow += minted[i - 1].tokens;
        }
        // Before deployment the past supply is zero; the rule then is a share of the locked supply.
        uint256 lagged = _token.getPastTotalSupply(block.timestamp - window);
        if (lagged == 0) lagged = _token.MIN_SUPPLY();
        uint256 supply = _token.totalSupply();
        if (inWindow > (lagged < supply ? lagged : supply) * bps / 10_000) capExceeded = true;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBToken} from "contracts/interfaces/IBToken.sol";

import {BTokenFixture} from "./support/BTokenFixture.sol";

/// @notice The history of cap and supply, votes and permits. Branches: BToken.tree.
contract BTokenHistoryTest is BTokenFixture {
    bytes4 internal constant FUTURE = bytes4(keccak256("ERC5805FutureLookup(uint256,uint48)"));
    uint256 internal constant CAP = 2 * INITIAL_RESERVE;

    // The integral of the cap

    function test_capCumulativeAt__integratesOverTime() public {
        assertEq(_integral(START), 0, "starts at zero");
        skip(100);
        assertEq(_integral(START + 100), 100 * CAP, "without any entry");
        _buy(alice, 9 * TOKEN);
        assertEq(token.marketCap(), 100 * CAP, "the cap goes with the square of the supply");
        skip(50);
        assertEq(_integral(START + 100), 100 * CAP, "at the entry");
        assertEq(_integral(START + 60), 60 * CAP, "between two entries");
        assertEq(_integral(START + 150), 100 * CAP + 50 * 100 * CAP, "after the last entry");
    }

    function test_capCumulativeAt__refusesTimesBeforeTheFirstObservation() public {
        vm.expectRevert(abi.encodeWithSelector(IBToken.BeforeFirstObservation.selector, START - 1, START));
        token.capCumulativeAt(uint48(START - 1));
    }

    function test_capCumulativeAt__refusesTheFuture() public {
        vm.expectRevert(abi.encodeWithSelector(FUTURE, START + 1, START));
        token.capCumulativeAt(uint48(START + 1));
    }

    function test_averageCap__weighsByTime() public {
        skip(100);
        _buy(alice, 9 * TOKEN);
        skip(300);
        assertEq(_average(START, START + 400), (100 * CAP + 300 * 100 * CAP) / 400, "weighted");
        assertEq(_average(START, START + 100), CAP, "before the purchase");
        assertEq(_average(START + 100, START + 101), 100 * CAP, "the second of the purchase");
    }

    function test_averageCap__refusesAnEmptyWindow() public {
        skip(10);
        vm.expectRevert(abi.encodeWithSelector(IBToken.EmptyWindow.selector, START, START));
        token.averageCap(uint48(START), uint48(START));
        vm.expectRevert(abi.encodeWithSelector(IBToken.EmptyWindow.selector, START + 1, START));
        token.averageCap(uint48(START + 1), uint48(START));
    }

    function test_averageCap__refusesWindowsOutsideTheHistory() public {
        vm.expectRevert(abi.encodeWithSelector(IBToken.BeforeFirstObservation.selector, START - 1, START));
        token.averageCap(uint48(START - 1), uint48(START));
        vm.expectRevert(abi.encodeWithSelector(FUTURE, START + 1, START));
        token.averageCap(uint48(START), uint48(START + 1));
    }

    function testFuzz_averageCap__isUntouchedByTheLastSecond(uint256 tokens, uint256 minted, uint256 from) public {
        _buy(alice, 9 * TOKEN);
        skip(40 days);
        _redeem(alice, TOKEN);
        skip(1 hours);
        from = bound(from, START, block.timestamp - 1);
        uint256 average = _average(from, block.timestamp);

        _redeem(alice, bound(tokens, 1, 8 * TOKEN));
        _buy(bob, bound(tokens, 1, 1e6 * TOKEN));
        minted = bound(minted, 1, token.mintable(token.MINTER_ROLE()));
        vm.prank(timelock);
        token.governanceMint(bob, minted);
        assertEq(_average(from, block.timestamp), average, "I9, read in the same second");

        uint256 end = block.timestamp;
        skip(1 days);
        _buy(alice, TOKEN);
        assertEq(_average(from, end), average, "I9, read later");
    }

    function testFuzz_history__agreesWithAFullRecord(uint256[12] memory amounts, uint256[12] memory waits, uint256 when)
        public
    {
        uint256[13] memory times;
        uint256[13] memory caps;
        uint256[13] memory supplies;
        (times[0], caps[0], supplies[0]) = (START, CAP, TOKEN);
        for (uint256 i = 0; i < 12; ++i) {
            skip(bound(waits[i], 0, 3 days));
            uint256 free = token.balanceOf(alice) - token.lockedOf(alice);
            if (amounts[i] % 2 == 0 && free != 0) _redeem(alice, bound(amounts[i], 1, free));
            else _buy(alice, bound(amounts[i], 1, 1e5 * TOKEN));
            (times[i + 1], caps[i + 1], supplies[i + 1]) = (block.timestamp, token.marketCap(), token.totalSupply());
        }
        skip(1);
        when = bound(when, START, block.timestamp - 1);

        uint256 integral;
        uint256 supply;
        for (uint256 i = 0; i < 13; ++i) {
            if (times[i] > when) break;
            uint256 end = i == 12 || times[i + 1] > when ? when : times[i + 1];
            integral += caps[i] * (end - times[i]);
            supply = supplies[i];
        }
        assertEq(_integral(when), integral, "cap");
        assertEq(token.getPastTotalSupply(when), supply, "supply");
    }

    function test_averageCap__survivesTheWrapOfTheIntegral() public {
        IBToken.Config memory config = _config();
        config.initialReserve = 2 ** 96 - 1;
        token = _deploy(config);
        uint256 cap = 2 ** 97 - 2;
        for (uint256 i = 1; i <= 5; ++i) {
            skip(90 days);
            assertEq(_average(block.timestamp - 90 days, block.timestamp), cap, "the highest cap there can be");
            _governanceMint(1); // an entry, without moving the cap
        }
        assertLt(token.capCumulativeAt(uint48(block.timestamp)), cap * 450 days, "it did wrap");
    }

    // Votes

    function test_clock__countsSeconds() public view {
        assertEq(token.clock(), START, "timestamp");
        assertEq(token.CLOCK_MODE(), "mode=timestamp", "mode");
    }

    function test_getPastTotalSupply__isTheSupplyAtTheEndOfTheSecond() public {
        _buy(alice, 2 * TOKEN);
        _buy(bob, 3 * TOKEN);
        skip(10);
        _buy(bob, 4 * TOKEN);
        skip(10);
        assertEq(token.getPastTotalSupply(START - 1), 0, "before deployment");
        assertEq(token.getPastTotalSupply(START), 6 * TOKEN, "both purchases of the second");
        assertEq(token.getPastTotalSupply(START + 9), 6 * TOKEN, "until the next entry");
        assertEq(token.getPastTotalSupply(START + 10), 10 * TOKEN, "the next entry");
        vm.expectRevert(abi.encodeWithSelector(FUTURE, START + 20, START + 20));
        token.getPastTotalSupply(START + 20);
    }

    function test_votes__followDelegatedBalances() public {
        _buyAndWait(alice, 10 * TOKEN);
        vm.prank(alice);
        token.delegate(alice);
        assertEq(token.getVotes(alice), 10 * TOKEN, "delegated");
        _buy(alice, TOKEN);
        assertEq(token.getVotes(alice), 11 * TOKEN, "locked tokens vote");
        _transfer(alice, bob, 4 * TOKEN);
        assertEq(token.getVotes(alice), 7 * TOKEN, "moved away");
        assertEq(token.getVotes(bob), 0, "not delegated");
        _redeem(alice, 6 * TOKEN);
        assertEq(token.getVotes(alice), TOKEN, "redeemed");
        skip(1);
        assertEq(token.getPastVotes(alice, START + MINT_LOCK - 1), 0, "before the delegation");
        assertEq(token.getPastVotes(alice, block.timestamp - 1), TOKEN, "after");
    }

    // Permits

    function test_permit__letsASignatureApprove() public {
        uint256 key = uint256(keccak256("alice"));
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 message = keccak256(abi.encode(typeHash, alice, bob, 5 * TOKEN, token.nonces(alice), START));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), message));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        token.permit(alice, bob, 5 * TOKEN, START, v, r, s);
        assertEq(token.allowance(alice, bob), 5 * TOKEN, "approved");
        assertEq(token.nonces(alice), 1, "used");
    }

    function test_supportsInterface__namesAccessControl() public view {
        assertTrue(token.supportsInterface(0x7965db0b), "IAccessControl");
    }

    function _integral(uint256 timepoint) private view returns (uint256) {
        return token.capCumulativeAt(uint48(timepoint));
    }

    function _average(uint256 from, uint256 to) private view returns (uint256) {
        return token.averageCap(uint48(from), uint48(to));
    }

    function _governanceMint(uint256 tokens) private {
        vm.prank(timelock);
        token.governanceMint(timelock, tokens);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {Hex} from "contracts/libraries/Hex.sol";

import {AuctionMathHarness} from "./harness/AuctionMathHarness.sol";
import {RewardMathHarness} from "./harness/RewardMathHarness.sol";
import {SampleTreeHarness} from "./harness/SampleTreeHarness.sol";
import {Test} from "./support/Test.sol";

/// @notice The pure rules of the slots: known answers, and properties over all inputs. Their equality with the Python
/// twins is tested there.
contract SlotRulesTest is Test {
    uint256 internal constant CAP = 1 << 128;
    uint256 internal constant SUPPLY = 1 << 120;

    AuctionMathHarness internal auction;
    RewardMathHarness internal reward;
    SampleTreeHarness internal tree;

    function setUp() public {
        auction = new AuctionMathHarness();
        reward = new RewardMathHarness();
        tree = new SampleTreeHarness();
    }

    // AuctionMath

    function test_reservePrice__fadesWithTheEpochs() public view {
        assertEq(auction.reservePrice(0, 1, 1e15), 1e15, "before any slot: the minimum");
        assertEq(auction.reservePrice(9e18, 1, 1e15), 9e18 + 1, "the next epoch: more than the last price");
        assertEq(auction.reservePrice(9e18, 4, 1e15), 2.25e18 + 1, "four epochs later: more than a quarter");
        assertEq(auction.reservePrice(9e18, 1e6, 1e15), 1e15, "in the end the minimum");
    }

    function testFuzz_reservePrice__isMoreThanAnEqualShare(uint96 last, uint32 epochs, uint96 minBid) public view {
        uint256 since = uint256(epochs) + 1;
        uint256 price = auction.reservePrice(last, since, minBid);
        assertGt(price * since, last, "b > b1 / n");
        assertGe(price, minBid, "not below the minimum");
    }

    function test_unrevealedPenalty__isFivePercentRoundedDown() public view {
        assertEq(auction.unrevealedPenalty(1e18), 0.05e18, "5 %");
        assertEq(auction.unrevealedPenalty(19), 0, "down");
    }

    function testFuzz_requiredCollateral__isAtLeastBoth(uint256 supply, uint16 bps, uint96 minimum) public view {
        supply = bound(supply, 0, SUPPLY);
        uint256 needed = auction.requiredCollateral(supply, bps, minimum);
        assertGe(needed, minimum, "minimum");
        assertGe(needed * 10_000, supply * bps, "rounded up");
    }

    function testFuzz_beats__isAStrictOrder(
        uint8 amountA,
        uint8 timeA,
        address a,
        uint8 amountB,
        uint8 timeB,
        address b
    ) public view {
        vm.assume(a != b);
        bool forward = auction.beats(amountA, timeA, a, amountB, timeB, b);
        assertTrue(forward != auction.beats(amountB, timeB, b, amountA, timeA, a), "one of two beats the other");
        if (amountA > amountB) assertTrue(forward, "amount first");
        else if (amountA == amountB && timeA < timeB) assertTrue(forward, "then time");
        else if (amountA == amountB && timeA == timeB) assertEq(forward, a < b, "then address");
    }

    function testFuzz_commitmentOf__bindsEverything(uint256[5] memory words, uint256 which, uint256 change)
        public
        view
    {
        vm.assume(change != 0);
        bytes32 before = _commitment(words);
        words[which % 5] ^= change;
        assertNotEq(_commitment(words), before, "another commitment");
    }

    function _commitment(uint256[5] memory w) private view returns (bytes32) {
        return auction.commitmentOf(1, address(1), w[0], address(2), w[1], bytes32(w[2]), bytes32(w[3]), bytes32(w[4]));
    }

    // RewardMath

    function testFuzz_median__isTheMiddleOne(uint256 a, uint256 b, uint256 c) public view {
        uint256 middle = reward.median(a, b, c);
        uint256 below = (a <= middle ? 1 : 0) + (b <= middle ? 1 : 0) + (c <= middle ? 1 : 0);
        uint256 above = (a >= middle ? 1 : 0) + (b >= middle ? 1 : 0) + (c >= middle ? 1 : 0);
        assertGe(below, 2, "two are not above");
        assertGe(above, 2, "two are not below");
    }

    function testFuzz_delta__oneWindowAloneMovesNothing(uint128 quiet, uint128 pumped) public view {
        assertEq(reward.delta(quiet, pumped, quiet), 0, "pumped before the end");
        assertEq(reward.delta(quiet, quiet, pumped), 0, "pumped at maturity");
    }

    function test_split__knownAnswers() public view {
        (int256 change, uint256 cap, uint256 prompter, uint256 setter) =
            reward.split(1_000e6, 1_100e6, 1_200e6, 250, 125, 50, 1_000e18, 1_050e6);
        assertEq(change, int256(100e6), "median - m0");
        assertEq(cap, 1_100e6, "the dearer of now and the median");
        assertEq(prompter, uint256(2.5e6) * 1_000e18 / 1_100e6, "2.5 % of 100");
        assertEq(setter, uint256(1.25e6) * 1_000e18 / 1_100e6, "1.25 % of 100");
    }

    function test_split__ofAFallIsTheSameSize() public view {
        (int256 change, uint256 cap, uint256 prompter,) =
            reward.split(1_000e6, 900e6, 800e6, 250, 250, 50, 1_000e18, 700e6);
        assertEq(change, -int256(100e6), "median - m0");
        assertEq(cap, 900e6, "the median");
        assertEq(prompter, uint256(2.5e6) * 1_000e18 / 900e6, "a loss");
    }

    function testFuzz_split__isCapped(uint256[4] memory caps, uint16 bps, uint16 capBps, uint256 supply) public view {
        for (uint256 i = 0; i < 4; ++i) {
            caps[i] = bound(caps[i], 1, CAP);
        }
        supply = bound(supply, 1, SUPPLY);
        (,, uint256 prompter,) = reward.split(caps[0], caps[1], caps[2], bps % 1_001, 0, capBps % 201, supply, caps[3]);
        uint256 most = caps[0] * (capBps % 201) / 10_000;
        uint256 middle = reward.median(caps[0], caps[1], caps[2]);
        assertLe(prompter, most * supply / (middle > caps[3] ? middle : caps[3]), "I15: the cap of a side");
    }

    function testFuzz_within__neverPaysMoreThanThereIs(uint128 available, uint128 prompter, uint128 setter)
        public
        view
    {
        (uint256 first, uint256 second) = reward.within(available, prompter, setter);
        assertLe(first + second, available < uint256(prompter) + setter ? available : uint256(prompter) + setter, "sum");
        if (uint256(prompter) + setter <= available) {
            assertEq(first, prompter, "in full");
            assertEq(second, setter, "in full");
        }
    }

    function test_toTokens__atCapZero_isNothing() public view {
        assertEq(reward.toTokens(1e6, 1e18, 0), 0, "no price");
    }

    // Hex

    function testFuzz_digits__areThoseOfTheWord(bytes32 word) public pure {
        assertEq(string.concat("0x", Hex.digits(word)), Strings.toHexString(uint256(word), 32), "digits");
    }

    function test_digits__ofEveryNibble() public pure {
        bytes32 word = 0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef;
        assertEq(Hex.digits(word), "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "all 16");
    }

    // SampleTree

    function test_leaf__isHashedTwice() public view {
        bytes32 once = keccak256(abi.encode(uint256(3), bytes32("t"), bytes32("p"), bytes32("x"), true));
        assertEq(tree.leaf(3, "t", "p", "x", true), keccak256(bytes.concat(once)), "second preimage");
        assertNotEq(tree.leaf(3, "t", "p", "x", false), tree.leaf(3, "t", "p", "x", true), "validity is bound");
    }

    function testFuzz_rootFromProof__isTheTreeOf128(uint256 seed, uint256 index) public view {
        index %= 128;
        bytes32[] memory level = new bytes32[](128);
        for (uint256 i = 0; i < 100; ++i) {
            level[i] = keccak256(abi.encode(seed, i));
        }
        bytes32 leaf = level[index];
        bytes32[] memory path = new bytes32[](7);
        for (uint256 depth = 0; depth < 7; ++depth) {
            path[depth] = level[index ^ 1];
            bytes32[] memory next = new bytes32[](level.length / 2);
            for (uint256 i = 0; i < next.length; ++i) {
                (bytes32 a, bytes32 b) = (level[2 * i], level[2 * i + 1]);
                next[i] = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
            }
            (level, index) = (next, index / 2);
        }
        assertEq(tree.rootFromProof(leaf, path), level[0], "root");
    }

    function testFuzz_samplesRoot__belongsToOneSeed(bytes32 seed, bytes32 other, bytes32 root) public view {
        vm.assume(seed != other);
        assertNotEq(tree.samplesRoot(seed, root), tree.samplesRoot(other, root), "another slot");
    }

    function test_hashes__areThoseOfTheSpecification() public view {
        address[] memory targets = new address[](1);
        uint256[] memory values = new uint256[](1);
        bytes[] memory calldatas = new bytes[](1);
        (targets[0], values[0], calldatas[0]) = (address(7), 5, "data");
        bytes32 actions = keccak256(abi.encode(targets, values, calldatas));
        assertEq(tree.actionsHash(targets, values, calldatas), actions, "calls");
        assertEq(tree.payloadHash("json", actions), keccak256(abi.encode(bytes32("json"), actions)), "payload");
        bytes32 root = keccak256(abi.encode("gengov/samples/v1", bytes32("seed"), bytes32("root")));
        assertEq(tree.samplesRoot("seed", "root"), root, "samples root");
        bytes memory parts = abi.encode(
            "gengov/seed/v1", uint256(1), address(2), uint256(3), address(4), bytes32("p"), bytes32("m"), bytes32("b")
        );
        assertEq(tree.seedOf(1, address(2), 3, address(4), "p", "m", "b"), keccak256(parts), "seed");
    }
}

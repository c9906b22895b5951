// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotEvents} from "contracts/interfaces/ISlotEvents.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

contract TimingTest is SlotFixture {
    uint256 internal e;

    function setUp() public override {
        super.setUp();
        e = _next();
    }

    // epochs

    function test_currentEpoch__countsFromGenesis() public {
        assertEq(slots.genesis(), START, "the second of deployment");
        assertEq(slots.epochStart(1), START + EPOCH, "epoch 1 starts a length later");
        vm.warp(START + EPOCH - 1);
        assertEq(slots.currentEpoch(), 0, "before the first");
        vm.warp(START + EPOCH);
        assertEq(slots.currentEpoch(), 1, "first second");
        vm.warp(START + 2 * EPOCH - 1);
        assertEq(slots.currentEpoch(), 1, "last second");
    }

    function test_windowsOf__abut() public view {
        ISlotTypes.Windows memory w = slots.windowsOf(e);
        assertEq(w.commitStart, slots.epochStart(e - 1), "commit phases follow each other");
        assertEq(w.revealStart, w.start - REVEAL, "reveal");
        assertEq(w.start, slots.epochStart(e), "start");
        assertEq(w.submitEnd, w.start + SUBMIT, "submit");
    }

    function test_windowsOf__epochZeroReverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.UnknownEpoch.selector, 0));
        slots.windowsOf(0);
    }

    function test_stage__ofAnEpochToCome() public view {
        assertEq(uint256(slots.stage(e)), uint256(ISlotTypes.Stage.Commit), "bids are open");
        assertEq(uint256(slots.stage(e + 1)), uint256(ISlotTypes.Stage.Upcoming), "not yet");
    }

    // changes

    function test_setParameter__newLengthsCountFromTheFirstEpochWithoutBids() public {
        ISlotTypes.Windows memory before = slots.windowsOf(e);
        vm.expectEmit(address(slots));
        emit ISlotEvents.TimingChanged(e + 1, before.start + 2 * EPOCH, 2 * EPOCH, REVEAL, SUBMIT);
        _tune("epochLength", 2 * EPOCH);
        ISlotTypes.Windows memory w = slots.windowsOf(e);
        assertEq(keccak256(abi.encode(w)), keccak256(abi.encode(before)), "the epoch in flight stands");
        w = slots.windowsOf(e + 1);
        assertEq(w.commitStart, before.start, "the next commit phase begins where the last ended");
        assertEq(w.start, before.start + 2 * EPOCH, "and lasts the new length");
        assertEq(slots.epochStart(e + 3), before.start + 6 * EPOCH, "so do the later");
        assertEq(slots.epochStart(e - 5), before.start - 5 * EPOCH, "the past stands");
    }

    function test_setParameter__allThreeInOneProposal() public {
        _tune("revealDuration", 1 hours);
        _tune("submitWindow", 2 hours);
        _tune("epochLength", 3 hours);
        ISlotTypes.Windows memory w = slots.windowsOf(e + 1);
        assertEq(w.start - w.commitStart, 3 hours, "length");
        assertEq(w.start - w.revealStart, 1 hours, "reveal");
        assertEq(w.submitEnd - w.start, 2 hours, "submit");
        assertEq(w.commitStart, slots.epochStart(e), "abuts");
        assertEq(slots.windowsOf(e).submitEnd - slots.epochStart(e), SUBMIT, "the epoch in flight stands");
    }

    function test_currentEpoch__acrossTwoChanges() public {
        _tune("epochLength", 2 * EPOCH);
        skip(3 * EPOCH);
        _tune("epochLength", 20 hours);
        uint256 epoch = slots.currentEpoch() + 8;
        for (uint256 i = e - 3; i < epoch; ++i) {
            uint256 start = slots.epochStart(i);
            assertEq(slots.windowsOf(i + 1).commitStart, start, "commit phases abut");
            vm.warp(start);
            assertEq(slots.currentEpoch(), i, "first second");
            vm.warp(slots.epochStart(i + 1) - 1);
            assertEq(slots.currentEpoch(), i, "last second");
        }
    }

    function testFuzz_setParameter__neverMovesAnEpochInFlight(uint256 length, uint256 later, uint256 lengthAgain)
        public
    {
        skip(bound(later, 0, 3 * EPOCH));
        uint256 open = _next();
        bytes32 before = keccak256(abi.encode(slots.windowsOf(open), slots.windowsOf(open - 1)));
        _tune("epochLength", bound(length, REVEAL + SUBMIT, 30 days));
        assertEq(keccak256(abi.encode(slots.windowsOf(open), slots.windowsOf(open - 1))), before, "they stand");
        assertEq(slots.currentEpoch() + 1, open, "so does the open epoch");
        vm.warp(slots.epochStart(open + 1));
        _tune("epochLength", bound(lengthAgain, REVEAL + SUBMIT, 30 days));
        assertEq(keccak256(abi.encode(slots.windowsOf(open), slots.windowsOf(open - 1))), before, "they still stand");
        assertEq(slots.windowsOf(open + 3).commitStart, slots.epochStart(open + 2), "abuts");
    }

    function test_setParameter__aWholeSlotUnderNewLengths() public {
        _tune("epochLength", 20 hours);
        _toStart(e);
        e = _next();
        _winSeed(e, 9 * TOKEN);
        _post(e);
        assertEq(slots.slot(1).epoch, e, "posted");
    }

    // parameters and their bounds

    function test_setParameter__everyOneWithinItsBounds() public {
        bytes32[14] memory names = _names();
        for (uint256 i = 0; i < names.length; ++i) {
            (uint256 min, uint256 max) = slots.parameterBounds(names[i]);
            uint256 value = slots.parameter(names[i]);
            assertLe(min, value, "not below");
            assertLe(value, max, "not above");
            _refuse(names[i], max + 1, min, max);
            if (min != 0) _refuse(names[i], min - 1, min, max);
            vm.expectEmit(address(slots));
            emit ParameterChanged(names[i], value, max);
            _tune(names[i], max);
            assertEq(slots.parameter(names[i]), max, "set");
            _tune(names[i], value);
        }
    }

    function test_parameterBounds__areThoseOfTheSpecification() public view {
        _assertBounds("epochLength", REVEAL + SUBMIT, 30 days);
        _assertBounds("revealDuration", 10 minutes, EPOCH - SUBMIT);
        _assertBounds("submitWindow", 30 minutes, EPOCH - REVEAL);
        _assertBounds("seedDelay", 1, 64);
        _assertBounds("capWindow", 1 hours, MATURITY);
        _assertBounds("maturity", 1 days, 30 days);
        _assertBounds("prompterBps", 0, 1_000);
        _assertBounds("setterBps", 0, 1_000);
        _assertBounds("rewardCapBps", 0, 200);
        _assertBounds("proposalBond", USD, 1e6 * USD);
    }

    function test_setParameter__unknownNameReverts() public {
        vm.expectRevert(abi.encodeWithSelector(UnknownParameter.selector, bytes32("nothing")));
        _tune("nothing", 1);
        vm.expectRevert(abi.encodeWithSelector(UnknownParameter.selector, bytes32("nothing")));
        slots.parameter("nothing");
    }

    function test_setParameter__byAnotherThanTheTimelockReverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.OnlyTimelock.selector, alice));
        vm.prank(alice);
        slots.setParameter("minBid", 1e15);
    }

    function test_setParameter__underARunningAuctionReverts() public {
        _commit(e, ann, 9 * TOKEN);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.AuctionLive.selector, e));
        _tune("minBid", 1e16);
    }

    function test_setParameter__minBidIsTheLeastReservePrice() public {
        _tune("minBid", TOKEN);
        assertEq(slots.reservePrice(e), TOKEN, "reserve");
    }

    function test_reservePrice__ofAPastEpochReverts() public {
        _fill(e, 9 * TOKEN);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.UnknownEpoch.selector, e));
        slots.reservePrice(e);
        assertEq(slots.auction(e).reserve, 0, "see the event");
    }

    function test_signal__byTheTimelockOnly() public {
        vm.expectEmit(address(slots));
        emit ISlotEvents.Signalled("hello");
        vm.prank(address(timelock));
        slots.signal("hello");
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.OnlyTimelock.selector, alice));
        vm.prank(alice);
        slots.signal("hello");
    }

    // helpers

    event ParameterChanged(bytes32 indexed name, uint256 previous, uint256 value);
    error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);
    error UnknownParameter(bytes32 name);

    function _refuse(bytes32 name, uint256 value, uint256 min, uint256 max) private {
        vm.expectRevert(abi.encodeWithSelector(ParameterOutOfBounds.selector, name, value, min, max));
        _tune(name, value);
    }

    function _assertBounds(bytes32 name, uint256 min, uint256 max) private view {
        (uint256 low, uint256 high) = slots.parameterBounds(name);
        assertEq(low, min, "min");
        assertEq(high, max, "max");
    }

    function _names() private pure returns (bytes32[14] memory) {
        return [
            bytes32("epochLength"),
            "revealDuration",
            "submitWindow",
            "seedDelay",
            "capWindow",
            "maturity",
            "prompterBps",
            "setterBps",
            "rewardCapBps",
            "minBid",
            "proposalBond",
            "minCollateral",
            "rewardSource",
            "rewardRequiresExecution"
        ];
    }
}

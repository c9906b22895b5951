// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BToken} from "contracts/BToken.sol";
import {DisputeResolver} from "contracts/DisputeResolver.sol";
import {Governance} from "contracts/Governance.sol";
import {PromptUpdate} from "contracts/PromptUpdate.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SystemHandler} from "./support/SystemHandler.sol";
import {Test} from "./support/Test.sol";

/// @notice I1, I2 and I11..I20 of the specification, over the life of the whole organisation.
contract SystemInvariants is Test {
    event Lived(uint256 slots, uint256 proposals, uint256 executions, uint256 settlements);

    SystemHandler internal handler;
    BToken internal token;
    PromptUpdate internal slots;
    Governance internal governance;
    DisputeResolver internal resolver;
    IERC20 internal usdc;

    function setUp() public {
        handler = new SystemHandler();
        handler.setUp();
        (address a, address b, address c, address d, address e) = handler.parts();
        (token, slots, governance, resolver, usdc) =
        (BToken(a), PromptUpdate(b), Governance(payable(c)), DisputeResolver(d), IERC20(e));
        _target(address(handler));
    }

    /// @dev One run checks all, since each run is a whole history of about two months.
    /// forge-config: default.invariant.depth = 128
    /// forge-config: long.invariant.depth = 500
    function invariant_theOrganisationKeepsItsRules() public view {
        _tokenIsSolvent();
        _slotsHoldWhatTheyOwe();
        _slotsFollowEachOther();
        _proposalsHaveSlots();
        _resolverHoldsWhatItOwes();
        _powerIsWhereItBelongs();
        assertFalse(handler.priceWentWrong(), "I13: reserve <= price <= winning bid");
        assertFalse(handler.paidTwice(), "I15: a slot was settled twice or early");
        assertFalse(handler.rewardWentWrong(), "I15: a reward above the cap or a loss above the collateral");
        assertFalse(handler.budgetExceeded(), "I16: fast amounts within the budget");
        assertFalse(handler.executedAgainstTheRules(), "I17: early, late, disputed or invalid");
        assertFalse(handler.wrongTrack(), "I20: a parameter changed on the fast track");
    }

    /// @dev Shown by -vv: how far the histories went.
    function afterInvariant() public {
        emit Lived(slots.slotCount(), handler.postedCount(), handler.executions(), handler.settlements());
    }

    function _tokenIsSolvent() private view {
        assertGe(usdc.balanceOf(address(token)), token.reserve(), "I1");
        assertGe(token.totalSupply(), token.MIN_SUPPLY(), "I2, T");
        assertGt(token.reserve(), 0, "I2, R");
    }

    function _slotsHoldWhatTheyOwe() private view {
        uint256 owed;
        for (uint256 i = 0; i < 5; ++i) {
            address account = handler.account(i);
            owed += slots.collateralOf(account);
            assertLe(slots.lockedCollateralOf(account), slots.collateralOf(account), "locks are covered");
            for (uint256 j = 0; j < handler.epochCount(); ++j) {
                owed += slots.bidOf(handler.epochs(j), account).deposit;
            }
        }
        for (uint256 id = 1; id <= slots.slotCount(); ++id) {
            if (!slots.slot(id).settled) owed += slots.slot(id).price;
        }
        assertEq(token.balanceOf(address(slots)), owed, "I11");
    }

    function _slotsFollowEachOther() private view {
        uint256 open = slots.openSlot();
        uint256 closedBefore;
        for (uint256 id = 1; id <= slots.slotCount(); ++id) {
            ISlotTypes.Slot memory slot = slots.slot(id);
            assertGe(uint256(slot.openedAt), closedBefore, "I12: slots do not overlap");
            if (slot.closedAt == 0) assertEq(id, open, "I12: at most one open slot");
            closedBefore = slot.closedAt;
        }
        if (open != 0) assertEq(open, slots.slotCount(), "I12: the last one");
    }

    function _proposalsHaveSlots() private view {
        for (uint256 i = 0; i < handler.postedCount(); ++i) {
            (uint256 id, uint256 slotId) = handler.proposalAt(i);
            assertEq(slots.slot(slotId).proposalId, id, "I14: a slot");
            assertEq(governance.proposalProposer(id), address(slots), "I14: proposer");
        }
    }

    function _resolverHoldsWhatItOwes() private view {
        uint256 owed = resolver.creditOf(handler.admin());
        for (uint256 i = 0; i < 5; ++i) {
            owed += resolver.creditOf(handler.account(i));
        }
        for (uint256 i = 0; i < handler.postedCount(); ++i) {
            (uint256 id,) = handler.proposalAt(i);
            owed += resolver.bondOf(id).amount;
            if (resolver.caseOf(id).open) owed += resolver.caseOf(id).stake;
        }
        assertEq(resolver.owed(), owed, "I18: bonds + stakes + credits");
        assertEq(usdc.balanceOf(address(resolver)), owed, "I18: balance");
    }

    function _powerIsWhereItBelongs() private view {
        IAccessControl timelock = IAccessControl(handler.admin());
        bytes32[3] memory roles = [keccak256("PROPOSER_ROLE"), keccak256("EXECUTOR_ROLE"), keccak256("CANCELLER_ROLE")];
        for (uint256 i = 0; i < 3; ++i) {
            assertTrue(timelock.hasRole(roles[i], address(governance)), "I19: governance");
            assertFalse(timelock.hasRole(roles[i], address(handler)), "I19: not the deployer");
            assertFalse(timelock.hasRole(roles[i], address(0)), "I19: not everybody");
        }
        assertFalse(timelock.hasRole(bytes32(0), address(handler)), "I19: the deployer is no admin");
        assertFalse(token.hasRole(bytes32(0), address(handler)), "I19: nor of the token");
    }
}

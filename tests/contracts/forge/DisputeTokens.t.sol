// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {DisputeResolver} from "contracts/DisputeResolver.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";

import {Draft, GovernanceFixture} from "./support/GovernanceFixture.sol";
import {FeeToken, HookToken} from "./support/HostileTokens.sol";

/// @notice Reserve tokens that take a fee, refuse, or call back. Branches: DisputeResolver.tree.
contract DisputeTokensTest is GovernanceFixture {
    uint256 private _id;

    /// @dev Swaps the resolver's reserve token for `hostile`, before a proposal is bonded in it.
    function _deployWith(ERC20 hostile) private {
        IDisputeResolver.Config memory config = _resolverConfig();
        config.reserveToken = address(hostile);
        DisputeResolver other = new DisputeResolver(config);
        vm.prank(address(timelock));
        other.setParameter("baseStake", STAKE);
        vm.etch(address(resolver), address(other).code);
        assertEq(address(resolver.reserveToken()), address(hostile), "reserve token");
    }

    function _bonded(ERC20 hostile) private {
        Draft memory draft = _fund(TOKEN);
        vm.prank(promptUpdate);
        _id = governance.proposeGenerated(draft.targets, draft.values, draft.calldatas, draft.description, CLEAR);
        deal(hostile, address(resolver), BOND);
        vm.prank(promptUpdate);
        resolver.bond(_id, prompter, BOND, 0);
        vm.prank(challenger);
        hostile.approve(address(resolver), type(uint256).max);
        deal(hostile, challenger, STAKE);
    }

    function deal(ERC20 hostile, address to, uint256 amount) private {
        FeeToken(address(hostile)).mint(to, amount);
    }

    function test_challenge__feeOnTransfer__reverts() public {
        FeeToken fees = new FeeToken(100);
        _deployWith(fees);
        _bonded(fees);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeResolver.ReserveNotReceived.selector, BOND + STAKE, BOND + STAKE - STAKE / 100
            )
        );
        _challenge(_id);
    }

    function test_challenge__tokenThatReturnsFalse__reverts() public {
        RefusingToken refusing = new RefusingToken();
        _deployWith(refusing);
        _bonded(refusing);
        refusing.lie(true);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(refusing)));
        _challenge(_id);
    }

    function test_withdraw__blockedReceiver__blocksNobodyElse() public {
        RefusingToken refusing = new RefusingToken();
        _deployWith(refusing);
        _bonded(refusing);
        _challenge(_id);
        refusing.block_(challenger, true);
        _rule(_id, IDisputeResolver.Ruling.Invalid); // a receiver cannot hold up a ruling
        vm.expectRevert(RefusingToken.Blocked.selector);
        resolver.withdrawFor(challenger);
        resolver.withdrawFor(address(timelock));
        assertEq(refusing.balanceOf(address(timelock)), BOND / 2, "the treasury is paid");
        refusing.block_(challenger, false);
        resolver.withdrawFor(challenger);
        assertEq(refusing.balanceOf(challenger), STAKE + BOND / 2, "nothing is lost");
    }

    function test_withdraw__reentered__paysOnce() public {
        HookToken hook = new HookToken();
        _deployWith(hook);
        _bonded(hook);
        Reenterer thief = new Reenterer(resolver);
        deal(hook, address(thief), STAKE);
        thief.challenge(hook, _id, STAKE);
        _rule(_id, IDisputeResolver.Ruling.Invalid);
        deal(hook, address(resolver), 10 * BOND); // something to steal
        thief.arm(hook);
        resolver.withdrawFor(address(thief));
        assertEq(hook.balanceOf(address(thief)), STAKE + BOND / 2, "once");
        assertTrue(thief.refused(), "the second withdrawal found nothing");
    }

    function test_challenge__reentered__cannotCountOneDepositTwice() public {
        HookToken hook = new HookToken();
        _deployWith(hook);
        _bonded(hook);
        Reenterer thief = new Reenterer(resolver);
        deal(hook, address(thief), STAKE);
        thief.arm(hook);
        thief.challenge(hook, _id, STAKE);
        assertTrue(thief.refused(), "the case was open already");
        assertEq(hook.balanceOf(address(resolver)), resolver.owed(), "covered");
    }
}

/// @notice A token that can lie about success, and blocks receivers.
contract RefusingToken is ERC20("Refusing", "REF") {
    bool private _lies;
    mapping(address account => bool) private _blocked;

    error Blocked();

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function lie(bool on) external {
        _lies = on;
    }

    function block_(address account, bool on) external {
        _blocked[account] = on;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !_lies && super.transferFrom(from, to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (_blocked[to]) revert Blocked();
        super._update(from, to, amount);
    }
}

/// @notice Calls back into the resolver whenever tokens move.
contract Reenterer {
    DisputeResolver private immutable _resolver;
    uint256 private _id;
    bool public refused;

    constructor(DisputeResolver resolver) {
        _resolver = resolver;
    }

    function arm(HookToken hook) external {
        hook.setHook(true);
    }

    function challenge(HookToken hook, uint256 id, uint256 stake) external {
        _id = id;
        hook.approve(address(_resolver), stake);
        _resolver.challenge(id, IDisputeResolver.Ground.Samples, "");
    }

    function tokensToSend(uint256) external {
        try _resolver.challenge(_id, IDisputeResolver.Ground.Weights, "") {}
        catch {
            refused = true;
        }
    }

    function tokensReceived(uint256) external {
        try _resolver.withdraw() {}
        catch {
            refused = true;
        }
    }
}

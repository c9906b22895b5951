// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {ISlotErrors} from "contracts/interfaces/ISlotErrors.sol";
import {ISlotEvents} from "contracts/interfaces/ISlotEvents.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {SlotFixture} from "./support/SlotFixture.sol";

contract ProposalsTest is SlotFixture {
    uint256 internal e;
    ISlotTypes.Generation internal generation;
    ISlotTypes.LeafProof internal proof;
    ISlotTypes.Actions internal actions;

    function setUp() public override {
        super.setUp();
        e = _next();
        _winSeed(e, 9 * TOKEN);
        actions = _fund(stranger, TOKEN);
        proof = _proof();
        generation = _generation(e, actions);
    }

    // updatePrompt

    function test_updatePrompt__proposesBondsAndOpensTheSlot() public {
        bytes memory prompt = _prompt(ann);
        uint256 id = governance.hashProposal(
            actions.targets, actions.values, actions.calldatas, keccak256(bytes(_description(e)))
        );
        vm.expectEmit(address(slots));
        emit ISlotEvents.SlotOpened(1, e, id, ann, setter, 1e15, slots.requiredCollateral(e));
        vm.expectEmit(address(slots));
        emit ISlotEvents.ProposalPosted(e, id, ann, generation, "ipfs://data", prompt);
        vm.expectEmit(address(resolver));
        emit IDisputeResolver.Bonded(id, ann, BOND, generation.dataDigest);
        assertEq(_submit(ann), id, "id");

        assertEq(uint256(governance.state(id)), uint256(IGovernor.ProposalState.Pending), "proposed");
        assertEq(governance.proposalProposer(id), address(slots), "I14: by PromptUpdate");
        assertEq(uint256(governance.trackOf(id)), uint256(IGovernance.Track.Fast), "fast");
        assertEq(resolver.bondOf(id).amount, BOND, "bond");
        assertEq(usdc.balanceOf(ann), 1_000_000 * USD - BOND, "pulled from the winner");
        assertEq(slots.activeProposal(), id, "active");
        assertEq(slots.openSlot(), 1, "slot");
        ISlotTypes.Slot memory slot = slots.slot(1);
        assertEq(slot.prompter, ann, "prompter");
        assertEq(slot.setter, setter, "setter");
        assertEq(slot.price, 1e15, "price");
        assertEq(slot.proposalId, id, "I14: a slot for the proposal");
        assertEq(slot.epoch, e, "epoch");
        assertEq(slot.openedAt, block.timestamp, "opened");
        assertEq(slot.closedAt, 0, "open");
        assertEq(slots.reservePrice(e + 1), 1e15 + 1, "the price sets the next reserve");
        assertEq(uint256(slots.stage(e)), uint256(ISlotTypes.Stage.Posted), "stage");
    }

    function test_updatePrompt__keepsTheTermsOfTheDay() public {
        _submit(ann);
        _defeat(slots.activeProposal());
        _toSubmitEnd(_next());
        _tune("prompterBps", 1_000);
        _tune("rewardSource", 1);
        ISlotTypes.Slot memory slot = slots.slot(1);
        assertEq(slot.prompterBps, 250, "prompter's share");
        assertEq(slot.setterBps, 250, "setter's share");
        assertEq(slot.rewardCapBps, 50, "cap");
        assertEq(slot.capWindow, CAP_WINDOW, "window");
        assertEq(slot.maturity, MATURITY, "maturity");
        assertEq(uint256(slot.rewardSource), uint256(ISlotTypes.RewardSource.Mint), "source");
        assertTrue(slot.rewardRequiresExecution, "followed advice only");
    }

    function test_updatePrompt__byAnOperatorOfTheWinner() public {
        vm.expectEmit(address(slots));
        emit ISlotEvents.OperatorSet(ann, stranger, true);
        vm.prank(ann);
        slots.setOperator(stranger, true);
        assertTrue(slots.isOperator(ann, stranger), "appointed");
        uint256 id = _submit(stranger);
        assertEq(resolver.bondOf(id).proposer, ann, "the bond is the winner's");
    }

    function test_updatePrompt__byADismissedOperatorReverts() public {
        vm.startPrank(ann);
        slots.setOperator(stranger, true);
        slots.setOperator(stranger, false);
        vm.stopPrank();
        _refused(stranger, abi.encodeWithSelector(ISlotErrors.OnlyWinner.selector, stranger));
    }

    function test_updatePrompt__byAStrangerReverts() public {
        _refused(stranger, abi.encodeWithSelector(ISlotErrors.OnlyWinner.selector, stranger));
        _refused(ben, abi.encodeWithSelector(ISlotErrors.OnlyWinner.selector, ben));
    }

    function test_updatePrompt__afterTheWindowReverts() public {
        vm.warp(slots.windowsOf(e).submitEnd);
        _refused(ann, _wrongStage(ISlotTypes.Stage.Lapsed));
        vm.warp(block.timestamp - 1);
        _submit(ann);
    }

    function test_updatePrompt__beforeTheSeedReverts() public {
        _toSubmitEnd(e);
        slots.forfeit(e);
        e = _next();
        _toCommit(e);
        _win(e, 9 * TOKEN);
        _refused(ann, _wrongStage(ISlotTypes.Stage.Settle));
        slots.settleAuction(e);
        _refused(ann, _wrongStage(ISlotTypes.Stage.Seed));
    }

    function test_updatePrompt__twiceReverts() public {
        _submit(ann);
        _refused(ann, _wrongStage(ISlotTypes.Stage.Posted));
    }

    function test_updatePrompt__withAnotherPromptReverts() public {
        bytes memory other = '{"advice":"other"}';
        vm.expectRevert(
            abi.encodeWithSelector(ISlotErrors.WrongPrompt.selector, keccak256(other), keccak256(_prompt(ann)))
        );
        vm.prank(ann);
        slots.updatePrompt(e, generation, proof, actions, "", other);
    }

    function test_updatePrompt__withATooLongPromptReverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.PromptTooLong.selector, 8193));
        vm.prank(ann);
        slots.updatePrompt(e, generation, proof, actions, "", new bytes(8193));
    }

    function test_updatePrompt__withAnotherModelReverts() public {
        generation.modelId = keccak256("other");
        _refused(ann, abi.encodeWithSelector(ISlotErrors.WrongModel.selector, generation.modelId, model));
    }

    function test_updatePrompt__withAnUnapprovedTemplateReverts() public {
        generation.templateId = keccak256("other");
        _refused(ann, abi.encodeWithSelector(ISlotErrors.TemplateNotApproved.selector, generation.templateId));
    }

    function test_updatePrompt__withAnUnapprovedSamplerReverts() public {
        generation.samplerId = keccak256("other");
        _refused(ann, abi.encodeWithSelector(ISlotErrors.SamplerNotApproved.selector, generation.samplerId));
    }

    function test_updatePrompt__withOtherCallsReverts() public {
        actions = _fund(ann, 100 * TOKEN);
        _refusedSamples();
        actions = _fund(stranger, TOKEN);
        actions.values[0] = 1;
        _refusedSamples();
        actions.values[0] = 0;
        actions.targets[0] = address(usdc);
        _refusedSamples();
    }

    function test_updatePrompt__withAnotherLeafReverts() public {
        generation.pick = 18;
        _refusedSamples();
        generation.pick = 17;
        proof.textHash = keccak256("another text");
        _refusedSamples();
    }

    function test_updatePrompt__withSamplesOfAnotherSeedReverts() public {
        generation.samplesRoot = _samplesRoot(keccak256("another seed"), generation.pick, proof, actions);
        _refusedSamples();
    }

    function test_updatePrompt__withATreeOfAnotherDepthReverts() public {
        proof.path.pop();
        generation.samplesRoot = _samplesRoot(slots.auction(e).seed, generation.pick, proof, actions);
        _refusedSamples();
        proof.path.push(keccak256("6"));
        proof.path.push(keccak256("7"));
        generation.samplesRoot = _samplesRoot(slots.auction(e).seed, generation.pick, proof, actions);
        _refusedSamples();
    }

    function test_updatePrompt__withoutConsensusReverts() public {
        generation.gammaBps = 199;
        _refused(ann, abi.encodeWithSelector(IGovernance.NoConsensus.selector, 199));
    }

    function test_updatePrompt__withoutOrWithTooManyCallsReverts() public {
        _setCalls(0);
        _refused(ann, abi.encodeWithSelector(IGovernance.TooManyActions.selector, 0));
        _setCalls(11);
        _refused(ann, abi.encodeWithSelector(IGovernance.TooManyActions.selector, 11));
    }

    function test_updatePrompt__withATargetWithoutCodeReverts() public {
        actions.targets[0] = stranger;
        generation = _generation(e, actions);
        _refused(ann, abi.encodeWithSelector(IGovernance.TargetHasNoCode.selector, stranger));
    }

    function test_updatePrompt__withoutTheBondReverts() public {
        vm.prank(ann);
        usdc.approve(address(slots), BOND - 1);
        _refused(
            ann,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(slots), BOND - 1, BOND)
        );
    }

    // abstain

    function test_abstain__paysThePriceToTheTreasuryAndOpensNoSlot() public {
        generation.gammaBps = 150;
        bytes memory prompt = _prompt(ann);
        uint256 treasury = token.balanceOf(address(timelock));
        vm.expectEmit(address(slots));
        emit ISlotEvents.Abstained(e, ann, 1e15, generation, "ipfs://data", prompt);
        vm.prank(ann);
        slots.abstain(e, generation, "ipfs://data", prompt);
        assertEq(token.balanceOf(address(timelock)) - treasury, 1e15, "price");
        assertEq(slots.openSlot(), 0, "no slot");
        assertEq(slots.activeProposal(), 0, "no proposal");
        assertEq(slots.lockedCollateralOf(ann) + slots.lockedCollateralOf(setter), 0, "unlocked");
        assertEq(slots.reservePrice(e + 1), 1e15, "no price to fade from");
        slots.withdrawBid(e, ann);
        assertEq(token.balanceOf(address(slots)), 3 * COLLATERAL, "the rest is returned");
        _commit(e + 1, ben, TOKEN); // the next auction opens at once
    }

    function test_abstain__worksWhenTheGovernorAcceptsNoProposalOfOurs() public {
        bytes memory replaced = abi.encodeWithSelector(IGovernance.OnlyPromptUpdate.selector, address(slots));
        vm.mockCallRevert(address(governance), abi.encodeWithSelector(IGovernance.proposeGenerated.selector), replaced);
        _refused(ann, replaced);
        vm.prank(ann);
        slots.abstain(e, generation, "", _prompt(ann));
    }

    function test_abstain__checksCallerStagePromptAndModel() public {
        bytes memory prompt = _prompt(ann);
        vm.expectRevert(abi.encodeWithSelector(ISlotErrors.OnlyWinner.selector, ben));
        vm.prank(ben);
        slots.abstain(e, generation, "", prompt);
        vm.startPrank(ann);
        vm.expectPartialRevert(ISlotErrors.WrongPrompt.selector);
        slots.abstain(e, generation, "", "other");
        generation.modelId = 0;
        vm.expectPartialRevert(ISlotErrors.WrongModel.selector);
        slots.abstain(e, generation, "", prompt);
        generation.modelId = model;
        slots.abstain(e, generation, "", prompt);
        vm.expectRevert(_wrongStage(ISlotTypes.Stage.Abstained));
        slots.abstain(e, generation, "", prompt);
    }

    // helpers

    function _submit(address from) private returns (uint256) {
        vm.prank(from);
        return slots.updatePrompt(e, generation, proof, actions, "ipfs://data", _prompt(ann));
    }

    function _refused(address from, bytes memory reason) private {
        vm.expectRevert(reason);
        _submit(from);
    }

    function _refusedSamples() private {
        vm.expectPartialRevert(ISlotErrors.NotInSamples.selector);
        _submit(ann);
    }

    function _setCalls(uint256 count) private {
        ISlotTypes.Actions memory many =
            ISlotTypes.Actions(new address[](count), new uint256[](count), new bytes[](count));
        for (uint256 i = 0; i < count; ++i) {
            many.targets[i] = address(token);
        }
        actions = many;
        generation = _generation(e, many);
    }

    function _wrongStage(ISlotTypes.Stage stage) private view returns (bytes memory) {
        return abi.encodeWithSelector(ISlotErrors.WrongStage.selector, e, stage, ISlotTypes.Stage.Submit);
    }
}

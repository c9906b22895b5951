// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {BToken} from "contracts/BToken.sol";
import {DisputeResolver} from "contracts/DisputeResolver.sol";
import {Governance} from "contracts/Governance.sol";
import {ModelRegistry} from "contracts/ModelRegistry.sol";
import {PromptUpdate} from "contracts/PromptUpdate.sol";
import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {IModelRegistry} from "contracts/interfaces/IModelRegistry.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";
import {MockUSDC} from "contracts/mocks/MockUSDC.sol";

import {Test} from "./Test.sol";

/// @notice The whole organisation with production parameters, a month after the start; only the arbitrator is an actor.
/// @dev 1,001 tokens: alice 400 (the voter), ann, ben and the setter 150 each, the treasury 150. Both bidders and the
/// setter have 40 tokens of collateral, a required side is 5.005.
abstract contract OrganisationFixture is Test {
    uint256 internal constant START = 1_700_000_000;
    uint256 internal constant USD = 1e6;
    uint256 internal constant TOKEN = 1e18;
    uint256 internal constant EPOCH = 1 days;
    uint256 internal constant REVEAL = 6 hours;
    uint256 internal constant SUBMIT = 12 hours;
    uint256 internal constant MATURITY = 1 days;
    uint256 internal constant CAP_WINDOW = 4 hours;
    uint256 internal constant SEED_DELAY = 8;
    uint256 internal constant BOND = 1_000 * USD;
    uint256 internal constant COLLATERAL = 40 * TOKEN;
    bytes32 internal constant TEMPLATE = keccak256("template");
    bytes32 internal constant SAMPLER = keccak256("sampler");

    MockUSDC internal usdc;
    BToken internal token;
    TimelockController internal timelock;
    Governance internal governance;
    DisputeResolver internal resolver;
    ModelRegistry internal registry;
    PromptUpdate internal slots;

    address internal arbitrator;
    address internal alice;
    address internal ann;
    address internal ben;
    address internal setter;
    address internal stranger;
    bytes32 internal model;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1_000);
        arbitrator = _actor("arbitrator");
        alice = _actor("alice");
        ann = _actor("ann");
        ben = _actor("ben");
        setter = _actor("setter");
        stranger = _actor("stranger");
        usdc = new MockUSDC();
        _deployAll(vm.getNonce(address(this)));
        model = registry.constitutionalModel();
        _buy(alice, 1_000 * TOKEN);
        skip(31 days);
        address[3] memory sides = [ann, ben, setter];
        vm.startPrank(alice);
        token.delegate(alice);
        for (uint256 i = 0; i < 3; ++i) {
            token.transfer(sides[i], 150 * TOKEN);
        }
        token.transfer(address(timelock), 150 * TOKEN);
        vm.stopPrank();
        for (uint256 i = 0; i < 3; ++i) {
            usdc.mint(sides[i], 1_000_000 * USD);
            vm.startPrank(sides[i]);
            token.approve(address(slots), type(uint256).max);
            usdc.approve(address(slots), type(uint256).max);
            slots.depositCollateral(COLLATERAL);
            vm.stopPrank();
        }
        skip(7 days); // the votes are of age
        vm.warp(slots.epochStart(slots.currentEpoch() + 1)); // at the start of a commit phase
    }

    // Deployment

    function _deployAll(uint256 nonce) private {
        governance = Governance(payable(_predict(nonce)));
        resolver = DisputeResolver(_predict(nonce + 1));
        timelock = TimelockController(payable(_predict(nonce + 2)));
        registry = ModelRegistry(_predict(nonce + 3));
        token = BToken(_predict(nonce + 4));
        slots = PromptUpdate(_predict(nonce + 5));
        new Governance(_governanceConfig());
        new DisputeResolver(_resolverConfig());
        address[] memory governors = new address[](1);
        governors[0] = address(governance);
        new TimelockController(2 days, governors, governors, address(0));
        new ModelRegistry(_registryConfig());
        IBToken.Config memory config = _tokenConfig();
        usdc.mint(address(this), config.initialReserve);
        usdc.approve(address(token), config.initialReserve);
        new BToken(config);
        new PromptUpdate(_slotsConfig());
        assertGt(address(slots).code.length, 0, "the predicted addresses hold");
    }

    function _predict(uint256 nonce) private view returns (address) {
        return vm.computeCreateAddress(address(this), nonce);
    }

    function _governanceConfig() private view returns (IGovernance.Config memory config) {
        config.token = address(token);
        config.reserveToken = address(usdc);
        config.timelock = address(timelock);
        config.promptUpdate = address(slots);
        config.modelRegistry = address(registry);
        config.disputeResolver = address(resolver);
        config.votingDelay = 1 hours;
        config.votingPeriodFast = 1 days;
        config.votingPeriodSlow = 7 days;
        config.quorumFastBps = 400;
        config.quorumSlowBps = 1_000;
        config.fastBudgetBps = 500;
        config.fastWindow = 30 days;
        config.voteAge = 3 days;
        config.lateQuorumExtension = 12 hours;
        config.gracePeriod = 14 days;
        config.repairAfter = 30 days;
        config.repairThresholdBps = 1_000;
    }

    function _resolverConfig() private view returns (IDisputeResolver.Config memory) {
        return IDisputeResolver.Config({
            reserveToken: address(usdc),
            governance: address(governance),
            timelock: address(timelock),
            arbitrator: arbitrator,
            baseStake: 500 * USD,
            publishWindow: 1 days,
            rulingTimeout: 3 days,
            postRulingDelay: 1 days,
            treasuryBps: 5_000,
            local: false
        });
    }

    function _registryConfig() private view returns (IModelRegistry.Config memory config) {
        config.timelock = address(timelock);
        config.minAge = 1 days;
        config.models = new IModelRegistry.GenesisModel[](1);
        config.models[0] = IModelRegistry.GenesisModel(setter, _commitmentOf("weights"));
        config.templates = new IModelRegistry.GenesisRule[](1);
        config.templates[0] = IModelRegistry.GenesisRule(TEMPLATE, "uri");
        config.samplers = new IModelRegistry.GenesisRule[](1);
        config.samplers[0] = IModelRegistry.GenesisRule(SAMPLER, "uri");
    }

    function _tokenConfig() private view returns (IBToken.Config memory config) {
        config.name = "Organisation Token";
        config.symbol = "ORG";
        config.reserveToken = usdc;
        config.admin = address(timelock);
        config.rewarder = address(slots);
        config.initialReserve = USD / 2;
        config.mintLock = 1 days;
        config.minterCapBps = 2_000;
        config.minterWindow = 30 days;
        config.rewarderCapBps = 200;
        config.rewarderWindow = 7 days;
    }

    function _slotsConfig() internal view returns (ISlotTypes.Config memory) {
        return ISlotTypes.Config({
            bToken: address(token),
            reserveToken: address(usdc),
            governance: address(governance),
            timelock: address(timelock),
            epochLength: EPOCH,
            revealDuration: REVEAL,
            submitWindow: SUBMIT,
            seedDelay: SEED_DELAY,
            capWindow: CAP_WINDOW,
            maturity: MATURITY,
            prompterBps: 250,
            setterBps: 250,
            rewardCapBps: 50,
            minBid: 1e15,
            proposalBond: BOND,
            minCollateral: TOKEN,
            rewardSource: 0,
            rewardRequiresExecution: 1,
            local: false
        });
    }

    // Holders

    function _buy(address account, uint256 tokens) internal {
        uint256 cost = token.costToMint(tokens);
        usdc.mint(account, cost);
        vm.startPrank(account);
        usdc.approve(address(token), cost);
        token.permissionlessMint(tokens, cost, block.timestamp);
        vm.stopPrank();
    }

    function _redeem(address account, uint256 tokens) internal {
        vm.prank(account);
        token.redeem(tokens, 0, block.timestamp);
    }

    // The timelock, as executed proposals act

    function _commitmentOf(bytes32 weights) internal pure returns (IModelRegistry.Commitment memory) {
        return IModelRegistry.Commitment(weights, bytes32("tokens"), bytes32("engine"), "uri");
    }

    function _approve(bytes32 modelId) internal {
        vm.prank(address(timelock));
        registry.setStatus(modelId, IModelRegistry.Status.Approved);
    }

    /// @notice Sets a parameter as an executed proposal does.
    function _tune(bytes32 name, uint256 value) internal {
        vm.prank(address(timelock));
        slots.setParameter(name, value);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {BToken} from "contracts/BToken.sol";
import {DisputeResolver} from "contracts/DisputeResolver.sol";
import {Governance} from "contracts/Governance.sol";
import {ModelRegistry} from "contracts/ModelRegistry.sol";
import {PromptUpdate} from "contracts/PromptUpdate.sol";
import {VerifierCommittee} from "contracts/VerifierCommittee.sol";
import {IBToken} from "contracts/interfaces/IBToken.sol";
import {IDisputeResolver} from "contracts/interfaces/IDisputeResolver.sol";
import {IGovernance} from "contracts/interfaces/IGovernance.sol";
import {IModelRegistry} from "contracts/interfaces/IModelRegistry.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";
import {IVerifierCommittee} from "contracts/interfaces/IVerifierCommittee.sol";
import {MockUSDC} from "contracts/mocks/MockUSDC.sol";

import {Test} from "./Test.sol";

/// @notice All contracts of the organisation, wired and parametrised as in production.
abstract contract Deployed is Test {
    uint256 internal constant START = 1_700_000_000;
    uint256 internal constant USD = 1e6;
    uint256 internal constant TOKEN = 1e18;
    bytes32 internal constant TEMPLATE = keccak256("template");
    bytes32 internal constant SAMPLER = keccak256("sampler");

    MockUSDC internal usdc;
    TimelockController internal timelock;
    BToken internal token;
    ModelRegistry internal registry;
    DisputeResolver internal resolver;
    VerifierCommittee internal committee;
    Governance internal governance;
    PromptUpdate internal slots;

    address internal verifier;
    address internal setter;
    bytes32 internal model;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1_000);
        verifier = _actor("verifier");
        setter = _actor("setter");
        _deploySystem();
    }

    // Deployment, in the order of scripts/deploy.py: every address is known before the first transaction.

    function _deploySystem() private {
        usdc = new MockUSDC();
        usdc.mint(address(this), USD / 2);
        uint256 nonce = vm.getNonce(address(this));
        address[7] memory places;
        for (uint256 i = 0; i < 7; ++i) {
            places[i] = vm.computeCreateAddress(address(this), nonce + i);
        }
        usdc.approve(places[1], USD / 2);

        address[] memory onlyGovernance = new address[](1);
        onlyGovernance[0] = places[5];
        timelock = new TimelockController(2 days, onlyGovernance, onlyGovernance, address(0));
        token = new BToken(_tokenConfig(places[6]));
        registry = new ModelRegistry(_registryConfig());
        resolver = new DisputeResolver(_resolverConfig(places[5], places[4]));
        committee = new VerifierCommittee(_committeeConfig());
        governance = new Governance(_governanceConfig(places[6]));
        slots = new PromptUpdate(_slotsConfig());
        assertEq(address(slots), places[6], "the last address is the predicted one");
        model = registry.constitutionalModel();
    }

    function _tokenConfig(address promptUpdate) private view returns (IBToken.Config memory) {
        return IBToken.Config({
            name: "Gengov",
            symbol: "GEN",
            reserveToken: usdc,
            admin: address(timelock),
            rewarder: promptUpdate,
            initialReserve: USD / 2,
            mintLock: 1 days,
            redeemFeeBps: 0,
            minterCapBps: 2_000,
            minterWindow: 30 days,
            rewarderCapBps: 200,
            rewarderWindow: 7 days,
            local: false
        });
    }

    function _registryConfig() private view returns (IModelRegistry.Config memory config) {
        config.timelock = address(timelock);
        config.minAge = 1 days;
        config.models = new IModelRegistry.GenesisModel[](1);
        config.models[0] = IModelRegistry.GenesisModel(
            setter, IModelRegistry.Commitment("weights", "tokenizer", "engine", "ipfs://model")
        );
        config.templates = new IModelRegistry.GenesisRule[](1);
        config.templates[0] = IModelRegistry.GenesisRule(TEMPLATE, "ipfs://template");
        config.samplers = new IModelRegistry.GenesisRule[](1);
        config.samplers[0] = IModelRegistry.GenesisRule(SAMPLER, "ipfs://sampler");
    }

    function _resolverConfig(address governance_, address arbitrator)
        private
        view
        returns (IDisputeResolver.Config memory)
    {
        return IDisputeResolver.Config({
            reserveToken: address(usdc),
            governance: governance_,
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

    function _committeeConfig() private view returns (IVerifierCommittee.Config memory) {
        address[] memory members = new address[](1);
        members[0] = verifier;
        return IVerifierCommittee.Config(address(resolver), address(timelock), members, 1);
    }

    function _governanceConfig(address promptUpdate) private view returns (IGovernance.Config memory) {
        return IGovernance.Config({
            token: address(token),
            reserveToken: address(usdc),
            timelock: address(timelock),
            promptUpdate: promptUpdate,
            modelRegistry: address(registry),
            disputeResolver: address(resolver),
            votingDelay: 0,
            votingPeriodFast: 1 days,
            votingPeriodSlow: 7 days,
            quorumFastBps: 400,
            quorumSlowBps: 1_000,
            fastBudgetBps: 500,
            fastWindow: 30 days,
            voteAge: 3 days,
            lateQuorumExtension: 12 hours,
            gracePeriod: 14 days,
            repairAfter: 30 days,
            repairThresholdBps: 1_000,
            local: false
        });
    }

    function _slotsConfig() private view returns (ISlotTypes.Config memory) {
        return ISlotTypes.Config({
            bToken: address(token),
            reserveToken: address(usdc),
            governance: address(governance),
            timelock: address(timelock),
            epochLength: 1 days,
            revealDuration: 6 hours,
            submitWindow: 12 hours,
            seedDelay: 8,
            capWindow: 4 hours,
            maturity: 1 days,
            prompterBps: 250,
            setterBps: 250,
            rewardCapBps: 50,
            minBid: TOKEN / 1_000,
            proposalBond: 1_000 * USD,
            minCollateral: TOKEN,
            rewardSource: 0,
            rewardRequiresExecution: 1,
            local: false
        });
    }
}

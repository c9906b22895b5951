// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelRegistry} from "contracts/ModelRegistry.sol";
import {IModelRegistry} from "contracts/interfaces/IModelRegistry.sol";

import {Test} from "./support/Test.sol";

/// @notice Branches: ModelRegistry.tree.
contract ModelRegistryTest is Test {
    uint256 internal constant START = 1_700_000_000;
    bytes32 internal constant TEMPLATE = keccak256("template");
    bytes32 internal constant SAMPLER = keccak256("sampler");

    ModelRegistry internal registry;
    address internal timelock;
    address internal alice;
    bytes32 internal genesis;

    function setUp() public {
        vm.warp(START);
        timelock = _actor("timelock");
        alice = _actor("alice");
        registry = new ModelRegistry(_config());
        genesis = registry.modelIdOf(alice, _commitment("genesis"));
    }

    // Deployment

    function test_constructor__approvesWhatTheOrganisationStartsWith() public view {
        assertEq(registry.timelock(), timelock, "timelock");
        assertEq(registry.minAge(), 1 days, "minimum age");
        assertFalse(registry.localProfile(), "production floors");
        assertEq(registry.setterOf(genesis), alice, "setter");
        assertEq(registry.constitutionalModel(), genesis, "the first model");
        assertEq(registry.currentModelUrl(), "ipfs://genesis", "its address");
        assertTrue(registry.templateApproved(TEMPLATE), "template");
        assertTrue(registry.samplerApproved(SAMPLER), "sampler");
        assertTrue(registry.usable(registry.modelIdOf(alice, _commitment("second")), START + 1 days), "second model");
    }

    function test_constructor__mayStartEmpty() public {
        IModelRegistry.Config memory config = _config();
        config.models = new IModelRegistry.GenesisModel[](0);
        config.templates = new IModelRegistry.GenesisRule[](0);
        config.samplers = new IModelRegistry.GenesisRule[](0);
        registry = new ModelRegistry(config);
        assertEq(registry.constitutionalModel(), bytes32(0), "none");
        assertEq(registry.currentModelUrl(), "", "nowhere");
    }

    function test_constructor__emitsWhatItApproves() public {
        IModelRegistry.Config memory config = _config();
        vm.expectEmit();
        emit IModelRegistry.ModelRegistered(genesis, alice, _commitment("genesis"));
        vm.expectEmit();
        emit IModelRegistry.ModelStatusChanged(
            genesis, IModelRegistry.Status.Registered, IModelRegistry.Status.Approved
        );
        vm.expectEmit();
        emit IModelRegistry.ConstitutionalModelChanged(0, genesis);
        vm.expectEmit();
        emit IModelRegistry.TemplateSet(TEMPLATE, true, "ipfs://template");
        vm.expectEmit();
        emit IModelRegistry.SamplerSet(SAMPLER, true, "ipfs://sampler");
        new ModelRegistry(config);
    }

    function test_constructor__refusesAMissingTimelock() public {
        IModelRegistry.Config memory config = _config();
        config.timelock = address(0);
        vm.expectRevert(IModelRegistry.ZeroAddress.selector);
        new ModelRegistry(config);
    }

    function test_constructor__refusesAMissingSetter() public {
        IModelRegistry.Config memory config = _config();
        config.models[0].setter = address(0);
        vm.expectRevert(IModelRegistry.ZeroAddress.selector);
        new ModelRegistry(config);
    }

    function test_constructor__boundsTheMinimumAge() public {
        _expectMinAgeOutOfBounds(1 days - 1, 1 days, false);
        _expectMinAgeOutOfBounds(30 days + 1, 1 days, false);
        _expectMinAgeOutOfBounds(1 minutes - 1, 1 minutes, true);

        IModelRegistry.Config memory config = _config();
        (config.local, config.minAge) = (true, 1 minutes);
        assertEq(new ModelRegistry(config).minAge(), 1 minutes, "short on a development chain");
    }

    function test_constructor__refusesTheLocalProfileOnARealChain() public {
        vm.chainId(1);
        IModelRegistry.Config memory config = _config();
        config.local = true;
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.LocalProfileRefused.selector, 1));
        new ModelRegistry(config);
    }

    // Registration

    function test_register__makesTheCallerTheSetter() public {
        IModelRegistry.Commitment memory commitment = _commitment("new");
        bytes32 id = registry.modelIdOf(alice, commitment);
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelRegistered(id, alice, commitment);
        vm.prank(alice);
        assertEq(registry.register(commitment), id, "returns the id");

        IModelRegistry.Model memory model = registry.modelOf(id);
        assertEq(model.setter, alice, "setter");
        assertEq(uint256(model.registeredAt), START, "time");
        assertTrue(model.status == IModelRegistry.Status.Registered, "status");
        assertEq(model.commitment.weightsRoot, commitment.weightsRoot, "weights");
        assertEq(model.commitment.uri, commitment.uri, "uri");
    }

    function test_register__twoSettersOfOneCommitmentAreTwoModels() public {
        bytes32 own = registry.register(_commitment("genesis"));
        assertNotEq(own, genesis, "no id can be taken from its setter");
        assertEq(registry.setterOf(own), address(this), "own");
        assertEq(registry.setterOf(genesis), alice, "the first stays");
    }

    function test_register__refusesTheSameTwice() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.AlreadyRegistered.selector, genesis));
        registry.register(_commitment("genesis"));
    }

    function test_register__refusesAnIncompleteCommitment() public {
        for (uint256 i = 0; i < 4; ++i) {
            IModelRegistry.Commitment memory commitment = _commitment("new");
            if (i == 0) commitment.weightsRoot = 0;
            if (i == 1) commitment.tokenizerHash = 0;
            if (i == 2) commitment.engineHash = 0;
            if (i == 3) commitment.uri = "";
            vm.expectRevert(IModelRegistry.IncompleteCommitment.selector);
            registry.register(commitment);
        }
    }

    function testFuzz_modelIdOf__isTheHashOfSetterAndCommitment(
        address setter,
        bytes32 weights,
        bytes32 tokenizer,
        bytes32 engine,
        string memory uri
    ) public view {
        bytes32 id = registry.modelIdOf(setter, IModelRegistry.Commitment(weights, tokenizer, engine, uri));
        assertEq(id, keccak256(abi.encode(setter, weights, tokenizer, engine, uri)), "formula");
    }

    // Approval

    function test_setStatus__approvesAndRevokes() public {
        bytes32 id = registry.register(_commitment("new"));
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelStatusChanged(id, IModelRegistry.Status.Registered, IModelRegistry.Status.Approved);
        _setStatus(id, IModelRegistry.Status.Approved);
        assertTrue(registry.usable(id, START + 1 days), "usable");

        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelStatusChanged(id, IModelRegistry.Status.Approved, IModelRegistry.Status.Revoked);
        _setStatus(id, IModelRegistry.Status.Revoked);
        assertFalse(registry.usable(id, START + 1 days), "revoked");

        _setStatus(id, IModelRegistry.Status.Approved);
        assertTrue(registry.usable(id, START + 1 days), "approved again");
    }

    function test_setStatus__revokingTheConstitutionalModelLeavesNone() public {
        vm.expectEmit(address(registry));
        emit IModelRegistry.ConstitutionalModelChanged(genesis, 0);
        _setStatus(genesis, IModelRegistry.Status.Revoked);
        assertEq(registry.constitutionalModel(), bytes32(0), "none");
        assertEq(registry.currentModelUrl(), "", "nowhere");
    }

    function test_setStatus__refusesStatesThatAreNoDecision() public {
        _expectStatusRefused(IModelRegistry.Status.None);
        _expectStatusRefused(IModelRegistry.Status.Registered);
    }

    function test_setStatus__refusesUnknownModels() public {
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("?")));
        registry.setStatus("?", IModelRegistry.Status.Approved);
    }

    function test_setConstitutionalModel__namesAnApprovedModel() public {
        bytes32 second = registry.modelIdOf(alice, _commitment("second"));
        vm.expectEmit(address(registry));
        emit IModelRegistry.ConstitutionalModelChanged(genesis, second);
        vm.prank(timelock);
        registry.setConstitutionalModel(second);
        assertEq(registry.currentModelUrl(), "ipfs://second", "changed");
    }

    function test_setConstitutionalModel__refusesWhatIsNotApproved() public {
        bytes32 id = registry.register(_commitment("new"));
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelNotApproved.selector, id));
        registry.setConstitutionalModel(id);
    }

    function test_setTemplate__approvesAndWithdraws() public {
        vm.expectEmit(address(registry));
        emit IModelRegistry.TemplateSet(TEMPLATE, false, "");
        vm.prank(timelock);
        registry.setTemplate(TEMPLATE, false, "");
        assertFalse(registry.templateApproved(TEMPLATE), "withdrawn");
        assertTrue(registry.samplerApproved(SAMPLER), "the sampler stays");
    }

    function test_setSampler__approvesAndWithdraws() public {
        vm.expectEmit(address(registry));
        emit IModelRegistry.SamplerSet("new", true, "ipfs://new");
        vm.prank(timelock);
        registry.setSampler("new", true, "ipfs://new");
        assertTrue(registry.samplerApproved("new"), "approved");
        assertFalse(registry.templateApproved("new"), "not as a template");
    }

    function test_rules__refuseTheZeroId() public {
        vm.prank(timelock);
        vm.expectRevert(IModelRegistry.ZeroId.selector);
        registry.setTemplate(0, true, "");
        vm.prank(timelock);
        vm.expectRevert(IModelRegistry.ZeroId.selector);
        registry.setSampler(0, true, "");
    }

    function test_governance__isTheTimelockAlone() public {
        bytes memory refusal = abi.encodeWithSelector(IModelRegistry.OnlyTimelock.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refusal);
        registry.setStatus(genesis, IModelRegistry.Status.Approved);
        vm.expectRevert(refusal);
        registry.setConstitutionalModel(genesis);
        vm.expectRevert(refusal);
        registry.setTemplate(TEMPLATE, true, "");
        vm.expectRevert(refusal);
        registry.setSampler(SAMPLER, true, "");
        vm.stopPrank();
    }

    // Views

    function test_usable__needsADayOfAge() public {
        assertFalse(registry.usable(genesis, START + 1 days - 1), "too young for that auction");
        assertTrue(registry.usable(genesis, START + 1 days), "old enough");
        skip(10 days);
        bytes32 id = registry.register(_commitment("late"));
        _setStatus(id, IModelRegistry.Status.Approved);
        assertFalse(registry.usable(id, block.timestamp), "weights are fixed before the auction opens");
    }

    function test_usable__needsApproval() public {
        bytes32 id = registry.register(_commitment("new"));
        assertFalse(registry.usable(id, START + 30 days), "registered only");
        assertFalse(registry.usable("?", START + 30 days), "unknown");
    }

    function test_views__onUnknownModels() public {
        assertEq(registry.setterOf("?"), address(0), "no setter");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("?")));
        registry.modelOf("?");
    }

    // Builders

    function _commitment(string memory name) private pure returns (IModelRegistry.Commitment memory) {
        return IModelRegistry.Commitment({
            weightsRoot: keccak256(bytes(string.concat(name, " weights"))),
            tokenizerHash: keccak256("tokenizer"),
            engineHash: keccak256("engine"),
            uri: string.concat("ipfs://", name)
        });
    }

    function _config() private view returns (IModelRegistry.Config memory config) {
        config.timelock = timelock;
        config.minAge = 1 days;
        config.models = new IModelRegistry.GenesisModel[](2);
        config.models[0] = IModelRegistry.GenesisModel(alice, _commitment("genesis"));
        config.models[1] = IModelRegistry.GenesisModel(alice, _commitment("second"));
        config.templates = new IModelRegistry.GenesisRule[](1);
        config.templates[0] = IModelRegistry.GenesisRule(TEMPLATE, "ipfs://template");
        config.samplers = new IModelRegistry.GenesisRule[](1);
        config.samplers[0] = IModelRegistry.GenesisRule(SAMPLER, "ipfs://sampler");
    }

    function _setStatus(bytes32 id, IModelRegistry.Status status) private {
        vm.prank(timelock);
        registry.setStatus(id, status);
    }

    function _expectStatusRefused(IModelRegistry.Status status) private {
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StatusNotSettable.selector, status));
        registry.setStatus(genesis, status);
    }

    function _expectMinAgeOutOfBounds(uint256 minAge, uint256 min, bool local) private {
        IModelRegistry.Config memory config = _config();
        (config.minAge, config.local) = (minAge, local);
        bytes4 selector = IModelRegistry.ParameterOutOfBounds.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, bytes32("minAge"), minAge, min, 30 days));
        new ModelRegistry(config);
    }
}

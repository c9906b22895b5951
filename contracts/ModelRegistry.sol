// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title ModelRegistry
/// @notice See {IModelRegistry}.
contract ModelRegistry is IModelRegistry {
    /// @inheritdoc IModelRegistry
    address public immutable timelock;
    /// @inheritdoc IModelRegistry
    uint256 public immutable minAge;
    /// @inheritdoc IModelRegistry
    bool public immutable localProfile;

    /// @inheritdoc IModelRegistry
    bytes32 public constitutionalModel;
    /// @inheritdoc IModelRegistry
    mapping(bytes32 id => bool) public templateApproved;
    /// @inheritdoc IModelRegistry
    mapping(bytes32 id => bool) public samplerApproved;

    mapping(bytes32 id => Model) private _models;

    modifier onlyTimelock() {
        if (msg.sender != timelock) revert OnlyTimelock(msg.sender);
        _;
    }

    constructor(Config memory config) {
        if (config.local && block.chainid != 31337 && block.chainid != 1337) revert LocalProfileRefused(block.chainid);
        if (config.timelock == address(0)) revert ZeroAddress();
        uint256 min = config.local ? 1 minutes : 1 days;
        if (config.minAge < min || config.minAge > 30 days) {
            revert ParameterOutOfBounds("minAge", config.minAge, min, 30 days);
        }
        timelock = config.timelock;
        minAge = config.minAge;
        localProfile = config.local;

        for (uint256 i = 0; i < config.models.length; ++i) {
            bytes32 id = _register(config.models[i].setter, config.models[i].commitment);
            _setStatus(id, Status.Approved);
            if (i == 0) _setConstitutionalModel(id);
        }
        for (uint256 i = 0; i < config.templates.length; ++i) {
            _setTemplate(config.templates[i].id, true, config.templates[i].uri);
        }
        for (uint256 i = 0; i < config.samplers.length; ++i) {
            _setSampler(config.samplers[i].id, true, config.samplers[i].uri);
        }
    }

    // Weight setters

    /// @inheritdoc IModelRegistry
    function register(Commitment calldata commitment) external returns (bytes32) {
        return _register(msg.sender, commitment);
    }

    // Governance

    /// @inheritdoc IModelRegistry
    function setStatus(bytes32 id, Status status) external onlyTimelock {
        if (status != Status.Approved && status != Status.Revoked) revert StatusNotSettable(status);
        _setStatus(id, status);
        if (status == Status.Revoked && id == constitutionalModel) _setConstitutionalModel(0);
    }

    /// @inheritdoc IModelRegistry
    function setConstitutionalModel(bytes32 id) external onlyTimelock {
        if (_models[id].status != Status.Approved) revert ModelNotApproved(id);
        _setConstitutionalModel(id);
    }

    /// @inheritdoc IModelRegistry
    function setTemplate(bytes32 id, bool approved, string calldata uri) external onlyTimelock {
        _setTemplate(id, approved, uri);
    }

    /// @inheritdoc IModelRegistry
    function setSampler(bytes32 id, bool approved, string calldata uri) external onlyTimelock {
        _setSampler(id, approved, uri);
    }

    // Views

    /// @inheritdoc IModelRegistry
    function usable(bytes32 id, uint256 timepoint) external view returns (bool) {
        Model storage model = _models[id];
        return model.status == Status.Approved && model.registeredAt + minAge <= timepoint;
    }

    /// @inheritdoc IModelRegistry
    function setterOf(bytes32 id) external view returns (address) {
        return _models[id].setter;
    }

    /// @inheritdoc IModelRegistry
    function modelOf(bytes32 id) external view returns (Model memory) {
        if (_models[id].status == Status.None) revert UnknownModel(id);
        return _models[id];
    }

    /// @inheritdoc IModelRegistry
    function currentModelUrl() external view returns (string memory) {
        return _models[constitutionalModel].commitment.uri;
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(address setter, Commitment memory commitment) public pure returns (bytes32) {
        return keccak256(
            abi.encode(setter, commitment.weightsRoot, commitment.tokenizerHash, commitment.engineHash, commitment.uri)
        );
    }

    // Internal

    function _register(address setter, Commitment memory commitment) private returns (bytes32 id) {
        if (setter == address(0)) revert ZeroAddress();
        if (
            commitment.weightsRoot == 0 || commitment.tokenizerHash == 0 || commitment.engineHash == 0
                || bytes(commitment.uri).length == 0
        ) revert IncompleteCommitment();
        id = modelIdOf(setter, commitment);
        Model storage model = _models[id];
        if (model.status != Status.None) revert AlreadyRegistered(id);

        model.setter = setter;
        model.registeredAt = uint48(block.timestamp);
        model.status = Status.Registered;
        model.commitment = commitment;
        emit ModelRegistered(id, setter, commitment);
    }

    function _setStatus(bytes32 id, Status status) private {
        Status previous = _models[id].status;
        if (previous == Status.None) revert UnknownModel(id);
        _models[id].status = status;
        emit ModelStatusChanged(id, previous, status);
    }

    function _setConstitutionalModel(bytes32 id) private {
        bytes32 previous = constitutionalModel;
        constitutionalModel = id;
        emit ConstitutionalModelChanged(previous, id);
    }

    function _setTemplate(bytes32 id, bool approved, string memory uri) private {
        if (id == 0) revert ZeroId();
        templateApproved[id] = approved;
        emit TemplateSet(id, approved, uri);
    }

    function _setSampler(bytes32 id, bool approved, string memory uri) private {
        if (id == 0) revert ZeroId();
        samplerApproved[id] = approved;
        emit SamplerSet(id, approved, uri);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IModelRegistry
/// @notice Models by the commitment to their weights, and the prompt templates and sampling rules that count.
/// @dev Anyone registers; only the timelock approves, so that every approval passes a slow vote.
interface IModelRegistry {
    /// @notice Life of a model. It can be revoked and approved again.
    enum Status {
        None,
        Registered,
        Approved,
        Revoked
    }

    /// @notice What a weight setter commits to.
    /// @param weightsRoot Merkle root over the chunks of the weight files.
    /// @param tokenizerHash Hash of the tokenizer files.
    /// @param engineHash Hash of the rules of inference (engine, numeric class, grammar version).
    /// @param uri Where the manifest and the weights are found.
    struct Commitment {
        bytes32 weightsRoot;
        bytes32 tokenizerHash;
        bytes32 engineHash;
        string uri;
    }

    /// @notice A registered model.
    struct Model {
        address setter;
        uint48 registeredAt;
        Status status;
        Commitment commitment;
    }

    /// @notice A model that is registered and approved at deployment.
    struct GenesisModel {
        address setter;
        Commitment commitment;
    }

    /// @notice A template or sampler that is approved at deployment.
    struct GenesisRule {
        bytes32 id;
        string uri;
    }

    /// @notice What the registry is deployed with; the first genesis model becomes the constitutional model.
    /// @param timelock The only one that approves and revokes.
    /// @param minAge Seconds that a model must be registered before it can be bid with (1..30 days).
    /// @param local Whether `minAge` may be as short as a minute (development chains only).
    struct Config {
        address timelock;
        uint256 minAge;
        bool local;
        GenesisModel[] models;
        GenesisRule[] templates;
        GenesisRule[] samplers;
    }

    /// @notice Emitted when `setter` registers a model.
    event ModelRegistered(bytes32 indexed id, address indexed setter, Commitment commitment);

    /// @notice Emitted when governance approves or revokes a model.
    event ModelStatusChanged(bytes32 indexed id, Status previous, Status status);

    /// @notice Emitted when governance changes the constitutional model; 0 when it was revoked.
    event ConstitutionalModelChanged(bytes32 indexed previous, bytes32 indexed id);

    /// @notice Emitted when governance approves or withdraws a prompt template.
    event TemplateSet(bytes32 indexed id, bool approved, string uri);

    /// @notice Emitted when governance approves or withdraws a sampling rule.
    event SamplerSet(bytes32 indexed id, bool approved, string uri);

    /// @notice Only the timelock may call this.
    error OnlyTimelock(address caller);

    /// @notice An address that must be set is zero.
    error ZeroAddress();

    /// @notice A commitment names its weights root, tokenizer, engine and uri; none may be empty.
    error IncompleteCommitment();

    /// @notice This setter registered the same commitment before.
    error AlreadyRegistered(bytes32 id);

    /// @notice No model has this id.
    error UnknownModel(bytes32 id);

    /// @notice A status can be set to Approved or Revoked only.
    error StatusNotSettable(Status status);

    /// @notice The constitutional model must be approved.
    error ModelNotApproved(bytes32 id);

    /// @notice The id of a template or sampler is zero.
    error ZeroId();

    /// @notice The value lies outside its bounds.
    error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);

    /// @notice The local profile (short times) is for development chains only.
    error LocalProfileRefused(uint256 chainId);

    /// @notice Registers a model for the caller, who is its weight setter.
    /// @return id See {modelIdOf}.
    function register(Commitment calldata commitment) external returns (bytes32 id);

    /// @notice Approves or revokes a model; timelock only. Revoking the constitutional model leaves none.
    function setStatus(bytes32 id, Status status) external;

    /// @notice Names the organisation's constitutional model, which must be approved; timelock only.
    function setConstitutionalModel(bytes32 id) external;

    /// @notice Approves or withdraws a prompt template; timelock only.
    function setTemplate(bytes32 id, bool approved, string calldata uri) external;

    /// @notice Approves or withdraws a sampling rule; timelock only.
    function setSampler(bytes32 id, bool approved, string calldata uri) external;

    /// @notice keccak256(abi.encode(setter, weightsRoot, tokenizerHash, engineHash, uri)).
    function modelIdOf(address setter, Commitment calldata commitment) external pure returns (bytes32 id);

    /// @notice Whether a model may be used in an auction that opens at `timepoint`: approved, and registered `minAge` before.
    function usable(bytes32 id, uint256 timepoint) external view returns (bool);

    /// @notice The weight setter of a model; zero if it is unknown.
    function setterOf(bytes32 id) external view returns (address);

    /// @notice Everything about a model; reverts with {UnknownModel}.
    function modelOf(bytes32 id) external view returns (Model memory);

    /// @notice Whether prompts may be made from this template.
    function templateApproved(bytes32 id) external view returns (bool);

    /// @notice Whether answers may be drawn by this sampling rule.
    function samplerApproved(bytes32 id) external view returns (bool);

    /// @notice The organisation's own model; zero if it has none.
    function constitutionalModel() external view returns (bytes32);

    /// @notice Where the constitutional model is found; empty if there is none.
    function currentModelUrl() external view returns (string memory);

    /// @notice Seconds that a model must be registered before an auction in which it is bid.
    function minAge() external view returns (uint256);

    /// @notice The only one that approves and revokes.
    function timelock() external view returns (address);

    /// @notice Whether `minAge` has the short floor of a development chain.
    function localProfile() external view returns (bool);
}

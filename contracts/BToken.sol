// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import {IBToken} from "./interfaces/IBToken.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {CurveHistory} from "./libraries/CurveHistory.sol";
import {CurveMath} from "./libraries/CurveMath.sol";

/// @title BToken
/// @notice See {IBToken}.
/// @dev The only external calls go to the reserve token, after all effects. A re-entrant call therefore meets the
/// state that a later transaction would meet, and on the way in the exact balance difference refuses it.
contract BToken is IBToken, ERC20Permit, ERC20Votes, AccessControl {
    using Checkpoints for Checkpoints.Trace208;
    using CurveHistory for CurveHistory.Entry[];
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev The newest purchase of an account joins all that is still locked.
    struct Lock {
        uint208 amount;
        uint48 until;
    }

    /// @dev What a role may mint: at most `capBps` of the lagged supply within any `window`.
    struct Allowance {
        uint16 capBps;
        uint32 window;
        Checkpoints.Trace208 minted;
    }

    /// @inheritdoc IBToken
    uint256 public constant MIN_SUPPLY = 1e18;
    /// @inheritdoc IBToken
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");
    /// @inheritdoc IBToken
    bytes32 public constant REWARDER_ROLE = keccak256("REWARDER_ROLE");

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IBToken
    IERC20 public immutable reserveToken;
    /// @inheritdoc IParameters
    bool public immutable localProfile;

    // One slot: what every purchase and sale reads.
    uint96 private _reserve;
    uint32 private _mintLock;
    uint16 private _redeemFeeBps;

    CurveHistory.Entry[] private _history;
    mapping(address account => Lock) private _locks;
    mapping(bytes32 role => Allowance) private _allowanceOf;

    constructor(Config memory config) ERC20(config.name, config.symbol) ERC20Permit(config.name) {
        if (config.local && block.chainid != 31337 && block.chainid != 1337) revert LocalProfileRefused(block.chainid);
        if (config.admin == address(0) || config.rewarder == address(0)) revert ZeroAddress();
        if (config.initialReserve == 0) revert ZeroAmount();
        reserveToken = config.reserveToken;
        localProfile = config.local;

        _setParameter("mintLock", config.mintLock);
        _setParameter("redeemFeeBps", config.redeemFeeBps);
        _setParameter("minterCapBps", config.minterCapBps);
        _setParameter("minterWindow", config.minterWindow);
        _setParameter("rewarderCapBps", config.rewarderCapBps);
        _setParameter("rewarderWindow", config.rewarderWindow);
        _grantRole(DEFAULT_ADMIN_ROLE, config.admin);
        _grantRole(MINTER_ROLE, config.admin);
        _grantRole(REWARDER_ROLE, config.rewarder);

        _mint(address(this), MIN_SUPPLY);
        _reserve = config.initialReserve.toUint96();
        _pullReserve(config.initialReserve);
    }

    // Buying and selling

    /// @inheritdoc IBToken
    function permissionlessMint(uint256 tokens, uint256 maxCost, uint256 deadline) external returns (uint256 cost) {
        if (block.timestamp > deadline) revert Expired(deadline);
        if (tokens == 0) revert ZeroAmount();
        cost = costToMint(tokens);
        if (cost > maxCost) revert Slippage(cost, maxCost);

        _mint(msg.sender, tokens);
        _reserve = (_reserve + cost).toUint96();
        uint256 until = _lock(msg.sender, tokens);
        emit Minted(msg.sender, tokens, cost, until);

        _pullReserve(cost);
    }

    /// @inheritdoc IBToken
    function redeem(uint256 tokens, uint256 minReward, uint256 deadline) external returns (uint256 reward) {
        if (block.timestamp > deadline) revert Expired(deadline);
        if (tokens == 0) revert ZeroAmount();
        uint256 fee;
        (reward, fee) = quoteRedeem(tokens);
        if (reward < minReward) revert Slippage(reward, minReward);

        _burn(msg.sender, tokens);
        _reserve -= uint96(reward); // fits: a reward is below the reserve
        emit Redeemed(msg.sender, tokens, reward, fee);

        reserveToken.safeTransfer(msg.sender, reward);
    }

    /// @inheritdoc IBToken
    function burn(uint256 tokens) external {
        if (tokens == 0) revert ZeroAmount();
        _burn(msg.sender, tokens);
        emit Burned(msg.sender, tokens);
    }

    // Minting by role

    /// @inheritdoc IBToken
    function governanceMint(address to, uint256 tokens) external onlyRole(MINTER_ROLE) {
        _roleMint(MINTER_ROLE, to, tokens);
    }

    /// @inheritdoc IBToken
    function rewardMint(address to, uint256 tokens) external onlyRole(REWARDER_ROLE) {
        _roleMint(REWARDER_ROLE, to, tokens);
    }

    // Parameters

    /// @inheritdoc IParameters
    function setParameter(bytes32 name, uint256 value) external onlyRole(DEFAULT_ADMIN_ROLE) {
        uint256 previous = parameter(name);
        _setParameter(name, value);
        emit ParameterChanged(name, previous, value);
    }

    /// @inheritdoc IParameters
    function parameter(bytes32 name) public view returns (uint256) {
        if (name == "mintLock") return _mintLock;
        if (name == "redeemFeeBps") return _redeemFeeBps;
        if (name == "minterCapBps") return _allowanceOf[MINTER_ROLE].capBps;
        if (name == "minterWindow") return _allowanceOf[MINTER_ROLE].window;
        if (name == "rewarderCapBps") return _allowanceOf[REWARDER_ROLE].capBps;
        if (name == "rewarderWindow") return _allowanceOf[REWARDER_ROLE].window;
        revert UnknownParameter(name);
    }

    /// @inheritdoc IParameters
    /// @dev The lock never exceeds a day: the maturity of a reward and the veto window are at least that long.
    function parameterBounds(bytes32 name) public view returns (uint256 min, uint256 max) {
        if (name == "mintLock") return (localProfile ? 1 minutes : 1 hours, 1 days);
        if (name == "redeemFeeBps") return (0, 500);
        if (name == "minterCapBps") return (0, 2_000);
        if (name == "minterWindow") return (localProfile ? 1 minutes : 7 days, 90 days);
        if (name == "rewarderCapBps") return (0, 1_000);
        if (name == "rewarderWindow") return (localProfile ? 1 minutes : 1 days, 30 days);
        revert UnknownParameter(name);
    }

    // Views: the curve

    /// @inheritdoc IBToken
    function costToMint(uint256 tokens) public view returns (uint256) {
        return CurveMath.costToMint(_reserve, totalSupply(), tokens);
    }

    /// @inheritdoc IBToken
    function rewardForBurn(uint256 tokens) public view returns (uint256) {
        uint256 supply = totalSupply();
        if (tokens > supply - MIN_SUPPLY) revert BelowMinSupply(tokens, supply - MIN_SUPPLY);
        return CurveMath.rewardForBurn(_reserve, supply, tokens);
    }

    /// @inheritdoc IBToken
    function quoteRedeem(uint256 tokens) public view returns (uint256 reward, uint256 fee) {
        reward = rewardForBurn(tokens);
        fee = Math.ceilDiv(reward * _redeemFeeBps, BPS);
        reward -= fee;
    }

    /// @inheritdoc IBToken
    function tokensForCost(uint256 cost) external view returns (uint256) {
        return CurveMath.tokensForCost(_reserve, totalSupply(), cost);
    }

    /// @inheritdoc IBToken
    function currentPrice() external view returns (uint256) {
        return CurveMath.price(_reserve, totalSupply());
    }

    /// @inheritdoc IBToken
    function marketCap() public view returns (uint256) {
        return CurveMath.marketCap(_reserve);
    }

    /// @inheritdoc IBToken
    function capCumulativeAt(uint48 timepoint) public view returns (uint256) {
        uint256 first = _history.first();
        if (timepoint < first) revert BeforeFirstObservation(timepoint, first);
        if (timepoint > clock()) revert ERC5805FutureLookup(timepoint, clock());
        return _history.capIntegralAt(timepoint, marketCap());
    }

    /// @inheritdoc IBToken
    function averageCap(uint48 from, uint48 to) external view returns (uint256) {
        if (from >= to) revert EmptyWindow(from, to);
        return CurveHistory.difference(capCumulativeAt(to), capCumulativeAt(from)) / (to - from);
    }

    /// @inheritdoc IBToken
    function reserve() external view returns (uint256) {
        return _reserve;
    }

    // Views: limits

    /// @inheritdoc IBToken
    function mintable(bytes32 role) public view returns (uint256) {
        Allowance storage allowance_ = _allowanceOf[role];
        uint256 window = allowance_.window;
        uint256 lagged = MIN_SUPPLY;
        uint256 before;
        if (block.timestamp >= _history.first() + window) {
            lagged = _history.supplyAt(block.timestamp - window);
            before = allowance_.minted.upperLookupRecent(uint48(block.timestamp - window));
        }
        uint256 cap = Math.mulDiv(Math.min(totalSupply(), lagged), allowance_.capBps, BPS);
        uint256 used = allowance_.minted.latest() - before;
        return Math.saturatingSub(cap, used);
    }

    /// @inheritdoc IBToken
    function lockedOf(address account) public view returns (uint256) {
        Lock memory lock = _locks[account];
        return block.timestamp < lock.until ? lock.amount : 0;
    }

    /// @inheritdoc IBToken
    function lockedUntil(address account) external view returns (uint256) {
        return _locks[account].until;
    }

    // Views: votes and permits

    /// @inheritdoc IERC6372
    function clock() public view override(Votes, IERC6372) returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice The clock counts seconds, never blocks (ERC-6372).
    function CLOCK_MODE() public pure override(Votes, IERC6372) returns (string memory) {
        // solhint-disable-previous-line func-name-mixedcase
        return "mode=timestamp";
    }

    /// @inheritdoc IVotes
    function getPastTotalSupply(uint256 timepoint) public view override(Votes, IVotes) returns (uint256) {
        return _history.supplyAt(_validateTimepoint(timepoint));
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    // Internal

    /// @dev 79 thousand million tokens: a supply fits an entry of the history, and T^2 stays below 256 bits.
    function _maxSupply() internal pure override returns (uint256) {
        return type(uint96).max;
    }

    /// @dev Every movement out of an account, redemption and burn included, leaves its locked tokens behind.
    function _update(address from, address to, uint256 tokens) internal override(ERC20, ERC20Votes) {
        uint256 locked = from == address(0) ? 0 : lockedOf(from);
        if (locked != 0) {
            uint256 balance = balanceOf(from);
            if (tokens <= balance && tokens > balance - locked) revert TokensLocked(from, balance - locked, tokens);
        }
        super._update(from, to, tokens);
    }

    /// @dev The history takes the place of the checkpoints of the total supply. Reserve and cap change after this.
    function _transferVotingUnits(address from, address to, uint256 tokens) internal override {
        if (from == address(0) || to == address(0)) _history.record(totalSupply(), marketCap());
        _moveDelegateVotes(delegates(from), delegates(to), tokens);
    }

    /// @dev {Votes} would read its own, empty checkpoints.
    function _getTotalSupply() internal view override returns (uint256) {
        return totalSupply();
    }

    function _lock(address account, uint256 tokens) private returns (uint256 until) {
        until = block.timestamp + _mintLock;
        _locks[account] = Lock((lockedOf(account) + tokens).toUint208(), until.toUint48());
    }

    function _roleMint(bytes32 role, address to, uint256 tokens) private {
        if (tokens == 0) revert ZeroAmount();
        uint256 available = mintable(role);
        if (tokens > available) revert MintCapExceeded(role, tokens, available);

        Checkpoints.Trace208 storage minted = _allowanceOf[role].minted;
        minted.push(clock(), minted.latest() + tokens.toUint208());
        _mint(to, tokens);
        emit RoleMinted(role, to, tokens);
    }

    function _pullReserve(uint256 amount) private {
        uint256 before = reserveToken.balanceOf(address(this));
        reserveToken.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = reserveToken.balanceOf(address(this)) - before;
        if (received != amount) revert ReserveTransferMismatch(received, amount);
    }

    function _setParameter(bytes32 name, uint256 value) private {
        (uint256 min, uint256 max) = parameterBounds(name);
        if (value < min || value > max) revert ParameterOutOfBounds(name, value, min, max);

        // Every bound fits the type it is stored in.
        if (name == "mintLock") _mintLock = uint32(value);
        else if (name == "redeemFeeBps") _redeemFeeBps = uint16(value);
        else if (name == "minterCapBps") _allowanceOf[MINTER_ROLE].capBps = uint16(value);
        else if (name == "minterWindow") _allowanceOf[MINTER_ROLE].window = uint32(value);
        else if (name == "rewarderCapBps") _allowanceOf[REWARDER_ROLE].capBps = uint16(value);
        else _allowanceOf[REWARDER_ROLE].window = uint32(value);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IParameters} from "./IParameters.sol";

/// @title IBToken
/// @notice The organisation's token: minted and redeemed on a bonding curve that stays solvent whatever else is minted.
/// @dev The state of the curve is T = totalSupply and R = reserve. Units: tokens have 18 decimals; costs, rewards, caps
/// and the reserve are base units of the reserve token; the price is for one whole token (1e18). Roles mint without
/// paying, within a cap per rolling window; that dilutes the price and leaves the market cap 2R as it was.
interface IBToken is IERC20, IERC5805, IParameters {
    /// @notice What the token is deployed with.
    /// @param name Name of the token, and of its EIP-712 domain.
    /// @param symbol Symbol of the token.
    /// @param reserveToken Token that backs the curve; one that takes a fee on transfer is refused.
    /// @param admin Administrator of every role and of the parameters, and the MINTER: the timelock.
    /// @param rewarder Holder of REWARDER_ROLE: PromptUpdate.
    /// @param initialReserve R at the start, pulled from the deployer; the first price is twice this.
    /// @param mintLock Seconds for which bought tokens cannot move.
    /// @param redeemFeeBps Share of a redemption that stays in the reserve.
    /// @param minterCapBps Cap of MINTER per window, in bps of the lagged supply.
    /// @param minterWindow Length of the MINTER window in seconds.
    /// @param rewarderCapBps Cap of REWARDER per window, in bps of the lagged supply.
    /// @param rewarderWindow Length of the REWARDER window in seconds.
    /// @param local Whether durations may be as short as a minute (development chains only).
    struct Config {
        string name;
        string symbol;
        IERC20 reserveToken;
        address admin;
        address rewarder;
        uint256 initialReserve;
        uint256 mintLock;
        uint256 redeemFeeBps;
        uint256 minterCapBps;
        uint256 minterWindow;
        uint256 rewarderCapBps;
        uint256 rewarderWindow;
        bool local;
    }

    /// @notice Emitted when `account` buys `tokens` on the curve for `cost`; they are locked until `lockedUntil`.
    event Minted(address indexed account, uint256 tokens, uint256 cost, uint256 lockedUntil);

    /// @notice Emitted when `account` sells `tokens` to the curve, gets `reward` and leaves `fee` in the reserve.
    event Redeemed(address indexed account, uint256 tokens, uint256 reward, uint256 fee);

    /// @notice Emitted when `account` burns its own `tokens` and gets nothing.
    event Burned(address indexed account, uint256 tokens);

    /// @notice Emitted when the holder of `role` mints `tokens` to `to` without payment.
    event RoleMinted(bytes32 indexed role, address indexed to, uint256 tokens);

    /// @notice An amount that must be positive is zero.
    error ZeroAmount();

    /// @notice An address that must be set is zero.
    error ZeroAddress();

    /// @notice The transaction came after its deadline.
    error Expired(uint256 deadline);

    /// @notice The curve's `actual` cost or reward is worse than the caller's `limit`.
    error Slippage(uint256 actual, uint256 limit);

    /// @notice `account` can move `available` tokens now, fewer than `needed`: the others were bought too recently.
    error TokensLocked(address account, uint256 available, uint256 needed);

    /// @notice The role asked for more than its rolling window still allows.
    error MintCapExceeded(bytes32 role, uint256 requested, uint256 available);

    /// @notice At most `redeemable` tokens can leave the supply: MIN_SUPPLY stays for ever.
    error BelowMinSupply(uint256 tokens, uint256 redeemable);

    /// @notice The market cap was not yet observed at `timepoint`.
    error BeforeFirstObservation(uint256 timepoint, uint256 first);

    /// @notice A window must end after it begins.
    error EmptyWindow(uint256 from, uint256 to);

    /// @notice The reserve token moved another amount than it was asked to (a fee on transfer, for instance).
    error ReserveTransferMismatch(uint256 received, uint256 expected);

    /// @notice Buys exactly `tokens` on the curve for the caller and locks them for `mintLock`.
    /// @dev To the caller only: a mint to others would let a stranger extend their lock. All tokens that are still
    /// locked share the newest unlock time.
    /// @param tokens Tokens to mint.
    /// @param maxCost Most that the caller pays, in reserve units.
    /// @param deadline Last second at which the transaction counts.
    /// @return cost Reserve units paid, see {costToMint}.
    function permissionlessMint(uint256 tokens, uint256 maxCost, uint256 deadline) external returns (uint256 cost);

    /// @notice Sells the caller's `tokens` to the curve.
    /// @param tokens Tokens to burn.
    /// @param minReward Least that the caller accepts, in reserve units, after the fee.
    /// @param deadline Last second at which the transaction counts.
    /// @return reward Reserve units received, see {quoteRedeem}.
    function redeem(uint256 tokens, uint256 minReward, uint256 deadline) external returns (uint256 reward);

    /// @notice Burns the caller's `tokens` without refund; the price of the others rises, the market cap stays.
    function burn(uint256 tokens) external;

    /// @notice Mints `tokens` to `to` without payment, within the cap of MINTER_ROLE (the timelock).
    function governanceMint(address to, uint256 tokens) external;

    /// @notice Mints `tokens` to `to` without payment, within the cap of REWARDER_ROLE (PromptUpdate).
    function rewardMint(address to, uint256 tokens) external;

    /// @notice Cost of `tokens` on the curve: ceil(R * x * (2T + x) / T^2).
    function costToMint(uint256 tokens) external view returns (uint256 cost);

    /// @notice Worth of `tokens` on the curve before the fee: floor(R * x * (2T - x) / T^2).
    /// @dev Reverts with {BelowMinSupply} when fewer than MIN_SUPPLY tokens would be left.
    function rewardForBurn(uint256 tokens) external view returns (uint256 reward);

    /// @notice What {redeem} pays for `tokens` now, and the fee (rounded up) that it leaves in the reserve.
    function quoteRedeem(uint256 tokens) external view returns (uint256 reward, uint256 fee);

    /// @notice The most tokens that `cost` buys now; the exact inverse of {costToMint}, rounded down.
    function tokensForCost(uint256 cost) external view returns (uint256 tokens);

    /// @notice Reserve units per whole token: floor(2R * 1e18 / T).
    function currentPrice() external view returns (uint256);

    /// @notice Price times supply, which is 2R whatever the supply is.
    function marketCap() external view returns (uint256);

    /// @notice The integral of the market cap over time, in reserve-unit seconds, from deployment to `timepoint`,
    /// modulo 2^120.
    /// @dev What happens within the second `timepoint` does not change it. Reverts with {BeforeFirstObservation}
    /// before deployment and with ERC5805FutureLookup after the present second.
    function capCumulativeAt(uint48 timepoint) external view returns (uint256);

    /// @notice The time-weighted average of the market cap over [from, to), rounded down.
    /// @dev Reverts with {EmptyWindow}, and as {capCumulativeAt}.
    function averageCap(uint48 from, uint48 to) external view returns (uint256);

    /// @notice Tokens that `role` may mint now: its cap over the window, less what it minted within the window.
    /// @dev The cap is a share of min(supply now, supply one window ago), MIN_SUPPLY while the token is younger than
    /// the window. A share of the present supply alone would let whoever pumps the supply widen the limit.
    function mintable(bytes32 role) external view returns (uint256);

    /// @notice Tokens of `account` that cannot move now because it bought them less than `mintLock` ago.
    function lockedOf(address account) external view returns (uint256);

    /// @notice When the locked tokens of `account` become free; 0 if it never bought any.
    function lockedUntil(address account) external view returns (uint256);

    /// @notice R: the reserve that backs the curve. Donations do not count.
    function reserve() external view returns (uint256);

    /// @notice The token that backs the curve.
    function reserveToken() external view returns (IERC20);

    /// @notice Tokens that the contract itself holds for ever, so that T > 0 and R > 0.
    function MIN_SUPPLY() external view returns (uint256);

    /// @notice The role of the timelock: {governanceMint}.
    function MINTER_ROLE() external view returns (bytes32);

    /// @notice The role of PromptUpdate: {rewardMint}.
    function REWARDER_ROLE() external view returns (bytes32);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ISlotTypes
/// @notice What bids, auctions, generations, slots and rewards are made of, see {IPromptUpdate}.
/// @dev Tokens are BToken base units (1e18), caps reserve base units, shares basis points (bps), times seconds.
interface ISlotTypes {
    /// @notice Where an epoch stands.
    /// @dev Upcoming: before its commit phase. Vacant: reveal is over and no bid counts. Lapsed: the winner did not
    /// submit, {forfeit} is due. Posted, Abstained and Forfeited are how an auction with a winner ends.
    enum Stage {
        Upcoming,
        Commit,
        Reveal,
        Settle,
        Seed,
        Submit,
        Vacant,
        Lapsed,
        Posted,
        Abstained,
        Forfeited
    }

    /// @notice What became of a bid. The last three are for the winner's.
    enum BidStatus {
        None,
        Sealed,
        Revealed,
        Posted,
        Abstained,
        Forfeited
    }

    /// @notice Where rewards come from: minted within the cap of REWARDER_ROLE, or out of the slot's own price.
    enum RewardSource {
        Mint,
        Vault
    }

    /// @notice What the contract is deployed with; epoch 1 opens for bids in the second of deployment.
    /// @param bToken Unit of bids, collateral and rewards.
    /// @param reserveToken Unit of the proposal bond.
    /// @param governance The governor, which lets only this contract propose; it names model registry and dispute
    /// resolver, so that no repair can leave two parts with different ones.
    /// @param timelock Treasury, and the only one that changes anything here.
    /// @param epochLength Seconds from one epoch to the next.
    /// @param revealDuration Seconds before an epoch starts in which bids are opened.
    /// @param submitWindow Seconds after an epoch starts in which its winner posts.
    /// @param seedDelay Blocks from settlement to the block whose hash makes the seed.
    /// @param capWindow Seconds over which each of the three market caps is averaged.
    /// @param maturity Seconds from the end of a slot to the end of its last window.
    /// @param prompterBps Share of the change in market cap that the prompter gets or loses.
    /// @param setterBps The same for the weight setter.
    /// @param rewardCapBps Most that a side gets or loses, in bps of the market cap before the slot.
    /// @param minBid Least reserve price in tokens.
    /// @param proposalBond Bond behind a proposal, in reserve units.
    /// @param minCollateral Least collateral of a side in tokens.
    /// @param rewardSource 0 = Mint, 1 = Vault.
    /// @param rewardRequiresExecution 1 if a proposal must have been executed for its slot to earn, else 0.
    /// @param local Whether durations may be as short as a minute (development chains only).
    struct Config {
        address bToken;
        address reserveToken;
        address governance;
        address timelock;
        uint256 epochLength;
        uint256 revealDuration;
        uint256 submitWindow;
        uint256 seedDelay;
        uint256 capWindow;
        uint256 maturity;
        uint256 prompterBps;
        uint256 setterBps;
        uint256 rewardCapBps;
        uint256 minBid;
        uint256 proposalBond;
        uint256 minCollateral;
        uint256 rewardSource;
        uint256 rewardRequiresExecution;
        bool local;
    }

    /// @notice What a sealed bid hides.
    /// @param amount The bid in tokens.
    /// @param modelId Model of the registry; its setter is the other side of the slot.
    /// @param promptHash keccak256 of the prompt's canonical bytes.
    /// @param salt 32 random bytes that keep the bid sealed.
    struct Opening {
        uint256 amount;
        bytes32 modelId;
        bytes32 promptHash;
        bytes32 salt;
    }

    /// @notice What the winner's samples came to. Shares are of 10,000.
    /// @param templateId Approved template that the prompt was made from.
    /// @param samplerId Approved rule by which the samples were drawn and the median chosen.
    /// @param modelId The model of the winning bid.
    /// @param samplesRoot keccak256(abi.encode("gengov/samples/v1", seed, root of the tree of samples)).
    /// @param pick Index of the median answer.
    /// @param gammaBps Action margin: how clearly the median's action beats every other action.
    /// @param dispersionBps Mean distance of the samples from the median.
    /// @param dataDigest sha256 of the data file with prompt, tokens, texts and payloads.
    struct Generation {
        bytes32 templateId;
        bytes32 samplerId;
        bytes32 modelId;
        bytes32 samplesRoot;
        uint16 pick;
        uint16 gammaBps;
        uint16 dispersionBps;
        bytes32 dataDigest;
    }

    /// @notice Binds the median answer and its calls to the samples root.
    /// @param tokensHash keccak256 of the token ids, packed big-endian uint32.
    /// @param payloadJsonHash keccak256 of the canonical payload.
    /// @param textHash keccak256 of the text in UTF-8.
    /// @param path The seven siblings from the leaf to the root of the tree.
    struct LeafProof {
        bytes32 tokensHash;
        bytes32 payloadJsonHash;
        bytes32 textHash;
        bytes32[] path;
    }

    /// @notice The calls that the median answer compiles to.
    struct Actions {
        address[] targets;
        uint256[] values;
        bytes[] calldatas;
    }

    /// @notice A bid as stored.
    /// @param hash The commitment while the bid is sealed, the prompt's hash once it is open.
    /// @param deposit Tokens of it that the contract still holds.
    /// @param amount The bid once it is open.
    /// @param committedAt When it was committed: of equal bids the earlier wins.
    /// @param status What became of it.
    struct Bid {
        bytes32 hash;
        uint96 deposit;
        uint96 amount;
        uint48 committedAt;
        BidStatus status;
    }

    /// @notice An auction as it stands: the leading bid until settlement, the winning one from then on.
    /// @param winner Bidder of the best open bid; zero if there is none.
    /// @param setter Weight setter of its model.
    /// @param modelId Its model.
    /// @param promptHash Hash of its prompt.
    /// @param amount Its amount.
    /// @param reserve The reserve price; 0 for epochs up to the last filled one.
    /// @param price What the slot costs if nothing better is revealed; final once settled.
    /// @param collateral Tokens locked on each side.
    /// @param seedBlock Block whose hash makes the seed; 0 before settlement and once the seed is fixed.
    /// @param seed The seed of the samples; 0 until it is fixed.
    struct Auction {
        address winner;
        address setter;
        bytes32 modelId;
        bytes32 promptHash;
        uint256 amount;
        uint256 reserve;
        uint256 price;
        uint256 collateral;
        uint256 seedBlock;
        bytes32 seed;
    }

    /// @notice A slot: the time over which a pair of prompter and weight setter answers for the market cap.
    /// @dev It keeps the rules of reward that it opened with: a later change of parameters does not touch it.
    /// @param prompter Winner of the auction; zero in an empty slot, which only the setter answers for.
    /// @param price What the prompter paid; held until the slot is settled.
    /// @param setter Weight setter.
    /// @param collateral Tokens locked on each side.
    /// @param proposalId Its proposal; 0 in an empty slot.
    /// @param epoch The epoch that it was won in, or for which nobody posted if it is empty.
    /// @param openedAt When it opened.
    /// @param closedAt When it closed; 0 while open. The next slot, if any, opened in the same second.
    /// @param settled Whether its reward was settled.
    struct Slot {
        address prompter;
        uint256 price;
        address setter;
        uint256 collateral;
        uint256 proposalId;
        uint256 epoch;
        uint256 openedAt;
        uint256 closedAt;
        bool settled;
        uint256 prompterBps;
        uint256 setterBps;
        uint256 rewardCapBps;
        uint256 capWindow;
        uint256 maturity;
        RewardSource rewardSource;
        bool rewardRequiresExecution;
    }

    /// @notice What a settled slot came to.
    /// @param m0 Average market cap before it opened.
    /// @param m1 Average before it closed.
    /// @param m2 Average of the window that ends `maturity` after it closed.
    /// @param delta median(m0, m1, m2) - m0.
    /// @param prompterTokens What the prompter gets, or loses if delta is negative.
    /// @param setterTokens The same for the weight setter.
    /// @param priceBurned Part of the price that is burned: all or nothing.
    /// @param priceToTreasury Part of the price that goes to the treasury.
    struct Outcome {
        uint256 m0;
        uint256 m1;
        uint256 m2;
        int256 delta;
        uint256 prompterTokens;
        uint256 setterTokens;
        uint256 priceBurned;
        uint256 priceToTreasury;
    }

    /// @notice The windows of one epoch, see the top.
    struct Windows {
        uint256 commitStart;
        uint256 revealStart;
        uint256 start;
        uint256 submitEnd;
    }

    /// @notice Tokens that stand behind an account's sides of slots.
    /// @param balance All of them.
    /// @param locked Those that a leading bid or an unsettled slot holds.
    /// @param withdrawableFrom Start of the announced withdrawal window; 0 if none was announced.
    struct Collateral {
        uint96 balance;
        uint96 locked;
        uint48 withdrawableFrom;
    }
}

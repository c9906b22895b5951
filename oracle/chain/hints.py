"""For every custom error: (what it means, how to mend it). {names} are the error's arguments."""

_LATER = "try again in the window; `gengov slot show` tells when"
_TIMELOCK = "only an executed proposal can do this"
_OTHER_CHAIN = "is the deployment file the one of this chain?"

SLOTS = {
    "OnlyWinner": ("{caller} did not win the epoch", "post from the winner's account, or let it appoint an operator"),
    "OnlySetter": ("{caller} is not the weight setter of the open slot", "call from the weight setter's account"),
    "BadAddress": ("{account} is not a contract", "check the address"),
    "ZeroAmount": ("the amount is zero", "give an amount above zero"),
    "UnknownEpoch": ("there is no epoch {epoch} to act on", "`gengov slot show` names the epoch that is open for bids"),
    "OutsideWindow": ("this counts from {from} until {to}, and it is {nowAt}", _LATER),
    "PreviousProposalPending": (
        "proposal {proposalId} is not final yet",
        "wait until it is executed, defeated or expired",
    ),
    "WrongStage": ("epoch {epoch} is at stage {stage}, and this counts at stage {needed}", _LATER),
    "AuctionLive": (
        "the auction of epoch {epoch} may still bring a proposal",
        "wait until its winner posts, abstains or is out of time",
    ),
    "AlreadyCommitted": ("{bidder} has a bid in epoch {epoch} already", "one bid per account and epoch"),
    "DepositTooLow": ("the deposit is {deposit}, it must be at least {needed}", "deposit more"),
    "NoSealedBid": ("{bidder} has no sealed bid in epoch {epoch}", "is it revealed already, or of another account?"),
    "WrongOpening": ("amount, model, prompt or salt are not those that were committed", "reveal with the kept bid"),
    "BidBelowReserve": ("the bid is {amount}, the reserve price {reserve}", "bid at least the reserve price"),
    "ModelNotUsable": (
        "model {modelId} was not approved, or registered too late for this epoch",
        "bid with an approved model that was registered before the auction opened",
    ),
    "InsufficientCollateral": (
        "{account} has {has} free collateral and needs {needs}",
        "deposit collateral with depositCollateral, for the bidder and for the model's setter",
    ),
    "BidAtStake": ("the bid of {bidder} leads epoch {epoch} or won it", "withdraw once its slot is posted or over"),
    "NothingToWithdraw": ("nothing of this deposit is left", "it was withdrawn already, or there was none"),
    "SeedTooEarly": ("the seed comes from block {seedBlock}, which is not there yet", "wait for the next blocks"),
    "WrongPrompt": (
        "the prompt's hash is {promptHash}, the bid bound {expected}",
        "post the prompt that the bid named",
    ),
    "PromptTooLong": ("the prompt has {length} bytes, at most 8192 fit", "shorten advice, history or candidates"),
    "WrongModel": ("model {modelId} is not the bid's {expected}", "draw the samples with the model of the bid"),
    "TemplateNotApproved": ("template {templateId} is not approved", "use a template that governance approved"),
    "SamplerNotApproved": ("sampler {samplerId} is not approved", "use a sampling rule that governance approved"),
    "NotInSamples": (
        "the selected answer and its calls are not under the samples root with this epoch's seed",
        "draw again from the seed on chain; was the data file edited?",
    ),
    "TargetHasNoCode": ("{target} has no code", "every call must go to a contract"),
    "NoOpenSlot": ("no slot is open", "nothing to close"),
    "NotRollable": ("epoch {epoch} can still bring a proposal", "roll after its submit window"),
    "UnknownSlot": ("there is no slot {slotId}", "slots count from 1"),
    "SlotStillOpen": ("slot {slotId} is still open", "it closes when the next one opens"),
    "RewardAlreadySettled": ("slot {slotId} is settled already", "nothing to do"),
    "NotMature": ("slot {slotId} is mature at {matureAt}", "settle its reward then"),
    "NothingToClaim": ("{account} is owed nothing that can be minted now", "try again when the mint cap has room"),
}

TOKEN = {
    "Expired": ("the deadline {deadline} passed", "send again with a later deadline"),
    "Slippage": ("the price moved: {actual} against the limit {limit}", "ask for a new quote, or allow more slippage"),
    "TokensLocked": (
        "{account} can move {available} of the {needed} tokens: those just bought are locked",
        "wait until the mint lock ends",
    ),
    "MintCapExceeded": ("the role may mint {available} more in this window, not {requested}", "mint less, or later"),
    "BelowMinSupply": ("{redeemable} tokens can be redeemed, not {tokens}", "redeem less"),
    "BeforeFirstObservation": ("the market cap is known from {first} on, not at {timepoint}", "wait a window's length"),
    "EmptyWindow": ("the window {from} to {to} is empty", "its end must come after its start"),
    "ReserveTransferMismatch": (
        "the reserve token delivered {received} instead of {expected}",
        "tokens that take a fee on transfer cannot back the curve",
    ),
    "ERC20InsufficientBalance": (
        "{sender} has {balance} and needs {needed} (base units)",
        "get more of the token first",
    ),
    "ERC20InsufficientAllowance": (
        "{spender} may spend {allowance} and needs {needed} (base units)",
        "approve the contract for the amount first",
    ),
    "ERC20InvalidReceiver": ("{receiver} cannot receive tokens", "check the address"),
    "SafeERC20FailedOperation": ("token {token} refused the transfer", "check balance and approval"),
    "AccessControlUnauthorizedAccount": ("{account} does not have the role", _TIMELOCK),
    "ERC5805FutureLookup": ("time {timepoint} is not past yet", "wait a second"),
    "ERC2612ExpiredSignature": ("the permit ended at {deadline}", "sign a new one"),
}

REGISTRY = {
    "IncompleteCommitment": ("weights root, tokenizer, engine and uri must all be set", "commit the whole manifest"),
    "AlreadyRegistered": ("model {id} is registered already", "nothing to do"),
    "UnknownModel": ("model {id} is not registered", "register it first: gengov model commit"),
    "StatusNotSettable": ("this status cannot be set", "Approved or Revoked can"),
    "ModelNotApproved": ("model {id} is not approved", "governance must approve it on the slow track"),
    "ZeroId": ("the id is zero", "give the template's or sampler's id"),
    "ZeroAddress": ("an address is zero", "give the contract's address"),
    "ParameterOutOfBounds": ("{name} = {value} is outside {min}..{max}", "choose a value within the bounds"),
    "UnknownParameter": ("there is no parameter {name}", "see contracts/README.md for the names"),
    "LocalProfileRefused": ("the local profile is not for chain {chainId}", "deploy with the production profile"),
    "OnlyTimelock": ("{caller} is not the timelock", _TIMELOCK),
}

GOVERNANCE = {
    "OnlyPromptUpdate": ("{caller} is not PromptUpdate: only the model's answer makes a proposal", "win a slot"),
    "NoConsensus": ("the action margin of {gammaBps} bps is below 200", "the winner abstains: the samples disagree"),
    "TooManyActions": ("a proposal has 1 to 10 calls, not {count}", "fund fewer candidates"),
    "TargetCodeChanged": (
        "the code of a target of proposal {id} changed since it was proposed",
        "it cannot be executed",
    ),
    "ExecutionBlocked": ("proposal {id} is blocked by a dispute until {until}", "execute after that"),
    "ProposalStale": ("proposal {id} expired at {expiredAt}", "it cannot be executed any more"),
    "FastBudgetExceeded": ("the fast budget has {available} left, not {requested}", "wait until the window moves on"),
    "RepairTooEarly": ("the dead-man switch is off until {from}", "let the model path work"),
    "RepairVotesTooLow": ("{proposer} has {votes} aged votes and needs {needed}", "gather delegations"),
    "NotARepair": ("call {index} replaces no part of the model path", "a repair may do nothing else"),
    "RelayDisabled": ("the governor relays no call", "use execute"),
    "GovernorAlreadyCastVote": ("{voter} has voted already", "a vote is final"),
    "GovernorNonexistentProposal": ("there is no proposal {proposalId}", "gengov proposal list shows those there are"),
    "GovernorUnexpectedProposalState": (
        "proposal {proposalId} is {current}, which does not allow this",
        "gengov proposal show tells its state and the time of the next step",
    ),
    "GovernorInvalidVoteType": ("a vote is against, for or abstain", "give one of the three"),
    "GovernorNotQueuedProposal": ("proposal {proposalId} is not queued", "queue it first"),
    "GovernorAlreadyQueuedProposal": ("proposal {proposalId} is queued already", "nothing to do"),
    "GovernorOnlyExecutor": ("{account} is not the timelock", _TIMELOCK),
    "TimelockUnexpectedOperationState": ("the veto window of this operation still runs, or it is done", "wait for eta"),
    "TimelockUnauthorizedCaller": ("{caller} may not cancel", _TIMELOCK),
    "FailedCall": ("a call of the proposal failed", "simulate the calls one by one"),
}

DISPUTES = {
    "OnlyArbitrator": ("{caller} is not the arbitrator", "the verifier committee rules"),
    "AlreadyBonded": ("proposal {id} has a bond already", "nothing to do"),
    "NotBonded": ("proposal {id} has no bond", "it is unknown, a repair, or its bond was released"),
    "BadAmount": ("the amount {amount} does not fit", "check the parameter"),
    "ReserveNotReceived": ("the resolver holds {balance} and owes {owed}", _OTHER_CHAIN),
    "NotChallengeable": (
        "proposal {id} is {state}: too late or too early for a challenge",
        "see its deadline",
    ),
    "ArbitratorReplacement": ("proposal {id} replaces the arbitrator and cannot be challenged", "vote against it"),
    "CaseOpen": ("proposal {id} has an open case", "wait for the ruling"),
    "NoOpenCase": ("proposal {id} has no open case", "nothing to rule on"),
    "TooManyRounds": ("proposal {id} was challenged three times", "vote against it"),
    "AlreadyPublished": ("the data of proposal {id} is published already", "nothing to do"),
    "WrongData": ("the data has digest {digest}, posted was {expected}", "publish the data file of the proposal"),
    "NotForArbitrator": ("the contract judges this case of proposal {id} itself", "publish the data, or wait"),
    "NoRuling": ("a ruling is Valid or Invalid", "give one of the two"),
    "CaseOverdue": ("the case of proposal {id} ended at {deadline}", "call timeout"),
    "CaseNotOverdue": ("the case of proposal {id} runs until {deadline}", "wait until then"),
    "NotFinal": ("proposal {id} is not final", "the bond is released when it is"),
    "OtherResolver": ("proposal {id} was made under another resolver", "ask governance for resolverOf the proposal"),
    "WrongArbitrator": ("{arbitrator} is no contract that can rule", "check the address"),
    "BadThreshold": ("{threshold} of {members} members cannot be", "between 1 and the number of members"),
    "BadMember": ("{member} cannot be a member", "members are distinct addresses, none of them zero"),
    "NotEnoughSignatures": ("{given} signatures, {needed} needed", "gather more verdicts"),
    "NotAMember": ("{signer} is not a member of the committee", "only members sign verdicts"),
    "DuplicateSigner": ("{signer} signed twice", "one signature per member"),
    "VerdictExpired": ("the verdict was good until {deadline}", "sign a new one"),
    "WrongRound": ("the verdict is for round {round}, now is round {current}", "sign for the open round"),
}

HINTS: dict[str, tuple[str, str]] = {**SLOTS, **TOKEN, **REGISTRY, **GOVERNANCE, **DISPUTES}

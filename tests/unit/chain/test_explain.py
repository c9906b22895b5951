import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from oracle.chain import abi as abis
from oracle.chain import codec, explain
from oracle.chain.hints import HINTS
from oracle.chain.rpc import RpcError

# Errors of OpenZeppelin that no call of this program can meet: constructors, zero addresses, malformed signatures.
REMOTE = {
    "AccessControlBadConfirmation", "CheckpointUnorderedInsertion", "DoubleEndedQueueEmpty", "ECDSAInvalidSignature",
    "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS", "ERC20ExceededSafeSupply", "ERC20InvalidApprover",
    "ERC20InvalidSender", "ERC20InvalidSpender", "ERC2612InvalidSigner", "ERC6372InconsistentClock",
    "GovernorDisabledDeposit", "GovernorInsufficientProposerVotes", "GovernorInvalidProposalLength",
    "GovernorInvalidQuorumFraction", "GovernorInvalidSignature", "GovernorInvalidVoteParams",
    "GovernorInvalidVotingPeriod", "GovernorQueueNotImplemented", "GovernorRestrictedProposer",
    "GovernorUnableToCancel", "InvalidAccountNonce", "InvalidShortString", "QueueEmpty", "QueueFull",
    "ReentrancyGuardReentrantCall", "SafeCastOverflowedIntDowncast", "SafeCastOverflowedUintDowncast",
    "SafeCastOverflowedIntToUint", "SafeCastOverflowedUintToInt", "StringTooLong", "TimelockInsufficientDelay",
    "TimelockInvalidOperationLength", "TimelockUnexecutedPredecessor", "VotesExpiredSignature", "InsufficientBalance",
    "FailedInnerCall", "AddressEmptyCode", "StringsInsufficientHexLength",
}  # fmt: skip


def revert(signature: str, *args: object) -> RpcError:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return RpcError(3, "execution reverted", keccak(text=signature)[:4] + encode(types, list(args)))


@pytest.mark.parametrize("entry", abis.errors(), ids=codec.signature)
def test_every_custom_error_has_a_sentence_and_a_way_to_mend_it(entry: dict[str, object]) -> None:
    name = str(entry["name"])
    if name in REMOTE:
        return
    meaning, mend = HINTS[name]
    arguments = {i["name"]: 0 for i in entry["inputs"]}  # type: ignore[attr-defined]
    assert explain.fill(meaning, arguments)
    assert explain.fill(mend, arguments)


def test_error_is_told_with_its_arguments_its_meaning_and_the_way_out() -> None:
    error = explain.reverted("BToken.redeem", revert("BelowMinSupply(uint256,uint256)", 7, 5))
    assert (error.error, error.args_) == ("BelowMinSupply", (7, 5))
    assert error.message == (
        "BToken.redeem was refused: BelowMinSupply(tokens=7, redeemable=5): 5 tokens can be redeemed, not 7"
    )
    assert error.hint == "redeem less"
    assert error.exit_code == 3


def test_times_are_told_as_dates_and_never_as_further_notice() -> None:
    error = explain.reverted("x", revert("EmptyWindow(uint256,uint256)", 1_700_000_000, 2**256 - 1))
    assert "the window 2023-11-14 22:13:20 UTC to further notice is empty" in error.message


def test_states_of_proposals_are_told_by_name() -> None:
    found = revert("GovernorUnexpectedProposalState(uint256,uint8,bytes32)", 7, 1, bytes(32))
    assert "proposal 7 is active, which does not allow this" in explain.reverted("x", found).message
    assert "proposal 7 is defeated:" in explain.reverted("x", revert("NotChallengeable(uint256,uint8)", 7, 3)).message


def test_short_strings_in_bytes32_are_read() -> None:
    name = b"minBid".ljust(32, b"\0")
    error = explain.reverted("x", revert("ParameterOutOfBounds(bytes32,uint256,uint256,uint256)", name, 1, 2, 3))
    assert "minBid = 1 is outside 2..3" in error.message


def test_solidity_s_own_errors_are_read() -> None:
    assert "out of luck" in explain.reverted("x", revert("Error(string)", "out of luck")).message
    assert "overflowed" in explain.reverted("x", revert("Panic(uint256)", 0x11)).message
    assert "panic 0x99" in explain.reverted("x", revert("Panic(uint256)", 0x99)).message


def test_unknown_error_is_told_by_its_selector() -> None:
    error = explain.reverted("x", RpcError(3, "", b"\xde\xad\xbe\xef"))
    assert "0xdeadbeef" in error.message
    assert error.error == ""


def test_cut_off_error_data_is_no_crash() -> None:
    cut = keccak(text="BidBelowReserve(uint256,uint256)")[:4] + b"\x01"
    assert "0x" in explain.reverted("x", RpcError(3, "", cut)).message


def test_refusal_without_data_keeps_the_node_s_words() -> None:
    assert "out of gas" in explain.reverted("x", RpcError(-32000, "out of gas")).message
    assert "no reason given" in explain.reverted("x", RpcError(3, "")).message

"""From a decision to calls: targets, amounts and arguments, checked by decoding them again."""

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from oracle.domain.action import Actions, Deployment, Payload
from oracle.domain.errors import BadInput, Refused
from oracle.domain.prompt import Candidate, Funding, Parameter
from oracle.mechanism.compile import actions_hash, compile_actions
from tests.support.prompts import DEPLOYMENT, a_prompt, address


def selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


def compiled(payload: Payload, **changes: Any) -> Actions:
    return compile_actions(payload, a_prompt(**changes), DEPLOYMENT)


@pytest.mark.parametrize(
    ("source", "contract", "signature", "decimals"),
    [
        ("mint", "BToken", "governanceMint(address,uint256)", 18),
        ("token", "BToken", "transfer(address,uint256)", 18),
        ("reserve", "ReserveToken", "transfer(address,uint256)", 6),
    ],
)
def test_funds_are_paid_from_the_source_of_the_prompt(
    source: str, contract: str, signature: str, decimals: int
) -> None:
    actions = compiled(Payload("fund", {"fund": {"A": 400, "C": 30}}), funding=Funding(source, 1000, 1000))
    assert actions.targets == (DEPLOYMENT.addresses[contract],) * 2
    assert actions.values == (0, 0)
    assert [data[:4] for data in actions.calldatas] == [selector(signature)] * 2
    paid = [decode(["address", "uint256"], data[4:]) for data in actions.calldatas]
    assert paid == [(address(101), 400 * 10**decimals), (address(103), 30 * 10**decimals)]


def test_calls_follow_the_order_of_the_prompt_not_of_the_answer() -> None:
    one = compiled(Payload("fund", {"fund": {"A": 400, "B": 200}}))
    two = compiled(Payload("fund", {"fund": {"B": 200, "A": 400}}))
    assert one == two
    assert actions_hash(one) == actions_hash(two)


def test_a_setting_is_set_by_name_in_its_unit() -> None:
    prompt = a_prompt(parameters=(Parameter("P", "PromptUpdate", "minBid", 8, 1, 90, 15, 0, 0),))
    actions = compile_actions(Payload("set_parameter", {"set_parameter": {"P": 6}}), prompt, DEPLOYMENT)
    assert actions.targets == (DEPLOYMENT.addresses["PromptUpdate"],)
    assert actions.calldatas[0][:4] == selector("setParameter(bytes32,uint256)")
    assert decode(["bytes32", "uint256"], actions.calldatas[0][4:]) == (b"minBid".ljust(32, b"\0"), 6 * 10**15)


def test_a_model_is_adopted_at_the_registry() -> None:
    actions = compiled(Payload("set_model", {"set_model": "X"}))
    assert actions.targets == (DEPLOYMENT.addresses["ModelRegistry"],)
    assert actions.calldatas == (selector("setConstitutionalModel(bytes32)") + b"\x44" * 32,)


def test_a_signal_says_its_text() -> None:
    actions = compiled(Payload("signal", {"signal": "Hold spending."}))
    assert actions.targets == (DEPLOYMENT.addresses["PromptUpdate"],)
    assert actions.calldatas[0][:4] == selector("signal(string)")
    assert decode(["string"], actions.calldatas[0][4:]) == ("Hold spending.",)


def test_nothing_to_do_has_no_calls() -> None:
    assert compiled(Payload("none", {})) == Actions((), (), ())


def test_the_hash_is_of_the_three_encoded_lists() -> None:
    assert (
        actions_hash(Actions()).hex()
        == keccak(bytes.fromhex("60".rjust(64, "0") + "80".rjust(64, "0") + "a0".rjust(64, "0") + "00" * 96)).hex()
    )
    one = compiled(Payload("fund", {"fund": {"A": 400}}))
    assert actions_hash(one) != actions_hash(replace(one, values=(1,)))


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (Payload("dance", {}), "unknown action 'dance'"),
        (Payload("fund", {"fund": {"H": 1, "A": 400}}), "H, which the prompt does not list"),
        (Payload("fund", {"fund": {}}), "names nothing"),
        (Payload("fund", {}), "names nothing"),
        (Payload("fund", {"fund": {"A": -1}}), "no amount for A"),
        (Payload("fund", {"fund": {"A": 2**128}}), "no amount for A"),
        (Payload("fund", {"fund": {"A": "4"}}), "no amount for A"),  # type: ignore[dict-item]
        (Payload("set_parameter", {"set_parameter": {"Q": 1}}), "Q, which the prompt does not list"),
        (Payload("set_model", {"set_model": "V"}), "'V', which the prompt does not list"),
        (Payload("set_model", {}), "names None"),
        (Payload("signal", {}), "carries no text"),
    ],
)
def test_a_decision_that_the_prompt_does_not_know_is_named(payload: Payload, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        compiled(payload)
    assert says in caught.value.message
    assert caught.value.hint


def test_a_prompt_of_another_chain_is_refused() -> None:
    with pytest.raises(BadInput, match="the prompt is for chain 1, the deployment for chain 31337"):
        compiled(Payload("none", {}), chain_id=1)


def test_a_missing_contract_is_named() -> None:
    bare = Deployment(31337, {}, 6)
    with pytest.raises(BadInput, match="the deployment has no BToken"):
        compile_actions(Payload("fund", {"fund": {"A": 400}}), a_prompt(), bare)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("0x52908400098527886e0f7030069857d2e4169ee7", "0x52908400098527886E0F7030069857D2E4169EE7"),
        ("0x1234", "40 hexadecimal digits"),
        ("somebody", "40 hexadecimal digits"),
    ],
)
def test_an_address_without_its_checksum_is_never_paid(wrong: str, hint: str) -> None:
    candidates = (Candidate("A", "Library", wrong, 400, 9, 1),)
    with pytest.raises(BadInput, match="candidate A") as caught:
        compiled(Payload("fund", {"fund": {"A": 400}}), candidates=candidates)
    assert hint in caught.value.hint


def test_a_proposal_has_at_most_ten_calls() -> None:
    many = tuple(Candidate(f"c{i}", "A", address(i), 1, 0, 0) for i in range(1, 12))
    ten = {f"c{i}": 1 for i in range(1, 11)}
    assert len(compiled(Payload("fund", {"fund": ten}), candidates=many).targets) == 10
    with pytest.raises(Refused, match="11 calls"):
        compiled(Payload("fund", {"fund": {**ten, "c11": 1}}), candidates=many)

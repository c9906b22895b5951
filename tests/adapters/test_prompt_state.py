"""A prompt says of the chain what the chain said at its block, and nothing a rule forbids."""

from collections.abc import Iterator

import pytest

from oracle.chain import devnode
from oracle.chain.devnode import NodeKind
from oracle.domain.errors import BadInput, Refused, Reverted
from oracle.domain.prompt import Funding, ModelChoice, Parameter, PastProposal, Prompt
from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.prompt_rules import encode
from oracle.prompts import state as prompt_state
from oracle.prompts.request import CandidateRequest, ParameterRequest, PromptRequest
from tests.support.organisation import TOKEN, USDC, Organisation, found
from tests.support.way import REQUEST, to_execution, to_samples


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """One organisation after one slot: posted, voted for, executed and settled."""
    with devnode.start(NodeKind.ANVIL) as node:
        made = found(node, tmp_path_factory.mktemp("organisation"))
        to_samples(made)
        made.run()
        made.buy("alice", 50 * TOKEN)
        to_execution(made)
        node.time.skip_to(int(made.chain.read("PromptUpdate", "matureAt", 1)))
        made.run()
        yield made


def build(org: Organisation, request: PromptRequest = REQUEST, **options: int) -> Prompt:
    return prompt_state.build(org.chain, org.deployment, request, first_block=org.first_block, **options)


def test_market_is_told_in_whole_units(org: Organisation) -> None:
    prompt = build(org)
    assert prompt.block == org.chain.head().number
    assert prompt.market.supply == int(org.chain.read("BToken", "totalSupply")) // TOKEN
    assert prompt.market.cap == int(org.chain.read("BToken", "marketCap")) // USDC


def test_same_block_and_request_are_the_same_bytes_however_late(org: Organisation) -> None:
    block = org.chain.head().number
    early = encode(build(org))
    org.buy("bob", 10 * TOKEN)
    assert encode(build(org, block=block)) == early
    assert encode(build(org)) != early


@pytest.mark.parametrize("source", ["mint", "token", "reserve"])
def test_each_source_of_funds_has_its_own_ceiling(org: Organisation, source: str) -> None:
    treasury = org.chain.address("TimelockController")
    org.send("alice", "ReserveToken", "mint", treasury, 70 * USDC)
    available = {
        "mint": int(org.chain.read("BToken", "mintable", org.chain.read("BToken", "MINTER_ROLE"))) // TOKEN,
        "token": int(org.chain.read("BToken", "balanceOf", treasury)) // TOKEN,
        "reserve": int(org.chain.read("ReserveToken", "balanceOf", treasury)) // USDC,
    }[source]
    request = REQUEST.model_copy(update={"source": source, "budget": None})
    assert build(org, request).funding == Funding(source, available, available)


def test_budget_beyond_what_there_is_is_refused(org: Organisation) -> None:
    with pytest.raises(BadInput, match="more than there is"):
        build(org, REQUEST.model_copy(update={"budget": 9_999_999}))


def test_unknown_source_and_contract_are_named(org: Organisation) -> None:
    with pytest.raises(BadInput, match="no funding source 'tax'"):
        build(org, REQUEST.model_copy(update={"source": "tax"}))
    with pytest.raises(BadInput, match="MockUSDC has no settings"):
        build(org, REQUEST.model_copy(update={"parameters": (ParameterRequest(contract="MockUSDC", name="x"),)}))


def test_parameters_are_shown_in_the_smallest_unit_that_fits(org: Organisation) -> None:
    wishes = (
        ParameterRequest(contract="PromptUpdate", name="minBid", wish_less=1, wish_more=4),
        ParameterRequest(contract="BToken", name="redeemFeeBps"),
    )
    bid, fee = build(org, REQUEST.model_copy(update={"parameters": wishes})).parameters
    assert (bid.id, bid.contract, bid.name, bid.wish_less, bid.wish_more) == ("P", "PromptUpdate", "minBid", 1, 4)
    assert bid.value * 10**bid.scale == org.parameter("PromptUpdate", "minBid")
    assert bid.value % 10 != 0 or bid.scale == 0 or bid.value * 10 > 9_999_999
    assert fee == Parameter("Q", "BToken", "redeemFeeBps", 0, 0, 500, 0, 0, 0)


def test_unknown_parameter_is_told_by_the_contract(org: Organisation) -> None:
    wish = (ParameterRequest(contract="BToken", name="fairness"),)
    with pytest.raises(Reverted, match="no parameter fairness"):
        build(org, REQUEST.model_copy(update={"parameters": wish}))


def test_history_tells_what_was_proposed_and_how_the_market_took_it(org: Organisation) -> None:
    slot = org.chain.read("PromptUpdate", "slot", 1)
    outcome = org.chain.events("PromptUpdate", "RewardSettled", first=org.first_block)[0].args["outcome"]
    change = outcome.delta * 10_000 // outcome.m0
    assert change > 0
    assert build(org).history == (PastProposal(slot.epoch, "fund", "executed", change),)


def test_prompt_of_an_earlier_block_does_not_know_what_came_later(org: Organisation) -> None:
    posted = org.chain.events("PromptUpdate", "ProposalPosted", first=org.first_block)[0].block_number
    early = build(org, block=posted)
    assert early.history == ()
    assert early.models == (ModelChoice("W", "0x" + org.model_id.hex(), 0, True),)


def test_models_are_scored_by_the_slots_in_which_the_market_rose(org: Organisation) -> None:
    assert build(org).models == (ModelChoice("W", "0x" + org.model_id.hex(), 100, True),)


def test_prompt_names_the_first_sampler_that_is_approved(org: Organisation) -> None:
    other = Sampler(max_tokens=7)
    named = prompt_state.build(
        org.chain, org.deployment, REQUEST, first_block=org.first_block, samplers=(other, Sampler())
    )
    assert named.sampler_id == "0x" + sampler_id(Sampler()).hex()
    with pytest.raises(Refused, match="none of the sampling rules"):
        prompt_state.build(org.chain, org.deployment, REQUEST, first_block=org.first_block, samplers=(other,))


def test_template_that_governance_does_not_approve_is_refused(
    org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_state, "template_id", lambda: b"\x01" * 32)
    with pytest.raises(Refused, match="does not approve the template 0x0101"):
        build(org)


def test_rule_of_the_template_is_checked_before_anything_is_bid(org: Organisation) -> None:
    wrong = CandidateRequest(title="Library", address="0x12", ask=1)
    with pytest.raises(BadInput, match=r"candidates\[0\]\.address.*not an address"):
        build(org, REQUEST.model_copy(update={"candidates": (wrong,)}))
    many = REQUEST.candidates * 9
    with pytest.raises(BadInput, match=r"candidates: Tuple should have at most 8 items"):
        build(org, REQUEST.model_copy(update={"candidates": many}))
    with pytest.raises(BadInput, match="nobody to fund"):
        build(org, REQUEST.model_copy(update={"candidates": ()}))

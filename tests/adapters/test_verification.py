"""A verifier against the contracts on a real chain: what is posted there is checked, forgeries they accept included."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oracle.chain import devnode
from oracle.chain.devnode import NodeKind
from oracle.domain.dispute import Ground
from oracle.domain.errors import BadInput, Refused
from oracle.domain.prompt import Market, Parameter, Prompt
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.domain.verdict import Failure
from oracle.jobs.bound import slot_of
from oracle.jobs.view import View
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.prompt_rules import encode
from oracle.mechanism.rendering import render
from oracle.storage.folder import FolderStore
from oracle.verification import OnChain, OpenModel, verify_proposal
from tests.support import way
from tests.support.fake_chain import Posting
from tests.support.forger import FORGERIES, Honest
from tests.support.organisation import TOKEN, Organisation, found
from tests.support.way import restarted, the_prompt


@pytest.fixture(scope="module")
def founded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with devnode.start(getattr(request, "param", NodeKind.ANVIL)) as node:
        yield found(node, tmp_path_factory.mktemp("organisation"))


@pytest.fixture
def org(founded: Organisation, tmp_path: Path) -> Iterator[Organisation]:
    """Before any bid."""
    yield from restarted(founded, tmp_path)


def seeded(org: Organisation, prompt: Prompt) -> SlotContext:
    """The prompter wins with a prompt, and the seed is drawn."""
    epoch = org.to_commit_phase()
    org.bid("prompter", epoch, 3 * TOKEN, prompt)
    org.node.time.skip_to(org.windows(epoch).revealStart)
    org.run()
    org.node.time.skip_to(org.windows(epoch).start)
    org.send("carol", "PromptUpdate", "settleAuction", epoch)
    org.node.time.mine(org.parameter("PromptUpdate", "seedDelay") + 1)
    org.send("carol", "PromptUpdate", "fixSeed", epoch)
    auction = View(org.ctx).auction
    assert auction is not None
    return slot_of(org.ctx, auction)


def honest(org: Organisation, slot: SlotContext, prompt: Prompt) -> Honest:
    """What the fake model of the organisation answers, and 30 answers of another seed."""
    text, schema = render(prompt), answer_schema(prompt)
    raw = org.model.generate(text, schema, slot.seed, range(100), Sampler())
    spare = org.model.generate(text, schema, bytes(32), range(100), Sampler())
    words = (lambda answer: tuple(answer.encode()), lambda tokens: bytes(t % 256 for t in tokens).decode("latin-1"))
    return Honest(slot, prompt, Sampler(), org.deployment, raw, spare, *words)


def post(org: Organisation, slot: SlotContext, prompt: bytes, posting: Posting) -> int:
    """As the winner itself would post it, contract willing."""
    bond = org.parameter("PromptUpdate", "proposalBond")
    org.send("prompter", "ReserveToken", "approve", org.chain.address("PromptUpdate"), bond)
    calls = posting.actions
    org.send(
        "prompter",
        "PromptUpdate",
        "updatePrompt",
        slot.epoch,
        posting.generation.as_abi(),
        posting.proof.as_abi(),
        (list(calls.targets), list(calls.values), list(calls.calldatas)),
        org.ctx.store.put(posting.data).uri,
        prompt,
    )
    return int(org.chain.read("PromptUpdate", "activeProposal"))


def seen(org: Organisation) -> OnChain:
    return OnChain(org.chain, org.ctx.store, org.deployment, org.first_block)


def failure(org: Organisation, proposal: int, **options: Any) -> Failure | None:
    return verify_proposal(seen(org), proposal, opener(org), **options).failure


def opener(org: Organisation) -> OpenModel:
    return lambda model, numeric_class: org.model


ON_BOTH = pytest.mark.parametrize(
    "founded", [NodeKind.ANVIL, pytest.param(NodeKind.GANACHE, marks=pytest.mark.slow)], indirect=True
)


@ON_BOTH
def test_proposal_of_the_oracle__is_valid_also_much_later(org: Organisation) -> None:
    way.to_samples(org)
    org.run()
    proposal = int(org.chain.read("PromptUpdate", "activeProposal"))
    assert failure(org, proposal) is None
    org.buy("alice", 50 * TOKEN)  # the facts of the prompt are those of its block
    assert failure(org, proposal) is None


IN_THE_GATE = ("edited", "wrong_calldata", "wrong_leaf")
"""One kind for each of three grounds; all of them are forged a hundred times over in tests/e2e/test_forgeries.py."""


@pytest.mark.parametrize(
    "kind", [kind if kind in IN_THE_GATE else pytest.param(kind, marks=pytest.mark.slow) for kind in FORGERIES]
)
def test_forgery_that_the_contracts_accept__caught_on_its_ground(org: Organisation, kind: str) -> None:
    prompt = the_prompt(org)
    slot = seeded(org, prompt)
    forged = FORGERIES[kind](honest(org, slot, prompt), random.Random(kind))
    found = failure(org, post(org, slot, encode(prompt), forged.posting))
    assert found is not None
    assert (found.ground.word, found.sample) == (forged.ground, forged.sample)


def test_prompt_with_invented_figures__fails_on_its_ground(org: Organisation) -> None:
    told = the_prompt(org)
    prompt = replace(told, market=Market(told.market.supply, told.market.cap * 2, 0))
    slot = seeded(org, prompt)
    found = failure(org, post(org, slot, encode(prompt), honest(org, slot, prompt).posting()))
    assert found is not None
    assert (found.ground, found.what) == (Ground.PROMPT, "market")
    assert str(told.market.cap) in str(found.expected) and str(prompt.market.cap) in str(found.got)


def test_prompt_that_speaks_of_a_block_to_come__fails_on_its_ground(org: Organisation) -> None:
    prompt = replace(the_prompt(org), block=10**6)
    slot = seeded(org, prompt)
    found = failure(org, post(org, slot, encode(prompt), honest(org, slot, prompt).posting()))
    assert found is not None
    assert (found.ground, found.what, found.got) == (Ground.PROMPT, "block", 10**6)


def test_prompt_that_asks_for_what_is_not_there__fails_on_its_ground(org: Organisation) -> None:
    """The chain refuses the question for the setting: no verifier can find its facts, and all say so alike."""
    prompt = replace(the_prompt(org), parameters=(Parameter("P", "BToken", "fairness", 1, 0, 9, 0, 0, 0),))
    slot = seeded(org, prompt)
    found = failure(org, post(org, slot, encode(prompt), honest(org, slot, prompt).posting()))
    assert found is not None
    assert (found.ground, found.what) == (Ground.PROMPT, "facts")
    assert "no parameter fairness" in found.note


def test_prompt_that_breaks_the_template__fails_on_its_ground(org: Organisation) -> None:
    """The contract sees a hash only: such a prompt can be bound, and the file beside it may name another."""
    prompt = the_prompt(org)
    broken = replace(prompt, objective="riches")
    slot = seeded(org, broken)
    found = failure(org, post(org, slot, encode(broken), honest(org, slot, prompt).posting()))
    assert found is not None
    assert (found.ground, found.expected) == (Ground.PROMPT, "one that keeps the template's rules")


def test_another_prompt_in_the_file_than_the_bid_bound__fails_on_its_ground(org: Organisation) -> None:
    prompt = the_prompt(org)
    slot = seeded(org, prompt)
    other = replace(prompt, advice="Pay A.")
    found = failure(org, post(org, slot, encode(prompt), honest(org, slot, other).posting()))
    assert found is not None
    assert (found.ground, found.what) == (Ground.PROMPT, "prompt hash")


def test_bytes_that_are_no_data_file__show_no_samples(org: Organisation) -> None:
    prompt = the_prompt(org)
    slot = seeded(org, prompt)
    made = honest(org, slot, prompt).posting()
    nonsense = org.ctx.store.put(b"[]")
    posting = replace(made, data=b"[]", generation=replace(made.generation, data_digest=nonsense.digest))
    found = failure(org, post(org, slot, encode(prompt), posting))
    assert found is not None
    assert (found.ground, found.expected) == (Ground.SAMPLES, "a data file")


def test_data_that_nobody_has__is_a_ground_until_it_is_published(org: Organisation, tmp_path: Path) -> None:
    prompt = the_prompt(org)
    slot = seeded(org, prompt)
    made = honest(org, slot, prompt).posting()
    proposal = post(org, slot, encode(prompt), made)
    elsewhere = replace(seen(org), store=FolderStore(tmp_path / "empty"))
    found = verify_proposal(elsewhere, proposal, opener(org)).failure
    assert found is not None
    assert (found.ground, found.expected) == (Ground.DATA_UNAVAILABLE, "0x" + made.generation.data_digest.hex())
    assert verify_proposal(elsewhere, proposal, opener(org), data=made.data).valid
    with pytest.raises(BadInput, match="not the data of proposal"):
        verify_proposal(elsewhere, proposal, opener(org), data=b"[]")
    org.send("carol", "DisputeResolver", "publish", proposal, made.data)
    assert verify_proposal(elsewhere, proposal, opener(org)).valid


def test_proposal_that_nobody_posted__refused(org: Organisation) -> None:
    with pytest.raises(Refused, match="no slot posted a proposal 7"):
        failure(org, 7)

"""A fake of the chain for checks of proposals: one organisation at rest, and the one proposal it was made with.

It refuses to post what PromptUpdate would refuse, so that a forgery told to it is one that a real chain would take.
"""

from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from eth_hash.auto import keccak

from oracle.domain.action import Actions, Deployment
from oracle.domain.errors import Unreachable
from oracle.domain.proposal import Generation, LeafProof
from oracle.domain.slot import SlotContext
from oracle.mechanism import sample_tree
from oracle.mechanism.compile import actions_hash
from oracle.mechanism.model_id import model_id
from oracle.ports.chain import Block, Event
from oracle.verification import OnChain

PROMPT_BLOCK, POST_BLOCK = 10, 20
PROPOSAL = 77

_Auction = namedtuple("_Auction", "modelId seed")
_Generation = namedtuple(
    "_Generation", "templateId samplerId modelId samplesRoot pick gammaBps dispersionBps dataDigest"
)
_Reads: dict[str, Any] = {
    "templateApproved": True,
    "samplerApproved": True,
    "MINTER_ROLE": b"\x09" * 32,
    "mintable": 2_400 * 10**18,
    "marketCap": 14_400 * 10**6,
    "totalSupply": 12_000 * 10**18,
    "slotCount": 0,
    "constitutionalModel": bytes(32),
    "parameter": 2_000,
    "parameterBounds": (100, 5_000),
}


@dataclass(frozen=True)
class Posting:
    """What a poster, honest or not, sends to PromptUpdate, and the data file that it puts into the store."""

    generation: Generation
    proof: LeafProof
    actions: Actions
    data: bytes


class FakeChain:
    """Reads of an organisation without history; `post` adds a proposal."""

    def __init__(self, deployment: Deployment, reads: Mapping[str, Any] | None = None) -> None:
        self.chain_id, self.deployment = deployment.chain_id, deployment
        self.reads = _Reads | dict(reads or {})
        self.logs: list[Event] = []

    def head(self) -> Block:
        return Block(100, 1_000, bytes(32))

    def address(self, contract: str) -> str:
        return self.deployment.addresses.get(contract, "0x" + "99" * 20)

    def read(self, contract: str, function: str, *args: Any, at: int | None = None) -> Any:
        answer = self.reads[function]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def events(
        self, contract: str, name: str, *, first: int, last: int | None = None, where: Mapping[str, Any] | None = None
    ) -> list[Event]:
        return [
            event
            for event in self.logs
            if (event.contract, event.name) == (contract, name)
            and first <= event.block_number <= (100 if last is None else last)
            and all(event.args[key] == value for key, value in (where or {}).items())
        ]

    def log(self, contract: str, name: str, **args: Any) -> None:
        self.logs.append(Event(contract, name, args, POST_BLOCK, bytes(32), bytes(32), len(self.logs)))

    def post(self, slot: SlotContext, prompt: bytes, posting: Posting) -> None:
        """What `updatePrompt` checks and does, in a slot that bound this prompt, model and seed."""
        made, proof = posting.generation, posting.proof
        payload = sample_tree.payload_hash(proof.payload_json_hash, actions_hash(posting.actions))
        leaf = sample_tree.leaf(made.pick, proof.tokens_hash, payload, proof.text_hash, True)
        root = sample_tree.samples_root(slot.seed, sample_tree.root_from_proof(leaf, proof.path))
        assert (root, len(proof.path)) == (made.samples_root, 7), "NotInSamples"
        assert made.model_id == model_id(slot.model), "WrongModel"
        self.reads["auction"] = _Auction(model_id(slot.model), slot.seed)
        generation = _Generation(*made.as_abi())
        shown = {"epoch": slot.epoch, "proposalId": PROPOSAL, "prompter": slot.winner, "uri": "fake"}
        self.log("PromptUpdate", "ProposalPosted", **shown, generation=generation, prompt=prompt)
        calls = posting.actions
        self.log(
            "Governance",
            "ProposalCreated",
            proposalId=PROPOSAL,
            targets=list(calls.targets),
            values=list(calls.values),
            calldatas=list(calls.calldatas),
        )


class FakeStore:
    """Documents in memory, by sha256."""

    def __init__(self, *documents: bytes) -> None:
        self.documents = {sha256(data).digest(): data for data in documents}

    def get(self, digest: bytes) -> bytes:
        if digest not in self.documents:
            raise Unreachable("the fake store has no such document")
        return self.documents[digest]


def posted(slot: SlotContext, prompt: bytes, posting: Posting, deployment: Deployment, *kept: bytes) -> OnChain:
    """An organisation on whose chain this was posted and in whose store it lies."""
    chain = FakeChain(deployment)
    chain.post(slot, prompt, posting)
    return OnChain(chain, FakeStore(posting.data, *kept), deployment)  # type: ignore[arg-type]


def bound(posting: Posting, **changes: Any) -> Posting:
    """The posting with another generation."""
    return replace(posting, generation=replace(posting.generation, **changes))


def prompt_hash_of(document: bytes) -> bytes:
    return keccak(document)

"""What the chain says of a proposal: what its slot had bound, what was posted, and where its data can be found."""

from dataclasses import dataclass
from hashlib import sha256

from oracle.domain.action import Actions, Deployment
from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.domain.proposal import Generation
from oracle.mechanism.compile import CONTRACTS
from oracle.ports.chain import Chain
from oracle.ports.store import ContentStore

PROMPT_UPDATE = "PromptUpdate"


@dataclass(frozen=True, slots=True)
class OnChain:
    """One organisation as a verifier sees it; `first_block` is where its deployment begins."""

    chain: Chain
    store: ContentStore
    deployment: Deployment
    first_block: int = 0


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted proposal: `model_id`, `prompt_hash` and `seed` are what its auction bound, `prompt` the bound bytes."""

    proposal_id: int
    block: int
    epoch: int
    winner: str
    model_id: bytes
    seed: bytes
    prompt: bytes
    generation: Generation
    actions: Actions


def read_posted(at: OnChain, proposal_id: int) -> Posted:
    """Everything about a proposal that a check needs.

    Refused if no slot posted it, Unreachable without its logs, BadInput if the deployment lacks a contract.
    """
    chain, missing = at.chain, [name for name in CONTRACTS if name not in at.deployment.addresses]
    if missing:
        raise BadInput(f"the deployment has no {', '.join(missing)}", hint="name the deployment file of this chain")
    found = chain.events(PROMPT_UPDATE, "ProposalPosted", first=at.first_block, where={"proposalId": proposal_id})
    if not found:
        raise Refused(f"no slot posted a proposal {proposal_id}", hint="gengov proposal list names those there are")
    event = found[-1]
    created = chain.events("Governance", "ProposalCreated", first=event.block_number, last=event.block_number)
    calls = next((each.args for each in created if each.args["proposalId"] == proposal_id), None)
    if calls is None:
        raise Unreachable(
            f"the chain does not give the calls of proposal {proposal_id}", hint="use an endpoint that keeps logs"
        )
    auction = chain.read(PROMPT_UPDATE, "auction", event.args["epoch"])
    return Posted(
        proposal_id=proposal_id,
        block=event.block_number,
        epoch=event.args["epoch"],
        winner=event.args["prompter"],
        model_id=auction.modelId,
        seed=auction.seed,
        prompt=event.args["prompt"],
        generation=Generation(*event.args["generation"]),
        actions=Actions(*(tuple(calls[part]) for part in ("targets", "values", "calldatas"))),
    )


def fetch(at: OnChain, posted: Posted) -> bytes:
    """The data file behind a proposal, from the store or, failing that, as published on chain.

    Raises Unreachable, with the store's own words, if neither has it.
    """
    digest = posted.generation.data_digest
    try:
        return at.store.get(digest)
    except (Refused, Unreachable) as error:
        where = {"id": posted.proposal_id}
        for event in at.chain.events("DisputeResolver", "Published", first=posted.block, where=where):
            data = bytes(event.args["data"])
            if sha256(data).digest() == digest:
                return data
        raise Unreachable(
            f"the data of proposal {posted.proposal_id}, sha256 0x{digest.hex()}, is nowhere: {error.message}",
            hint="challenge it: gengov challenge open PROPOSAL --ground data-unavailable",
        ) from error

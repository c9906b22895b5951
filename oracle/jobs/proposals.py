"""Reads of the active proposal that several jobs share."""

from dataclasses import dataclass

from eth_utils.crypto import keccak

from oracle.domain.errors import Unreachable
from oracle.domain.proposal import ProposalState
from oracle.jobs.auctions import PROMPT_UPDATE
from oracle.jobs.context import Context

GOVERNANCE = "Governance"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposal that is not final yet, with the calls that queueing and executing must repeat."""

    id: int
    epoch: int
    state: ProposalState
    calls: tuple[list[str], list[int], list[bytes], bytes]

    @property
    def key(self) -> str:
        """The intent key: the epoch, for there is one proposal in it."""
        return str(self.epoch)


def active(ctx: Context) -> Proposal | None:
    """The one proposal that can still move, or None."""
    proposal_id = int(ctx.chain.read(PROMPT_UPDATE, "activeProposal"))
    if proposal_id == 0:
        return None
    posted = ctx.chain.events(PROMPT_UPDATE, "ProposalPosted", first=ctx.first_block, where={"proposalId": proposal_id})
    if not posted:
        raise Unreachable(
            f"the chain does not give the event of proposal {proposal_id}", hint="use an endpoint that keeps logs"
        )
    block = posted[-1].block_number
    created = ctx.chain.events(GOVERNANCE, "ProposalCreated", first=block, last=block)
    args = next(event.args for event in created if event.args["proposalId"] == proposal_id)
    description_hash = keccak(text=args["description"])
    return Proposal(
        id=proposal_id,
        epoch=posted[-1].args["epoch"],
        state=ProposalState(ctx.chain.read(GOVERNANCE, "state", proposal_id)),
        calls=(args["targets"], args["values"], args["calldatas"], description_hash),
    )

"""The state of the chain as jobs see it: each part read when first asked for, and all of it anew after every write."""

from dataclasses import dataclass
from functools import cached_property

from eth_utils.crypto import keccak

from oracle.domain.dispute import DisputeTerms
from oracle.domain.epoch import EpochStage
from oracle.domain.errors import Unreachable
from oracle.domain.proposal import ProposalState
from oracle.jobs.context import Context
from oracle.jobs.disputes import cases
from oracle.jobs.disputes.cases import Bonded

PROMPT_UPDATE = "PromptUpdate"
GOVERNANCE = "Governance"


@dataclass(frozen=True, slots=True)
class Auction:
    """The one auction that can still move: hashes are 32 bytes, `seed` is zero until it is fixed."""

    epoch: int
    stage: EpochStage
    winner: str
    model_id: bytes
    prompt_hash: bytes
    price: int
    seed_block: int
    seed: bytes

    @property
    def key(self) -> str:
        """The intent key of what is done once per auction."""
        return str(self.epoch)


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


class View:
    """What is so now. Make a new one after every write."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    @cached_property
    def auction(self) -> Auction | None:
        """The auction of the last epoch that somebody bid for; None if nobody ever did."""
        read = self._ctx.chain.read
        epoch = int(read(PROMPT_UPDATE, "liveEpoch"))
        if epoch == 0:
            return None
        found = read(PROMPT_UPDATE, "auction", epoch)
        return Auction(
            epoch=epoch,
            stage=EpochStage(read(PROMPT_UPDATE, "stage", epoch)),
            winner=found.winner,
            model_id=found.modelId,
            prompt_hash=found.promptHash,
            price=found.price,
            seed_block=found.seedBlock,
            seed=found.seed,
        )

    def auction_at(self, stage: EpochStage) -> Auction | None:
        """The live auction if it stands at `stage`."""
        return self.auction if self.auction is not None and self.auction.stage is stage else None

    @cached_property
    def won(self) -> Auction | None:
        """The live auction, if this account is to post for its winner now."""
        auction, account = self.auction_at(EpochStage.SUBMIT), self._ctx.account
        if auction is None or auction.winner == account:
            return auction
        operates = self._ctx.chain.read(PROMPT_UPDATE, "isOperator", auction.winner, account)
        return auction if operates else None

    @cached_property
    def proposal(self) -> Proposal | None:
        """The one proposal that can still move, or None."""
        chain = self._ctx.chain
        proposal_id = int(chain.read(PROMPT_UPDATE, "activeProposal"))
        if proposal_id == 0:
            return None
        posted = chain.events(
            PROMPT_UPDATE, "ProposalPosted", first=self._ctx.first_block, where={"proposalId": proposal_id}
        )
        if not posted:
            raise Unreachable(
                f"the chain does not give the event of proposal {proposal_id}", hint="use an endpoint that keeps logs"
            )
        block = posted[-1].block_number
        created = chain.events(GOVERNANCE, "ProposalCreated", first=block, last=block)
        args = next(event.args for event in created if event.args["proposalId"] == proposal_id)
        return Proposal(
            id=proposal_id,
            epoch=posted[-1].args["epoch"],
            state=ProposalState(chain.read(GOVERNANCE, "state", proposal_id)),
            calls=(args["targets"], args["values"], args["calldatas"], keccak(text=args["description"])),
        )

    @cached_property
    def bonded(self) -> list[Bonded]:
        """The proposals that still have a bond behind them, oldest first, with their cases."""
        return cases.bonded(self._ctx)

    @cached_property
    def dispute_terms(self) -> DisputeTerms:
        """The resolver's present parameters."""
        return cases.terms(self._ctx)

    @cached_property
    def threshold(self) -> int:
        """How many verdicts of the committee rule."""
        return int(self._ctx.chain.read(cases.COMMITTEE, "threshold"))

    @cached_property
    def is_member(self) -> bool:
        """Whether this account is of the committee."""
        return bool(self._ctx.chain.read(cases.COMMITTEE, "isMember", self._ctx.account))

    def proposal_at(self, state: ProposalState) -> Proposal | None:
        """The active proposal if it stands at `state`."""
        return self.proposal if self.proposal is not None and self.proposal.state is state else None

"""The bonded proposals and the cases about them, as the chain tells them now."""

from dataclasses import dataclass
from typing import Any

from oracle.domain.dispute import DisputeTerms, Ground, Ruling
from oracle.domain.proposal import ProposalState
from oracle.jobs.context import Context
from oracle.ports.chain import Chain

RESOLVER = "DisputeResolver"
COMMITTEE = "VerifierCommittee"
_LOOK_BACK = 32
"""Proposals in a row without a bond, newest first, after which older ones are taken to be over too."""


@dataclass(frozen=True, slots=True)
class Case:
    """The last case about a proposal; `deadline` is when publishing or ruling ends at the earliest."""

    challenger: str
    stake: int
    ground: Ground
    round: int
    deadline: int
    ruling: Ruling
    open: bool


@dataclass(frozen=True, slots=True)
class Bonded:
    """A proposal that still has a bond behind it; `case` is None if nobody ever challenged it."""

    id: int
    epoch: int
    state: ProposalState
    proposer: str
    bond: int
    data_digest: bytes
    case: Case | None

    @property
    def rounds(self) -> int:
        """How often it was challenged."""
        return self.case.round if self.case else 0

    @property
    def open_case(self) -> Case | None:
        """The case, while it awaits its end."""
        return self.case if self.case and self.case.open else None

    @property
    def round_key(self) -> str:
        """The intent key of what is done once in a round."""
        return f"{self.id}/{self.rounds}"


def bonded(ctx: Context) -> list[Bonded]:
    """The proposals with a bond, oldest first."""
    read = ctx.chain.read
    found: list[Bonded] = []
    over = 0
    for event in reversed(ctx.chain.events("PromptUpdate", "ProposalPosted", first=ctx.first_block)):
        number = int(event.args["proposalId"])
        bond = read(RESOLVER, "bondOf", number)
        if not bond.amount:
            over += 1
            if over == _LOOK_BACK:
                break
            continue
        over = 0
        state = ProposalState(read("Governance", "state", number))
        found.append(
            Bonded(number, event.args["epoch"], state, bond.proposer, bond.amount, bond.dataDigest, _case(ctx, number))
        )
    return found[::-1]


def _case(ctx: Context, number: int) -> Case | None:
    case = ctx.chain.read(RESOLVER, "caseOf", number)
    if not case.round:
        return None
    return Case(
        case.challenger, case.stake, Ground(case.ground), case.round, case.deadline, Ruling(case.ruling), case.open
    )


def staked(ctx: Context) -> int:
    """What this account has at stake in open cases and lost in earlier ones, in reserve base units.

    Only an Invalid case gives the stake back, and it is a proposal's last one.
    """
    own = ctx.chain.events(RESOLVER, "Challenged", first=ctx.first_block, where={"challenger": ctx.account})
    cases = {number: ctx.chain.read(RESOLVER, "caseOf", number) for number in {event.args["id"] for event in own}}
    return sum(event.args["stake"] for event in own if not _gave_back(cases[event.args["id"]], event.args["round"]))


def _gave_back(last: Any, round_: int) -> bool:
    return last.round == round_ and Ruling(last.ruling) is Ruling.INVALID


def to_judge(ctx: Context, proposal: Bonded) -> bool:
    """Whether the arbitrator can still rule on the open case."""
    case = proposal.open_case
    if case is None or case.ground is Ground.DATA_UNAVAILABLE:
        return False
    return verdict_deadline(ctx.chain, proposal.id, case.deadline) is not None


def verdict_deadline(chain: Chain, number: int, stored: int) -> int | None:
    """The deadline that members sign into a verdict on an open case; None once it is too late for any.

    All members must sign the same words, so it is the one `stored` with the case, as long as that lies ahead. On the
    slow track a case outlives it while voting goes on, whose end may move.
    """
    now = chain.head().timestamp
    if now < stored:
        return stored
    extended = int(chain.read(RESOLVER, "deadlineOf", number))
    return extended if now < extended else None


def terms(ctx: Context) -> DisputeTerms:
    """The resolver's present parameters."""
    return DisputeTerms(
        base_stake=_parameter(ctx, "baseStake"),
        publish_window=_parameter(ctx, "publishWindow"),
        ruling_timeout=_parameter(ctx, "rulingTimeout"),
        post_ruling_delay=_parameter(ctx, "postRulingDelay"),
        treasury_bps=_parameter(ctx, "treasuryBps"),
    )


def in_reserve(ctx: Context, amount: int) -> str:
    """An amount in whole reserve tokens, for the words of a step."""
    whole, part = divmod(amount, 10**ctx.deployment.reserve_decimals)
    digits = str(part).zfill(ctx.deployment.reserve_decimals).rstrip("0")
    return f"{whole:,}{'.' if digits else ''}{digits} of the reserve token"


def _parameter(ctx: Context, name: str) -> int:
    return int(ctx.chain.read(RESOLVER, "parameter", name.encode().ljust(32, b"\0")))

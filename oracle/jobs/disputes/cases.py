"""The bonded proposals and the cases about them, as the chain tells them now."""

from dataclasses import dataclass

from oracle.domain.dispute import DisputeTerms, Ground, Ruling
from oracle.domain.proposal import ProposalState
from oracle.jobs.context import Context

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

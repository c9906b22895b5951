"""DisputeResolver and VerifierCommittee off the chain: the twin's rules around plain dictionaries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from oracle.domain.dispute import DisputeTerms, Ground, Ruling, Shares, Verdict, Votes
from oracle.domain.proposal import ProposalState, Track
from oracle.mechanism import dispute
from tests.support.token_model import Refusal

FOREVER = (1 << 256) - 1


@dataclass(frozen=True)
class Facts:
    """What the governor says of a proposal now."""

    state: ProposalState
    eta: int
    track: Track
    voting_ends: int
    votes: Votes


@dataclass
class Record:
    """Bond and last case of a proposal."""

    proposer: str
    bond: int
    digest: bytes
    challenger: str = "0x" + "00" * 20
    ground: Ground = Ground.WEIGHTS
    ruling: Ruling = Ruling.NONE
    rounds: int = 0
    stake: int = 0
    opened_at: int = 0
    stored_deadline: int = 0
    reopened_until: int = 0
    open: bool = False
    published: bool = False


@dataclass
class DisputeModel:
    """One resolver with its committee; `now` is moved from outside, `money` are the challengers' reserve units."""

    terms: DisputeTerms
    treasury: str
    members: tuple[str, ...]
    threshold: int
    money: dict[str, int]
    now: int = 0
    held: int = 0
    records: dict[int, Record] = field(default_factory=dict)
    credits: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def owed(self) -> int:
        """Bonds + stakes + credits: I18."""
        stakes = sum(record.stake for record in self.records.values() if record.open)
        return stakes + sum(record.bond for record in self.records.values()) + sum(self.credits.values())

    def bond(self, number: int, proposer: str, amount: int, digest: bytes) -> None:
        self.records[number] = Record(proposer, amount, digest)
        self.held += amount

    def challenge(self, number: int, who: str, ground: Ground, facts: Facts) -> None:
        record = self._bonded(number)
        if record.open:
            raise Refusal("CaseOpen", number)
        stake = dispute.next_stake(self.terms, record.rounds)
        if stake is None:
            raise Refusal("TooManyRounds", number)
        if ground is Ground.DATA_UNAVAILABLE and record.published:
            raise Refusal("AlreadyPublished", number)
        if not dispute.challengeable(facts.state, facts.eta, record.reopened_until, self.now):
            raise Refusal("NotChallengeable", number, facts.state)
        if self.money[who] < stake:
            raise Refusal("ERC20InsufficientBalance")
        record.challenger, record.ground, record.ruling = who, ground, Ruling.NONE
        record.rounds, record.stake, record.opened_at, record.open = record.rounds + 1, stake, self.now, True
        # What the contract stores is the deadline of the fast track; the slow one is read from the governor.
        record.stored_deadline = dispute.deadline(self.terms, ground, self.now, Track.FAST, 0)
        self.money[who] -= stake
        self.held += stake

    def publish(self, number: int, data: bytes) -> None:
        record = self._bonded(number)
        if record.published:
            raise Refusal("AlreadyPublished", number)
        digest = sha256(data).digest()
        if digest != record.digest:
            raise Refusal("WrongData", digest, record.digest)
        if record.open and record.ground is Ground.DATA_UNAVAILABLE:
            if self.now >= record.stored_deadline:
                raise Refusal("CaseOverdue", number, record.stored_deadline)
            self._settle(record, Ruling.VALID)
        record.published = True

    def relay(self, verdict: Verdict, signers: Sequence[str], facts: Facts) -> None:
        """`signers` are who really signed this very verdict, in the order of the signatures."""
        if self.now > verdict.deadline:
            raise Refusal("VerdictExpired", verdict.deadline)
        rounds = self.records[verdict.proposal_id].rounds
        if verdict.round != rounds:
            raise Refusal("WrongRound", verdict.round, rounds)
        if len(signers) < self.threshold:
            raise Refusal("NotEnoughSignatures", len(signers), self.threshold)
        for place, signer in enumerate(signers):
            if signer not in self.members:
                raise Refusal("NotAMember")
            if signer in signers[:place]:
                raise Refusal("DuplicateSigner", signer)
        self.rule(verdict.proposal_id, verdict.ruling, facts)

    def rule(self, number: int, ruling: Ruling, facts: Facts) -> None:
        if ruling is Ruling.NONE:
            raise Refusal("NoRuling")
        record = self._open(number)
        if record.ground is Ground.DATA_UNAVAILABLE:
            raise Refusal("NotForArbitrator", number)
        if self.now >= (until := self.deadline(number, facts)):
            raise Refusal("CaseOverdue", number, until)
        self._settle(record, ruling)

    def timeout(self, number: int, facts: Facts) -> None:
        record = self._open(number)
        if self.now < (until := self.deadline(number, facts)):
            raise Refusal("CaseNotOverdue", number, until)
        ruling, shares = dispute.timeout(
            record.ground, facts.track, facts.votes, record.bond, record.stake, self.terms.treasury_bps
        )
        self._close(record, ruling, shares)

    def release(self, number: int, facts: Facts) -> None:
        record = self._bonded(number)
        if record.open:
            raise Refusal("CaseOpen", number)
        if not facts.state.final:
            raise Refusal("NotFinal", number)
        self.credits[record.proposer] += record.bond
        record.bond = 0

    def withdraw(self, who: str) -> int:
        amount = self.credits.get(who, 0)
        if not amount:
            raise Refusal("NothingToWithdraw", who)
        del self.credits[who]
        self.held -= amount
        return amount

    def deadline(self, number: int, facts: Facts) -> int:
        record = self._open(number)
        return dispute.deadline(self.terms, record.ground, record.opened_at, facts.track, facts.voting_ends)

    def blocked_until(self, number: int) -> int:
        """First second at which the resolver would let the proposal be executed: I17."""
        record = self.records[number]
        return FOREVER if record.open or record.ruling is Ruling.INVALID else record.reopened_until

    def _settle(self, record: Record, ruling: Ruling) -> None:
        self._close(record, ruling, dispute.settlement(ruling, record.bond, record.stake, self.terms.treasury_bps))

    def _close(self, record: Record, ruling: Ruling, shares: Shares) -> None:
        record.open, record.ruling, record.bond = False, ruling, shares.bond_left
        if ruling is Ruling.VALID:
            record.reopened_until = self.now + self.terms.post_ruling_delay
        for who, amount in (
            (record.challenger, shares.challenger),
            (record.proposer, shares.proposer),
            (self.treasury, shares.treasury),
        ):
            if amount:
                self.credits[who] += amount

    def _bonded(self, number: int) -> Record:
        record = self.records[number]
        if not record.bond:
            raise Refusal("NotBonded", number)
        return record

    def _open(self, number: int) -> Record:
        record = self.records[number]
        if not record.open:
            raise Refusal("NoOpenCase", number)
        return record

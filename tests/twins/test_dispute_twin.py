"""DisputeResolver.sol and VerifierCommittee.sol beside their model, on proposals of the real governor: I17, I18."""

import random
from typing import Any, cast

import pytest
from eth_utils.address import to_checksum_address

from oracle.chain import verdicts
from oracle.domain.dispute import DisputeTerms, Ground, Ruling, Verdict, Votes
from oracle.domain.proposal import ProposalState, Track
from oracle.mechanism import dispute
from tests.support.court import Court
from tests.support.dispute_pair import DisputePair
from tests.support.evm import CHAIN_ID

STEPS = 500
MUST_HAPPEN = (
    "challenge done",
    "challenge CaseOpen",
    "challenge TooManyRounds",
    "challenge AlreadyPublished",
    "challenge NotChallengeable",
    "challenge NotBonded",
    "challenge ERC20InsufficientBalance",
    "publish done",
    "publish WrongData",
    "publish AlreadyPublished",
    "relay done",
    "relay NotAMember",
    "relay DuplicateSigner",
    "relay NotEnoughSignatures",
    "relay VerdictExpired",
    "relay WrongRound",
    "relay NoRuling",
    "relay NoOpenCase",
    "relay NotForArbitrator",
    "relay CaseOverdue",
    "timeout done",
    "timeout CaseNotOverdue",
    "releaseBond done",
    "releaseBond CaseOpen",
    "releaseBond NotFinal",
    "withdrawFor done",
    "executed",
    "not executed",
)


def test_disputes__random_walks__chain_and_model_agree_on_everything() -> None:
    seen: dict[str, int] = {}
    for seed in range(6):
        pair = DisputePair(seed)
        for _ in range(STEPS):
            pair.step()
        for name, count in pair.seen.items():
            seen[name] = seen.get(name, 0) + count
    assert not [name for name in MUST_HAPPEN if not seen.get(name)], seen


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 124))
def test_disputes__long_walks__agree(seed: int) -> None:
    pair = DisputePair(seed)
    for _ in range(2_000):
        pair.step()
    assert pair.seen["executed"] and pair.seen["relay done"]


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("next_stake", lambda terms, rounds: terms.base_stake if rounds < 3 else None),
        ("challengeable", lambda state, eta, reopened, now: not state.final),
        ("deadline", lambda terms, ground, opened_at, track, ends: opened_at + terms.ruling_timeout),
        ("voted_valid", lambda votes: votes.in_favour > votes.against),
        ("refund", lambda bond, stake: dispute.settlement(Ruling.INVALID, bond, stake, 5_000)),
    ],
)
def test_disputes__a_wrong_rule__is_caught(monkeypatch: pytest.MonkeyPatch, rule: str, wrong: Any) -> None:
    monkeypatch.setattr(dispute, rule, wrong)
    with pytest.raises(AssertionError):
        for seed in range(12):
            pair = DisputePair(seed)
            for _ in range(STEPS):
                pair.step()


def test_settlement__by_hand__pays_the_winner_and_the_treasury_to_the_unit() -> None:
    invalid = dispute.settlement(Ruling.INVALID, bond=1_001, stake=500, treasury_bps=5_000)
    assert (invalid.challenger, invalid.proposer, invalid.treasury, invalid.bond_left) == (500 + 501, 0, 500, 0)
    valid = dispute.settlement(Ruling.VALID, bond=1_001, stake=501, treasury_bps=5_000)
    assert (valid.challenger, valid.proposer, valid.treasury, valid.bond_left) == (0, 251, 250, 1_001)
    with pytest.raises(ValueError):
        dispute.settlement(Ruling.NONE, 1, 1, 1)


def test_next_stake__three_rounds__doubles_and_ends() -> None:
    terms = DisputeTerms(500, 1, 1, 1, 5_000)
    assert [dispute.next_stake(terms, rounds) for rounds in range(4)] == [500, 1_000, 2_000, None]


def test_timeout__slow_with_the_voters_behind_it__is_valid() -> None:
    just = Votes(in_favour=20, against=10, abstain=0, electorate=100)
    assert dispute.timeout(Ground.SAMPLES, Track.SLOW, just, 10, 4, 5_000)[0] is Ruling.VALID
    for votes in (Votes(19, 0, 0, 100), Votes(20, 10, 1, 100)):
        ruling, shares = dispute.timeout(Ground.SAMPLES, Track.SLOW, votes, 10, 4, 5_000)
        assert (ruling, shares.challenger, shares.proposer) == (Ruling.INVALID, 4, 10)
    ruling, shares = dispute.timeout(Ground.DATA_UNAVAILABLE, Track.SLOW, just, 10, 4, 5_000)
    assert (ruling, shares.challenger, shares.treasury) == (Ruling.INVALID, 9, 5)


def test_challengeable__one_second_decides() -> None:
    assert dispute.challengeable(ProposalState.QUEUED, eta=100, reopened_until=0, now=99)
    assert not dispute.challengeable(ProposalState.QUEUED, eta=100, reopened_until=0, now=100)
    assert dispute.challengeable(ProposalState.QUEUED, eta=100, reopened_until=150, now=149)
    assert not dispute.challengeable(ProposalState.DEFEATED, eta=0, reopened_until=0, now=1)


def test_digest__is_what_the_contract_hashes() -> None:
    court = Court()

    class Chain:
        chain_id = CHAIN_ID

        def address(self, contract: str) -> str:
            return to_checksum_address(court.committee.address)

    rnd = random.Random(7)
    for _ in range(200):
        verdict = Verdict(
            rnd.getrandbits(256), rnd.getrandbits(8), Ruling(rnd.randrange(3)), rnd.randbytes(32), rnd.getrandbits(48)
        )
        assert verdicts.digest(cast(Any, Chain()), verdict) == court.committee("hashVerdict", verdict.as_abi())

"""A stake over the budget does not keep a smaller one, on another proposal, from being made."""

from types import SimpleNamespace
from typing import Any, cast

from oracle.domain.dispute import DisputeTerms, Ground, Ruling
from oracle.domain.errors import Reverted
from oracle.domain.proposal import ProposalState
from oracle.domain.records import CheckRow
from oracle.jobs.context import Context, Verifier
from oracle.jobs.disputes.cases import Bonded, Case
from oracle.jobs.disputes.challenge import challenge
from oracle.jobs.view import View
from tests.support.fake_committee import MEMBERS

PROPOSER, ACCOUNT = MEMBERS[0].address, MEMBERS[1].address
STAKE = 500
ANSWERED = Case(MEMBERS[2].address, STAKE, Ground.DATA_UNAVAILABLE, 1, 10, Ruling.VALID, open=False)


class FakeChain:
    """Nothing is queued, nothing was staked, the allowance is large; it notes what would be sent."""

    def __init__(self) -> None:
        self.tried: list[tuple[Any, ...]] = []

    def read(self, contract: str, function: str, *args: Any) -> int:
        return 10**9 if function == "allowance" else 0

    def head(self) -> Any:
        return SimpleNamespace(timestamp=1)

    def events(self, *_: Any, **__: Any) -> list[Any]:
        return []

    def address(self, contract: str) -> str:
        return MEMBERS[2].address

    def simulate(self, call: Any, sender: str) -> None:
        self.tried.append(call.args)
        raise Reverted("somebody was faster", error="CaseOpen")


def proposal(number: int, case: Case | None) -> Bonded:
    return Bonded(number, number, ProposalState.ACTIVE, PROPOSER, 1_000, bytes(32), case)


def test_over_budget__the_next_proposal_is_still_looked_at() -> None:
    chain = FakeChain()
    found = {n: CheckRow(n, Ground.SAMPLES.word, b"{}", "samples are wrong", "fake", 0) for n in (1, 2)}
    ctx = SimpleNamespace(
        chain=chain,
        account=ACCOUNT,
        first_block=0,
        deployment=SimpleNamespace(reserve_decimals=0),
        ledger=SimpleNamespace(check=found.get, decide=lambda _: None),
        store=SimpleNamespace(put=lambda _: SimpleNamespace(uri="here")),
        verifier=Verifier(open_model=cast(Any, None), challenge_budget=STAKE),
    )
    terms = DisputeTerms(STAKE, 10, 10, 10, 5_000)
    view = SimpleNamespace(bonded=[proposal(1, ANSWERED), proposal(2, None)], dispute_terms=terms)
    step = challenge(cast(Context, ctx), cast(View, view))
    assert step is not None and not step.done and "1,000 of the reserve token at stake or lost" in step.detail
    assert chain.tried == [(2, int(Ground.SAMPLES), "here")]

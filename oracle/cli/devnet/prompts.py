"""What the demo asks the model: five candidates with a record, a budget of the fast track, two objectives."""

from oracle.chain import accounts
from oracle.cli.amounts import TOKEN_DECIMALS
from oracle.domain.prompt import Candidate, Funding, Market, ModelChoice, Prompt
from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.template import template_id
from oracle.wiring import Organisation

WORKS = (
    ("Water meters for the lower village", 24, 9, 0),
    ("Garden of the primary school", 12, 7, 1),
    ("Seed library", 16, 4, 4),
    ("Weather station on the ridge", 30, 2, 3),
    ("Repair cafe", 8, 5, 0),
)
"""Title, ask in whole tokens, works done in time, works done late."""
FIRST_ACCOUNT = 12
"""Development account of the first candidate; the next ones follow."""
BUDGET = 40


def demo_prompt(org: Organisation, objective: str, advice: str = "") -> Prompt:
    """A prompt at the present block. `objective` is one of the template's."""
    chain = org.chain
    supply = chain.read("BToken", "totalSupply") // 10**TOKEN_DECIMALS
    cap = chain.read("BToken", "marketCap") // 10**org.reserve_decimals
    models = tuple(
        ModelChoice(f"m{number}", model.id, 50, number == 1) for number, model in enumerate(org.file.models, 1)
    )
    return Prompt(
        version=1,
        template_id="0x" + template_id().hex(),
        sampler_id="0x" + sampler_id(Sampler()).hex(),
        chain_id=chain.chain_id,
        block=chain.head().number,
        objective=objective,
        funding=Funding("mint", supply // 20, min(BUDGET, supply // 20)),
        market=Market(supply, cap, 120),
        candidates=tuple(_candidate(org, number, *work) for number, work in enumerate(WORKS, 1)),
        parameters=(),
        models=models,
        history=(),
        advice=advice,
    )


def _candidate(org: Organisation, number: int, title: str, ask: int, done: int, late: int) -> Candidate:
    account = accounts.from_mnemonic(FIRST_ACCOUNT + number - 1, org.chain.chain_id)
    return Candidate(f"c{number}", title, account.address, ask, done, late)

"""What the demo asks the model: five candidates with a record, a budget of the fast track, a goal per slot."""

from oracle.chain import accounts
from oracle.domain.prompt import Prompt
from oracle.prompts.request import CandidateRequest, PromptRequest
from oracle.wiring import Organisation, make_prompt

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
"""Whole tokens: within what the fast track may mint."""


def demo_prompt(org: Organisation, objective: str, scale: int = 1) -> Prompt:
    """A prompt made from the chain's present state. `objective` is one of the template's.

    `scale` multiplies budget and asks: from about 5 on, what is funded needs the slow track.
    """
    request = PromptRequest(
        objective=objective,
        budget=BUDGET * scale,
        candidates=tuple(
            CandidateRequest(title=title, address=_payee(org, number), ask=ask * scale, done=done, late=late)
            for number, (title, ask, done, late) in enumerate(WORKS)
        ),
        parameters=(),
    )
    return make_prompt(org, request)


def _payee(org: Organisation, number: int) -> str:
    return accounts.from_mnemonic(FIRST_ACCOUNT + number, org.chain.chain_id).address

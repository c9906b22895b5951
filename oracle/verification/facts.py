"""A prompt against the chain: what it says of treasury, market, settings, models and history at its block."""

from collections.abc import Iterator
from dataclasses import asdict, fields

from oracle.domain.dispute import Ground
from oracle.domain.errors import BadInput, Refused, Reverted
from oracle.domain.prompt import Prompt
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import Failure
from oracle.mechanism import canonical
from oracle.mechanism.verdict import scalar
from oracle.prompts import state
from oracle.prompts.request import CandidateRequest, ParameterRequest, PromptRequest
from oracle.verification.posted import OnChain

UNCHECKED = "the candidates' records, the members' wishes and the advice are the prompter's word"


def facts(prompt: Prompt, sampler: Sampler, at: OnChain, before: int) -> Iterator[Failure]:
    """Builds the prompt anew from the chain's state at the block it names, which must lie before block `before`.

    Yields the first field that differs, in the document's order. Raises Unreachable if the node does not keep the
    state of that block.
    """
    if not at.first_block <= prompt.block < before:
        yield Failure(Ground.PROMPT, "block", f"one of the organisation's before {before}", prompt.block)
        return
    try:
        found = state.build(
            at.chain,
            at.deployment,
            request_of(prompt),
            first_block=at.first_block,
            block=prompt.block,
            samplers=(sampler,),
        )
    except (BadInput, Refused, Reverted) as error:
        yield Failure(Ground.PROMPT, "facts", "those of its block", "others", note=error.message)
        return
    for field in fields(Prompt):
        right, said = asdict(found)[field.name], asdict(prompt)[field.name]
        if right != said:
            yield Failure(Ground.PROMPT, field.name, _shown(right), _shown(said))


def request_of(prompt: Prompt) -> PromptRequest:
    """What the prompter decided, taken out of the prompt again."""
    return PromptRequest(
        objective=prompt.objective,
        source=prompt.funding.source,
        budget=prompt.funding.budget,
        candidates=tuple(
            CandidateRequest(title=c.title, address=c.address, ask=c.ask, done=c.done, late=c.late)
            for c in prompt.candidates
        ),
        parameters=tuple(
            ParameterRequest(contract=p.contract, name=p.name, wish_less=p.wish_less, wish_more=p.wish_more)
            for p in prompt.parameters
        ),
        advice=prompt.advice,
    )


def _shown(value: object) -> int | str | None:
    return scalar(value if isinstance(value, int | str) else canonical.dumps(value).decode("ascii"))

"""The prompt document of a moment: what the chain says at one block, joined with what a person decides.

Whoever has the request and the block builds the same bytes, so every figure in a prompt can be checked later.
"""

from collections.abc import Sequence
from typing import Any

from oracle.domain.action import Deployment
from oracle.domain.errors import BadInput, Refused, Reverted
from oracle.domain.prompt import Candidate, Funding, Market, Parameter, Prompt
from oracle.domain.sampler import Sampler
from oracle.mechanism import prompt_rules
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.template import template, template_id
from oracle.ports.chain import Chain
from oracle.prompts.history import listed_id, model_choices, past_proposals, share_bps
from oracle.prompts.request import ParameterRequest, PromptRequest

_TOKEN = 10**18
_LARGEST_SCALE = 18


def build(
    chain: Chain,
    deployment: Deployment,
    request: PromptRequest,
    *,
    first_block: int = 0,
    block: int | None = None,
    samplers: Sequence[Sampler] = (Sampler(),),
) -> Prompt:
    """The prompt at `block` (the latest if None), every rule of the template checked.

    `first_block` is where the deployment begins; of `samplers` the first that the registry approves is named. Raises
    BadInput naming every violation, Refused if template or samplers are not approved, Unreachable if the node does not
    keep the state of that block.
    """
    at = chain.head().number if block is None else block
    prompt = Prompt(
        version=1,
        template_id="0x" + template_id().hex(),
        sampler_id="0x" + _approved(chain, samplers, at).hex(),
        chain_id=chain.chain_id,
        block=at,
        objective=request.objective,
        funding=_funding(chain, deployment, request, at),
        market=_market(chain, deployment, at),
        candidates=tuple(
            Candidate(listed_id("candidates", i), c.title, c.address, c.ask, c.done, c.late)
            for i, c in enumerate(request.candidates)
        ),
        parameters=tuple(_parameter(chain, p, i, at) for i, p in enumerate(request.parameters)),
        models=model_choices(chain, first_block, at),
        history=past_proposals(chain, first_block, at),
        advice=request.advice,
    )
    # Bound by hash in a sealed bid, a prompt that breaks a rule would cost the slot: better to refuse it here.
    return prompt_rules.parse_prompt(prompt_rules.encode(prompt))


def _approved(chain: Chain, samplers: Sequence[Sampler], at: int) -> bytes:
    """The id of the first approved sampler; a slot won with a prompt that names another could never be posted."""
    if not chain.read("ModelRegistry", "templateApproved", template_id(), at=at):
        raise Refused(
            f"the registry does not approve the template 0x{template_id().hex()}",
            hint="install the release of gengov whose template governance approved",
        )
    for sampler in samplers:
        if chain.read("ModelRegistry", "samplerApproved", sampler_id(sampler), at=at):
            return sampler_id(sampler)
    raise Refused(
        "the registry approves none of the sampling rules known here",
        hint="use the models, and the release of gengov, that governance approved",
    )


def _funding(chain: Chain, deployment: Deployment, request: PromptRequest, at: int) -> Funding:
    treasury = chain.address("TimelockController")
    if request.source == "mint":
        role = chain.read("BToken", "MINTER_ROLE", at=at)
        available = int(chain.read("BToken", "mintable", role, at=at)) // _TOKEN
    elif request.source == "token":
        available = int(chain.read("BToken", "balanceOf", treasury, at=at)) // _TOKEN
    elif request.source == "reserve":
        unit = 10**deployment.reserve_decimals
        available = int(chain.read("ReserveToken", "balanceOf", treasury, at=at)) // unit
    else:
        known = ", ".join(sorted(template().sources))
        raise BadInput(f"there is no funding source {request.source!r}", hint=f"use one of {known}")
    budget = min(available, template().limits["figure"]) if request.budget is None else request.budget
    return Funding(request.source, available, budget)


def _market(chain: Chain, deployment: Deployment, at: int) -> Market:
    cap = int(chain.read("BToken", "marketCap", at=at))
    supply = int(chain.read("BToken", "totalSupply", at=at))
    return Market(supply // _TOKEN, cap // 10**deployment.reserve_decimals, _trend(chain, cap, at))


def _trend(chain: Chain, cap: int, at: int) -> int:
    """The change of the market cap since the last slot opened, in bps; 0 before the first slot."""
    slot_id = int(chain.read("PromptUpdate", "slotCount", at=at))
    if slot_id == 0:
        return 0
    slot = chain.read("PromptUpdate", "slot", slot_id, at=at)
    try:
        before = chain.read("BToken", "averageCap", slot.openedAt - slot.capWindow, slot.openedAt, at=at)
    except Reverted:  # The token is younger than a window.
        return 0
    return share_bps(cap - int(before), int(before))


def _parameter(chain: Chain, request: ParameterRequest, index: int, at: int) -> Parameter:
    """A setting in the smallest power of ten in which its value is a whole figure that the template can show."""
    if request.contract not in template().contracts:
        known = ", ".join(sorted(template().contracts))
        raise BadInput(f"{request.contract} has no settings for a prompt", hint=f"use one of {known}")
    name = request.name.encode("ascii", errors="replace")[:32].ljust(32, b"\0")
    value = int(chain.read(request.contract, "parameter", name, at=at))
    bounds: Any = chain.read(request.contract, "parameterBounds", name, at=at)
    figure = template().limits["figure"]
    for scale in range(_LARGEST_SCALE + 1):
        unit = 10**scale
        if value % unit == 0 and value // unit <= figure:
            return Parameter(
                id=listed_id("parameters", index),
                contract=request.contract,
                name=request.name,
                value=value // unit,
                minimum=-(-bounds[0] // unit),
                maximum=min(bounds[1] // unit, figure),
                scale=scale,
                wish_less=request.wish_less,
                wish_more=request.wish_more,
            )
    raise BadInput(
        f"{request.contract}.{request.name} = {value} has too many digits for a prompt",
        hint=f"prompts show figures up to {figure:,} times a power of ten",
    )

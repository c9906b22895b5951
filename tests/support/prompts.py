"""Builders of one small prompt, its deployment, its slot, and raw samples that answer it."""

import random
from dataclasses import replace

from oracle.domain.action import Answer, Deployment, Payload
from oracle.domain.committed_model import CommittedModel
from oracle.domain.prompt import Candidate, Funding, Market, ModelChoice, Parameter, Prompt
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.mechanism.actions import allotments, answer_text, sampler_id
from oracle.mechanism.compile import CONTRACTS
from oracle.mechanism.template import template_id


def address(number: int) -> str:
    """A checksummed address (digits only, so the checksum is trivial)."""
    return "0x" + str(number).rjust(40, "0")


DEPLOYMENT = Deployment(31337, {name: address(place) for place, name in enumerate(CONTRACTS, 1)}, 6)

MODEL = CommittedModel(address(88), b"\x33" * 32, b"\x44" * 32, b"\x55" * 32, "ipfs://weights")

SLOT = SlotContext(31337, DEPLOYMENT.addresses["PromptUpdate"], 5, address(77), MODEL, b"\x22" * 32)

SAMPLER = Sampler()


def a_prompt(**changes: object) -> Prompt:
    prompt = Prompt(
        version=1,
        template_id="0x" + template_id().hex(),
        sampler_id="0x" + sampler_id(SAMPLER).hex(),
        chain_id=31337,
        block=12,
        objective="results",
        funding=Funding("mint", 100_000, 1_000),
        market=Market(1_000_000, 2_000_000, 150),
        candidates=(
            Candidate("A", "Library", address(101), 400, 9, 1),
            Candidate("B", "Garden", address(102), 800, 2, 4),
            Candidate("C", "School", address(103), 120, 5, 0),
        ),
        parameters=(Parameter("P", "BToken", "redeemFeeBps", 100, 0, 500, 0, 3, 9),),
        models=(
            ModelChoice("W", "0x" + "33" * 32, 60, True),
            ModelChoice("X", "0x" + "44" * 32, 70, False),
        ),
        history=(),
        advice="",
    )
    return replace(prompt, **changes)  # type: ignore[arg-type]


def raw(
    index: int,
    payload: Payload | None,
    rationale: str = "as the record says",
    *,
    finished: bool = True,
    prompt: Prompt | None = None,
) -> RawSample:
    """A sample that answers `prompt` (`a_prompt()` if none) with `payload`, or says something else."""
    text = answer_text(Answer(payload, rationale), prompt or a_prompt()) if payload else '{"action":"dance"}'
    return RawSample(index, tuple(text.encode()), text, finished)


def raw_samples(
    prompt: Prompt, *, seed: int = 0, none: int = 10, invalid: int = 5, count: int = 100
) -> list[RawSample]:
    """`count` samples: mostly random allotments, `none` of inaction, `invalid` ones that do not parse."""
    rnd = random.Random(seed)
    options = list(allotments(prompt))[:40]
    payloads: list[Payload | None] = [Payload("fund", {"fund": dict(rnd.choice(options))}) for _ in range(count)]
    payloads[:none] = [Payload("none", {})] * none
    payloads[none : none + invalid] = [None] * invalid
    rnd.shuffle(payloads)
    return [
        raw(index, payload, f"reason {rnd.randrange(9)} of many", prompt=prompt)
        for index, payload in enumerate(payloads)
    ]

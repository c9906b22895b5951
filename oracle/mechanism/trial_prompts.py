"""Prompts for measurements: number k is the same for everybody, keeps every rule of the template, and differs from k+1.

They need no chain and mean nothing; their figures come from sha256.
"""

import hashlib

from eth_utils.address import to_checksum_address

from oracle.domain.prompt import Candidate, Funding, Market, ModelChoice, Parameter, PastProposal, Prompt
from oracle.mechanism.template import template, template_id

_NAMES = ("minBid", "rewardBps", "vetoWindow", "redeemFeeBps")
_FUNDING_OBJECTIVES = ("results", "thrift", "breadth")


class _Figures:
    """Whole numbers that follow from a seed, in order."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def __call__(self, least: int, most: int) -> int:
        self._count += 1
        word = hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
        return least + int.from_bytes(word[:8], "big") % (most - least + 1)

    def hex(self, size: int) -> str:
        """0x and so many bytes."""
        return "0x" + "".join(f"{self(0, 255):02x}" for _ in range(size))


def trial_prompt(number: int) -> Prompt:
    """Prompt `number` (from 0). Objectives take turns; what surrounds them varies."""
    figure = _Figures(f"gengov/trial-prompt/v1/{number}")
    objectives = sorted(template().objectives)
    objective = objectives[number % len(objectives)]
    candidates = _candidates(figure, 0 if objective not in _FUNDING_OBJECTIVES else 2)
    budget = figure(1, 4) * max(100, sum(candidate.ask for candidate in candidates)) // 4
    return Prompt(
        version=1,
        template_id="0x" + template_id().hex(),
        sampler_id="0x" + "00" * 32,
        chain_id=1,
        block=figure(1, 10**6),
        objective=objective,
        funding=Funding(sorted(template().sources)[figure(0, 2)], budget * figure(1, 5), budget),
        market=Market(figure(1000, 10**6), figure(1000, 10**6), figure(-2000, 2000)),
        candidates=candidates,
        parameters=_parameters(figure, 1 if objective == "upkeep" else 0),
        models=_models(figure, 2 if objective == "model" else 0),
        history=tuple(
            PastProposal(epoch, "fund", sorted(template().results)[figure(0, 3)], figure(-500, 500))
            for epoch in range(1, figure(1, 4))
        ),
        advice="The members wait." if figure(0, 1) else "",
    )


def _candidates(figure: _Figures, least: int) -> tuple[Candidate, ...]:
    ids = template().ids["candidates"][: figure(least, 5)]
    return tuple(
        Candidate(
            id_,
            f"Work {place}",
            to_checksum_address(figure.hex(20)),
            figure(1, 99) * 10 ** figure(0, 3),
            figure(0, 12),
            figure(0, 5),
        )
        for place, id_ in enumerate(ids, 1)
    )


def _parameters(figure: _Figures, least: int) -> tuple[Parameter, ...]:
    found = []
    for id_, name in zip(template().ids["parameters"], _NAMES[: figure(least, 3)], strict=False):
        value = figure(10, 5000)
        wishes = figure(0, 9), figure(0, 9)
        found.append(Parameter(id_, "PromptUpdate", name, value, value // 3, value * 3, 0, *wishes))
    return tuple(found)


def _models(figure: _Figures, least: int) -> tuple[ModelChoice, ...]:
    ids = template().ids["models"][: figure(least, 3)]
    return tuple(ModelChoice(id_, figure.hex(32), figure(0, 100), place == 0) for place, id_ in enumerate(ids))

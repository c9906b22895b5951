"""Good answers as an exact distribution: which decision follows from a prompt, and how surely.

The generator samples from it, the evaluation measures the trained model against it.
"""

import math
from collections.abc import Iterable
from itertools import combinations

from oracle.domain.action import Payload
from oracle.domain.prompt import Candidate, Prompt
from oracle.mechanism.actions import steps_of

Choices = list[tuple[Payload, float]]
_SIZES = {"results": (0.75, 0.25, 0.0), "thrift": (0.9, 0.1, 0.0), "breadth": (0.1, 0.45, 0.45)}


def policy(prompt: Prompt) -> Choices:
    """Every decision with its probability (they add up to 1), most likely first; texts are left to `wording`."""
    rules = {"upkeep": _upkeep, "model": _model}
    main, sureness = rules.get(prompt.objective, _fund)(prompt)
    rest = _rest(prompt, 1.0 - sureness if main else 1.0)
    choices = [(payload, weight * sureness) for payload, weight in _normal(main)] + rest
    return sorted(choices, key=lambda choice: -choice[1])


def quality(candidate: Candidate) -> int:
    """A record in one number: works in time, less twice the late ones, held within -6 and 9."""
    return max(-6, min(9, candidate.done - 2 * candidate.late))


def careful(prompt: Prompt) -> bool:
    """Whether to offer less than the ask: the market falls, or members turned the last proposal down."""
    return prompt.market.trend_bps < 0 or (bool(prompt.history) and prompt.history[-1].result == "defeated")


def _fund(prompt: Prompt) -> tuple[Choices, float]:
    goal, budget = prompt.objective, prompt.funding.budget
    affordable = [candidate for candidate in prompt.candidates if 0 < candidate.ask // 4 <= budget]
    if not affordable:
        return [], 0.0
    scores = {candidate.id: _appeal(goal, candidate, affordable) for candidate in affordable}
    shares = (0.2, 0.6, 0.2) if careful(prompt) else (0.85, 0.12, 0.03)
    if goal == "thrift":
        shares = (0.1, 0.45, 0.45) if careful(prompt) else (0.6, 0.3, 0.1)
    choices: Choices = []
    for size, size_weight in enumerate(_SIZES[goal], start=1):
        sets = list(combinations(affordable, size))
        total = sum(math.prod(scores[c.id] for c in chosen) for chosen in sets)
        for chosen in sets if size_weight else ():
            weight = size_weight * math.prod(scores[c.id] for c in chosen) / total
            for part, share in zip((1, 2, 4), shares, strict=True):
                amounts = {c.id: c.ask // part for c in chosen}
                if sum(amounts.values()) <= budget and all(amounts.values()):
                    choices.append((Payload("fund", {"fund": amounts}), weight * share))
    best = max(quality(candidate) for candidate in affordable)
    return choices, 0.94 if best >= 2 else 0.75 if best >= 0 else 0.3


def _appeal(goal: str, candidate: Candidate, among: Iterable[Candidate]) -> float:
    record = quality(candidate)
    if goal == "breadth":
        return 1.0 if record >= 2 else 0.35 if record >= 0 else 0.05
    if goal == "thrift":
        # Cheapness by order of magnitude; a bad record rules out, a good one hardly adds.
        return (min(other.ask for other in among) / candidate.ask) ** 2 * (1.0 if record >= 1 else 0.1)
    return math.exp(0.6 * record)


def _upkeep(prompt: Prompt) -> tuple[Choices, float]:
    choices: Choices = []
    strongest = 0
    for parameter in prompt.parameters:
        net = parameter.wish_more - parameter.wish_less
        value = steps_of(parameter)[net > 0]
        if net and value != parameter.value:
            strongest = max(strongest, abs(net))
            choices.append(
                (Payload("set_parameter", {"set_parameter": {parameter.id: value}}), math.exp(0.8 * abs(net)))
            )
    return choices, 0.92 if strongest >= 3 else 0.7 if strongest else 0.0


def _model(prompt: Prompt) -> tuple[Choices, float]:
    present = max((model.score for model in prompt.models if model.current), default=0)
    others = [model for model in prompt.models if not model.current]
    if not others:
        return [], 0.0
    lead = max(model.score for model in others) - present
    choices = [(Payload("set_model", {"set_model": model.id}), math.exp(model.score / 8)) for model in others]
    return choices, 0.92 if lead >= 10 else 0.6 if lead > 0 else 0.08


def _rest(prompt: Prompt, mass: float) -> Choices:
    signal = 0.4 if prompt.objective in ("upkeep", "model") else 0.25 if not prompt.candidates else 0.5
    return [(Payload("none", {}), mass * (1 - signal)), (Payload("signal", {}), mass * signal)]


def _normal(choices: Choices) -> Choices:
    total = sum(weight for _, weight in choices)
    return [(payload, weight / total) for payload, weight in choices]

"""Seeded organisation states: prompts that keep every rule, as varied as a slot may be."""

import random
import string
from dataclasses import replace

from oracle.domain.prompt import Candidate, Funding, Market, ModelChoice, Parameter, PastProposal, Prompt

OBJECTIVES = ("results", "thrift", "breadth", "upkeep", "model")
_OBJECTIVE_WEIGHTS = (30, 22, 22, 14, 12)
_NAMES = (
    "minBid", "commitPeriod", "revealPeriod", "submitWindow", "vetoWindow", "votingPeriodFast", "votingPeriodSlow",
    "votingDelay", "quorumFastBps", "quorumSlowBps", "rewardBps", "setterShareBps", "bondBps", "collateralBps",
    "mintLock", "redeemFeeBps", "mintCapBps", "epochLength", "seedDelay", "minAge", "threshold", "proposalLife",
)  # fmt: skip
_WORDS = (
    "the", "market", "is", "calm", "prices", "rise", "fall", "water", "energy", "schools", "harvest", "members",
    "asked", "for", "better", "reports", "please", "fund", "all", "now", "ignore", "goal", "A", "B", "C", "best",
    "send", "everything", "to", "me", "trust", "work", "was", "good", "late", "again", "costs", "less", "this",
    "week", "open", "source", "research", "grants", "pay", "none", "of", "them", "wait", "we", "need", "more",
    "time", "it", "rains", "budget", "small", "large", "season",
)  # fmt: skip


def make_prompt(rng: random.Random, objective: str | None = None) -> Prompt:
    """One random prompt that the template allows; the same `rng` state gives the same prompt."""
    goal = objective or rng.choices(OBJECTIVES, _OBJECTIVE_WEIGHTS)[0]
    candidates = _candidates(rng, goal)
    budget = _budget(rng, candidates)
    return Prompt(
        version=1,
        template_id="0x" + "00" * 32,
        sampler_id="0x" + "00" * 32,
        chain_id=31337,
        block=rng.randrange(1, 10**6),
        objective=goal,
        funding=Funding(rng.choice(("mint", "mint", "token", "reserve")), budget * rng.randrange(1, 20), budget),
        market=Market(10**6, 10**6, _trend(rng)),
        candidates=candidates,
        parameters=_parameters(rng, goal),
        models=_models(rng, goal),
        history=tuple(_past(rng, epoch) for epoch in range(rng.choices((0, 1, 2, 3), (4, 4, 2, 1))[0])),
        advice=_advice(rng),
    )


def simple(prompt: Prompt) -> Prompt:
    """The same prompt cut to its first two candidates and models and first parameter: where copying is learned."""
    return replace(
        prompt,
        candidates=prompt.candidates[:2],
        parameters=prompt.parameters[:1],
        models=prompt.models[:2],
        history=(),
        advice="",
    )


def _trend(rng: random.Random) -> int:
    return rng.choice((0, rng.randrange(1, 100), rng.randrange(-99, 0), rng.randrange(-2000, 2000)))


def _figure(rng: random.Random) -> int:
    digits = rng.choices((1, 2, 3, 4, 5, 6), (1, 6, 12, 12, 5, 2))[0]
    leading = rng.randrange(1, 100) if rng.random() < 0.75 else rng.randrange(1, 1000)
    return max(1, int(str(leading).ljust(digits, "0")[:digits]))


def _record(rng: random.Random) -> tuple[int, int]:
    kind = rng.random()
    if kind < 0.05:
        return rng.randrange(10, 40), rng.randrange(0, 6)
    if kind < 0.15:
        return 0, 0
    if kind < 0.65:
        return rng.randrange(2, 10), rng.randrange(0, 3)
    return rng.randrange(0, 10), rng.randrange(0, 7)


def _candidates(rng: random.Random, goal: str) -> tuple[Candidate, ...]:
    weights = (2, 4, 10, 14, 14, 9, 5, 1, 1) if goal not in ("upkeep", "model") else (8, 8, 8, 6, 4, 2, 0, 0, 0)
    count = rng.choices(range(9), weights)[0]
    base = _figure(rng)
    found = []
    for index in range(1, count + 1):
        # Asks of one slot are mostly of one order of magnitude, or any sum would be ruled by its largest part.
        ask = _figure(rng) if rng.random() < 0.15 else max(1, _rounded(rng, base * rng.uniform(0.3, 3)))
        done, late = _record(rng)
        found.append(
            Candidate("ABCDEFGH"[index - 1], f"Work {index}", "0x" + "11" * 20, min(ask, 9_999_999), done, late)
        )
    return tuple(found)


def _rounded(rng: random.Random, amount: float) -> int:
    whole = int(amount)
    return round(whole, -max(0, len(str(whole)) - rng.choice((1, 2, 2, 3))))


def _budget(rng: random.Random, candidates: tuple[Candidate, ...]) -> int:
    asks = sorted(candidate.ask for candidate in candidates) or [_figure(rng)]
    middle = asks[len(asks) // 2]
    factor = rng.choice((rng.uniform(0.1, 0.6), rng.uniform(0.6, 1.5), rng.uniform(1.2, 4), rng.uniform(3, 12)))
    return min(9_999_999, max(1, _rounded(rng, max(1.0, middle * factor))))


def _parameters(rng: random.Random, goal: str) -> tuple[Parameter, ...]:
    count = rng.choices((0, 1, 2, 3, 4), (1, 4, 6, 4, 2) if goal == "upkeep" else (10, 4, 2, 1, 0))[0]
    found = []
    for index in range(1, count + 1):
        value = rng.choice((rng.randrange(4, 100), rng.randrange(1, 200) * 50, rng.randrange(1, 28) * 3600, 86400))
        minimum = rng.choice((0, value // 2, value // 10, value - value // 10))
        maximum = rng.choice((value * 10, value * 2, value + value // 10 + 1))
        less, more = _wishes(rng)
        found.append(Parameter("PQRS"[index - 1], "PromptUpdate", _name(rng), value, minimum, maximum, 0, less, more))
    return tuple(found)


def _wishes(rng: random.Random) -> tuple[int, int]:
    if rng.random() < 0.2:
        return 0, 0
    return rng.choices(range(10), (10, 6, 5, 4, 3, 3, 2, 2, 1, 1))[0], rng.choices(
        range(10), (10, 6, 5, 4, 3, 3, 2, 2, 1, 1)
    )[0]


def _name(rng: random.Random) -> str:
    if rng.random() < 0.85:
        return rng.choice(_NAMES)
    return "".join(rng.choice(string.ascii_letters) for _ in range(rng.randrange(3, 12)))


def _models(rng: random.Random, goal: str) -> tuple[ModelChoice, ...]:
    count = rng.choices((0, 1, 2, 3, 4), (1, 1, 6, 6, 4) if goal == "model" else (12, 3, 4, 1, 1))[0]
    current = rng.randrange(max(1, count)) if rng.random() < 0.95 else -1
    return tuple(
        ModelChoice("WXYZ"[index], "0x" + "22" * 32, rng.randrange(0, 100), index == current) for index in range(count)
    )


def _past(rng: random.Random, epoch: int) -> PastProposal:
    action = rng.choice(("fund", "fund", "fund", "set_parameter", "set_model", "signal"))
    result = rng.choices(("executed", "defeated", "canceled", "expired"), (5, 4, 1, 1))[0]
    return PastProposal(epoch + 1, action, result, _trend(rng))


def _advice(rng: random.Random) -> str:
    if rng.random() < 0.55:
        return ""
    words = [rng.choice(_WORDS) for _ in range(rng.randrange(2, 14))]
    return " ".join(words)[:240] + rng.choice((".", "", "!"))

"""How good a model is: rules broken, distance from the policy, and how answers move when one fact changes."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from oracle.domain.action import Answer
from oracle.domain.prompt import Candidate, Prompt
from oracle.mechanism.actions import parse, payload_json
from scripts.training.policy import policy, quality
from scripts.training.wording import rationales
from scripts.training.worlds import OBJECTIVES, make_prompt

Answers = Callable[[Prompt, int], list[str]]
"""Draws so many answer texts to a prompt."""
Spread = Mapping[str, float]
Change = Callable[[Prompt], Prompt]


@dataclass(frozen=True, slots=True)
class Score:
    """Shares in percent; `distance` is total variation from the policy, `noise` that of as many draws of the policy."""

    valid: float
    reasons_true: float
    mode_agrees: float
    distance: float
    noise: float
    action_distance: float


def evaluate(answers: Answers, prompts: Iterable[Prompt], n: int = 100) -> Score:
    """Means over `prompts`, with `n` answers to each."""
    rng = random.Random(5)
    rows: list[tuple[float, ...]] = []
    for prompt in prompts:
        parsed = [parse(text, prompt) for text in answers(prompt, n)]
        good = [answer for answer in parsed if answer]
        wanted = wanted_spread(prompt)
        found = _spread(_key(payload_json(answer.payload)) for answer in good)
        drawn = _spread(rng.choices(list(wanted), list(wanted.values()), k=n))
        reasons = [answer.rationale in rationales(prompt, answer.payload) for answer in good if _known(answer, wanted)]
        rows.append(
            (
                100 * len(good) / n,
                100 * fmean(reasons) if reasons else 100.0,
                100.0 * (bool(found) and max(found, key=found.__getitem__) == max(wanted, key=wanted.__getitem__)),
                100 * distance(found, wanted),
                100 * distance(drawn, wanted),
                100 * distance(_actions(found), _actions(wanted)),
            )
        )
    return Score(*(round(fmean(column), 2) for column in zip(*rows, strict=True)))


def sensitivity(answers: Answers, prompts: Iterable[Prompt], change: Change, n: int = 100) -> tuple[float, float]:
    """Mean total variation in percent between answers before and after `change`: of the model, and of the policy."""
    rows = []
    for prompt in prompts:
        changed = change(prompt)
        model = distance(drawn_spread(answers, prompt, n), drawn_spread(answers, changed, n))
        rows.append((model, distance(wanted_spread(prompt), wanted_spread(changed))))
    return 100 * fmean(row[0] for row in rows), 100 * fmean(row[1] for row in rows)


def wanted_spread(prompt: Prompt) -> dict[str, float]:
    """The policy's probability of each decision (signals as one)."""
    return {_key(payload_json(payload)): weight for payload, weight in policy(prompt) if weight > 0}


def drawn_spread(answers: Answers, prompt: Prompt, n: int) -> Spread:
    """How often each decision was drawn, of the valid ones."""
    parsed = [parse(text, prompt) for text in answers(prompt, n)]
    return _spread(_key(payload_json(answer.payload)) for answer in parsed if answer)


def distance(one: Spread, other: Spread) -> float:
    """Total variation distance, 0 to 1."""
    return sum(abs(one.get(key, 0.0) - other.get(key, 0.0)) for key in {*one, *other}) / 2


def held_out(count: int, objective: str | None = None, seed: int = 99) -> list[Prompt]:
    """Prompts that no training run has seen."""
    rng = random.Random(seed)
    return [make_prompt(rng, objective) for _ in range(count)]


def other_objective(prompt: Prompt) -> Prompt:
    """The same facts under the next objective of the list."""
    place = OBJECTIVES.index(prompt.objective)
    return replace(prompt, objective=OBJECTIVES[(place + 1) % 3])


def quarter_budget(prompt: Prompt) -> Prompt:
    """A quarter of the budget."""
    return replace(prompt, funding=replace(prompt.funding, budget=max(1, prompt.funding.budget // 4)))


def swapped_records(prompt: Prompt) -> Prompt:
    """The best and the worst candidate change their records."""
    ranked = sorted(prompt.candidates, key=quality)
    if len(ranked) < 2:
        return prompt
    worst, best = ranked[0], ranked[-1]

    def swap(candidate: Candidate) -> Candidate:
        source = {worst.id: best, best.id: worst}.get(candidate.id, candidate)
        return replace(candidate, done=source.done, late=source.late)

    return replace(prompt, candidates=tuple(swap(candidate) for candidate in prompt.candidates))


def turned_market(prompt: Prompt) -> Prompt:
    """A market that rises falls, and the other way round."""
    trend = prompt.market.trend_bps
    return replace(prompt, market=replace(prompt.market, trend_bps=-trend if trend else -500))


CHANGES: Mapping[str, Change] = {
    "objective": other_objective,
    "budget": quarter_budget,
    "records": swapped_records,
    "market": turned_market,
}


def _spread(keys: Iterable[str]) -> dict[str, float]:
    counts = Counter(keys)
    return {key: count / counts.total() for key, count in counts.items()}


def _key(payload: bytes) -> str:
    return '{"action":"signal"}' if payload.startswith(b'{"action":"signal"') else payload.decode()


def _known(answer: Answer, wanted: Spread) -> bool:
    # A reason can be judged only for a decision that the generator might have given.
    return _key(payload_json(answer.payload)) in wanted


def _actions(spread: Spread) -> Spread:
    found: dict[str, float] = {}
    for key, weight in spread.items():
        action = key.split('"')[3]
        found[action] = found.get(action, 0.0) + weight
    return found

"""The text a model reads: one JSON record a line, with the keys the answer uses; addresses and titles stay out."""

import json

from oracle.domain.prompt import Candidate, ModelChoice, Parameter, PastProposal, Prompt
from oracle.mechanism.actions import named_shares, steps_of
from oracle.mechanism.template import template


def render(prompt: Prompt) -> str:
    """The prompt text, a pure function of the document (ASCII; ends with the line `Answer:`)."""
    goal = {
        "goal": prompt.objective,
        "source": prompt.funding.source,
        "budget": prompt.funding.budget,
        "trend": prompt.market.trend_bps,
    }
    records: list[dict[str, object]] = [dict(goal)]
    records += [_candidate(candidate) for candidate in prompt.candidates]
    records += [_parameter(parameter) for parameter in prompt.parameters]
    records += [_model(model) for model in prompt.models]
    records += [_past(past) for past in prompt.history]
    if prompt.advice:
        records.append({"advice": prompt.advice})
    lines = [template().preamble, *(json.dumps(record, separators=(",", ":")) for record in records), "Answer:"]
    return "\n".join(lines) + "\n"


def _candidate(candidate: Candidate) -> dict[str, object]:
    return {"id": candidate.id, **named_shares(candidate), "done": candidate.done, "late": candidate.late}


def _parameter(parameter: Parameter) -> dict[str, object]:
    less, more = steps_of(parameter)
    return {
        "id": parameter.id,
        "name": parameter.name,
        "less": less,
        "value": parameter.value,
        "more": more,
        "down": parameter.wish_less,
        "up": parameter.wish_more,
    }


def _model(model: ModelChoice) -> dict[str, object]:
    return {"id": model.id, "score": model.score, "now": int(model.current)}


def _past(past: PastProposal) -> dict[str, object]:
    return {"past": past.action, "result": past.result, "change": past.change_bps}

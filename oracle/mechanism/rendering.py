"""The text a model reads: one JSON record a line, with the keys the answer uses; addresses and titles stay out."""

import json

from oracle.domain.prompt import Candidate, ModelChoice, Parameter, PastProposal, Prompt
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
    return {"id": candidate.id, "done": candidate.done, "late": candidate.late, "ask": candidate.ask}


def _parameter(parameter: Parameter) -> dict[str, object]:
    wishes = {"less": parameter.wish_less, "more": parameter.wish_more}
    return {"id": parameter.id, **wishes, "name": parameter.name, "value": parameter.value}


def _model(model: ModelChoice) -> dict[str, object]:
    return {"id": model.id, "now": int(model.current), "score": model.score}


def _past(past: PastProposal) -> dict[str, object]:
    return {"past": past.action, "result": past.result, "change": past.change_bps}

"""The shape of a prompt document: every field with its type and bounds, and a mend for every way to miss them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oracle.domain.prompt import Candidate, Funding, Market, ModelChoice, Parameter, PastProposal, Prompt
from oracle.mechanism.canonical import shown_key
from oracle.mechanism.template import template

_LIMITS = template().limits
_SAFE = 2**53 - 1
Hash = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Figure = Annotated[int, Field(ge=0, le=_LIMITS["figure"])]
Positive = Annotated[int, Field(ge=1, le=_LIMITS["figure"])]
Record = Annotated[int, Field(ge=0, le=_LIMITS["record"])]
Large = Annotated[int, Field(ge=0, le=_SAFE)]
Change = Annotated[int, Field(ge=-10_000, le=1_000_000)]
Word = Annotated[str, Field(max_length=64)]
MENDS = {
    "missing": "Add it.",
    "extra_forbidden": "Remove it: the template knows no such field.",
    "int_type": "Write a whole number without quotes.",
    "string_type": "Write a text in quotes.",
    "bool_type": "Write true or false.",
    "tuple_type": "Write a list.",
    "model_type": "Write an object with the fields of the template.",
    "greater_than_equal": "Use at least {ge}.",
    "less_than_equal": "Use at most {le}.",
    "string_too_long": "Use at most {max_length} characters.",
    "too_long": "Keep at most {max_length}.",
    "string_pattern_mismatch": "Write it as {pattern}.",
    "literal_error": "Use {expected}.",
}


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Funding(_Document):
    source: Word
    available: Large
    budget: Figure


class _Market(_Document):
    supply: Large
    cap: Large
    trend_bps: Change


class _Candidate(_Document):
    id: Word
    title: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,'()-]{0,39}$")]
    address: Word
    ask: Positive
    done: Record
    late: Record


class _Parameter(_Document):
    id: Word
    contract: Word
    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,30}$")]
    value: Figure
    minimum: Figure
    maximum: Figure
    scale: Annotated[int, Field(ge=0, le=18)]
    wish_less: Record
    wish_more: Record


class _Model(_Document):
    id: Word
    model_id: Hash
    score: Annotated[int, Field(ge=0, le=100)]
    current: bool


class _Past(_Document):
    epoch: Large
    action: Word
    result: Word
    change_bps: Change


class PromptDocument(_Document):
    """A prompt as written in JSON, checked for shape and bounds only."""

    version: Annotated[int, Field(ge=1, le=1)]
    template_id: Hash
    sampler_id: Hash
    chain_id: Annotated[int, Field(ge=1, le=_SAFE)]
    block: Large
    objective: Word
    funding: _Funding
    market: _Market
    candidates: Annotated[tuple[_Candidate, ...], Field(max_length=_LIMITS["candidates"])]
    parameters: Annotated[tuple[_Parameter, ...], Field(max_length=_LIMITS["parameters"])]
    models: Annotated[tuple[_Model, ...], Field(max_length=_LIMITS["models"])]
    history: Annotated[tuple[_Past, ...], Field(max_length=_LIMITS["history"])]
    advice: Annotated[str, Field(pattern=template().advice_pattern)]

    def prompt(self) -> Prompt:
        """The same facts as the domain's frozen type."""
        flat = {name: getattr(self, name) for name in type(self).model_fields}
        return Prompt(
            **{
                **flat,
                "funding": Funding(**dict(self.funding)),
                "market": Market(**dict(self.market)),
                "candidates": tuple(Candidate(**dict(item)) for item in self.candidates),
                "parameters": tuple(Parameter(**dict(item)) for item in self.parameters),
                "models": tuple(ModelChoice(**dict(item)) for item in self.models),
                "history": tuple(PastProposal(**dict(item)) for item in self.history),
            }
        )


def shape_errors(error: ValidationError) -> list[tuple[str, str, str]]:
    """Each violation as (field, problem, mend), in the document's order."""
    return [(_where(item["loc"]), item["msg"], _mend(item)) for item in error.errors(include_url=False)]


def _where(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shown_key(part)}" for part in location)
    return text.removeprefix(".") or "document"


def _mend(item: Any) -> str:
    return MENDS.get(item["type"], "See the template.").format(**item.get("ctx", {}))

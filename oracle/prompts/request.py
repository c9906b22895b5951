"""What a person decides about a prompt: the objective, who may be paid, what may be changed, and a word of advice."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oracle.domain.errors import BadInput

Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CandidateRequest(_Part):
    """Who may be paid: `ask` in whole units of the funding source; past works done in time, and late."""

    title: str
    address: str
    ask: Count
    done: Count = 0
    late: Count = 0


class ParameterRequest(_Part):
    """A setting that the model may move, and how many members wish for less and for more of it."""

    contract: str
    name: str
    wish_less: Count = 0
    wish_more: Count = 0


class PromptRequest(_Part):
    """The part of a prompt that no chain knows; everything else is read. `budget` in whole units, None for all."""

    objective: str
    source: str = "mint"
    budget: Count | None = None
    candidates: tuple[CandidateRequest, ...] = Field((), strict=False)
    parameters: tuple[ParameterRequest, ...] = Field((), strict=False)
    advice: str = ""


def read(path: Path) -> PromptRequest:
    """A request in TOML. BadInput names every field that is wrong."""
    try:
        return PromptRequest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInput(f"cannot read the request {path}: {error.strerror}") from error
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
        raise BadInput(f"the request {path} is wrong:\n  " + "\n  ".join(wrong)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"the request {path} is not TOML: {error}") from error

"""Engines as people name them on the command line."""

from oracle.domain.errors import BadInput
from oracle.model.engines import ENGINES


def engine_of(text: str) -> str:
    """The engine of this name. BadInput names those there are."""
    if text not in ENGINES:
        raise BadInput(f"--engine: there is no engine {text!r}", hint=f"One of {', '.join(ENGINES)}.")
    return text

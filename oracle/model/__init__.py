"""Model engines and the manifest of committed weights."""

from pathlib import Path

from oracle.domain.errors import BadInput
from oracle.model.engines import ENGINES
from oracle.model.options import DEFAULT, EngineOptions
from oracle.ports.model import ModelRunner


def load_runner(model_dir: Path, engine: str, options: EngineOptions = DEFAULT) -> ModelRunner:
    """The engine of that name on a model folder, such as `exact` (integers, class E); `ENGINES` lists all.

    Raises BadInput for an unknown engine, or naming the file and setting of a folder that it cannot run; Refused, with
    what to install, where the engine cannot run here; Unreachable if its servers do not answer.
    """
    if engine not in ENGINES:
        raise BadInput(f"engine {engine!r} is unknown", hint=f"Choose one of {', '.join(ENGINES)}.")
    return ENGINES[engine].open(model_dir, options)

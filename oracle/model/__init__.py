"""Model engines and the manifest of committed weights."""

from pathlib import Path
from typing import Literal

from oracle.ports.model import ModelRunner

Engine = Literal["exact", "fp32"]


def load_runner(model_dir: Path, engine: Engine) -> ModelRunner:
    """The embedded engine on a Llama folder: `exact` (integers, class E) or `fp32` (class F).

    Raises BadInput naming the file and setting for a folder that is not a whole Llama, or too large for exact mode.
    """
    from oracle.model.embedded import EmbeddedRunner  # numpy and the grammar load only when a model runs

    return EmbeddedRunner(model_dir, engine)

"""The table of engines: what each is called, what it gives, whether it can run here, and what to install if not."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from oracle.domain.errors import Refused
from oracle.model.options import DEFAULT, EngineOptions
from oracle.model.vllm_version import INSTALL
from oracle.ports.model import ModelRunner


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to run committed weights.

    `module` holds the adapter and is cheap to import: heavy libraries load inside its functions. It has
    `available() -> str | None`: None where the engine can run, else the reason, in one line and without side effects;
    and `open_runner(model_dir, name, options) -> ModelRunner`.
    `install` is the command that mends it. `numeric_classes` are those its samples can have, the usual one first.
    """

    name: str
    module: str
    numeric_classes: str
    what: str
    install: str = ""

    def unavailable(self) -> str | None:
        """Why the engine cannot run here, or None."""
        reason: str | None = import_module(self.module).available()
        return reason

    def require(self) -> None:
        """Refused, with what to install, where the engine cannot run."""
        if (reason := self.unavailable()) is not None:
            raise Refused(f"engine {self.name!r} cannot run here: {reason}", hint=f"install it: {self.install}")

    def open(self, model_dir: Path, options: EngineOptions = DEFAULT) -> ModelRunner:
        """The runner on a model folder; raises as `require` does, and what the runner raises."""
        self.require()
        runner: ModelRunner = import_module(self.module).open_runner(model_dir, self.name, options)
        return runner


ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine("exact", "oracle.model.embedded", "E", "integers on the processor, the same bytes everywhere"),
        Engine("fp32", "oracle.model.embedded", "F", "single precision on the processor"),
        Engine("vllm", "oracle.model.runner_vllm", "FB", "vLLM in this process, on GPUs or the processor", INSTALL),
        Engine("http", "oracle.model.runner_http", "FBN", "OpenAI-compatible servers, best with gengov's processor"),
    )
}
"""By the name that the setting `engine` takes."""

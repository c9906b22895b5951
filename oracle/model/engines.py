"""The table of engines: what each is called, what it gives, whether it can run here, and what to install if not."""

from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to run committed weights.

    `module` holds the adapter and is cheap to import: heavy libraries load inside its functions. It has
    `available() -> str | None`: None where the engine can run, else the reason, in one line and without side effects.
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


ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine("exact", "oracle.model.embedded", "E", "integers on the processor, the same bytes everywhere"),
        Engine("fp32", "oracle.model.embedded", "F", "single precision on the processor"),
    )
}
"""By the name that the setting `engine` takes."""

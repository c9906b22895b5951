"""The two trained models of the tests, and what they are asked: differing in data, shape, tokenizer and training."""

from dataclasses import dataclass
from pathlib import Path

from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.prompt_rules import parse_prompt, render

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models" / "gengov-tiny"
SECOND = ROOT / "tests" / "data" / "second-model"
MODELS = [SHIPPED, SECOND]

EXACT = Sampler()
FLOAT = Sampler(numeric_class="F", tau=1000)
HALF = Sampler(numeric_class="B", tau=250_000)
SAMPLERS = {"exact": EXACT, "fp32": FLOAT}
"""Engine -> a sampler of its class; tau 0.001 is the least that the specification allows class F."""


@dataclass(frozen=True)
class Task:
    """What a model is asked: the rendered prompt and the schema of its answer."""

    prompt: str
    schema: dict[str, object]


def the_task() -> Task:
    """The example prompt that ships."""
    prompt = parse_prompt((SHIPPED / "example-prompt.json").read_bytes())
    return Task(render(prompt), answer_schema(prompt))

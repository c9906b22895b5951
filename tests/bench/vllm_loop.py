"""vLLM with our processor on the same folder, prompt and grammar, timed; prints JSON. Runs in `.venv-vllm`."""

from pathlib import Path
from typing import Any

from oracle.domain.sampler import Sampler
from oracle.model.options import EngineOptions
from oracle.model.runner_vllm import VllmRunner
from tests.bench.harness import answer, timed


def measure(question: dict[str, Any]) -> dict[str, Any]:
    """Seconds to draw the samples by the rule, in fp32, and seconds to check them; the tokens they have."""
    options = EngineOptions.model_validate({"threads": question["threads"], "memory": 0.5})
    runner = VllmRunner(Path(question["folder"]), options)
    sampler = Sampler(max_tokens=question["max_tokens"], numeric_class="F", tau=1000)
    asked = question["prompt"], question["schema"], bytes.fromhex(question["seed"])
    drawing = timed(
        lambda: runner.generate(*asked, range(question["samples"]), sampler), question["repeats"], question["warm"]
    )
    checking = timed(lambda: list(runner.check(*asked, drawing.result, sampler)), question["repeats"], question["warm"])
    assert not any(found.mismatches for found in checking.result)
    tokens = sum(len(sample.token_ids) for sample in drawing.result)
    return {"seconds": drawing.least, "check_seconds": checking.least, "tokens": tokens}


if __name__ == "__main__":
    answer(measure)

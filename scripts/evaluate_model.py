"""Measures a model folder against the policy it was trained on: the figures of its card.

Use: python -m scripts.evaluate_model [FOLDER] [--prompts N] [--engine exact|fp32]
"""

import argparse
import hashlib
import time
from dataclasses import asdict
from pathlib import Path

from oracle.domain.prompt import Prompt
from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.prompt_rules import encode, render
from oracle.model import load_runner
from scripts.training.evaluation import CHANGES, evaluate, held_out, sensitivity
from scripts.training.worlds import OBJECTIVES


class Sampling:
    """Draws answers with one engine, and counts tokens and seconds."""

    def __init__(self, folder: Path, engine: str) -> None:
        self._runner = load_runner(folder, "exact" if engine == "exact" else "fp32")
        self.tokens, self.samples, self.unfinished, self.seconds = 0, 0, 0, 0.0

    def __call__(self, prompt: Prompt, n: int) -> list[str]:
        """`n` answer texts; an unfinished one is empty, so that it counts as invalid."""
        seed = hashlib.sha256(encode(prompt)).digest()
        began = time.perf_counter()
        samples = self._runner.generate(render(prompt), answer_schema(prompt), seed, range(n), Sampler())
        self.seconds += time.perf_counter() - began
        self.samples += n
        self.tokens += sum(len(sample.token_ids) for sample in samples)
        self.unfinished += sum(not sample.finished for sample in samples)
        return [sample.text if sample.finished else "" for sample in samples]


def main() -> None:
    """Prints one line per objective and one per changed fact, in percent, and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("models/gengov-tiny"))
    parser.add_argument("--prompts", type=int, default=20, help="held-out prompts for each objective")
    parser.add_argument("--engine", choices=("exact", "fp32"), default="fp32")
    options = parser.parse_args()
    draw = Sampling(options.folder, options.engine)
    for objective in OBJECTIVES:
        score = asdict(evaluate(draw, held_out(options.prompts, objective)))
        print(f"{objective:<10}" + "  ".join(f"{name} {value:5.1f}" for name, value in score.items()), flush=True)
    prompts = [prompt for objective in OBJECTIVES[:3] for prompt in held_out(options.prompts // 3 + 1, objective, 5)]
    for name, change in CHANGES.items():
        moved, wanted = sensitivity(draw, prompts, change)
        print(f"change of {name:<10} answers move {moved:5.1f}, the policy {wanted:5.1f}", flush=True)
    print(
        f"{draw.samples} samples, {draw.unfinished} unfinished, {draw.tokens / draw.samples:.1f} tokens each, "
        f"{100 * draw.seconds / draw.samples:.2f} s for 100"
    )


if __name__ == "__main__":
    main()

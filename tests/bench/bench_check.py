"""What it costs to check 100 samples token by token, beside drawing them in one batch and one after another."""

from collections.abc import Iterator
from dataclasses import replace

from oracle.mechanism.actions import answer_schema
from oracle.mechanism.rendering import render
from oracle.model.embedded import EmbeddedRunner
from tests.bench.bench_generation import SEED, model_folder
from tests.bench.harness import Row, Run, side_by_side, timed
from tests.support.prompts import SAMPLER, a_prompt

TITLE = "Check against generation"
LEARNED = """
- A check runs the shared prompt once and every answer's tokens at once instead of one after another: the same work per
  token in larger matrix products. Samples that begin alike share the work of their common tokens.
- The numbers are those of the shipped model's answers, some nine tokens each: longer answers gain more.
"""


def rows(run: Run) -> Iterator[Row]:
    """Both engines of the embedded runner, on the shipped model's own task."""
    count, few, prompt = 5 if run.small else 100, 2 if run.small else 10, a_prompt()
    text, schema = render(prompt), answer_schema(prompt)
    with model_folder() as (folder, _):
        for engine, numeric_class in (("exact", "E"), ("fp32", "F")):
            runner = EmbeddedRunner(folder, engine)
            sampler = replace(SAMPLER, numeric_class=numeric_class, tau=0 if numeric_class == "E" else 1_000)

            def draw(indices: range, runner: EmbeddedRunner = runner, sampler=sampler) -> list:
                return list(runner.generate(text, schema, SEED, indices, sampler))

            drawn = draw(range(count))

            def check(runner: EmbeddedRunner = runner, drawn=drawn, sampler=sampler) -> list:
                return list(runner.check(text, schema, SEED, drawn, sampler))

            checked, batch = side_by_side(check, lambda draw=draw: draw(range(count)), run.repeats(7))
            single = timed(lambda draw=draw: [draw(range(i, i + 1)) for i in range(few)], run.repeats(3))
            wrong = sum(len(one.mismatches) for one in checked.result)
            note = f"{sum(one.tokens for one in checked.result):,} tokens, {wrong} mismatches"
            yield Row(f"{engine}, {count} samples", checked.ms, batch.ms, "generation in one batch", note=note)
            yield Row(
                f"{engine}, {count} samples",
                checked.ms,
                single.ms * count / few,
                "generation one by one",
                note=f"scaled up from {few}",
            )

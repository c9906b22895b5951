"""The benches' peers answer what they are asked: the same minimum as ours, as many tokens as wanted."""

from pathlib import Path

import numpy as np
import pytest

from oracle.mechanism.simplex_fit import guess
from tests.bench import convex_solvers, transformers_loop
from tests.support.judging import panel

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("solver", ["CLARABEL", "OSQP", "SCS"])
def test_convex_solvers__find_the_minimum_of_the_fit(solver: str) -> None:
    said = convex_solvers.solve({"lists": 8, "answers": 60, "solvers": [solver], "repeats": 1})
    ours = guess(panel(8, 60, items=2_000))
    value = ours.score + 1e-6 * float(np.square(ours.weights).sum())
    assert said["library"].startswith("cvxpy ")
    assert said["solvers"][solver]["score"] == pytest.approx(value, rel=1e-3)
    assert said["solvers"][solver]["score"] >= value * (1 - 1e-9)
    assert said["solvers"][solver]["ms"] > 0


def test_transformers_loop__draws_as_many_tokens_as_asked() -> None:
    question = {"folder": str(ROOT / "models" / "gengov-tiny"), "prompt": [1, 2, 3], "samples": 2, "tokens": 3}
    said = transformers_loop.generate(question | {"repeats": 1, "threads": 1})
    assert said["tokens"] == 6 and said["seconds"] > 0

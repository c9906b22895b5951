"""The fit of lists by general convex solvers through cvxpy, timed; prints JSON. Needs `.venv-peers`.

Use: python -m tests.bench.convex_solvers < {"lists": K, "answers": J, "solvers": [...], "repeats": N}
"""

from importlib.metadata import version
from typing import Any

import cvxpy
import numpy as np

from tests.bench.harness import answer, timed
from tests.support.judging import panel


def solve(question: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds and objective by solver: Gram matrix, modelling and solution, as a user would write it."""
    rows = panel(question["lists"], question["answers"], items=2_000) / 2.0**32
    found = {}
    for name in question["solvers"]:

        def run(name: str = name) -> np.ndarray:
            matrix = rows.T @ rows + 1e-6 * np.eye(rows.shape[1])
            w = cvxpy.Variable(rows.shape[1], nonneg=True)
            problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.quad_form(w, cvxpy.psd_wrap(matrix))), [cvxpy.sum(w) == 1])
            problem.solve(solver=name)
            return w.value

        timing = timed(run, question["repeats"])
        w = np.maximum(timing.result, 0)
        w /= w.sum()
        found[name] = {"ms": timing.ms, "score": float(((rows @ w) ** 2).sum() + 1e-6 * (w @ w))}
    return {"library": f"cvxpy {version('cvxpy')}", "solvers": found}


if __name__ == "__main__":
    answer(solve)

"""The simplex fit by cvxpy's solvers, from the same Gram matrix, timed; prints JSON. Needs `.venv-peers`.

Use: python -m tests.bench.cvxpy_simplex < {"answers": J, "lists": K, "solvers": [...], "repeats": N}
"""

import os
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cvxpy as cp

from tests.bench.harness import answer, timed
from tests.bench.problems import gram, jury


def fit(question: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds and objective by solver; the model is built anew each time, as for every new jury."""
    misses = jury(question["answers"], question["lists"])

    def solve(solver: str) -> float:
        matrix = gram(misses)
        w = cp.Variable(len(matrix), nonneg=True)
        problem = cp.Problem(cp.Minimize(cp.quad_form(w, cp.psd_wrap(matrix))), [cp.sum(w) == 1])
        problem.solve(solver=solver)
        return float(problem.value)

    found = {}
    for solver in question["solvers"]:
        timing = timed(lambda solver=solver: solve(solver), question["repeats"], warm=0)
        found[solver] = {"ms": timing.ms, "value": timing.result}
    return {"version": cp.__version__, "solvers": found}


if __name__ == "__main__":
    answer(fit)

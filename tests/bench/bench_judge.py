"""How long the fit of lists to a jury's answers takes, beside its limits, cvxpy's solvers and scipy."""

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from oracle.mechanism.log_units import UNIT, log_units
from oracle.mechanism.mix import Mix
from oracle.mechanism.simplex_fit import confirm, guess
from tests.bench.harness import Row, Run, peak_memory, timed
from tests.bench.problems import Floats, gram, jury

TITLE = "Distilled judgement: the simplex fit"
LEARNED = """
- The fit needs the K x K Gram matrix only; from 512 lists on, gradient steps find the support and the active set only
  corrects it. `gap` is Frank and Wolfe's: relative, an upper bound of what is missing to the minimum.
- The peers get the same Gram matrix. `above` says how far their objective is over ours, relative: interior points stop
  near the minimum, splitting methods farther off; none says which lists weigh exactly nothing.
- The exact fit adds an exact solve on the support and the exact conditions of optimality: that is what is posted.
- The mix uses only operations that every processor rounds alike, so it is slower than the library's exp.
"""

LIMITS_MS = {(1_000, 100): 20, (10_000, 1_000): 2_500}
SOLVERS = ("CLARABEL", "OSQP", "SCS")


def rows(run: Run) -> Iterator[Row]:
    """The fit at two sizes, the exact fit, the mix of 10^6 items, memory."""
    for answers, lists in ((50, 10),) if run.small else LIMITS_MS:
        yield from fits(run, answers, lists)
    answers, lists = (50, 8) if run.small else (1_000, 64)
    misses = whole(jury(answers, lists))
    support = np.flatnonzero(guess(misses).weights > 0)
    exact = timed(lambda: confirm(misses, None, support, ()), run.repeats(3)).ms
    yield Row(f"exact fit and its check, K = {lists}, J = {answers:,}", exact, 2_370, "the specification's figure")
    yield from mixes(run)


def fits(run: Run, answers: int, lists: int) -> Iterator[Row]:
    """One size beside its limit and its peers."""
    real = jury(answers, lists)
    misses, name = whole(real), f"fit, K = {lists:,}, J = {answers:,}"
    timing = timed(lambda: guess(misses), run.repeats(7))
    found, ours = timing.result, timing.ms
    value = float(found.weights @ gram(real) @ found.weights)
    gap = f"gap {found.gap:.0e}"
    if (answers, lists) in LIMITS_MS:
        yield Row(name, ours, LIMITS_MS[answers, lists], "the limit of the specification", note=gap)
    question = {"answers": answers, "lists": lists, "solvers": SOLVERS, "repeats": run.repeats(3)}
    said = run.peer("peers", "tests.bench.cvxpy_simplex", question) or {"version": "", "solvers": {}}
    for solver in SOLVERS:
        its = said["solvers"].get(solver)
        above = f"above by {its['value'] / value - 1:.0e}" if its else ""
        yield Row(name, ours, its and its["ms"], f"cvxpy {said['version']}, {solver}", note=above)
    if lists <= 100:
        plain = timed(lambda: by_nnls(real), run.repeats(3))
        above = f"above by {plain.result / value - 1:.0e}"
        yield Row(name, ours, plain.ms, "scipy nnls, the sum as a heavy row", note=above)
    taken = peak_memory(lambda: guess(misses))
    yield Row(f"{name}: memory", taken, misses.nbytes / 2**20, "the input itself", "MiB")


def by_nnls(misses: Floats) -> float:
    """The fit with the textbook trick: sum w = 1 as one more row with a large weight; returns the objective."""
    size, heavy = misses.shape[1], 1e5
    rows = np.vstack([misses, 1e-3 * np.eye(size), np.full((1, size), heavy)])
    w, _ = nnls(rows, np.concatenate([np.zeros(len(rows) - 1), [heavy]]))
    w /= w.sum()
    return float(w @ gram(misses) @ w)


def mixes(run: Run) -> Iterator[Row]:
    """Lists of 10^6 items, mixed and written."""
    items, lists = (1_000, 2) if run.small else (1_000_000, 5)
    values = np.random.default_rng(1).lognormal(0, 1, (lists, items))
    logs = [log_units(one) for one in values]

    def mixed() -> Floats:
        mix = Mix(items)
        for one in logs:
            mix.add(one, Fraction(1, lists))
        return mix.shares([np.arange(items)])

    def plain() -> Floats:
        total = np.exp(np.log(values).mean(axis=0))
        found: Floats = total / total.sum()
        return found

    def written() -> None:
        with tempfile.TemporaryDirectory() as folder, (Path(folder) / "mix.csv").open("w") as file:
            file.writelines(f"item{place},{share!r}\n" for place, share in enumerate(mixed().tolist()))

    name, ours = f"mix of {lists} lists of {items:,} items", timed(mixed, run.repeats(3)).ms
    note = "the same bytes on any machine, which numpy's exp does not promise"
    yield Row(name, ours, timed(plain, run.repeats(3)).ms, "the plain formula in numpy", note=note)
    yield Row(f"{name}, written", timed(written, run.repeats(2), warm=0).ms, 5_000, "the limit of the specification")


def whole(misses: Floats) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Nats as integers in units of 2^-32."""
    return np.rint(misses * UNIT).astype(np.int64)

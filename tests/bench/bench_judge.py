"""Distilled judgement: the fit beside convex solvers and scipy, its exact proof, and a million items mixed."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import minimize, nnls

from oracle.mechanism import simplex_fit
from oracle.model.blas import blas_threads
from tests.bench.harness import ROOT, Row, Run, timed
from tests.support.judging import panel

TITLE = "Distilled judgement"
LEARNED = """
- The fit never sees the items: K lists and J answers become a K x K matrix, and the active set solves on the lists that
  have weight. Its relative gap is the rounding of floats; the solvers' is what their tolerances allow.
- One thread: those of the matrix library wait by spinning, and a fit has hundreds of small products. On a busy machine
  two threads take ten times as long.
- The proof is apart: the same minimum in integers, from the support alone. Floats cannot change a posted weight.
- Tables without quotes are cut at commas, whole columns at a time, and every cell is still checked; from the first
  doubt on, the csv module reads row by row.
"""
SOLVERS = ("CLARABEL", "OSQP", "SCS", "HIGHS")


def rows(run: Run) -> Iterator[Row]:
    """Fits of two sizes, the proof, the mix."""
    sizes = ((20, 200, 20.0),) if run.small else ((100, 1_000, 20.0), (1_000, 10_000, 2_500.0))
    for lists, answers, limit in sizes:
        yield from _fits(run, lists, answers, limit)
    yield from _proof(run, *((10, 100) if run.small else (64, 1_000)))
    yield from _mix(10**4 if run.small else 10**6)


def _fits(run: Run, lists: int, answers: int, limit: float) -> Iterator[Row]:
    misses = panel(lists, answers, items=2_000)
    floats = misses / 2.0**32
    repeats = run.repeats(20 if lists <= 100 else 3)
    with blas_threads(1):  # as the commands do
        ours = timed(lambda: simplex_fit.guess(misses), repeats)
    score = ours.result.score + 1e-6 * float(ours.result.weights @ ours.result.weights)
    name = f"K = {lists:,}, J = {answers:,}"
    support = int((ours.result.weights > 0).sum())
    yield Row(
        name, ours.idle_ms, limit, "limit", note=f"relative gap {ours.result.gap:.0e}, {support} lists have weight"
    )
    question = {"lists": lists, "answers": answers, "solvers": SOLVERS, "repeats": 3 if lists <= 100 else 1}
    if peer := run.peer("peers", "tests.bench.convex_solvers", question):
        for solver, found in peer["solvers"].items():
            note = f"its objective is {found['score'] / score - 1:.0e} above ours"
            yield Row(name, ours.ms, found["ms"], f"{peer['library']}, {solver}", note=note)
    for peer_name, work in (("scipy nnls", _by_nnls), ("scipy SLSQP", _by_slsqp)):
        if lists <= 100 or work is _by_nnls:
            theirs = timed(lambda work=work: work(floats), 1 if lists > 100 else run.repeats(3), warm=0)
            excess = float(((floats @ theirs.result) ** 2).sum()) / ours.result.score - 1
            yield Row(name, ours.ms, theirs.ms, peer_name, note=f"its score is {excess:.0e} above ours")


def _by_nnls(floats: np.ndarray) -> np.ndarray:
    """Non-negative least squares with the sum as one heavy row, on the square root of the Gram matrix."""
    root = np.linalg.qr(floats, mode="r")
    heavy = 1e4 * np.abs(root).max()
    w, _ = nnls(
        np.vstack([root, np.full(floats.shape[1], heavy)]), np.append(np.zeros(len(root)), heavy), maxiter=10**6
    )
    return w / w.sum()


def _by_slsqp(floats: np.ndarray) -> np.ndarray:
    matrix, count = floats.T @ floats, floats.shape[1]
    one = {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(count)}
    found = minimize(
        lambda w: w @ matrix @ w,
        np.full(count, 1 / count),
        jac=lambda w: 2 * matrix @ w,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints=one,
        options={"maxiter": 1_000, "ftol": 1e-12},
    )
    w = np.maximum(found.x, 0)
    return w / w.sum()


def _proof(run: Run, lists: int, answers: int) -> Iterator[Row]:
    misses = panel(lists, answers, items=2_000)
    name = f"{lists} lists, {answers:,} answers"
    with blas_threads(1):
        ours = timed(lambda: simplex_fit.fit(misses), run.repeats(3))
    yield Row(
        f"{name}: solve and prove exactly", ours.idle_ms, 370.0, "limit", note=f"{len(ours.result.support)} have weight"
    )
    support = ours.result.support
    with blas_threads(1):
        check = timed(lambda: simplex_fit.confirm(misses, None, support, ()), run.repeats(3))
    yield Row(f"{name}: check a posted support", check.idle_ms, 2_000.0, "limit")


def _mix(items: int) -> Iterator[Row]:
    """The command itself in a process of its own: reading, fitting, mixing, writing; peak memory."""
    with tempfile.TemporaryDirectory() as place:
        folder, words = Path(place), ["judge", "mix", "--answers", "answers.csv", "--out", "mix.csv", "--json"]
        rng = np.random.default_rng(0)
        truth = rng.normal(0, 1, items)
        for name in ("one", "two"):
            weights = np.exp(truth + rng.normal(0, 1, items))
            lines = [f"org/item-{k},{weight!r}" for k, weight in enumerate(weights.tolist())]
            (folder / f"{name}.csv").write_text("\n".join(["item,weight", *lines, ""]))
            words += ["--list", f"{name}={name}.csv"]
        pairs = rng.integers(0, items // 2, (200, 2))
        answers = [
            f"org/item-{a},org/item-{items // 2 + b},{'ab'[k % 2]},{1 + k % 5}" for k, (a, b) in enumerate(pairs)
        ]
        (folder / "answers.csv").write_text("\n".join(["a,b,better,times", *answers, ""]))
        start = time.perf_counter()
        setting = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "oracle", *words]
        done = subprocess.Popen(command, cwd=folder, env=setting, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(done.pid, 0)
        seconds = time.perf_counter() - start
        assert status == 0, "the command failed"
        size = sum(path.stat().st_size for path in folder.glob("*.csv")) / 2**20
    processor = used.ru_utime + used.ru_stime
    name = f"{items:,} items of two lists mixed and written"
    yield Row(name, min(seconds, processor), 5.0, "limit", "s", f"start included; {seconds:.1f} s by the clock")
    yield Row(f"{name}: memory", used.ru_maxrss / 1024, size, "the files read and written", "MiB")

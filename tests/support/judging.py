"""Lists and juries for tests: the published data, made-up panels, and a second implementation of the exact fit."""

import csv
import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from oracle.mechanism.log_units import UNIT
from oracle.mechanism.simplex_fit import RIDGE

DATA = Path(__file__).resolve().parents[1] / "data" / "judgement"
Misses = npt.NDArray[np.int64]

TRIAL = {"arbitron": "trial2025_list_arbitron.csv", "composite_model": "trial2025_list_composite_model.csv"}
GG24 = ("bradley-terry", "colley", "elo", "huber-log", "pagerank", "rank-centrality")


def expected(name: str) -> dict:
    return json.loads((DATA / name).read_text())


def write_toy(folder: Path) -> list[str]:
    """The toy as CSV files in a folder, and the options that name them."""
    toy, jury = expected("toy_lists.json"), expected("toy_jury.json")
    words = []
    for name, weights in toy["lists"].items():
        write(folder / f"{name}.csv", ("item", "weight"), zip(toy["items"], weights, strict=True))
        words += ["--list", f"{name}={name}.csv"]
    keys = ("a", "b", "better", "times")
    write(folder / "answers.csv", keys, ([answer[key] for key in keys] for answer in jury["answers"]))
    return [*words, "--answers", "answers.csv"]


def write(path: Path, header: Sequence[str], rows) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(rows)


def panel(lists: int, answers: int, *, items: int = 60, seed: int = 0, noise: float = 0.7) -> Misses:
    """Misses (answers, lists) of lists that know the truth more or less well."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1.2, items)
    known = truth + rng.normal(0, 1, (lists, items)) * rng.uniform(0.3, 2, (lists, 1))
    first = rng.integers(0, items, answers)
    second = (first + 1 + rng.integers(0, items - 1, answers)) % items
    said = (known[:, second] - known[:, first]).T
    heard = truth[second] - truth[first] + rng.normal(0, noise, answers)
    return in_units(said - heard[:, None])


def in_units(nats: npt.NDArray[np.float64]) -> Misses:
    return np.rint(nats * UNIT).astype(np.int64)


def exhaustive(misses: Misses) -> tuple[Fraction, ...]:
    """The exact square fit by trying every support and keeping the best feasible one, in fractions."""
    count = misses.shape[1]
    rows = [[int(entry) for entry in row] for row in misses]
    matrix = [
        [Fraction(sum(row[a] * row[b] for row in rows) + (RIDGE if a == b else 0)) for b in range(count)]
        for a in range(count)
    ]
    best: tuple[Fraction, tuple[Fraction, ...]] | None = None
    for size in range(1, count + 1):
        for support in combinations(range(count), size):
            y = eliminate([[matrix[a][b] for b in support] for a in support], [Fraction(1)] * size)
            if sum(y) <= 0 or min(y) < 0:
                continue
            weights = [Fraction(0)] * count
            for k, part in zip(support, y, strict=True):
                weights[k] = part / sum(y)
            value = 1 / sum(y)
            if best is None or value < best[0]:
                best = value, tuple(weights)
    assert best is not None
    return best[1]


def eliminate(matrix: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """Gauss and Jordan in fractions. Raises StopIteration for a singular matrix."""
    rows = [[Fraction(entry) for entry in row] + [Fraction(last)] for row, last in zip(matrix, right, strict=True)]
    for place in range(len(rows)):
        pivot = next(k for k in range(place, len(rows)) if rows[k][place])
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [entry / rows[place][place] for entry in rows[place]]
        for k, row in enumerate(rows):
            if k != place and row[place]:
                rows[k] = [entry - row[place] * other for entry, other in zip(row, rows[place], strict=True)]
    return [row[-1] for row in rows]


def slopes(misses: Misses, weights: Sequence[Fraction], delta: int | None = None) -> list[Fraction]:
    """Half the gradient of the loss with its ridge at `weights`, from the definition, in units of 2^-64 nats^2."""
    found = [RIDGE * weight for weight in weights]
    for row in misses.tolist():
        miss = sum((weight * entry for weight, entry in zip(weights, row, strict=True)), Fraction(0))
        if delta is not None:
            miss = max(min(miss, Fraction(delta)), Fraction(-delta))
        found = [so_far + miss * entry for so_far, entry in zip(found, row, strict=True)]
    return found

"""Anchoring by plain loops over Python numbers, written from the formulas; and the forecasts that tests use."""

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from oracle.mechanism.anchoring import Forecasts

DATA = Path(__file__).parents[1] / "data"
EQUAL = DATA / "anchoring" / "llm_forecasts_equal.csv"
MARKETS = DATA / "forecastbench" / "forecastbench_market_2025-10_2026-02.csv"

Row = Sequence[float | None]


def of(rows: Sequence[Row], outcomes: Sequence[float]) -> Forecasts:
    """Probabilities by question and forecaster; None is absent."""
    beliefs = np.array([[np.nan if one is None else one for one in row] for row in rows], dtype=np.float64)
    names = tuple(f"f{place}" for place in range(beliefs.shape[1]))
    return Forecasts(names, beliefs[..., None], np.array(outcomes, dtype=np.float64))


def equal() -> tuple[list[list[float]], list[float]]:
    """The 150 questions of five language models: beliefs by question, outcomes."""
    with EQUAL.open() as file:
        rows = list(csv.DictReader(file))
    beliefs = [[float(row["belief"]) for row in rows if row["question"] == str(t)] for t in range(150)]
    return beliefs, [float(next(row["outcome"] for row in rows if row["question"] == str(t))) for t in range(150)]


def markets() -> tuple[list[list[float]], list[float]]:
    """788 resolved questions in the order of their resolution; forecasters are readings of the market's probability."""
    with MARKETS.open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["resolved_on"], row["id"]))
    market = [float(row["freeze"]) for row in rows]
    outcomes = [float(row["outcome"]) for row in rows]
    base = [(sum(outcomes[:t]) + 0.5) / (t + 1) for t in range(len(rows))]

    def sharpened(p: float, by: float) -> float:
        p = min(max(p, 1e-3), 1 - 1e-3)
        return 1 / (1 + ((1 - p) / p) ** by)

    beliefs = [
        [p, sharpened(p, 1.5), sharpened(p, 0.7), 0.5, b, (p + b) / 2, min(p + 0.1, 1.0), max(p - 0.1, 0.0)]
        for p, b in zip(market, base, strict=True)
    ]
    return beliefs, outcomes


Step = Callable[[list[float], list[float], list[float]], list[float]]


def walk(beliefs: Sequence[Row], outcomes: Sequence[float], step: Step) -> tuple[list[list[float]], list[float]]:
    """Weights before each question and after the last, and the weighted forecasts; all forecasters are present."""
    size = len(beliefs[0])
    w = [1 / size] * size
    so_far = [0.0] * size
    history, said = [w], []
    for row, outcome in zip(beliefs, outcomes, strict=True):
        numbers = [float(one or 0) for one in row]
        said.append(sum(a * b for a, b in zip(w, numbers, strict=True)))
        losses = [(one - outcome) ** 2 for one in numbers]
        so_far = [a + b for a, b in zip(so_far, losses, strict=True)]
        w = step(w, losses, so_far)
        total = sum(w)
        w = [one / total for one in w]
        history.append(w)
    return history, said


def wsu(eta: float) -> Step:
    def step(w: list[float], losses: list[float], so_far: list[float]) -> list[float]:
        mean = sum(a * b for a, b in zip(w, losses, strict=True))
        return [a * (1 - eta * (b - mean)) for a, b in zip(w, losses, strict=True)]

    return step


def hedge(eta: float) -> Step:
    return lambda w, losses, so_far: [math.exp(-eta * total) for total in so_far]


def smallest() -> Step:
    return lambda w, losses, so_far: [float(total == min(so_far)) for total in so_far]

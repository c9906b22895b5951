"""Credit graphs for tests, and a second solver: exact fractions, a dense matrix, elimination."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from oracle.mechanism.credit_graph import ONE, Graph

DATA = Path(__file__).parents[1] / "data" / "deepfunding"
LIBERTARIAN = "Libertarian minarchism and anarchism (Rothbard, Nozick, Rand)"
PUBLISHED_MIX = {"gpt_o1": 0.5326, "deepseek": 0.4674}
"""The mix of lists behind the published picture: the one that gives all of its quoted numbers."""

Edge = tuple[str, str, float]


def dense_payouts(
    edges: Sequence[Edge], seeds: Mapping[str, float], keep: Mapping[str, float] | float
) -> dict[str, Fraction]:
    """Payouts by Gaussian elimination in fractions: c = e + M'c, p = s c; first of duplicates, no self loops."""
    weight: dict[tuple[str, str], Fraction] = {}
    for parent, dependency, value in edges:
        if parent != dependency:
            weight.setdefault((parent, dependency), Fraction(value))
    nodes = sorted({name for parent, dependency, _ in edges for name in (parent, dependency)} | set(seeds))
    total = {u: sum((w for (a, _), w in weight.items() if a == u), Fraction(0)) for u in nodes}
    share = {u: Fraction(keep if isinstance(keep, float) else keep[u]) if total[u] else Fraction(1) for u in nodes}
    whole = sum(map(Fraction, seeds.values()), Fraction(0))
    rows = []
    for v in nodes:
        row = [Fraction(int(u == v)) for u in nodes]
        for place, u in enumerate(nodes):
            if (u, v) in weight:
                row[place] -= (1 - share[u]) * weight[u, v] / total[u]
        rows.append([*row, Fraction(seeds.get(v, 0)) / whole])
    return {name: share[name] * flow for name, flow in zip(nodes, _eliminate(rows), strict=True)}


def payouts_of(graph: Graph) -> list[Fraction]:
    """Exact payouts of a graph's own integers, by node."""
    size = len(graph.nodes)
    rows = [[Fraction(int(u == v)) for u in range(size)] + [Fraction(int(graph.seed[v]), ONE)] for v in range(size)]
    for u, v, share in zip(graph.parent.tolist(), graph.dependency.tolist(), graph.share.tolist(), strict=True):
        rows[v][u] -= Fraction(share, ONE)
    return [Fraction(keep, ONE) * flow for keep, flow in zip(graph.keep.tolist(), _eliminate(rows), strict=True)]


def _eliminate(rows: list[list[Fraction]]) -> list[Fraction]:
    for place in range(len(rows)):
        pivot = next(number for number in range(place, len(rows)) if rows[number][place])
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for number, row in enumerate(rows):
            if number != place and row[place]:
                rows[number] = [a - row[place] * b for a, b in zip(row, rows[place], strict=True)]
    return [row[-1] for row in rows]


def toy() -> tuple[list[Edge], dict[str, float], dict[str, float], dict[tuple[str, str], float]]:
    """The two-level example: edges with labels, seeds, self shares, and all 55 labels by (parent, what)."""
    data = json.loads((DATA / "toy_two_level.json").read_text())
    lists = [(data["lists"][name], weight) for name, weight in PUBLISHED_MIX.items()]
    mixed = [math.prod(values[place] ** weight for values, weight in lists) for place in range(55)]
    labels: dict[tuple[str, str], float] = {}
    place = 0
    for top, below in data["items"].items():
        labels[data["root"], top] = mixed[place]
        for name, value in zip(("self", "dependencies"), mixed[place + 1 : place + 3], strict=True):
            labels[top, name] = value / sum(mixed[place + 1 : place + 3])
        part = mixed[place + 3 : place + 3 + len(below)]
        labels |= {(top, name): value / sum(part) for name, value in zip(below, part, strict=True)}
        place += 3 + len(below)
    tops = sum(labels[data["root"], top] for top in data["items"])
    labels |= {(data["root"], top): labels[data["root"], top] / tops for top in data["items"]}
    edges = [(top, name, labels[top, name]) for top, below in data["items"].items() for name in below]
    seeds = {top: labels[data["root"], top] for top in data["items"]}
    return edges, seeds, {top: labels[top, "self"] for top in data["items"]}, labels


def gg24() -> tuple[list[Edge], dict[str, float]]:
    """The real graph and its seeds."""
    with (DATA / "gg24_edges_pruned.csv").open() as file:
        edges = [(row["parent"], row["dependency"], 1.0) for row in csv.DictReader(file)]
    with (DATA / "gg24_seed_weights.csv").open() as file:
        return edges, {row["item"]: float(row["weight"]) for row in csv.DictReader(file)}

"""The picture of a credit graph: its strongest edges from left to right, widths and sizes by what flows."""

from collections import defaultdict
from pathlib import Path

import numpy as np

from oracle.cli.pictures import COLOURS, picture
from oracle.mechanism.credit import SHARE_BITS, Credit
from oracle.mechanism.credit_graph import ONE

_LABEL = 34


def draw(credit: Credit, path: Path, most: int) -> int:
    """Draws the `most` strongest edges (by the credit that flows through them); returns how many were drawn."""
    graph = credit.graph
    flow = credit.credit[graph.parent] * (graph.share / float(ONE))
    chosen = np.argsort(-flow, kind="stable")[:most]
    chosen = chosen[flow[chosen] > 0]
    edges = [(int(graph.parent[e]), int(graph.dependency[e]), float(flow[e])) for e in chosen]
    seeds = {place for place in range(len(graph.nodes)) if graph.seed[place] > 0}
    columns = _columns(edges, seeds)
    spot = _spots(columns, edges, credit)
    rows = max(map(len, columns))
    with picture(path, width=4.2 + 3.6 * (len(columns) - 1), height=1.2 + 0.34 * rows) as axes:
        widest = max(amount for _, _, amount in edges) if edges else 1.0
        for parent, dependency, amount in edges:
            _arrow(axes, spot[parent], spot[dependency], amount / widest, back=_column(columns, dependency) == 0)
        for column, places in enumerate(columns):
            for place in places:
                share = credit.shares[place] / (1 << SHARE_BITS)
                x, y = spot[place]
                colour = COLOURS[0] if graph.seed[place] > 0 else COLOURS[1]
                axes.scatter([x], [y], s=20 + 2_500 * share, color=colour, zorder=3, linewidths=0)
                side = -1 if column == 0 else 1
                axes.annotate(
                    f"{_short(graph.nodes[place])}  {share:.2%}",
                    (x, y),
                    xytext=(side * (6 + 20 * share**0.5), 0),
                    textcoords="offset points",
                    ha="right" if side < 0 else "left",
                    va="center",
                    zorder=4,
                )
        axes.set_xlim(-0.75, len(columns) - 1 + 0.75)
        axes.set_ylim(-0.8, rows - 0.2)
        axes.axis("off")
        axes.set_title(
            f"{len(edges):,} strongest of {len(graph.parent):,} edges; dots: what a node keeps "
            "(blue: credit enters there), lines: what flows",
            fontsize=8,
        )
    return len(edges)


def _columns(edges: list[tuple[int, int, float]], seeds: set[int]) -> list[list[int]]:
    """Nodes by their distance along the drawn edges from those that no drawn edge reaches, which stand first."""
    after = defaultdict(list)
    for parent, dependency, _ in edges:
        after[parent].append(dependency)
    places = {place for parent, dependency, _ in edges for place in (parent, dependency)} or set(sorted(seeds)[:25])
    depth: dict[int, int] = {}
    reached = {dependency for _, dependency, _ in edges}
    level = sorted(places - reached) or sorted(places & seeds) or sorted(places)[:1]
    while level:
        depth |= dict.fromkeys(level, max(depth.values(), default=-1) + 1)
        level = sorted({following for place in level for following in after[place]} - set(depth))
    for place in sorted(places - set(depth)):
        depth[place] = 0
    columns: list[list[int]] = [[] for _ in range(max(depth.values()) + 1)]
    for place in sorted(places):
        columns[depth[place]].append(place)
    return columns


def _column(columns: list[list[int]], place: int) -> int:
    return next(column for column, places in enumerate(columns) if place in places)


def _spots(
    columns: list[list[int]], edges: list[tuple[int, int, float]], credit: Credit
) -> dict[int, tuple[float, float]]:
    """Where each node stands: in its column, near what it is joined with, so that few lines cross."""
    joined: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for parent, dependency, amount in edges:
        joined[parent].append((dependency, amount))
        joined[dependency].append((parent, amount))
    rows = max(map(len, columns))
    spot: dict[int, tuple[float, float]] = {}

    def settle(column: int, order: list[int]) -> None:
        gap = rows / len(order)
        for number, place in enumerate(order):
            spot[place] = (float(column), rows - 1 - (number + 0.5) * gap + 0.5)

    for column, places in enumerate(columns):
        settle(column, sorted(places, key=lambda place: (-credit.shares[place], place)))
    for _ in range(6):
        for column, places in enumerate(columns):
            middle = {}
            for place in places:
                pull = [(spot[other][1], amount) for other, amount in joined[place] if spot[other][0] != column]
                weight = sum(amount for _, amount in pull)
                middle[place] = sum(y * amount for y, amount in pull) / weight if weight else spot[place][1]
            settle(column, sorted(places, key=lambda place: (-middle[place], place)))
    return spot


def _arrow(axes: object, start: tuple[float, float], end: tuple[float, float], width: float, *, back: bool) -> None:
    axes.annotate(  # type: ignore[attr-defined]  # drawing libraries come untyped
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>,head_length=0.25,head_width=0.12",
            "connectionstyle": "arc3,rad=-0.35" if back or start[0] == end[0] else "arc3,rad=0.05",
            "linewidth": 0.3 + 4 * width,
            "color": "#999999",
            "alpha": 0.55,
            "shrinkA": 4,
            "shrinkB": 6,
        },
        zorder=1,
    )


def _short(name: str) -> str:
    return name if len(name) <= _LABEL else name[: _LABEL - 1] + "…"

"""Why a node gets what it gets: the strongest ways along which credit reaches it, and how much all others bring."""

from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

import numpy as np

from oracle.mechanism.credit import Credit
from oracle.mechanism.credit_graph import ONE

_MOST_STEPS = 200_000


@dataclass(frozen=True, slots=True)
class Way:
    """One way from a seed to a node: `factors` multiply to `share`, the part of the whole it brings.

    factors: the seed's weight, then for each edge what its parent passes on (where that is not all) and the edge's
    weight, then what the last node keeps (where that is not all). nodes: from the seed to the node.
    """

    nodes: tuple[str, ...]
    factors: tuple[float, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Why:
    """The strongest ways to a node, the strongest first, and what is left: `others` of `share` came on more ways."""

    node: str
    share: float
    ways: tuple[Way, ...]
    others: float


def why(credit: Credit, name: str, most: int = 12) -> Why:
    """Up to `most` ways to the node `name`, searched backwards, always where most credit is still unexplained.

    BadInput if the node is not in the graph.
    """
    graph, flow = credit.graph, credit.credit
    last = graph.place(name)
    order = np.argsort(graph.dependency, kind="stable")
    starts = np.searchsorted(graph.dependency[order], np.arange(len(graph.nodes) + 1))
    seed = graph.seed / float(ONE)
    # An entry stands for all ways that end in `trail`; flow[first] * product is what they bring together.
    queue: list[tuple[float, int, tuple[int, ...], float, bool]] = []
    kept = float(graph.keep[last] / ONE)
    heappush(queue, (-float(flow[last]) * kept, 0, (last,), kept, False))
    found: list[Way] = []
    for count in range(1, _MOST_STEPS):
        if not queue or len(found) == most:
            break
        brought, _, trail, product, whole = heappop(queue)
        if whole:
            found.append(_way(credit, trail, -brought))
            continue
        here = trail[0]
        if seed[here] > 0:
            heappush(queue, (-float(seed[here]) * product, -count, trail, product, True))
        for edge in order[starts[here] : starts[here + 1]].tolist():
            before = int(graph.parent[edge])
            part = product * float(graph.share[edge] / ONE)
            if flow[before] * part > 0:
                heappush(queue, (-float(flow[before]) * part, count, (before, *trail), part, False))
    share = credit.shares[last] / (1 << 96)
    return Why(graph.nodes[last], share, tuple(found), max(share - sum(way.share for way in found), 0.0))


def _way(credit: Credit, trail: tuple[int, ...], share: float) -> Way:
    graph = credit.graph
    factors = [float(graph.seed[trail[0]] / ONE)]
    for parent, dependency in pairwise(trail):
        passed = ONE - int(graph.keep[parent])
        if passed < ONE:
            factors.append(passed / ONE)
        first = int(np.searchsorted(graph.parent, parent))
        edge = first + int(np.searchsorted(graph.dependency[first : _end(graph.parent, parent)], dependency))
        factors.append(int(graph.share[edge]) / passed)
    if graph.keep[trail[-1]] < ONE:
        factors.append(float(graph.keep[trail[-1]] / ONE))
    return Way(tuple(graph.nodes[place] for place in trail), tuple(factors), share)


def _end(sorted_: np.typing.NDArray[np.int64], value: int) -> int:
    return int(np.searchsorted(sorted_, value, side="right"))

"""A credit graph in integers: who depends on whom, which share each node passes on and which it keeps.

Every node keeps `keep` and passes the rest along its edges; both in units of 2^-62, so that a row sums to one exactly
and everybody has the same graph, bit for bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from oracle.domain.errors import BadInput, Refused

ONE = 1 << 62
"""A whole, in the graph's units."""

_BLOCK = 16_384  # rows that are split at a time

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by name (sorted), edges by (parent, dependency), all shares in units of 1 / ONE.

    parent, dependency, share: int64[edges]; keep, seed: int64[nodes]. keep[u] + sum of u's shares = ONE; sum of seed =
    ONE. A node without dependencies keeps ONE. `duplicates` and `self_loops` were dropped; of the duplicates,
    `conflicts` had another weight than the first.
    """

    nodes: tuple[str, ...]
    parent: Ints
    dependency: Ints
    share: Ints
    keep: Ints
    seed: Ints
    duplicates: int = 0
    self_loops: int = 0
    conflicts: int = 0

    def matrix(self) -> Any:
        """M' in floats as sparse rows by dependency: `matrix @ mass` is where the mass goes next."""
        size = len(self.nodes)
        data = self.share / float(ONE)
        return sparse.csr_array((data, (self.dependency, self.parent)), shape=(size, size))

    def place(self, name: str) -> int:
        """The index of a node. BadInput if there is none."""
        found = int(np.searchsorted(np.array(self.nodes, dtype=object), name.lower()))
        if found == len(self.nodes) or self.nodes[found] != name.lower():
            raise BadInput(f"{name!r} is not in the graph", hint="Names are compared in lower case.")
        return found


class Gatherer:
    """Takes edges by name, some thousand at a time, and keeps them by number: names are held once."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.parts: list[tuple[Ints, Ints, Floats]] = []

    def add(self, parents: Sequence[str], dependencies: Sequence[str], weights: Sequence[float] | None) -> None:
        """More edges; see `build`."""
        size = len(parents)
        weight = np.ones(size) if weights is None else np.asarray(weights, dtype=np.float64)
        self.parts.append((self._numbers(parents), self._numbers(dependencies), weight))

    def _numbers(self, names: Sequence[str]) -> Ints:
        index = self.index
        found = [index.setdefault(name.lower(), len(index)) for name in names]
        return np.array(found, dtype=np.int64)

    def graph(self, seeds: Mapping[str, float], self_share: float, self_shares: Mapping[str, float] | None) -> Graph:
        """The graph of all edges; see `build`."""
        if not self.parts:
            raise BadInput("there are no edges", hint="Give rows parent,dependency.")
        seeds = _lowered(seeds, "seed")
        own = _lowered(self_shares or {}, "self share")
        self._numbers(tuple(seeds))
        if strangers := sorted(set(own) - set(self.index)):
            why = f"a self share is given for {strangers[0]!r}, which is not in the graph"
            raise BadInput(why, hint="Leave it out, or mend it.")
        nodes = tuple(sorted(self.index))
        place = np.empty(len(nodes), dtype=np.int64)
        place[[self.index[name] for name in nodes]] = np.arange(len(nodes))
        source, target, weight = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        keep = np.full(len(nodes), _units(self_share, "--self-share"), dtype=np.int64)
        for name, share in own.items():
            keep[place[self.index[name]]] = _units(share, name)
        seed = np.zeros(len(nodes))
        seed[[place[self.index[name]] for name in seeds]] = list(seeds.values())
        return from_arrays(nodes, place[source], place[target], weight, keep, seed)


def build(
    parents: Sequence[str],
    dependencies: Sequence[str],
    weights: Sequence[float] | None,
    seeds: Mapping[str, float],
    *,
    self_share: float = 0.5,
    self_shares: Mapping[str, float] | None = None,
) -> Graph:
    """The graph of these edges: names in lower case, duplicates (the first counts) and self loops dropped.

    weights: at least 0 and finite, relative among a parent's edges; None splits equally. seeds: item -> weight,
    normalised. self_share in [0, 1] for nodes with dependencies, but for those in `self_shares`. Raises BadInput for
    what is malformed, Refused for a cycle in which nobody keeps anything.
    """
    gathered = Gatherer()
    gathered.add(parents, dependencies, weights)
    return gathered.graph(seeds, self_share, self_shares)


def from_arrays(nodes: Sequence[str], source: Ints, target: Ints, weight: Floats, keep: Ints, seed: Floats) -> Graph:
    """As `build`, for edges by index. weight: float64[edges]; keep: int64[nodes] in units; seed: float64[nodes]."""
    if not len(source):
        raise BadInput("there are no edges", hint="Give rows parent,dependency.")
    if not (seed >= 0).all() or not seed.sum() > 0:
        raise BadInput("the seeds' weights are not at least 0 with one above 0", hint="Give item,weight.")
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise BadInput("an edge's weight is negative or not finite", hint="Weights are 0 or above.")
    other = source != target
    loops = len(source) - int(other.sum())
    source, target, weight = source[other], target[other], weight[other]
    order = np.argsort(source * len(nodes) + target, kind="stable")  # the first of equal ones stays first
    source, target, weight = source[order], target[order], weight[order]
    new = np.ones(len(source), dtype=bool)
    new[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    first = np.flatnonzero(new)[np.cumsum(new) - 1] if len(new) else new
    conflicts = int((weight != weight[first]).sum())
    duplicates = len(new) - int(new.sum())
    source, target, weight = source[new], target[new], weight[new]
    leaf = np.bincount(source, minlength=len(nodes)) == 0
    keep = np.where(leaf, ONE, keep)
    share = _row_shares(nodes, source, weight, ONE - keep)
    whole = _row_shares(nodes, np.zeros(len(nodes), dtype=np.int64), seed, np.full(1, ONE, dtype=np.int64))
    graph = Graph(tuple(nodes), source, target, share, keep, whole, duplicates, loops, conflicts)
    _refuse_closed_cycles(graph)
    return graph


def _lowered(values: Mapping[str, float], what: str) -> dict[str, float]:
    low: dict[str, float] = {}
    for name, value in values.items():
        if name.lower() in low:
            raise BadInput(f"{name!r} has a {what} twice (names are in lower case)", hint="Leave one of the two out.")
        low[name.lower()] = value
    return low


def _units(share: float, what: str) -> int:
    if not 0 <= share <= 1:
        raise BadInput(f"the self share {share} of {what} is not between 0 and 1", hint="Such as 0.5.")
    return round(share * ONE)


def _row_shares(nodes: Sequence[str], row: Ints, weight: Floats, total: Ints) -> Ints:
    """Splits total[row] among the row's entries by weight, in whole units, by largest remainder; sums exactly."""
    if not len(row):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
    sizes = np.diff(np.r_[starts, len(row)])
    want = total[row[starts]]
    high = np.maximum.reduceat(weight, starts)
    if (empty := np.flatnonzero((high == 0) & (want > 0))).size:
        name = nodes[int(row[starts[empty[0]]])]
        raise BadInput(
            f"all dependencies of {name!r} weigh 0: nothing says how to split", hint="Give one a weight above 0."
        )
    if (high == np.minimum.reduceat(weight, starts)).all():
        share, key = np.repeat(want // sizes, sizes), np.zeros(len(row))
    else:
        share, key = _quotas(weight, starts, sizes, np.where(high == 0, 0, want))
    left = want - np.add.reduceat(share, starts)
    left[high == 0] = 0
    ranked = np.lexsort((-key, row))  # ties in the order of names
    place = np.arange(len(row)) - np.repeat(starts, sizes)
    share[ranked] += place < np.repeat(left, sizes)
    return share


def _quotas(weight: Floats, starts: Ints, sizes: Ints, want: Ints) -> tuple[Ints, Floats]:
    """Floors of want * weight / (sum of the row's weights) in exact integers, and the remainders as fractions of 1."""
    share, rest = np.empty(len(weight), dtype=np.int64), np.empty(len(weight))
    for first in range(0, len(starts), _BLOCK):  # big integers by the million would fill the memory
        rows = slice(first, first + _BLOCK)
        at = slice(int(starts[first]), int(starts[rows][-1] + sizes[rows][-1]))
        share[at], rest[at] = _block_quotas(weight[at], starts[rows] - starts[first], sizes[rows], want[rows])
    return share, rest


def _block_quotas(weight: Floats, starts: Ints, sizes: Ints, want: Ints) -> tuple[Ints, Floats]:
    mantissa, exponent = np.frexp(weight)
    whole = np.ldexp(mantissa, 53).astype(np.int64).astype(object)
    exponent = np.where(weight > 0, exponent, np.iinfo(np.int32).max)
    lowest = np.repeat(np.minimum.reduceat(exponent, starts), sizes)
    whole = whole << np.where(weight > 0, exponent - lowest, 0).astype(object)
    totals = np.add.reduceat(whole, starts)
    totals[totals == 0] = 1
    totals = np.repeat(totals, sizes)
    quotas = whole * np.repeat(want, sizes).astype(object)
    floors = quotas // totals
    return floors.astype(np.int64), ((quotas - floors * totals) / totals).astype(np.float64)


def _refuse_closed_cycles(graph: Graph) -> None:
    """Refused if some cycle's nodes all keep nothing; names the shortest one through its first node."""
    open_ = graph.keep == 0
    inside = open_[graph.parent] & open_[graph.dependency] & (graph.share > 0)
    if not inside.any():
        return
    size = len(graph.nodes)
    sub = sparse.csr_array(
        (np.ones(int(inside.sum())), (graph.parent[inside], graph.dependency[inside])), shape=(size, size)
    )
    _, label = csgraph.connected_components(sub, directed=True, connection="strong")
    large = np.bincount(label)[label] > 1
    if not large.any():
        return
    start = int(np.flatnonzero(large)[0])
    names = " -> ".join(graph.nodes[place] for place in _cycle_through(sub, start))
    raise Refused(
        f"a cycle keeps nothing for itself, so what enters goes round for ever: {names}",
        hint="Give one of them a self share (--self-share, --self), or drop an edge.",
    )


def _cycle_through(edges: Any, start: int) -> list[int]:
    """A shortest cycle through `start`, by breadth first search; it exists."""
    before = {start: start}
    queue = [start]
    for node in queue:
        for following in edges.indices[edges.indptr[node] : edges.indptr[node + 1]].tolist():
            if following == start:
                path = [start, node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1] if len(path) > 2 else [start, start]
            if following not in before:
                before[following] = node
                queue.append(following)
    raise AssertionError("every node of a strongly connected component lies on a cycle")

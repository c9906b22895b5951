"""How long credit takes to flow through a graph of dependencies, beside its limit, scipy's solvers and plain steps."""

from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from oracle.mechanism.credit import propagate, solve
from oracle.mechanism.credit_graph import ONE, Graph, from_arrays
from tests.bench.harness import Row, Run, peak_memory, timed

TITLE = "Credit through a graph of dependencies"
LEARNED = """
- Pushing the remaining mass leaves a remainder that is the exact bound of the error; it needs as many rounds as the
  mass needs to leave the graph, and where that stalls (a ring that keeps 1e-6) a sparse LU of each strongly connected
  part takes over.
- A direct solve of the whole graph fills up: it is out of the question long before 10^6 edges. `error` is the L1
  distance of a peer's payouts from ours; BiCGSTAB with its default tolerance stops early and does not say so.
- The limit of 0.5 s holds for the floats with their bound, not for the certificate, which counts in integers of 2^-96
  and takes several times as long; `gengov credit` always certifies, so it takes seconds at 10^6 edges.
"""


def random_graph(nodes: int, edges: int) -> Graph:
    """Edges between any two nodes, cycles among them; every node with dependencies keeps a half."""
    rnd = np.random.default_rng(edges)
    source, target = rnd.integers(0, nodes, edges), rnd.integers(0, nodes, edges)
    seed = np.zeros(nodes)
    seed[:100] = 1
    names = [f"n{place:07d}" for place in range(nodes)]
    return from_arrays(names, source, target, rnd.random(edges) + 0.01, np.full(nodes, ONE // 2), seed)


def ring(nodes: int, keep: float) -> Graph:
    """Each passes on to the next and keeps next to nothing."""
    source = np.arange(nodes)
    names, kept = [f"n{place:07d}" for place in range(nodes)], np.full(nodes, int(keep * ONE))
    return from_arrays(names, source, (source + 1) % nodes, np.ones(nodes), kept, np.eye(1, nodes)[0])


def rows(run: Run) -> Iterator[Row]:
    """A large graph, the same certified, a middling one beside a direct solve, a ring that stalls."""
    small = run.small
    graph = random_graph(200, 1_000) if small else random_graph(100_000, 1_000_000)
    name = f"{len(graph.parent):,} edges"
    timing = timed(lambda: solve(graph), run.repeats(5))
    payouts, left = timing.result[1], timing.result[2]
    yield Row(name, timing.idle_ms, 500, "the limit of the specification", note=f"remainder {left:.0e}")
    yield from beside(run, name, graph, timing.ms, payouts)
    certified = timed(lambda: propagate(graph), run.repeats(2), warm=0)
    note = f"certified to {certified.result.residual:.0e}"
    yield Row(f"{name}, certified in integers", certified.ms, timing.ms, "ours in floats", note=note)
    yield Row(f"{name}: memory", peak_memory(lambda: solve(graph)), size(graph), "the graph itself", "MiB")
    for title, other in (
        ("direct", random_graph(100, 500) if small else random_graph(3_000, 30_000)),
        ("ring", ring(50, 1e-3) if small else ring(1_000, 1e-6)),
    ):
        timing = timed(lambda other=other: solve(other), run.repeats(5))
        name = f"{len(other.parent):,} edges" + (", a ring" if title == "ring" else "")
        direct = timed(lambda other=other: by_spsolve(other), run.repeats(2), warm=0)
        error = f"error {np.abs(direct.result - timing.result[1]).sum():.0e}"
        yield Row(name, timing.ms, direct.ms, "scipy spsolve", note=error)
        yield from beside(run, name, other, timing.ms, timing.result[1])


def beside(run: Run, name: str, graph: Graph, ours: float, payouts: np.ndarray) -> Iterator[Row]:
    """Iterative peers on the same graph, with their errors."""
    for peer, work in (("scipy bicgstab, as it comes", by_bicgstab), ("100 plain steps c = e + M'c", by_steps)):
        timing = timed(lambda work=work: work(graph), run.repeats(2), warm=0)
        error = f"error {np.abs(timing.result - payouts).sum():.0e}"
        yield Row(name, ours, timing.ms, peer, note=error)


def by_spsolve(graph: Graph) -> np.ndarray:
    system = (sparse.eye_array(len(graph.nodes)) - graph.matrix()).tocsc()
    return np.asarray(linalg.spsolve(system, graph.seed / float(ONE)) * (graph.keep / float(ONE)))


def by_bicgstab(graph: Graph) -> np.ndarray:
    system = sparse.eye_array(len(graph.nodes), format="csr") - graph.matrix()
    return np.asarray(linalg.bicgstab(system, graph.seed / float(ONE))[0] * (graph.keep / float(ONE)))


def by_steps(graph: Graph) -> np.ndarray:
    matrix, seed = graph.matrix(), graph.seed / float(ONE)
    credit = seed
    for _ in range(100):
        credit = seed + matrix @ credit
    return np.asarray(credit * (graph.keep / float(ONE)))


def size(graph: Graph) -> float:
    """MiB of the graph's arrays."""
    return sum(part.nbytes for part in (graph.parent, graph.dependency, graph.share, graph.keep, graph.seed)) / 2**20

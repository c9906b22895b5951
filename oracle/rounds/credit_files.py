"""The files of credit propagation: edges, seeds and self shares as strict CSV, edges by the million."""

from collections.abc import Callable, Mapping
from pathlib import Path

from oracle.mechanism.credit_graph import Gatherer, Graph
from oracle.rounds.cells import Column, Kind
from oracle.rounds.parse import read_batches, read_rows

Progress = Callable[[int], None]
"""Takes how many rows were read so far."""

_EDGES = (
    Column("parent", aliases=("source",)),
    Column("dependency", aliases=("target",)),
    Column("weight", Kind.FLOAT, least=0, default="1"),
)


def read_graph(
    edges: Path,
    seeds: Path,
    *,
    self_share: float = 0.5,
    self_shares: Path | None = None,
    progress: Progress = lambda rows: None,
) -> Graph:
    """The graph of an edge file (parent,dependency[,weight]), a seed file (item,weight) and a self file (item,self).

    Raises BadInput (with file, row, column and value where a cell is bad) and Refused as `credit_graph.build` does.
    """
    gathered, rows = Gatherer(), 0
    for batch in read_batches(edges, _EDGES):
        columns = batch.columns
        gathered.add(columns["parent"], columns["dependency"], columns["weight"])
        rows += len(batch)
        progress(rows)
    own = _by_item(self_shares, Column("self", Kind.FLOAT, least=0, most=1)) if self_shares else None
    return gathered.graph(read_weights(seeds), self_share, own)


def read_weights(path: Path) -> Mapping[str, float]:
    """item -> weight, at least 0. An item that stands twice is refused."""
    return _by_item(path, Column("weight", Kind.FLOAT, least=0))


def _by_item(path: Path, value: Column) -> Mapping[str, float]:
    rows = read_rows(path, (Column("item", aliases=("repo",), unique=True), value))
    return {row.values[0]: row.values[1] for row in rows}

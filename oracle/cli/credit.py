"""`gengov credit`: who gets what when credit flows through a graph of dependencies, why, and a picture of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from oracle.cli import credit_picture, pictures
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.mechanism.credit import Credit, propagate
from oracle.mechanism.credit_paths import Why, why
from oracle.rounds.credit_files import read_graph

app = typer.Typer(name="credit", no_args_is_help=True, help="Deep funding: credit along a graph of dependencies.")

Edges = Annotated[Path, typer.Option(help="CSV parent,dependency[,weight].")]
Seeds = Annotated[Path, typer.Option(help="CSV item,weight: where credit enters.")]
SelfShare = Annotated[float, typer.Option(help="What a node with dependencies keeps, 0 to 1.", min=0, max=1)]
SelfFile = Annotated[Path | None, typer.Option("--self", help="CSV item,self: nodes that keep another share.")]

_SHOWN = 25


@command(app, "compute", chain=False)
def compute(
    session: Session,
    edges: Edges,
    seeds: Seeds,
    self_share: SelfShare = 0.5,
    self_: SelfFile = None,
    amount: Annotated[int | None, typer.Option(help="Whole base units to split; they sum exactly.", min=0)] = None,
    why_: Annotated[str, typer.Option("--why", metavar="NODE", help="Print the ways on which NODE gets credit.")] = "",
    ways: Annotated[int, typer.Option(help="With --why: at most so many ways.", min=1, max=10_000)] = 12,
) -> None:
    """The payout of every node: leaves keep all, others their self share; the rest flows along the edges.

    Names are in lower case; duplicate edges and self loops are dropped and counted.
    """
    credit = _solved(edges, seeds, self_share, self_)
    graph = credit.graph
    answer: dict[str, Any] = {
        "payouts": credit.payouts(),
        "nodes": len(graph.nodes),
        "edges": len(graph.parent),
        "residual": credit.residual,
        "duplicates": graph.duplicates,
        "self_loops": graph.self_loops,
        "method": credit.method,
    }
    if amount is not None:
        answer["amount"], answer["amounts"] = amount, credit.amounts(amount)
    explained = why(credit, why_, ways) if why_ else None
    if explained:
        answer["why"] = _as_object(explained)
    session.emit(answer, lambda: _show(answer, explained))


@command(app, "draw", chain=False)
def draw(
    session: Session,
    edges: Edges,
    seeds: Seeds,
    to: Annotated[Path, typer.Option("--out", help="The picture, .svg or .png.")],
    self_share: SelfShare = 0.5,
    self_: SelfFile = None,
    most: Annotated[int, typer.Option(help="Draw only so many of the strongest edges.", min=1, max=500)] = 40,
) -> None:
    """A picture of the graph: nodes as large as their payout, edges as wide as what flows through them."""
    pictures.check_suffix(to)
    credit = _solved(edges, seeds, self_share, self_)
    drawn = credit_picture.draw(credit, to, most)
    session.emit(
        {"picture": str(to), "drawn": drawn, "edges": len(credit.graph.parent)},
        lambda: out.print(f"{escape(str(to))}: {drawn:,} of {len(credit.graph.parent):,} edges, the strongest"),
    )


def _solved(edges: Path, seeds: Path, self_share: float, self_file: Path | None) -> Credit:
    """Reads and solves with a line of progress on stderr; says what was dropped."""
    with _progress() as say:
        graph = read_graph(
            edges,
            seeds,
            self_share=self_share,
            self_shares=self_file,
            progress=lambda rows: say(f"reading {edges.name}: {rows:,} rows"),
        )
        say(f"solving {len(graph.nodes):,} nodes, {len(graph.parent):,} edges")
        credit = propagate(graph)
    for count, what in ((graph.duplicates, "duplicate edge"), (graph.self_loops, "self loop")):
        if count:
            err.print(f"[yellow]dropped[/] {count:,} {what}{'s' if count > 1 else ''}")
    if graph.conflicts:
        err.print(f"[yellow]of these[/] {graph.conflicts:,} had another weight than the first, which counts")
    return credit


@contextmanager
def _progress() -> Iterator[Any]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda text: bar.update(task, description=escape(text))


def _show(answer: dict[str, Any], explained: Why | None) -> None:
    if explained:
        _show_why(explained)
        return
    amounts = answer.get("amounts")
    table = Table(box=None, header_style="dim")
    table.add_column("node")
    table.add_column("share", justify="right")
    if amounts:
        table.add_column("amount", justify="right")
    for name, share in list(answer["payouts"].items())[:_SHOWN]:
        table.add_row(escape(name), f"{share:.6f}", *([f"{amounts[name]:,}"] if amounts else []))
    out.print(table)
    more = answer["nodes"] - _SHOWN
    rest = f"and {more:,} more (--json prints all); " if more > 0 else ""
    out.print(
        f"[dim]{rest}{answer['nodes']:,} nodes, {answer['edges']:,} edges, error at most {answer['residual']:.1e}[/]"
    )


def _show_why(explained: Why) -> None:
    if not explained.ways:
        out.print(f"{escape(explained.node)} gets nothing: no way leads to it")
        return
    terms = [" x ".join(f"{factor:.3f}" for factor in way.factors) for way in explained.ways]
    tail = f" + {explained.others:.4f} on other ways" if explained.others > 5e-5 else ""
    out.print(f"{escape(explained.node)} = {' + '.join(terms)}{tail} = {explained.share:.4f}")
    for way, term in zip(explained.ways, terms, strict=True):
        out.print(f"  {way.share:.6f}  {escape(' -> '.join(way.nodes))}  [dim]{term}[/]")


def _as_object(explained: Why) -> dict[str, Any]:
    ways = [{"nodes": way.nodes, "factors": way.factors, "share": way.share} for way in explained.ways]
    return {"node": explained.node, "share": explained.share, "ways": ways, "others": explained.others}

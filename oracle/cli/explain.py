"""`gengov proposal explain`: why this answer is the median, and what it would have taken to make it another."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from oracle.cli.accounts import proposal_id
from oracle.cli.command import command
from oracle.cli.output import out
from oracle.cli.pictures import check_suffix, picture
from oracle.cli.session import Session
from oracle.domain.action import Payload
from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import data_file
from oracle.mechanism.actions import payload_document
from oracle.mechanism.distance import Q
from oracle.mechanism.explain import Alternative, Cluster, Explanation, explain, matrix
from oracle.mechanism.generation import read_samples
from oracle.mechanism.median import distance_rules
from oracle.mechanism.template import template
from oracle.ports.store import MAX_DOCUMENT

app = typer.Typer()

LONGEST = 40
"""Characters of an answer in a line."""

MOST_CLUSTERS = 12
"""Clusters in the table; smaller ones are counted."""


@command(app, "explain")
def explain_(
    session: Session,
    proposal: Annotated[str, typer.Argument(help="Proposal id, or latest; without --data latest.")] = "",
    data: Annotated[Path | None, typer.Option(help="Data file instead of a proposal; no chain is asked.")] = None,
    picture_file: Annotated[
        Path | None, typer.Option("--out", help="Draw the distances between all samples: .svg or .png.")
    ] = None,
) -> None:
    """Why the median is this answer: clusters, the pick, the runner-up, and how much poison it withstands."""
    if picture_file is not None:
        check_suffix(picture_file)
    raw, name = _from_chain(session, proposal) if data is None else (_bytes(data, proposal), str(data))
    file = data_file.loads(raw, name=name)
    rules = distance_rules(template())
    found = explain(read_samples(file.samples, file.prompt), rules, min_valid=file.sampler.min_valid)
    view = View(found, file)
    if picture_file is not None:
        draw(found, picture_file)
    session.emit(view.document() | {"picture": picture_file}, lambda: view.render(picture_file))


def _bytes(path: Path, proposal: str) -> bytes:
    """A data file from disk. BadInput."""
    if proposal:
        raise BadInput(f"proposal {proposal} and --data {path}: which one?", hint="give one of them")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", hint="name a data file that is there") from error
    if len(data) > MAX_DOCUMENT:
        raise BadInput(f"{path} is over {MAX_DOCUMENT:,} bytes", hint="it is no data file of a slot")
    return data


def _from_chain(session: Session, proposal: str) -> tuple[bytes, str]:
    """The data file of a posted proposal, from the store. BadInput, Refused, Unreachable if nobody here has it."""
    org = session.organisation
    number = proposal_id(org, proposal or "latest")
    posted = org.chain.events("PromptUpdate", "ProposalPosted", first=org.file.block, where={"proposalId": number})
    if not posted:
        raise Refused(f"no slot posted a proposal {number}", hint="gengov proposal list")
    return org.store.get(posted[-1].args["generation"].dataDigest), f"data of proposal {number}"


@dataclass(frozen=True, slots=True)
class View:
    """An explanation for programs and for people."""

    found: Explanation
    file: data_file.DataFile

    def document(self) -> dict[str, Any]:
        """Everything, distances in units of 1/1,048,576."""
        found, selection = self.found, self.found.selection
        return {
            "pick": selection.pick,
            "posted_pick": self.file.pick,
            "payload": payload_document(found.payloads[found.pick]),
            "asked": selection.asked,
            "valid": selection.valid,
            "gamma_bps": selection.gamma_bps,
            "dispersion_bps": selection.dispersion_bps,
            "outcome": selection.outcome,
            "reason": selection.reason,
            "unit": Q,
            "answers": [
                {"payload": payload_document(payload), "samples": found.standing.members[at], "sum": int(total)}
                for at, (payload, total) in enumerate(zip(found.payloads, found.standing.sums, strict=True))
            ],
            "distances": found.standing.distances.tolist(),
            "clusters": [{"answers": one.answers, "samples": one.samples} for one in found.clusters],
            "second": _document(found.second),
            "withstands": found.withstands,
            "alternatives": [_document(one) for one in found.alternatives],
        }

    def render(self, drawn: Path | None) -> None:
        """Clusters as a table, then what follows from them in sentences."""
        self._render_clusters()
        for line in (*self._pick(), "", *self._second(), "", *self._poison()):
            out.print(escape(line))
        self._render_alternatives()
        if drawn is not None:
            out.print(f"\npicture     {drawn}: dark is near; the red lines mark the median", markup=False)

    def _render_clusters(self) -> None:
        found = self.found
        table = Table("cluster", "samples", "answers", "example", "distance", box=None, pad_edge=False)
        for place, cluster in enumerate(found.clusters[:MOST_CLUSTERS], 1):
            mark = f"{place} (the pick)" if place == 1 else str(place)
            example = cluster.answers[0]
            apart = _share(int(found.standing.distances[found.pick, example]), Q)
            cells = (mark, f"{len(cluster.samples)}", f"{len(cluster.answers)}", self._answer(example), apart)
            table.add_row(*map(escape, cells))
        out.print(table)
        if rest := found.clusters[MOST_CLUSTERS:]:
            out.print(f"and {sum(len(cluster.samples) for cluster in rest)} samples in {len(rest)} smaller clusters")
        out.print(
            "  [dim]a cluster holds answers at most 12.50 % from its example, whose distance to the pick is shown[/]\n"
        )

    def _pick(self) -> Iterator[str]:
        found, selection = self.found, self.found.selection
        same = len(found.standing.members[found.pick])
        why = "; its reason is nearest to the others'" if same > 2 else "; the first of them" if same == 2 else ""
        yield f"pick        sample {selection.pick}: {self._answer(found.pick)}"
        yield f"            one of {same} with this answer among {selection.valid} valid of {selection.asked}{why}"
        yield f"            the others lie {_share(*selection.dispersion.as_integer_ratio())} away on average"
        if selection.pick != self.file.pick:
            yield f"            BUT the file says sample {self.file.pick}: it does not follow from its own samples"
        yield f"            {selection.reason}"

    def _second(self) -> Iterator[str]:
        one = self.found.second
        count = len(one.changes)
        fewer = "fewer" if count == one.changes_bound else f"fewer than {one.changes_bound}"
        behind = _share(*one.margin.as_integer_ratio())
        yield f"runner-up   {self._who(one)}, {behind} behind: the action margin"
        yield f"            it would win if {count} samples changed to it (with {fewer} it cannot)"

    def _poison(self) -> Iterator[str]:
        able = [one for one in self.found.alternatives if one.copies is not None]
        yield f"poison      {self.found.withstands} added copies of any answer given here leave the pick as it is"
        for one, what in (
            (min(able, key=lambda at: at.copies or 0, default=None), "another answer"),
            (self.found.second, "another action"),
        ):
            if one is not None and one.copies is not None:
                share = _share(one.copies, self.found.selection.valid + one.copies)
                yield f"            to make {what} win takes {one.copies} ({share} of all then): {self._who(one)}"

    def _render_alternatives(self) -> None:
        table = Table("answer", box=None, pad_edge=False)
        for head in ("distance", "behind", "bound", "copies", "moves at", "changes"):
            table.add_column(head, justify="right", no_wrap=True)
        for one in self.found.alternatives:
            exact, found = one.changes_bound == len(one.changes), str(len(one.changes))
            cells = (
                self._who(one),
                _share(one.distance, Q),
                _share(*one.margin.as_integer_ratio()),
                *map(_number, (one.copies_bound, one.copies, one.moving)),
                found if exact else f"{one.changes_bound} to {found}",
            )
            table.add_row(*map(escape, cells))
        out.print()
        out.print(table)
        out.print(
            "  [dim]copies  added copies of it that make it win; bound: no fewer can, k/m >= (d_e - D_h) / d(h, e)\n"
            "  moves   added copies of it from which the pick is another than now\n"
            "  changes samples that, changed to it, make it win; a to b: fewer than a cannot, b were found that do[/]"
        )

    def _who(self, one: Alternative) -> str:
        return one.action if one.answer is None else self._answer(one.answer)

    def _answer(self, answer: int) -> str:
        text = in_words(self.found.payloads[answer])
        return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def in_words(payload: Payload) -> str:
    """A decision in a few words, such as `fund A 24, B 10`."""
    said = [
        value if isinstance(value, str) else ", ".join(f"{key} {amount:,}" for key, amount in sorted(value.items()))
        for value in payload.fields.values()
    ]
    return " ".join([payload.action, *said])


def draw(found: Explanation, path: Path) -> None:
    """The distances between all samples, in order of their clusters; lines through the median. BadInput."""
    order, table = matrix(found)
    with picture(path, width=7.2, height=6) as axes:
        image = axes.imshow(table / Q, cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
        axes.figure.colorbar(image, label="distance D")
        edges, middles = _edges(found.clusters)
        for edge in edges[1:-1]:
            axes.axhline(edge - 0.5, color="white", linewidth=0.6)
            axes.axvline(edge - 0.5, color="white", linewidth=0.6)
        median = order.index(found.selection.pick or 0)
        axes.axhline(median, color="red", linewidth=0.9)
        axes.axvline(median, color="red", linewidth=0.9)
        labels = [f"{place}: {len(one.samples)}" for place, one in enumerate(found.clusters, 1)]
        large = [place for place, one in enumerate(found.clusters) if len(one.samples) >= 0.05 * len(order)]
        axes.set_xticks([middles[place] for place in large], [labels[place] for place in large])
        axes.set_yticks([median], [f"sample {found.selection.pick}"])
        axes.set_xlabel("samples by cluster (cluster: size)")
        axes.set_title(f"The median of {found.selection.valid} answers: {found.payloads[found.pick].action}")


def _edges(clusters: tuple[Cluster, ...]) -> tuple[list[int], list[float]]:
    """Where clusters begin (and the last ends), and their middles."""
    edges = [0]
    for cluster in clusters:
        edges.append(edges[-1] + len(cluster.samples))
    return edges, [(start + end - 1) / 2 for start, end in pairwise(edges)]


def _document(one: Alternative) -> dict[str, Any]:
    return {
        "answer": one.answer,
        "action": one.action,
        "distance": one.distance,
        "margin_bps": int(one.margin * 10_000),
        "copies_bound": one.copies_bound,
        "copies": one.copies,
        "moving": one.moving,
        "moved_to": one.moved_to,
        "changes_bound": one.changes_bound,
        "changes": one.changes,
    }


def _share(part: int, whole: int) -> str:
    """A part as percent, two digits, rounded down."""
    hundredths = 10_000 * part // whole
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def _number(value: int | None) -> str:
    return "never" if value is None else str(value)

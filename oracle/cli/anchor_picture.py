"""Weights of forecasters over time as stacked areas: the heaviest by name, the others together."""

from pathlib import Path

import numpy as np

from oracle.cli.pictures import COLOURS, picture
from oracle.mechanism.anchoring import Anchored

_NAMED = 7
_POINTS = 600


def draw(anchored: Anchored, names: tuple[str, ...], title: str, path: Path) -> None:
    """Writes the picture; long histories are thinned to some hundred points."""
    count = len(anchored.weights) - 1
    at = np.unique(np.linspace(0, count, min(count + 1, _POINTS)).astype(int))
    weights = anchored.weights[at]
    heavy = np.argsort(-weights.mean(axis=0), kind="stable")[:_NAMED]
    rest = np.setdiff1d(np.arange(len(names)), heavy)
    layers = [weights[:, k] for k in heavy]
    labels = [f"{_short(names[k])}  {weights[-1, k]:.1%}" for k in heavy]
    if len(rest):
        layers.append(weights[:, rest].sum(axis=1))
        labels.append(f"{len(rest)} others  {weights[-1, rest].sum():.1%}")
    with picture(path) as axes:
        colours = [*COLOURS[: len(heavy)], "#dddddd"][: len(layers)]
        axes.stackplot(at, layers, labels=labels, colors=colours, linewidth=0)
        axes.set_xlim(0, max(count, 1))
        axes.set_ylim(0, 1)
        axes.set_xlabel("questions resolved")
        axes.set_ylabel("weight")
        axes.set_title(title, fontsize=9)
        handles, texts = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], texts[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"

"""Pictures of results: SVG or PNG by the file's suffix, the same bytes for the same data."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oracle.domain.errors import BadInput

# Told apart without colour vision too (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000")


def check_suffix(path: Path) -> None:
    """BadInput for a picture that could not be written; called before the work that it shows."""
    if path.suffix.lower() not in (".svg", ".png"):
        raise BadInput(f"{path} is neither .svg nor .png", hint="Name the picture with one of these.")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"there is no folder {path.absolute().parent}", hint="Make it, or name another file.")


@contextmanager
def picture(path: Path, *, width: float = 9, height: float = 5) -> Iterator[Any]:
    """Axes to draw on (size in inches); the file is written when the block ends well. Raises BadInput."""
    check_suffix(path)
    import matplotlib  # takes half a second: only who wants a picture waits

    matplotlib.use("Agg")
    from matplotlib import pyplot

    settings = {"svg.hashsalt": "gengov", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 9}
    with matplotlib.rc_context(settings):
        figure, axes = pyplot.subplots(figsize=(width, height), layout="constrained")
        try:
            yield axes
            undated = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
            figure.savefig(path, dpi=150, metadata=undated)
        except OSError as error:
            raise BadInput(f"{path}: cannot be written: {error.strerror}", hint="Name another file.") from None
        finally:
            pyplot.close(figure)

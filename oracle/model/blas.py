"""Sets how many threads numpy's OpenBLAS uses: its threads wait by spinning, which on a busy machine costs tenfold."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

_PREFIXES = ("scipy_openblas_{}64_", "scipy_openblas_{}", "openblas_{}64_", "openblas_{}")


@contextmanager
def blas_threads(count: int) -> Iterator[None]:
    """Runs the body with `count` threads in matrix products, in every OpenBLAS of this process (numpy's, scipy's)."""
    setters, getters = _functions("set_num_threads"), _functions("get_num_threads")
    before = [int(threads()) for threads in getters]
    for set_threads in setters:
        set_threads(count)
    try:
        yield
    finally:
        for set_threads, threads in zip(setters, before, strict=True):
            set_threads(threads)


def kernel_name() -> str:
    """The processor kernel that OpenBLAS chose, such as `SkylakeX`; empty for another library."""
    names = _functions("get_corename")
    if not names:
        return ""
    names[0].restype = ctypes.c_char_p
    return str(names[0]().decode())


def _functions(name: str) -> "list[ctypes._NamedFuncPointer]":
    return [function for path in _libraries() for function in _found(path, name)]


@cache
def _found(path: Path, name: str) -> "tuple[ctypes._NamedFuncPointer, ...]":
    library = ctypes.CDLL(str(path))
    found = (prefix.format(name) for prefix in _PREFIXES if hasattr(library, prefix.format(name)))
    return tuple(getattr(library, function) for function in list(found)[:1])


def _libraries() -> list[Path]:
    """OpenBLAS libraries in this process: what is mapped where the system tells, else what numpy brought along."""
    mapped = Path("/proc/self/maps")
    if mapped.exists():
        lines = (line.split(maxsplit=5) for line in mapped.read_text().splitlines())
        return sorted({Path(line[5]) for line in lines if len(line) == 6 and "openblas" in line[5]})
    package = Path(np.__file__).parent
    return [
        path for folder in (package / ".dylibs", package.parent / "numpy.libs") for path in folder.glob("*openblas*")
    ]

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
    """Runs the body with `count` threads in matrix products, if the library is OpenBLAS; else changes nothing."""
    set_threads, get_threads = _function("set_num_threads"), _function("get_num_threads")
    if set_threads is None or get_threads is None:
        yield
        return
    before = int(get_threads())
    set_threads(count)
    try:
        yield
    finally:
        set_threads(before)


def kernel_name() -> str:
    """The processor kernel that OpenBLAS chose, such as `SkylakeX`; empty for another library."""
    name = _function("get_corename")
    if name is None:
        return ""
    name.restype = ctypes.c_char_p
    return str(name().decode())


@cache
def _function(name: str) -> "ctypes._NamedFuncPointer | None":
    for path in _libraries():
        library = ctypes.CDLL(str(path))
        for prefix in _PREFIXES:
            if hasattr(library, prefix.format(name)):
                function: ctypes._NamedFuncPointer = getattr(library, prefix.format(name))
                return function
    return None


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

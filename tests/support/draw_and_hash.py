"""Draws samples in a process of its own and prints the hash of all logits and of the samples, as JSON.

Use: python -m tests.support.draw_and_hash FOLDER ENGINE N
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from oracle.domain.sampler import Sampler
from oracle.model.embedded import EmbeddedRunner
from tests.support.tiny_llama import compact_schema


def main(folder: str, engine: str, count: str) -> None:
    runner = EmbeddedRunner(Path(folder), engine)
    prompt = "Fund what raises the market cap. " * 12
    sampler = Sampler(max_tokens=48)
    samples = runner.generate(prompt, compact_schema(4, 20), bytes(range(32)), range(int(count)), sampler)
    text = "\n".join(f"{sample.index} {sample.token_ids} {sample.text}" for sample in samples)
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]  # type: ignore[index]
    print(
        json.dumps(
            {
                "logits": runner.logits_hash.hex(),
                "samples": hashlib.sha256(text.encode()).hexdigest(),
                "blas": blas,
                "core": active_core(),
            }
        )
    )


def active_core() -> str:
    """The kernel that OpenBLAS runs with, as the library itself says; empty for another BLAS."""
    import ctypes

    paths = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "openblas" in line}
    for path in paths:
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename"):
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                return str(function().decode())
    return ""


if __name__ == "__main__":
    main(*sys.argv[1:])

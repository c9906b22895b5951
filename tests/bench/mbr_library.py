"""Minimum Bayes risk decoding of texts by an MBR library, timed; prints JSON. Needs the environment `.venv-mbr`.

Use: python -m tests.bench.mbr_library < {"texts": [...], "repeats": N}
"""

from importlib.metadata import version
from typing import Any

import torch
from mbrs.decoders import DecoderMBR
from mbrs.metrics import MetricBLEU, MetricChrF

from tests.bench.harness import answer, timed


def decode(question: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of one choice among the texts, each in turn hypothesis and reference, by metric; one core."""
    torch.set_num_threads(1)
    texts, repeats = question["texts"], question["repeats"]
    metrics = {
        "chrF in Rust": MetricChrF(MetricChrF.Config(fastchrf=True)),
        "BLEU": MetricBLEU(MetricBLEU.Config(num_workers=1)),
    }
    times = {}
    for name, metric in metrics.items():
        decoder = DecoderMBR(DecoderMBR.Config(), metric)
        times[name] = timed(lambda decoder=decoder: decoder.decode(texts, texts), repeats).ms
    return {"library": f"mbrs {version('mbrs')}", "ms": times}


if __name__ == "__main__":
    answer(decode)

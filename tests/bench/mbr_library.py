"""Minimum Bayes risk decoding of texts by an MBR library, timed; prints JSON. Needs `.venv-mbr`.

Use: python -m tests.bench.mbr_library < {"texts": [...], "metrics": [...], "repeats": N}
"""

from importlib.metadata import version
from typing import Any

import torch
from mbrs.decoders import DecoderMBR
from mbrs.metrics import MetricBLEU, MetricChrF

from tests.bench.harness import answer, timed

METRICS = {
    "chrF in Rust": MetricChrF(MetricChrF.Config(fastchrf=True)),
    "BLEU": MetricBLEU(MetricBLEU.Config(num_workers=1)),
}


def decode(question: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of one choice among the texts, each in turn hypothesis and reference, by metric; one core."""
    torch.set_num_threads(1)
    texts, repeats = question["texts"], question["repeats"]
    times = {}
    for name in question["metrics"]:
        decoder = DecoderMBR(DecoderMBR.Config(), METRICS[name])
        times[name] = timed(
            lambda decoder=decoder: decoder.decode(texts, texts), repeats, warm=int(repeats > 1)
        ).idle_ms
    return {"library": f"mbrs {version('mbrs')}", "ms": times}


if __name__ == "__main__":
    answer(decode)

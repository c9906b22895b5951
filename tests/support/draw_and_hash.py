"""Draws samples in a process of its own and prints the hash of all logits and of the samples, as JSON.

Use: python -m tests.support.draw_and_hash FOLDER ENGINE N THREADS
"""

import hashlib
import json
import sys
from pathlib import Path

from oracle.domain.sampler import Sampler
from oracle.model.blas import kernel_name
from oracle.model.embedded import EmbeddedRunner
from tests.support.tiny_llama import compact_schema


def main(folder: str, engine: str, count: str, threads: str) -> None:
    runner = EmbeddedRunner(Path(folder), engine, threads=int(threads))
    prompt = "Fund what raises the market cap. " * 12
    sampler = Sampler(max_tokens=48)
    samples = runner.generate(prompt, compact_schema(4, 20), bytes(range(32)), range(int(count)), sampler)
    text = "\n".join(f"{sample.index} {sample.token_ids} {sample.text}" for sample in samples)
    digest = hashlib.sha256(text.encode()).hexdigest()
    json.dump({"logits": runner.logits_hash.hex(), "samples": digest, "core": kernel_name()}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

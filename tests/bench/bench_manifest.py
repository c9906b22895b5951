"""How fast a folder is hashed, checked and a row proven, beside a plain sha256 of the same bytes in the same run."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from oracle.domain.sampler import Sampler
from oracle.mechanism.row_proof import verify_row
from oracle.model.hashing import build_manifest, verify_folder
from oracle.model.rows import prove_row
from tests.bench.harness import Row, Run, peak_memory, timed
from tests.support.tiny_llama import CONFIG, write_tokenizer

TITLE = "Manifest of the weights"
LEARNED = """
- Two digests are taken of every byte: sha256 of the file, which a hub's page shows too, and the tree of blocks from
  which a row is proven. They run side by side in two threads, as hashlib gives way; on one free core the rate is half.
- A proof reads the chunks of its row and of the header only, so its time does not grow with the weights.
- Memory is a few chunks and 32 bytes for each MiB of weights.
"""

COLUMNS = 4096
TENSOR = "model.embed_tokens.weight"


def rows(run: Run) -> Iterator[Row]:
    """The folder is synthetic: one matrix of bf16, in which no two blocks are alike."""
    size = (64 if run.small else 1024) << 20
    with tempfile.TemporaryDirectory() as temporary:
        folder = big_folder(Path(temporary), size)
        path, repeats = folder / "model.safetensors", run.repeats(3)
        plain = timed(lambda: plain_sha256(path), repeats, warm=1)
        made = timed(lambda: build_manifest(folder, template={}, sampler=FLOAT), repeats, warm=0)
        manifest = made.result
        checked = timed(lambda: verify_folder(folder, manifest), repeats, warm=0)
        assert manifest.weights[0].sha256 == plain.result
        bytes_read = sum(entry.size for entry in manifest.files)
        for name, timing in (("manifest", made), ("verify", checked)):
            yield Row(
                f"{name}, {size >> 20:,} MiB",
                bytes_read / timing.least / 1e6,
                bytes_read / plain.least / 1e6,
                "sha256",
                "MB/s",
                rate=True,
            )
        proven = timed(lambda: prove_row(folder, manifest, TENSOR, size // COLUMNS // 4), run.repeats(9))
        yield Row("proof of one row", proven.ms, plain.ms, "sha256 of all weights", note="reads 1 to 3 chunks")
        shown = timed(lambda: verify_row(proven.result, manifest.weights_root), run.repeats(9))
        yield Row("check of that proof", shown.ms, plain.ms, "sha256 of all weights")
        peak = peak_memory(lambda: build_manifest(folder, template={}, sampler=FLOAT))
        yield Row("memory of the manifest", peak, size / 2**20, "the weights", "MiB")


FLOAT = Sampler(numeric_class="F", tau=1000)


def big_folder(folder: Path, size: int) -> Path:
    """A model folder with so many bytes of weights; written in pieces that differ."""
    (folder / "config.json").write_text(json.dumps(CONFIG))
    write_tokenizer(folder)
    shape = [size // COLUMNS // 2, COLUMNS]
    header = json.dumps({TENSOR: {"dtype": "BF16", "shape": shape, "data_offsets": [0, size]}}).encode()
    piece = os.urandom(1 << 20)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for number in range(size >> 20):
            file.write(number.to_bytes(8, "little") + piece[8:])
    return folder


def plain_sha256(path: Path) -> bytes:
    """What any tool does for a checksum."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()

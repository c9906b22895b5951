"""Hashing a large file takes no more memory than hashing a small one."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.tiny_llama import CONFIG, write_tokenizer

ROOT = Path(__file__).parents[3]
SIZE = 300 << 20
GROWTH = 24 << 20
"""Bytes that the process may grow: some chunks, threads, and libraries that load late."""

PROGRAM = """
import resource, sys
from pathlib import Path
from oracle.domain.sampler import Sampler
from oracle.model.hashing import build_manifest, verify_folder
from oracle.model.rows import prove_row
from oracle.mechanism.row_proof import verify_row

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

before, folder = peak(), Path(sys.argv[1])
manifest = build_manifest(folder, template={}, sampler=Sampler(numeric_class="F", tau=1000))
verify_folder(folder, manifest)
verify_row(prove_row(folder, manifest, "w", 30_000), manifest.weights_root)
print(sum(entry.size for entry in manifest.weights), peak() - before)
"""


def test_manifest__sparse_file_of_300_mib__memory_stays_flat(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    write_tokenizer(tmp_path)
    header = json.dumps({"w": {"dtype": "BF16", "shape": [SIZE // 8192, 4096], "data_offsets": [0, SIZE]}}).encode()
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + SIZE)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    size, growth = map(int, done.stdout.split())
    assert size > SIZE
    assert growth < GROWTH

"""The command line with vLLM: one engine draws a file, another one finds it valid, and a forged one invalid."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.models import ROOT, SHIPPED

SEED = "0x" + "01" * 32
SETTINGS = {"GENGOV_ENGINE": "vllm", "GENGOV_ENGINE_THREADS": "1", "GENGOV_ENGINE_MEMORY": "0.25"}


def gengov(*words: str, code: int = 0) -> Any:
    """The answer of a command as JSON; nothing but it may be on stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "oracle", *words, "--json"],
        cwd=ROOT,
        env=dict(os.environ) | SETTINGS,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == code, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_file_drawn_by_vllm__is_valid_to_the_embedded_engine__and_invalid_once_forged(tmp_path: Path) -> None:
    data, model = tmp_path / "data.json", str(SHIPPED)
    prompt = str(SHIPPED / "example-prompt.json")
    drawn = gengov(
        "model", "sample", "--model", model, "--prompt", prompt, "--seed", SEED, "--engine", "vllm", "--out", str(data)
    )
    assert (drawn["engine"], drawn["numeric_class"]) == (f"vllm:{SHIPPED.name}", "F")
    valid = gengov("proposal", "verify", "--data", str(data), "--model", model, "--engine", "fp32")
    assert (valid["valid"], valid["engine"], valid["samples"]) == (True, f"fp32:{SHIPPED.name}", 100)
    gengov("proposal", "verify", "--data", str(data), "--model", model, "--seed", "0x" + "02" * 32, code=1)

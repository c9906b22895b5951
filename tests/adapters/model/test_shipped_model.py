"""The model in `models/`: its manifest holds, and exact mode computes what real arithmetic would."""

import random
from pathlib import Path

import numpy as np
import pytest

from oracle.mechanism.actions import answer_schema
from oracle.mechanism.rendering import render
from oracle.model.blas import blas_threads
from oracle.model.config import read_config
from oracle.model.decoder import Decoder
from oracle.model.embedded import EmbeddedRunner
from oracle.model.exact import LOGIT_BITS
from oracle.model.fp32 import FloatNumerics
from oracle.model.hashing import read_manifest, verify_folder
from oracle.model.weights import read_weights
from tests.support.prompts import a_prompt

MODELS = Path(__file__).parents[3] / "models"
SHIPPED = [path.parent for path in sorted(MODELS.glob("*/model.safetensors"))]

pytestmark = pytest.mark.skipif(not SHIPPED, reason="no weights in models/")


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda path: path.name)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_manifest__of_the_shipped_model__holds_to_the_byte_and_weights_are_below_10_mb(folder: Path) -> None:
    manifest = read_manifest(folder)
    verify_folder(folder, manifest)
    assert sum(entry.size for entry in manifest.files if entry.path.endswith(".safetensors")) <= 10_000_000


def test_exact_logits__prompts_and_answers__within_1e_3_of_float64(folder: Path) -> None:
    runner = EmbeddedRunner(folder, "exact")
    config = read_config(folder)
    reference = Decoder(config, FloatNumerics(config, read_weights(folder, config), np.float64))
    rng = random.Random(9)
    sampler = read_manifest(folder).sampler
    for objective in ("results", "breadth"):
        prompt = a_prompt(objective=objective)
        text, schema = render(prompt), answer_schema(prompt)
        (sample,) = runner.generate(text, schema, rng.randbytes(32), [rng.randrange(100)], sampler)
        tokens = np.concatenate([runner.encode(text), np.array(sample.token_ids)])
        with blas_threads(1):
            for length in range(tokens.size - len(sample.token_ids), tokens.size + 1, 4):
                exact = runner.decoder.prefill(tokens[:length]).logits / (1 << LOGIT_BITS)
                assert np.abs(exact - reference.prefill(tokens[:length]).logits).max() <= 1e-3

"""transformers beside the embedded engine, both ways: one draws and the other checks, in fp32, without a mismatch."""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaForCausalLM

from oracle.domain.sample import RawSample
from oracle.domain.verdict import acceptable
from oracle.model.embedded import EmbeddedRunner
from tests.peers.transformers_peer import TransformersPeer
from tests.support.models import FLOAT, HALF, MODELS, the_task

SEEDS = [bytes([number]) * 32 for number in range(1, 4)]
TAU = FLOAT.tau / 1e6
TASK = the_task()

pytestmark = pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)


@cache
def embedded(folder: Path, engine: str = "fp32") -> EmbeddedRunner:
    return EmbeddedRunner(folder, engine)


@cache
def peer(folder: Path, attention: str, dtype: torch.dtype = torch.float32, threads: int = 1) -> TransformersPeer:
    return TransformersPeer(folder, attention, dtype, threads)


@cache
def drawn(folder: Path, seed: bytes, engine: str = "fp32") -> list[RawSample]:
    return embedded(folder, engine).generate(TASK.prompt, TASK.schema, seed, range(100), FLOAT)


@pytest.mark.parametrize(("attention", "threads"), [("eager", 1), ("sdpa", 1), ("sdpa", 2)])
def test_peer_as_checker__embedded_samples__no_mismatch(folder: Path, attention: str, threads: int) -> None:
    for engine in ("fp32", "exact"):
        samples = drawn(folder, SEEDS[0], engine)[: 100 if threads == 1 else 20]
        margins = peer(folder, attention, threads=threads).margins(TASK.prompt, TASK.schema, SEEDS[0], samples, FLOAT)
        assert max(found.max() for found in margins) <= TAU


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_peer_as_generator__embedded_as_checker__no_mismatch(folder: Path, attention: str) -> None:
    for seed in SEEDS:
        samples = peer(folder, attention).generate(TASK.prompt, TASK.schema, seed, range(25), FLOAT)
        for engine in ("fp32", "exact"):
            checks = list(embedded(folder, engine).check(TASK.prompt, TASK.schema, seed, samples, FLOAT))
            assert acceptable(FLOAT, checks)
            assert [(one.text, one.finished) for one in checks] == [(one.text, one.finished) for one in samples]


def test_peer__logits_of_the_same_tokens__within_1e_3_of_both_engines(folder: Path) -> None:
    samples = drawn(folder, SEEDS[1])[:30]
    for engine in ("fp32", "exact"):
        for sample, rows in zip(samples, embedded(folder, engine).logits(TASK.prompt, samples), strict=True):
            assert np.abs(rows - peer(folder, "sdpa").logits(TASK.prompt, sample.token_ids)).max() <= 1e-3


def test_peer_in_bf16__class_b_bears_it_and_class_f_does_not(folder: Path) -> None:
    checks, strict = [], []
    for seed in SEEDS:
        samples = peer(folder, "sdpa", torch.bfloat16).generate(TASK.prompt, TASK.schema, seed, range(50), HALF)
        checks += embedded(folder).check(TASK.prompt, TASK.schema, seed, samples, HALF)
        strict += embedded(folder).check(TASK.prompt, TASK.schema, seed, samples, FLOAT)
    assert acceptable(HALF, checks)
    assert not acceptable(FLOAT, strict)


def test_twelve_steps_of_fine_tuning_of_all_weights__are_caught(folder: Path, tmp_path: Path) -> None:
    """Plain gradient descent by torch through the whole network, on one other answer; every seed."""
    tuned = shutil.copytree(folder, tmp_path / "tuned")
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    text = TASK.prompt + '{"action":"fund","fund":{"C":"half"},"rationale":"C did 2 in time and 3 late."}'
    ids = torch.tensor(embedded(folder).encode(text))[None]
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(12):
        loss = model(ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    weights = {name: tensor for name, tensor in model.state_dict().items() if name != "lm_head.weight"}  # tied
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, tuned / "model.safetensors")
    prover = EmbeddedRunner(tuned, "fp32")
    free: dict[str, object] = {"type": "string", "pattern": "^[ !#-Z^-~]{400}$"}
    short = replace(FLOAT, max_tokens=24)
    for seed in SEEDS:
        samples = prover.generate(TASK.prompt, free, seed, range(40), short)
        assert not acceptable(short, list(embedded(folder).check(TASK.prompt, free, seed, samples, short)))

"""A model whose rows outgrow 53 bits runs in limbs: each product equals Python's integers, and the logits float64's."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from oracle.domain.sampler import Sampler
from oracle.domain.verdict import acceptable
from oracle.model import exact
from oracle.model.config import read_config
from oracle.model.decoder import Decoder
from oracle.model.embedded import EmbeddedRunner
from oracle.model.fp32 import FloatNumerics
from oracle.model.linear import WEIGHT_BITS, ExactLinear, quantise
from oracle.model.weights import read_weights
from tests.support.tiny_llama import build_tiny_llama, compact_schema, random_weights, write_weights

LIFT = 2.0**16
PROMPT = "Who gets paid this week? "


class Recorded(ExactLinear):
    """A product that keeps what it was made of, its inputs and its outputs."""

    made: ClassVar[list["Recorded"]] = []

    def __init__(self, name: str, weight: Any, bias: Any, **scales: Any) -> None:
        super().__init__(name, weight, bias, **scales)
        self.name, self.weight, self.scales = name, weight, scales
        self.seen: list[tuple[np.ndarray, np.ndarray]] = []
        self.made.append(self)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        y = super().__call__(x)
        self.seen.append((x.copy(), y.copy()))
        return y


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Norms 2^16 times larger before weights as much smaller, and flat down projections: the same function of tokens.

    Every row behind a norm, and all of the down projections, can then pass 2^53.
    """
    folder = build_tiny_llama(tmp_path_factory.mktemp("wide"), intermediate_size=640, tie_word_embeddings=False)
    weights = random_weights(folder, seed=4)
    behind = ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "lm_head")
    for name in weights:
        if name.endswith("norm.weight"):
            weights[name] = (weights[name] * LIFT).astype(np.float32)
        elif any(part in name for part in behind):
            weights[name] = (weights[name] / LIFT).astype(np.float32)
        elif "down_proj" in name:
            weights[name] = (np.sign(weights[name]) * 0.062).astype(np.float32)
    write_weights(folder, weights)
    return folder


@pytest.fixture
def recorded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[EmbeddedRunner, list[Recorded]]:
    Recorded.made = []
    monkeypatch.setattr(exact, "ExactLinear", Recorded)
    return EmbeddedRunner(folder, "exact"), Recorded.made


def slowly(linear: Recorded, x: np.ndarray, row: int) -> list[int]:
    """One output of a product in Python integers, rounded half to even."""
    integers, exponents = quantise(linear.weight)
    out_bits = int(np.broadcast_to(np.asarray(linear.scales["out_bits"]), exponents.shape)[row])
    shift = out_bits + int(exponents[row]) - linear.scales["in_bits"] - WEIGHT_BITS
    sums = [sum(a * b for a, b in zip(one, integers[row].tolist(), strict=True)) for one in x.astype(int).tolist()]
    return [rounded(total, shift) for total in sums]


def rounded(total: int, shift: int) -> int:
    if shift >= 0:
        return total << shift
    quotient, rest = divmod(total, 1 << -shift)
    half = 1 << (-shift - 1)
    return quotient + (rest > half or (rest == half and quotient % 2 == 1))


def test_wide_rows__products_on_the_way_of_a_prompt__equal_python_integers(
    recorded: tuple[EmbeddedRunner, list[Recorded]],
) -> None:
    runner, made = recorded
    runner.decoder.prefill(runner.encode(PROMPT))
    wide = [linear for linear in made if linear.wide.size]
    assert {linear.name.split(".")[-1] for linear in wide} >= {"qkv_proj", "gate_up_proj", "down_proj", "lm_head"}
    for linear in wide:
        for x, y in linear.seen:
            assert np.abs(x).max() <= linear.in_bound
            for row in linear.wide[:: max(1, linear.wide.size // 7)].tolist():
                assert y[:3, row].astype(int).tolist() == slowly(linear, x[:3], row)


def test_wide_rows__every_limb__has_no_partial_sum_beyond_53_bits(
    recorded: tuple[EmbeddedRunner, list[Recorded]],
) -> None:
    for linear in recorded[1]:
        narrow = np.delete(linear.row_sums, linear.wide)
        assert all(int(total) * linear.in_bound < 1 << 53 for total in narrow)
        for limb in linear._limbs:
            assert int(np.abs(limb).sum(axis=0).max()) * linear.in_bound < 1 << 53


def test_wide_rows__logits__within_1e_3_of_float64(folder: Path) -> None:
    runner, config = EmbeddedRunner(folder, "exact"), read_config(folder)
    reference = Decoder(config, FloatNumerics(config, read_weights(folder, config), np.float64))
    tokens = runner.encode(PROMPT)
    found = runner.decoder.prefill(tokens).logits / 2**20
    assert np.abs(found - reference.prefill(tokens).logits).max() <= 1e-3


def test_wide_rows__generation_and_check__the_same_bytes(folder: Path) -> None:
    runner, seed, sampler = EmbeddedRunner(folder, "exact"), bytes(range(32)), Sampler(max_tokens=40)
    samples = runner.generate(PROMPT, compact_schema(), seed, range(12), sampler)
    hashed = runner.logits_hash
    assert acceptable(sampler, list(runner.check(PROMPT, compact_schema(), seed, samples, sampler)))
    assert runner.logits_hash == hashed

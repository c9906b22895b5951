"""The certificate of the model that ships: it counts for just these weights, in every class, and can be made again."""

import hashlib
from pathlib import Path

import pytest

from oracle.mechanism.certificate import check_certificate, sampler_for, subject
from oracle.model.calibration import trials
from oracle.model.embedded import EmbeddedRunner
from oracle.model.hashing import read_manifest

MODEL = Path(__file__).parents[3] / "models" / "gengov-tiny"
MANIFEST = read_manifest(MODEL)
CERTIFICATE = MANIFEST.engine["certificate"]


@pytest.mark.parametrize("numeric_class", ["E", "F", "B"])
def test_shipped_certificate__each_class__would_be_accepted(numeric_class: str) -> None:
    measured = subject(MANIFEST.weights_root, MANIFEST.tokenizer_hash, MANIFEST.config)
    check_certificate(CERTIFICATE, sampler_for(numeric_class, CERTIFICATE), measured)
    assert CERTIFICATE["left_out"] == {}


def drawn(tokens: int) -> tuple[bytes, int]:
    """sha256 over exact mode's logits on the prompts that everybody draws, and how many tokens that were."""
    runner, digest, count = EmbeddedRunner(MODEL, "exact"), hashlib.sha256(), 0
    for trial in trials(runner, MANIFEST.sampler, tokens, lambda *step: None):
        digest.update(runner.logits_hash)
        count += trial.tokens
    return digest.digest(), count


def test_exact_logits__first_prompt__the_same_here_as_wherever_this_was_written() -> None:
    assert drawn(1) == (bytes.fromhex(FIRST), 963)


@pytest.mark.slow
def test_exact_logits__all_20_747_tokens__the_digest_in_the_certificate() -> None:
    digest, count = drawn(20_000)
    assert count == CERTIFICATE["tokens"]
    assert "0x" + digest.hex() == CERTIFICATE["logits_sha256"]


FIRST = "e1c19846fcc9399fa9e3ce7e7c0d8e1eca1551e0cb52ae39999f88eee9fcf802"

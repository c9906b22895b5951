"""Calibration finds how far backends lie apart, whoever lies, and never writes half a certificate."""

import json
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck, TokenMismatch
from oracle.mechanism.template import template
from oracle.model import calibration, certify, honest
from oracle.model.backends import REFERENCE, Answers, Backend, Logits, embedded_backends
from oracle.model.calibration import Pair, measure, trials
from oracle.model.embedded import EmbeddedRunner
from oracle.model.folder import CERTIFICATE_FILE, read_certificate
from oracle.model.hashing import build_manifest
from oracle.model.manifest import Manifest
from oracle.model.numerics import Tokens
from tests.support.tiny_llama import build_tiny_llama

SHAPE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "max_position_embeddings": 4096}
SAMPLER = Sampler(max_tokens=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("models") / "tiny", **SHAPE)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "SAMPLES", 5)


@pytest.fixture(scope="module")
def exact(folder: Path) -> EmbeddedRunner:
    return EmbeddedRunner(folder, "exact")


@pytest.fixture(scope="module")
def backends(folder: Path) -> list[Backend]:
    found, left_out = embedded_backends(folder, ("exact", "fp32"))
    assert left_out == {}
    return found


def described(folder: Path) -> Manifest:
    return build_manifest(folder, template=template().definition, sampler=SAMPLER)


@dataclass(frozen=True)
class Liar:
    """A backend whose logits are off by `error` in one place, or rounded to `step`."""

    inner: Backend
    name: str
    numeric_class: str
    error: float = 0.0
    step: float = 0.0

    def logits(self, prompt: Tokens, answers: Answers) -> list[Logits]:
        found = [rows.copy() for rows in self.inner.logits(prompt, answers)]
        found[-1][-1, 7] += self.error
        return [np.round(rows / self.step) * self.step for rows in found] if self.step else found


# -- the measure ------------------------------------------------------------------------------------------------------


def test_measure__embedded_backends__exact_agree_to_the_bit_and_floats_by_the_largest_difference_of_any_two(
    exact: EmbeddedRunner, backends: list[Backend]
) -> None:
    found = measure(exact, backends, SAMPLER, 60)
    assert found.classes["E"].eps == 0
    prompts = list(trials(exact, SAMPLER, 60, lambda done, total, what: None))
    assert (found.prompts, found.tokens) == (len(prompts), sum(trial.tokens for trial in prompts))
    floats = [backend for backend in backends if backend.numeric_class == "F"]
    apart = far = 0.0
    for trial in prompts:
        prompt = exact.encode(calibration.render(trial.prompt))
        answers = [np.array(sample.token_ids) for sample in trial.samples]
        rows = {one.name: np.concatenate(one.logits(prompt, answers)) for one in floats}
        apart = max(apart, *(np.abs(one - two).max() for one, two in combinations(rows.values(), 2)))
        far = max(far, *(np.abs(one - rows[REFERENCE]).max() for one in rows.values()))
    assert 0 < found.classes["F"].eps < 1e-4
    assert found.classes["F"].eps == pytest.approx(apart, abs=1e-6)
    assert found.classes["F"].from_reference == pytest.approx(far, abs=1e-6)
    assert 0 < found.classes["E"].from_reference < 1e-3


def test_backends__every_way_of_the_exact_engine__the_logits_that_the_engine_tells(
    exact: EmbeddedRunner, backends: list[Backend]
) -> None:
    (trial,) = trials(exact, SAMPLER, 1, lambda done, total, what: None)
    text = calibration.render(trial.prompt)
    told = list(exact.logits(text, trial.samples))
    for backend in backends:
        if backend.numeric_class == "E":
            answers = [np.array(sample.token_ids) for sample in trial.samples]
            for one, other in zip(told, backend.logits(exact.encode(text), answers), strict=True):
                assert np.array_equal(one, other), backend.name


def test_measure__same_model_again__same_digest_of_all_exact_logits(
    exact: EmbeddedRunner, backends: list[Backend]
) -> None:
    one, other = (measure(exact, [backends[0], backends[-1]], SAMPLER, 60).logits_sha256 for _ in range(2))
    assert one == other
    assert len(one) == 32


@pytest.mark.parametrize("cells", [1, 12 * 260 * 2])
def test_measure__in_small_groups__finds_the_same(
    exact: EmbeddedRunner, backends: list[Backend], cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar = [*backends, Liar(backends[5], "liar", "F", error=0.25)]
    whole = measure(exact, liar, SAMPLER, 30)
    monkeypatch.setattr(calibration, "_CELLS", cells)
    parts = measure(exact, liar, SAMPLER, 30)
    assert parts.classes["F"].eps == pytest.approx(whole.classes["F"].eps, abs=1e-5)
    assert parts.classes["E"].eps == 0


def test_measure__one_backend_off_in_one_logit__is_found(exact: EmbeddedRunner, backends: list[Backend]) -> None:
    found = measure(exact, [*backends, Liar(backends[5], "liar", "F", error=0.01)], SAMPLER, 30)
    assert found.classes["F"].eps == pytest.approx(0.01, abs=1e-4)


def test_measure__logits_that_are_not_finite__are_refused_by_name(
    exact: EmbeddedRunner, backends: list[Backend]
) -> None:
    with pytest.raises(BadInput, match="logits of liar are not finite"):
        measure(exact, [*backends, Liar(backends[5], "liar", "F", error=float("nan"))], SAMPLER, 30)


def test_measure__rounded_backend__the_tokens_that_it_would_not_have_drawn_are_found(
    exact: EmbeddedRunner, backends: list[Backend]
) -> None:
    coarse = [Liar(backends[-1], "fine", "B", step=0.01), Liar(backends[-1], "coarse", "B", step=4.0)]
    found = measure(exact, [*backends, *coarse], SAMPLER, 60)
    margins = found.classes["B"].margins
    assert max(margins["fine"]) < 0.02
    assert sum(margin > 0.25 for margin in margins["coarse"]) > 0
    assert len(margins["coarse"]) <= found.tokens + 1


# -- the certificate --------------------------------------------------------------------------------------------------


def test_calibrate__a_model__certificate_binds_it_and_can_be_read_again(folder: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    manifest = described(folder)
    made = honest.calibrate(folder, manifest, 60, ["exact", "fp32"], lambda *step: seen.append(step))
    assert made["subject"]["weights_root"] == "0x" + manifest.weights_root.hex()
    assert made["tokens"] >= 60
    assert made["sampler"]["max_tokens"] == 12
    assert (made["classes"]["E"]["eps"], made["classes"]["E"]["tau"]) == ("0", 0)
    assert made["classes"]["F"]["tau"] == 1000
    assert [run["mismatches"] for found in made["classes"].values() for run in found["honest"]] == [0, 0, 0]
    assert seen
    certify.write_certificate(folder, made)
    assert read_certificate(folder) == made
    assert described(folder).engine["certificate"] == made
    (folder / CERTIFICATE_FILE).unlink()


def test_calibrate__one_engine__only_its_class(folder: Path) -> None:
    made = honest.calibrate(folder, described(folder), 1, ["fp32"], lambda *step: None)
    assert list(made["classes"]) == ["F"]
    assert made["logits_sha256"] is None


def test_calibrate__engine_that_is_missing__is_refused_with_the_command_that_installs_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(honest.transformers_backend, "available", lambda: "torch not installed")
    with pytest.raises(Refused, match="transformers cannot be calibrated here: torch not installed") as caught:
        honest.calibrate(folder, described(folder), 1, ["transformers"], lambda *step: None)
    assert "pip install" in caught.value.hint
    made = honest.calibrate(folder, described(folder), 1, None, lambda *step: None)
    assert made["left_out"]["transformers"] == "torch not installed"
    assert "not installed" in made["left_out"]["vllm"]
    with pytest.raises(Refused, match="vllm cannot be calibrated here"):
        honest.calibrate(folder, described(folder), 1, ["vllm"], lambda *step: None)


@pytest.mark.parametrize(
    ("liar", "message"),
    [
        (Liar(None, "liar", "E", error=1e-6), "class E asks for the same logits everywhere"),  # type: ignore[arg-type]
        (Liar(None, "liar", "F", error=0.1), "a tolerance of .* would let anything pass"),  # type: ignore[arg-type]
        (Liar(None, "liar", "B", step=8.0), "class B: liar refuses .* tokens that exact drew"),  # type: ignore[arg-type]
    ],
)
def test_certify__backend_that_honest_answers_would_fail__is_refused(
    folder: Path, exact: EmbeddedRunner, backends: list[Backend], liar: Liar, message: str
) -> None:
    inner = backends[0] if liar.numeric_class == "E" else backends[5]
    with pytest.raises(Refused, match=message):
        certify.certify(
            described(folder), exact, [*backends, replace(liar, inner=inner)], {}, 30, lambda *step: None, {}
        )


def test_certify__checker_that_refuses_honest_answers__is_refused(
    folder: Path, exact: EmbeddedRunner, backends: list[Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = EmbeddedRunner(folder, "exact")
    wrong = SampleCheck(0, (TokenMismatch(0, 1, 2, 9),), 1, 9)
    monkeypatch.setattr(strict, "check", lambda *words, **more: iter([wrong]))
    with pytest.raises(Refused, match=r"class E: exact, strange refuses 1 of .* tokens that exact drew honestly"):
        certify.certify(
            described(folder), exact, backends, {"E": [Pair(exact, strict, "strange")]}, 1, lambda *step: None, {}
        )


def test_write__interrupted__leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certify.write_certificate(folder, {"version": "first"})
    before = sorted(path.name for path in (*folder.iterdir(), *folder.parent.iterdir()))

    def stop(source: object, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(certify.os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        certify.write_certificate(folder, {"version": "second"})
    assert read_certificate(folder) == {"version": "first"}
    assert sorted(path.name for path in (*folder.iterdir(), *folder.parent.iterdir())) == before
    (folder / CERTIFICATE_FILE).unlink()


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": 1}', '{"a":1.5}'])
def test_read__certificate_that_is_none__is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / CERTIFICATE_FILE).write_text(text)
    with pytest.raises(BadInput, match=r"calibration\.json"):
        read_certificate(tmp_path)


def test_verify__certificate_replaced_behind_the_manifest__is_refused(tmp_path: Path) -> None:
    from oracle.model.hashing import verify_folder

    folder = build_tiny_llama(tmp_path, **SHAPE)
    certify.write_certificate(folder, {"version": "first"})
    manifest = described(folder)
    assert manifest.engine["certificate"] == {"version": "first"}
    verify_folder(folder, manifest)
    with pytest.raises(Refused, match=r"its certificate is not that of calibration\.json"):
        verify_folder(folder, replace(manifest, engine={**manifest.engine, "certificate": None}))


def test_machine__says_what_computed() -> None:
    found = certify.machine()
    assert found["numpy"] == np.__version__
    assert json.dumps(found)
    assert found["processor"]

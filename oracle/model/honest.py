"""Which engines are calibrated on this machine, and which of their honest answers each must accept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.model import transformers_backend
from oracle.model.backends import embedded_backends
from oracle.model.calibration import HonestRun, Pair, Progress, honest_run
from oracle.model.certify import Runs, certify
from oracle.model.embedded import EmbeddedRunner
from oracle.model.engines import ENGINES
from oracle.model.manifest import Manifest

CALIBRATED = ("exact", "fp32", "transformers", "vllm")


def calibrate(
    model_dir: Path, manifest: Manifest, tokens: int, engines: Sequence[str] | None, progress: Progress
) -> dict[str, Any]:
    """The certificate of a folder, from the engines that are named, or from all that run here.

    Raises Refused where a named engine cannot run here, or honest answers would not pass.
    """
    wanted = list(engines or CALIBRATED)
    backends, left_out = embedded_backends(model_dir, wanted)
    if "transformers" in wanted:
        missing = transformers_backend.available()
        if missing is None:
            backends += transformers_backend.transformers_backends(model_dir)
        else:
            left_out["transformers"] = missing
    if "vllm" in wanted and (reason := ENGINES["vllm"].unavailable()) is not None:
        left_out["vllm"] = reason
    for name in engines or ():
        if name in left_out:
            raise Refused(f"engine {name} cannot be calibrated here: {left_out[name]}", hint=_hint(name))
    names = [name for name in ("exact", "fp32") if name in wanted and name not in left_out]
    runners: dict[str, EmbeddedRunner] = {name: EmbeddedRunner(model_dir, name) for name in names or ["fp32"]}
    generator = runners.get("exact") or runners["fp32"]
    return certify(
        manifest,
        generator,
        backends,
        _runs(model_dir, runners, "vllm" in wanted and "vllm" not in left_out),
        tokens,
        progress,
        left_out,
    )


def trial(model_dir: Path, sampler: Sampler) -> HonestRun | None:
    """100 answers drawn and checked here under the committed rules; None if no embedded engine can run the model."""
    name = "exact" if sampler.numeric_class == "E" else "fp32"
    try:
        runner = EmbeddedRunner(model_dir, name)
    except BadInput:
        return None
    return honest_run(Pair(runner, runner), sampler, 1)


def _runs(model_dir: Path, runners: dict[str, EmbeddedRunner], with_vllm: bool) -> Runs:
    """Who draws and who checks: the same engine in other chunks and threads, and the other engine where it may."""
    runs: dict[str, list[Pair]] = {}
    for name, runner in runners.items():
        other = EmbeddedRunner(model_dir, name, threads=2, chunk=48)
        runs[runner.numeric_class] = [Pair(runner, other, "2 threads, chunks of 48")]
    if "exact" in runners and "fp32" in runners:
        runs.setdefault("F", []).append(Pair(runners["fp32"], runners["exact"]))
    if with_vllm and "fp32" in runners:
        other_engine = ENGINES["vllm"].open(model_dir)
        pairs = [Pair(other_engine, runners["fp32"]), Pair(runners["fp32"], other_engine)]
        runs.setdefault(other_engine.numeric_class, []).extend(pairs)
    return runs


def _hint(name: str) -> str:
    installs = {"transformers": transformers_backend.INSTALL, "vllm": ENGINES["vllm"].install}
    return installs.get(name, "Leave it out: name other engines with --engine.")

"""Reads model folders to make a manifest, or to refuse a folder that differs from one, naming file and chunk."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism import canonical
from oracle.mechanism.fixed_point import tables_digest
from oracle.mechanism.noise import NOISE_VERSION
from oracle.mechanism.weight_tree import CHUNK, chunk_root
from oracle.model.config import CONFIG_FILE, read_config, read_json
from oracle.model.exact import NUMERICS_VERSION
from oracle.model.folder import CERTIFICATE_FILE, MANIFEST_FILE, list_files, read_certificate
from oracle.model.grammar import GRAMMAR_VERSION
from oracle.model.manifest import TOKENIZER_FILE, WEIGHTS_SUFFIX, FileEntry, Manifest, exact_json, parse_manifest
from oracle.model.rows import tensors_by_name
from oracle.model.weights import weight_files

PARSER_VERSION = "gengov-answer/v1"

Progress = Callable[[int, int], None]
"""Called after each chunk with (bytes read, bytes in all)."""


def build_manifest(
    model_dir: Path,
    *,
    template: Mapping[str, Any],
    sampler: Sampler,
    progress: Progress | None = None,
) -> Manifest:
    """Reads the whole folder once. `template` is the template's definition, whose actions carry the selection weights.

    The calibration certificate in the folder, if there is one, becomes part of the rules. Raises Refused for a file
    that must not be there, BadInput for a folder that is not a model.
    """
    names = list_files(model_dir)
    _check_model(model_dir, names, sampler)
    meter = _Meter(sum((model_dir / name).stat().st_size for name in names), progress)
    with ThreadPoolExecutor(1) as helper:
        files = tuple(_read_entry(model_dir, name, meter, helper) for name in names)
    engine = {
        "template": {"id": "0x" + canonical.digest(template).hex(), "definition": dict(template)},
        "numerics": _numerics(sampler),
        "grammar": sampler.grammar,
        "parser": PARSER_VERSION,
        "sampler": asdict(sampler),
        "certificate": read_certificate(model_dir),
    }
    return Manifest(files, exact_json(read_json(model_dir / CONFIG_FILE)), engine)


def write_manifest(model_dir: Path, manifest: Manifest) -> Path:
    """Writes `manifest.json` beside the files it describes."""
    path = model_dir / MANIFEST_FILE
    path.write_bytes(manifest.to_bytes())
    return path


def read_manifest(model_dir: Path) -> Manifest:
    """The manifest of a folder; raises BadInput if it is missing, malformed or contradicts itself."""
    path = model_dir / MANIFEST_FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", hint="Make it with `gengov model manifest`.") from None
    return parse_manifest(data, str(path))


def verify_folder(model_dir: Path, manifest: Manifest, progress: Progress | None = None) -> None:
    """Reads every byte; raises Refused naming the file (and the chunk) that is missing, unlisted or changed."""
    names = list_files(model_dir)
    listed = {entry.path: entry for entry in manifest.files}
    for name in sorted(set(names) | set(listed)):
        if name not in listed:
            raise Refused(f"{model_dir / name}: not in the manifest", hint="Remove it, or commit a new manifest.")
        if name not in names:
            raise Refused(f"{model_dir / name}: missing, though the manifest lists it", hint=_REFETCH)
    meter = _Meter(sum(entry.size for entry in manifest.files), progress)
    with ThreadPoolExecutor(1) as helper:
        for name in names:
            _compare(model_dir / name, listed[name], _read_entry(model_dir, name, meter, helper, listed[name].chunks))
    _check_model(model_dir, names, manifest.sampler)
    if exact_json(read_json(model_dir / CONFIG_FILE)) != manifest.config:
        raise Refused(f"{model_dir / MANIFEST_FILE}: its config is not that of {CONFIG_FILE}", hint=_REFETCH)
    if read_certificate(model_dir) != manifest.engine.get("certificate"):
        raise Refused(f"{model_dir / MANIFEST_FILE}: its certificate is not that of {CERTIFICATE_FILE}", hint=_REFETCH)
    check_engine(manifest)


def check_engine(manifest: Manifest) -> None:
    """Raises Refused if the manifest commits to another grammar, parser, noise or arithmetic than this program has."""
    for what, committed, own in (
        ("grammar", manifest.sampler.grammar, GRAMMAR_VERSION),
        ("noise", manifest.sampler.noise, NOISE_VERSION),
        ("parser", manifest.engine.get("parser"), PARSER_VERSION),
        ("numerics", manifest.engine.get("numerics"), _numerics(manifest.sampler)),
    ):
        if committed != own:
            raise Refused(
                f"{MANIFEST_FILE}: committed to {what} {committed}, this program has {own}",
                hint="Run the version that the manifest names: another one may draw other answers.",
            )


_REFETCH = "Fetch the file again from the place that the registry names."


def _check_model(model_dir: Path, names: Sequence[str], sampler: Sampler) -> None:
    """Raises BadInput for a folder that is not a model, Refused for weights that no engine would load."""
    if sampler.numeric_class == "E":
        read_config(model_dir)  # exact mode knows Llamas only; the other classes have other engines too
    used = {path.name for path in weight_files(model_dir)}
    tensors_by_name(model_dir)
    if TOKENIZER_FILE not in names:
        raise BadInput(f"{model_dir / TOKENIZER_FILE}: missing", hint="A model folder holds its tokenizer.")
    for name in names:
        if name.endswith(WEIGHTS_SUFFIX) and name not in used:
            raise Refused(f"{model_dir / name}: weights that the model does not use", hint="Remove the file.")


def _numerics(sampler: Sampler) -> dict[str, str]:
    """The arithmetic of a numeric class; class E is bound to its tables of exponential, logarithm and sigmoid."""
    if sampler.numeric_class != "E":
        return {"version": "float-llama/v1"}
    return {"version": NUMERICS_VERSION, "tables": "0x" + tables_digest().hex()}


def _compare(path: Path, listed: FileEntry, found: FileEntry) -> None:
    for number, (expected, actual) in enumerate(zip(listed.chunks, found.chunks, strict=False)):
        if expected != actual:
            first = number * CHUNK
            raise Refused(
                f"{path}: chunk {number} (from byte {first}) differs from the manifest",
                hint=_REFETCH,
            )
    if found.size != listed.size:
        raise Refused(f"{path}: {path.stat().st_size} bytes, the manifest has {listed.size}", hint=_REFETCH)
    if found.sha256 != listed.sha256:
        raise Refused(f"{path}: sha256 {found.sha256.hex()} is not the manifest's", hint=_REFETCH)


class _Meter:
    """Counts bytes for the progress callback."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def add(self, size: int) -> None:
        self._done += size
        if self._progress:
            self._progress(self._done, self._total)


def _read_entry(
    model_dir: Path, name: str, meter: _Meter, helper: ThreadPoolExecutor, expected: Sequence[bytes] | None = None
) -> FileEntry:
    """Streams one file; with `expected` chunks it stops at the first that differs.

    The two hashes of a chunk run side by side: hashlib gives way to other threads.
    """
    whole, size, found = hashlib.sha256(), 0, []
    for chunk in _chunks(model_dir / name):
        job = helper.submit(whole.update, chunk)
        found.append(chunk_root(chunk))
        job.result()
        size += len(chunk)
        meter.add(len(chunk))
        if expected is not None and found[-1:] != list(expected[len(found) - 1 : len(found)]):
            break
    return FileEntry(name, size, whole.digest(), tuple(found))


def _chunks(path: Path) -> Iterator[bytes]:
    """The file in pieces of 1 MiB; an empty file is one empty piece."""
    with path.open("rb") as file:
        chunk = file.read(CHUNK)
        while True:
            following = file.read(CHUNK) if chunk else b""
            yield chunk
            if not following:
                return
            chunk = following

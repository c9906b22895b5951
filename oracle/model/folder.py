"""Which files a model folder may hold: plain ones only, no links, no pickles, no code, nothing hidden."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import canonical

MANIFEST_FILE = "manifest.json"
CERTIFICATE_FILE = "calibration.json"
_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".h5", ".keras"}
_CODE = {".py", ".pyc", ".so", ".dll", ".dylib", ".sh", ".exe"}
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


def list_files(model_dir: Path) -> list[str]:
    """Sorted relative paths (with `/`) of all files but the manifest; Refused names one that must not be there."""
    if not model_dir.is_dir():
        raise Refused(f"{model_dir}: not a folder", hint="Give the folder that holds config.json and the weights.")
    paths = sorted(path.relative_to(model_dir).as_posix() for path in _walk(model_dir, model_dir))
    return [path for path in paths if path != MANIFEST_FILE]


def read_certificate(model_dir: Path) -> dict[str, Any] | None:
    """The certificate in a folder, or None; raises BadInput naming the file where it is no canonical JSON object."""
    path = model_dir / CERTIFICATE_FILE
    if not path.is_file():
        return None
    document = canonical.loads_canonical(path.read_bytes(), name=str(path))
    if not isinstance(document, dict):
        raise BadInput(f"{path}: not a JSON object", hint="Make it anew with `gengov model calibrate`.")
    return dict(document)


def _walk(root: Path, folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink():
            raise Refused(f"{path}: a symbolic link", hint="Copy the file itself into the folder.")
        if path.name.startswith("."):
            raise Refused(f"{path}: a hidden file", hint="Remove it: a manifest covers all that the folder holds.")
        if path.is_dir():
            yield from _walk(root, path)
        elif not path.is_file():
            raise Refused(f"{path}: neither file nor folder", hint="Remove it.")
        else:
            _check_kind(path)
            yield path


def _check_kind(path: Path) -> None:
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(9)
    # A safetensors file begins with the length of its header, which may look like the mark of a pickle.
    tensors = suffix == ".safetensors" and start[8:] == b"{"
    if suffix in _PICKLES or (start.startswith(_PICKLE_STARTS) and not tensors):
        raise Refused(f"{path}: a pickle or archive, which can run code", hint="Convert the weights to safetensors.")
    if suffix in _CODE:
        raise Refused(f"{path}: executable code", hint="A model folder holds data only; remove it.")

"""The manifest of committed weights: every byte of a model folder and the rules it is run by, under one identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, cast

from eth_utils.crypto import keccak

from oracle.domain.errors import BadInput
from oracle.domain.sampler import Sampler
from oracle.mechanism import canonical
from oracle.mechanism.weight_tree import BLOCK, CHUNK, file_leaf, root
from oracle.model.folder import MANIFEST_FILE

VERSION = "gengov/manifest/v2"
TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: its sha256 (which a hub's page shows too) and the Merkle roots of its 1 MiB chunks."""

    path: str
    size: int
    sha256: bytes
    chunks: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """Merkle root over the chunks, which is that over the blocks of 16 KiB too."""
        return root(self.chunks)

    def document(self) -> dict[str, Any]:
        """As in the manifest's JSON."""
        return {
            "path": self.path,
            "size": self.size,
            "sha256": _hex(self.sha256),
            "root": _hex(self.root),
            "chunks": [_hex(item) for item in self.chunks],
        }


@dataclass(frozen=True, slots=True)
class Commitment:
    """What `ModelRegistry.register` takes; the uri says where the folder lies and is no part of the identity."""

    weights_root: bytes
    tokenizer_hash: bytes
    engine_hash: bytes
    uri: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Files and rules. `engine` holds template, grammar, parser, sampler and certificate; `config` is config.json."""

    files: tuple[FileEntry, ...]
    config: Mapping[str, Any]
    engine: Mapping[str, Any]

    @property
    def weights(self) -> tuple[FileEntry, ...]:
        """The safetensors files in order of path."""
        return tuple(entry for entry in self.files if entry.path.endswith(WEIGHTS_SUFFIX))

    @property
    def weights_root(self) -> bytes:
        """Merkle root over names, sizes and roots of the safetensors files: see `mechanism/weight_tree.py`."""
        return root([file_leaf(entry.path, entry.size, entry.root) for entry in self.weights])

    @property
    def tokenizer_hash(self) -> bytes:
        """sha256 of tokenizer.json."""
        return next(entry.sha256 for entry in self.files if entry.path == TOKENIZER_FILE)

    @property
    def engine_hash(self) -> bytes:
        """keccak256 of the canonical JSON of config and engine: everything but the files that decides an answer."""
        return canonical.digest({"config": self.config, "engine": self.engine})

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.dumps(
            {
                "version": VERSION,
                "block_bytes": BLOCK,
                "chunk_bytes": CHUNK,
                "files": [entry.document() for entry in self.files],
                "weights_root": _hex(self.weights_root),
                "tokenizer_hash": _hex(self.tokenizer_hash),
                "config": self.config,
                "engine": self.engine,
            }
        )

    @property
    def identity(self) -> bytes:
        """keccak256 of the canonical JSON (32 bytes)."""
        return keccak(self.to_bytes())

    @property
    def sampler(self) -> Sampler:
        """The sampling rules that are committed with the weights."""
        return Sampler(**self.engine["sampler"])

    def commitment(self, uri: str) -> Commitment:
        """The registry's form, with the place where the folder can be fetched."""
        return Commitment(self.weights_root, self.tokenizer_hash, self.engine_hash, uri)


def parse_manifest(data: bytes, name: str = MANIFEST_FILE) -> Manifest:
    """A manifest from its canonical bytes; raises BadInput where it is malformed or contradicts itself."""
    document = canonical.loads_canonical(data, name=name)
    try:
        if not isinstance(document, dict) or document["version"] != VERSION:
            raise ValueError(f"not a {VERSION} document")
        raw = cast(dict[str, Any], document)
        manifest = Manifest(tuple(_entry(item) for item in raw["files"]), dict(raw["config"]), dict(raw["engine"]))
        Sampler(**manifest.engine["sampler"])
        paths = [entry.path for entry in manifest.files]
        if paths != sorted(set(paths)):
            raise ValueError("files are not sorted, or one is listed twice")
        same = manifest.to_bytes() == data  # roots and hashes follow from the chunks, and nothing else is written
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration) as error:
        raise BadInput(f"{name}: malformed manifest: {error!r}", hint=_REBUILD) from None
    if not same:
        raise BadInput(f"{name}: a root or hash does not follow from the chunks it lists", hint=_REBUILD)
    return manifest


def exact_json(value: Any) -> Any:
    """JSON with every decimal number as its text: canonical JSON holds no floats."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {key: exact_json(item) for key, item in value.items()}
    return [exact_json(item) for item in value] if isinstance(value, list) else value


_REBUILD = "Fetch it again, or make it anew with `gengov model manifest`."


def _entry(item: Mapping[str, Any]) -> FileEntry:
    path, size = item["path"], item["size"]
    chunks = tuple(_unhex(text) for text in item["chunks"])
    if not isinstance(path, str) or "\\" in path or PurePosixPath(path).is_absolute() or ".." in path.split("/"):
        raise ValueError(f"path {path!r} leaves the folder")
    if not isinstance(size, int) or size < 0 or len(chunks) != max(1, -(-size // CHUNK)):
        raise ValueError(f"{path}: size {size!r} does not fit {len(chunks)} chunks")
    return FileEntry(path, size, _unhex(item["sha256"]), chunks)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _unhex(text: str) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != 32:
        raise ValueError(f"{text!r} is not 32 bytes")
    return value

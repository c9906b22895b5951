"""Reads headers and rows of a folder's safetensors files, and proves a row without reading the rest."""

from pathlib import Path

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism.row_proof import Blocks, RowProof, block_range
from oracle.mechanism.safetensors_header import LENGTH_BYTES, Tensor, header_bytes, parse_header
from oracle.mechanism.weight_tree import BLOCK, CHUNK, CHUNK_LEVELS, file_leaf, leaves_of, root, siblings
from oracle.model.manifest import FileEntry, Manifest
from oracle.model.weights import weight_files

_PER_CHUNK = CHUNK // BLOCK


def read_header(path: Path) -> dict[str, Tensor]:
    """Where the tensors of one file lie; raises BadInput naming the file where its header is malformed."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = header_bytes(file.read(LENGTH_BYTES), size, str(path))
        file.seek(0)
        return parse_header(file.read(length), size, str(path))


def tensors_by_name(model_dir: Path) -> dict[str, tuple[Path, Tensor]]:
    """Every tensor of the weight files with the file it lies in. BadInput for one that is in two files."""
    found: dict[str, tuple[Path, Tensor]] = {}
    for path in weight_files(model_dir):
        for name, tensor in read_header(path).items():
            if name in found:
                raise BadInput(
                    f"{path}: tensor {name} is in {found[name][0].name} too",
                    hint="A tensor lies in one file, or nobody knows which one counts.",
                )
            found[name] = (path, tensor)
    return found


def prove_row(model_dir: Path, manifest: Manifest, tensor: str, row: int) -> RowProof:
    """The proof of one row under the manifest's weights root; reads the header's and the row's chunks only.

    Raises BadInput for a tensor or row that is not there, Refused naming the chunk that is not as committed.
    """
    places = tensors_by_name(model_dir)
    if tensor not in places:
        raise BadInput(f"{model_dir}: no tensor {tensor!r}", hint=f"For instance {', '.join(sorted(places)[:3])}.")
    path, place = places[tensor]
    names = [entry.path for entry in manifest.weights]
    if path.name not in names:
        raise Refused(f"{path}: not in the manifest", hint="Commit a new manifest.")
    entry = manifest.weights[names.index(path.name)]
    with path.open("rb") as file:
        length = header_bytes(file.read(LENGTH_BYTES), entry.size, str(path))
    row_of_files = [file_leaf(item.path, item.size, item.root) for item in manifest.weights]
    index = names.index(path.name)
    return RowProof(
        tensor,
        row,
        entry.path,
        entry.size,
        index,
        len(names),
        tuple(siblings(row_of_files, index, index + 1)),
        _blocks(path, entry, 0, length),
        _blocks(path, entry, *place.row(row)),
    )


def _blocks(path: Path, entry: FileEntry, start: int, end: int) -> Blocks:
    """The blocks that hold bytes [start, end), with their siblings: some within the chunks read, the rest chunks."""
    first, last = block_range(start, end)
    low, high = first // _PER_CHUNK, -(-last // _PER_CHUNK)
    with path.open("rb") as file:
        file.seek(low * CHUNK)
        data = file.read((high - low) * CHUNK)
    row = leaves_of(data)
    for number in range(low, high):
        begin = (number - low) * _PER_CHUNK
        if root(row[begin : begin + _PER_CHUNK]) != entry.chunks[number]:
            raise Refused(
                f"{path}: chunk {number} (from byte {number * CHUNK}) differs from the manifest",
                hint="Fetch the file again from the place that the registry names.",
            )
    base = low * _PER_CHUNK
    near = siblings(row, first - base, last - base, levels=CHUNK_LEVELS)
    far = siblings(entry.chunks, low, high)
    blocks = [data[(number - base) * BLOCK : (number - base + 1) * BLOCK] for number in range(first, last)]
    return Blocks(first, tuple(blocks), tuple(near + far))

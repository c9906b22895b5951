"""A row is proven by its blocks alone; whoever rebuilds the root by other code finds the same, and no lie passes."""

import hashlib
import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from oracle.domain.errors import BadInput, GengovError, Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism.row_proof import Blocks, RowProof, parse_row_proof, verify_row
from oracle.mechanism.weight_tree import BLOCK, CHUNK
from oracle.model.hashing import build_manifest
from oracle.model.manifest import Manifest
from oracle.model.rows import prove_row, read_header, tensors_by_name
from tests.support.tiny_llama import build_tiny_llama

EMBEDDING = "model.embed_tokens.weight"
DOWN = "model.layers.1.mlp.down_proj.weight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shards, the first of several chunks."""
    sizes = {"hidden_size": 128, "intermediate_size": 512, "vocab_size": 3000, "num_hidden_layers": 2}
    return build_tiny_llama(tmp_path_factory.mktemp("model"), shards=3, **sizes)


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Manifest:
    return build_manifest(folder, template={"name": "test"}, sampler=Sampler())


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def tree(leaves: list[bytes]) -> bytes:
    """RFC 6962 as it is written."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha(b"\x01", tree(leaves[:split]), tree(leaves[split:]))


def root_by_other_code(folder: Path) -> bytes:
    """The weights root from the files alone, every block by itself."""
    leaves = []
    for path in sorted(folder.glob("*.safetensors")):
        data = path.read_bytes()
        blocks = [data[start : start + 16384] for start in range(0, len(data), 16384)]
        file_root = tree([sha(b"\x00", block) for block in blocks])
        leaves.append(sha(b"\x02", struct.pack(">Q", len(data)), file_root, path.name.encode()))
    return tree(leaves)


def weights(folder: Path) -> dict[str, np.ndarray]:
    return {name: value for path in folder.glob("*.safetensors") for name, value in load_file(path).items()}


def test_weights_root__rebuilt_from_the_files_by_other_code__is_the_same(folder: Path, manifest: Manifest) -> None:
    assert max(entry.size for entry in manifest.weights) > 1.4 * CHUNK
    assert root_by_other_code(folder) == manifest.weights_root


def test_prove__any_row_of_any_tensor__shows_the_bytes_that_the_library_loads(folder: Path, manifest: Manifest) -> None:
    root = root_by_other_code(folder)
    for name, values in weights(folder).items():
        rows = values if values.ndim == 2 else values[None, :]
        for row in {0, rows.shape[0] // 2, rows.shape[0] - 1}:
            proof = parse_row_proof(prove_row(folder, manifest, name, row).to_bytes())
            proven = verify_row(proof, root)
            assert np.array_equal(np.frombuffer(proven.data, "<f4"), rows[row])
            assert proven.tensor.shape == values.shape
            assert len(proof.data.blocks) <= rows.shape[1] * 4 // BLOCK + 2


def test_prove__row_across_two_chunks__holds(tmp_path: Path) -> None:
    """A matrix whose rows are longer than a chunk's rest, so that blocks of two chunks are needed."""
    folder = build_tiny_llama(tmp_path, hidden_size=128, intermediate_size=512, vocab_size=3000)
    manifest = build_manifest(folder, template={"name": "test"}, sampler=Sampler())
    crossing = [
        (name, row)
        for name, (_, place) in tensors_by_name(folder).items()
        for row in range(place.rows)
        if place.row(row)[0] // CHUNK != (place.row(row)[1] - 1) // CHUNK
    ]
    assert crossing
    for name, row in crossing:
        proof = prove_row(folder, manifest, name, row)
        assert proof.data.first // 64 != (proof.data.first + len(proof.data.blocks) - 1) // 64
        values = load_file(folder / "model.safetensors")[name]
        assert verify_row(proof, manifest.weights_root).data == values[row].tobytes()


@pytest.mark.parametrize(
    ("tensor", "row", "message"),
    [
        ("model.nothing", 0, "no tensor 'model.nothing'"),
        (EMBEDDING, 3000, "has no row 3000"),
        (EMBEDDING, -1, "no row"),
    ],
)
def test_prove__what_is_not_there__is_refused_by_name(
    folder: Path, manifest: Manifest, tensor: str, row: int, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        prove_row(folder, manifest, tensor, row)


def test_prove__changed_byte_near_the_row__is_refused_by_chunk(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path)
    manifest = build_manifest(folder, template={"name": "test"}, sampler=Sampler())
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(Refused, match=r"model\.safetensors: chunk 0 \(from byte 0\) differs"):
        prove_row(folder, manifest, EMBEDDING, 0)
    path.rename(folder / "other.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {EMBEDDING: "other.safetensors"}}))
    with pytest.raises(Refused, match=r"other\.safetensors: not in the manifest"):
        prove_row(folder, manifest, EMBEDDING, 0)


def test_tensor_in_two_files__is_refused_by_name(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path, shards=2)
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    first, second = sorted(set(index["weight_map"].values()))
    (folder / second).write_bytes((folder / first).read_bytes())
    with pytest.raises(BadInput, match=rf"{second}: tensor .* is in {first} too"):
        build_manifest(folder, template={"name": "test"}, sampler=Sampler())


# -- lies -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proof(folder: Path, manifest: Manifest) -> RowProof:
    return prove_row(folder, manifest, EMBEDDING, 1500)


def flipped(blocks: Blocks) -> Blocks:
    block = bytes([blocks.blocks[0][0] ^ 1]) + blocks.blocks[0][1:]
    return replace(blocks, blocks=(block, *blocks.blocks[1:]))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, header=flipped(p.header)),
        lambda p: replace(p, data=flipped(p.data)),
        lambda p: replace(p, row=p.row + 40),
        lambda p: replace(p, tensor=DOWN),
        lambda p: replace(p, tensor="nothing"),
        lambda p: replace(p, size=p.size + 1),
        lambda p: replace(p, size=p.size + BLOCK),
        lambda p: replace(p, size=4),
        lambda p: replace(p, path="other.safetensors"),
        lambda p: replace(p, index=p.index + 1),
        lambda p: replace(p, count=p.count + 9),
        lambda p: replace(p, file_siblings=p.file_siblings[1:]),
        lambda p: replace(p, data=p.header),
        lambda p: replace(p, header=p.data),
        lambda p: replace(p, data=replace(p.data, first=p.data.first + 1)),
        lambda p: replace(p, data=replace(p.data, siblings=p.data.siblings[::-1])),
        lambda p: replace(p, header=replace(p.header, blocks=())),
    ],
)
def test_verify__any_part_changed__is_refused(manifest: Manifest, proof: RowProof, change: object) -> None:
    assert verify_row(proof, manifest.weights_root)
    with pytest.raises((Refused, BadInput)):
        verify_row(change(proof), manifest.weights_root)  # type: ignore[operator]


def test_verify__root_of_another_model__names_both(manifest: Manifest, proof: RowProof) -> None:
    with pytest.raises(Refused, match=f"leads to weights root 0x{manifest.weights_root.hex()}, not to 0x0000"):
        verify_row(proof, bytes(32))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_verify__any_byte_of_a_proof_changed__never_another_row(
    manifest: Manifest, proof: RowProof, data: st.DataObject
) -> None:
    """Refused in the usual words; or the same row, where the changed figure decides nothing (3 or 4 files)."""
    raw = bytearray(proof.to_bytes())
    where = data.draw(st.integers(0, len(raw) - 1))
    raw[where] = data.draw(st.integers(0, 255).filter(lambda value: value != raw[where]))
    try:
        proven = verify_row(parse_row_proof(bytes(raw)), manifest.weights_root)
    except GengovError as error:
        assert error.exit_code in (1, 2)
    else:
        assert proven == verify_row(proof, manifest.weights_root)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"version":"gengov/row-proof/v1"}', b"\xff", b"1"])
def test_parse__not_a_proof__is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        parse_row_proof(raw)


def test_parse__more_than_a_proof__is_refused(proof: RowProof) -> None:
    document = json.loads(proof.to_bytes())
    document["file"]["note"] = "trust me"
    with pytest.raises(BadInput, match="more than a proof"):
        parse_row_proof(json.dumps(document, sort_keys=True, separators=(",", ":")).encode())


# -- headers ----------------------------------------------------------------------------------------------------------


def entry(**changes: object) -> dict[str, object]:
    return {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]} | changes


@pytest.mark.parametrize(
    ("header", "tail", "message"),
    [
        (b"[]", 0, "not an object"),
        (b"{", 0, "malformed"),
        (b'{"a":1,"a":2}', 0, "appears twice"),
        (b'{"a":1}', 0, "malformed"),
        (json.dumps({"a": entry(dtype="F4")}).encode(), 16, "F4"),
        (json.dumps({"a": entry(shape=[2, 3])}).encode(), 16, "does not fill"),
        (json.dumps({"a": entry(shape=[2.0, 2])}).encode(), 16, "no list of whole numbers"),
        (json.dumps({"a": entry(shape=[-2, -2])}).encode(), 16, "no list of whole numbers"),
        (json.dumps({"a": entry(data_offsets=[4, 20])}).encode(), 20, "begins at byte"),
        (json.dumps({"a": entry(), "b": entry()}).encode(), 16, "begins at byte"),
        (json.dumps({"a": entry()}).encode(), 15, "end at byte"),
        (b"[" * 100_000, 0, "malformed"),
    ],
)
def test_header__malformed__is_refused_naming_the_file(tmp_path: Path, header: bytes, tail: int, message: str) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(tail))
    with pytest.raises(BadInput, match=rf"w\.safetensors: .*{message}"):
        read_header(path)


@pytest.mark.parametrize("data", [b"", b"\x01\x02", struct.pack("<Q", 3) + b"{}", b"\xff" * 8])
def test_header__that_does_not_fit__is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"w\.safetensors: no safetensors file"):
        read_header(path)


def test_header__empty_tensors_and_metadata__are_read(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    text = json.dumps({"__metadata__": {"format": "pt"}, "b": entry(), "a": entry(shape=[0, 4], data_offsets=[0, 0])})
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + bytes(16))
    found = read_header(path)
    assert (found["b"].row(1), found["a"].rows) == ((len(text) + 16, len(text) + 24), 0)

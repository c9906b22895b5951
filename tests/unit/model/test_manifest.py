"""The manifest names every byte; anything else than the committed folder is refused by file and chunk."""

import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism import canonical
from oracle.mechanism.weight_tree import CHUNK, chunk_root, file_leaf, root
from oracle.model.hashing import build_manifest, read_manifest, verify_folder, write_manifest
from oracle.model.manifest import Manifest, parse_manifest
from tests.support.tiny_llama import build_tiny_llama

TEMPLATE = {"name": "test", "actions": {"fund": [{"name": "fund", "kind": "map", "weight": 1}]}}


def build(folder: Path, **changes: Any) -> Manifest:
    return build_manifest(folder, **({"template": TEMPLATE, "sampler": Sampler()} | changes))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model with weights of three chunks and a card in a subfolder."""
    folder = build_tiny_llama(tmp_path / "m", hidden_size=128, intermediate_size=512)
    (folder / "docs").mkdir()
    (folder / "docs" / "card.md").write_text("A model.\n")
    assert (folder / "model.safetensors").stat().st_size > 2 * CHUNK
    return folder


# -- what it says -----------------------------------------------------------------------------------------------------


def test_manifest__of_a_folder__lists_every_file_with_its_hashes(folder: Path) -> None:
    manifest = build(folder)
    assert [entry.path for entry in manifest.files] == [
        "config.json",
        "docs/card.md",
        "model.safetensors",
        "tokenizer.json",
    ]
    for entry in manifest.files:
        data = (folder / entry.path).read_bytes()
        pieces = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]
        assert (entry.size, entry.sha256) == (len(data), hashlib.sha256(data).digest())
        assert entry.root == root([chunk_root(piece) for piece in pieces])
    weights = manifest.files[2]
    assert manifest.weights_root == file_leaf("model.safetensors", weights.size, weights.root)
    assert manifest.tokenizer_hash == hashlib.sha256((folder / "tokenizer.json").read_bytes()).digest()


def test_manifest__as_bytes__is_canonical_json_whose_keccak_is_the_identity(folder: Path) -> None:
    manifest = build(folder)
    document = canonical.loads_canonical(manifest.to_bytes())
    assert isinstance(document, dict)
    assert manifest.identity == keccak(manifest.to_bytes())
    assert document["engine"]["template"]["id"] == "0x" + canonical.digest(TEMPLATE).hex()
    assert document["engine"]["sampler"]["numeric_class"] == "E"
    assert document["engine"]["sampler"]["tau"] == 0
    assert document["engine"]["grammar"].startswith("llguidance/")
    assert document["config"]["rms_norm_eps"] == "0.00001"
    assert manifest.sampler == Sampler()


def test_manifest__sharded_weights__root_over_the_shards(tmp_path: Path) -> None:
    manifest = build(build_tiny_llama(tmp_path, shards=3))
    leaves = [file_leaf(entry.path, entry.size, entry.root) for entry in manifest.weights]
    assert len(leaves) == 3
    assert manifest.weights_root == root(leaves)


def test_manifest__written_and_read__is_the_same(folder: Path) -> None:
    manifest = build(folder)
    assert write_manifest(folder, manifest) == folder / "manifest.json"
    assert read_manifest(folder) == manifest
    assert build(folder) == manifest  # the manifest is no part of itself


def test_manifest__place_of_the_folder__changes_the_commitment_but_not_the_identity(folder: Path) -> None:
    manifest = build(folder)
    here, there = manifest.commitment("ipfs://a"), manifest.commitment("ipfs://b")
    assert replace(here, uri="ipfs://b") == there
    assert (here.weights_root, here.tokenizer_hash) == (manifest.weights_root, manifest.tokenizer_hash)


@pytest.mark.parametrize(
    "changes",
    [
        {"template": TEMPLATE | {"name": "other"}},
        {"sampler": Sampler(temperature_milli=900)},
    ],
)
def test_manifest__other_rules__other_engine_hash_and_identity_for_the_same_weights(
    folder: Path, changes: dict[str, Any]
) -> None:
    one, other = build(folder), build(folder, **changes)
    assert one.engine_hash != other.engine_hash
    assert one.identity != other.identity
    assert one.weights_root == other.weights_root


def test_manifest__certificate_in_the_folder__is_part_of_the_rules(folder: Path) -> None:
    one = build(folder)
    (folder / "calibration.json").write_bytes(canonical.dumps({"eps": "0.00001"}))
    other = build(folder)
    assert other.engine["certificate"] == {"eps": "0.00001"}
    assert (one.engine_hash != other.engine_hash, one.weights_root == other.weights_root) == (True, True)


def test_manifest__architecture_of_another_engine__only_with_a_tolerance(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["QwenForCausalLM"]}))
    with pytest.raises(BadInput, match="QwenForCausalLM"):
        build(folder)
    verify_folder(folder, build(folder, sampler=Sampler(numeric_class="F", tau=1000)))


def test_build__progress__counts_bytes_up_to_the_whole_folder(folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    manifest = build(folder, progress=lambda done, total: seen.append((done, total)))
    total = sum(entry.size for entry in manifest.files)
    assert seen[-1] == (total, total)
    assert len(seen) == sum(len(entry.chunks) for entry in manifest.files)


# -- a folder that differs --------------------------------------------------------------------------------------------


def test_verify__untouched_folder__passes_with_progress(folder: Path) -> None:
    manifest = build(folder)
    write_manifest(folder, manifest)
    seen: list[tuple[int, int]] = []
    verify_folder(folder, manifest, lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize(("position", "chunk"), [(0, 0), (CHUNK - 1, 0), (CHUNK, 1), (2 * CHUNK + 5, 2), (-1, 2)])
def test_verify__one_changed_bit__is_refused_naming_file_and_chunk(folder: Path, position: int, chunk: int) -> None:
    manifest = build(folder)
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    with pytest.raises(Refused, match=rf"model\.safetensors: chunk {chunk} \(from byte {chunk * CHUNK}\) differs"):
        verify_folder(folder, manifest)


def test_verify__truncated_within_a_chunk__names_that_chunk(folder: Path) -> None:
    manifest = build(folder)
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Refused, match=r"model\.safetensors: chunk 2"):
        verify_folder(folder, manifest)


@pytest.mark.parametrize("size", [CHUNK, 5 * CHUNK])
def test_verify__whole_chunks_cut_off_or_added__names_both_sizes(tmp_path: Path, size: int) -> None:
    folder = build_tiny_llama(tmp_path)
    (folder / "notes.bin2").write_bytes(bytes(2 * CHUNK))
    manifest = build(folder)
    (folder / "notes.bin2").write_bytes(bytes(size))
    with pytest.raises(Refused, match=rf"notes\.bin2: {size} bytes, the manifest has {2 * CHUNK}"):
        verify_folder(folder, manifest)


def test_verify__missing_file__is_refused_by_name(folder: Path) -> None:
    manifest = build(folder)
    (folder / "docs" / "card.md").unlink()
    with pytest.raises(Refused, match=r"docs/card\.md: missing"):
        verify_folder(folder, manifest)


def test_verify__extra_file__is_refused_by_name(folder: Path) -> None:
    manifest = build(folder)
    (folder / "docs" / "more.md").write_text("?")
    with pytest.raises(Refused, match=r"docs/more\.md: not in the manifest"):
        verify_folder(folder, manifest)


def test_verify__manifest_with_another_config__is_refused(folder: Path) -> None:
    manifest = build(folder)
    with pytest.raises(Refused, match=r"its config is not that of config\.json"):
        verify_folder(folder, replace(manifest, config={**manifest.config, "rope_theta": "1.0"}))


def test_verify__sha256_that_its_chunks_do_not_have__is_refused(folder: Path) -> None:
    manifest = build(folder)
    files = (replace(manifest.files[0], sha256=bytes(32)), *manifest.files[1:])
    with pytest.raises(Refused, match=r"config\.json: sha256 .* is not the manifest's"):
        verify_folder(folder, replace(manifest, files=files))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parser": "gengov-answer/v9"}, "committed to parser gengov-answer/v9"),
        ({"numerics": {"version": "integer-llama/v1", "tables": "0x00"}}, "committed to numerics"),
        ({"sampler": asdict(Sampler(grammar="llguidance/0.1"))}, "committed to grammar llguidance/0.1"),
        ({"sampler": asdict(Sampler(noise="dice/v1"))}, "committed to noise dice/v1"),
    ],
)
def test_verify__rules_that_this_program_does_not_have__are_refused_by_name(
    folder: Path, change: dict[str, Any], message: str
) -> None:
    manifest = build(folder)
    with pytest.raises(Refused, match=message):
        verify_folder(folder, replace(manifest, engine={**manifest.engine, **change}))


def test_manifest__class_with_a_tolerance__names_floats_and_verifies(folder: Path) -> None:
    manifest = build(folder, sampler=Sampler(numeric_class="F", tau=1000))
    assert manifest.engine["numerics"] == {"version": "float-llama/v1"}
    verify_folder(folder, manifest)


# -- what must not be there -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pytorch_model.bin", b"\x80\x02", "a pickle or archive"),
        ("weights.pt", b"anything", "a pickle or archive"),
        ("harmless.json", b"\x80\x04\x95", "a pickle or archive"),
        ("weights.data", b"PK\x03\x04", "a pickle or archive"),
        ("modeling_llama.py", b"import os", "executable code"),
        (".cache", b"", "a hidden file"),
    ],
)
def test_build_and_verify__file_of_a_forbidden_kind__is_refused_by_name(
    folder: Path, name: str, content: bytes, message: str
) -> None:
    manifest = build(folder)
    (folder / "docs" / name).write_bytes(content)
    for attempt in (lambda: build(folder), lambda: verify_folder(folder, manifest)):
        with pytest.raises(Refused, match=message) as caught:
            attempt()
        assert name in caught.value.message


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_build__weights_whose_header_length_looks_like_a_pickle__are_weights(tmp_path: Path, protocol: int) -> None:
    folder = build_tiny_llama(tmp_path)
    path = folder / "model.safetensors"
    data = path.read_bytes()
    old = int.from_bytes(data[:8], "little")
    length = next(n for n in range(old, 1 << 20) if n & 0xFFFF == 0x80 | protocol << 8)
    path.write_bytes(length.to_bytes(8, "little") + data[8 : 8 + old].ljust(length) + data[8 + old :])
    assert path.read_bytes()[:2] == bytes([0x80, protocol])
    build(folder)
    (folder / "other.safetensors").write_bytes(bytes([0x80, protocol]) + b"\x95 no header")
    with pytest.raises(Refused, match=r"other\.safetensors: a pickle"):
        build(folder)


def test_build__weights_that_no_index_names__are_refused(folder: Path) -> None:
    (folder / "docs" / "more.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(Refused, match=r"docs/more\.safetensors: weights that the model does not use"):
        build(folder)


def test_build__symbolic_link_to_file_or_folder__is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    (folder / "link.md").symlink_to(folder / "docs" / "card.md")
    with pytest.raises(Refused, match=r"link\.md: a symbolic link"):
        build(folder)
    (folder / "link.md").unlink()
    (folder / "more").symlink_to(tmp_path)
    with pytest.raises(Refused, match="more: a symbolic link"):
        build(folder)


def test_build__pipe__is_refused_by_name(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(Refused, match="pipe: neither file nor folder"):
        build(folder)


def test_build__not_a_folder__is_refused(folder: Path) -> None:
    with pytest.raises(Refused, match=r"config\.json: not a folder"):
        build(folder / "config.json")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_build__part_of_a_model_is_missing__is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadInput, match=name.replace(".", r"\.")):
        build(folder)


# -- a manifest that is wrong -----------------------------------------------------------------------------------------


def tampered(manifest: Manifest, change: Any) -> bytes:
    document = json.loads(manifest.to_bytes())
    change(document)
    return canonical.dumps(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(version="gengov/manifest/v9"),
        lambda d: d.update(chunk_bytes=5),
        lambda d: d.update(weights_root="0x" + "00" * 32),
        lambda d: d.update(extra=1),
        lambda d: d.pop("engine"),
        lambda d: d["engine"]["sampler"].update(top_p=1),
        lambda d: d["files"].reverse(),
        lambda d: d["files"].append(d["files"][-1]),
        lambda d: d["files"].clear(),
        lambda d: d["files"][0].update(path="../config.json"),
        lambda d: d["files"][0].update(path="/etc/passwd"),
        lambda d: d["files"][0].update(path="docs\\config.json"),
        lambda d: d["files"][0].update(size=-1),
        lambda d: d["files"][0].update(size=CHUNK + 1),
        lambda d: d["files"][0].update(sha256="0x12"),
        lambda d: d["files"][0].update(root="0x" + "11" * 32),
        lambda d: d["files"][0]["chunks"].__setitem__(0, "zz"),
    ],
)
def test_parse__malformed_or_contradicting_itself__is_refused(folder: Path, change: Any) -> None:
    with pytest.raises(BadInput, match=r"manifest\.json: "):
        parse_manifest(tampered(build(folder), change))


def test_parse__spaces_between__is_refused(folder: Path) -> None:
    with pytest.raises(BadInput, match="canonical"):
        parse_manifest(build(folder).to_bytes().replace(b",", b", ", 1))


def test_read__no_manifest__is_refused_with_the_command_that_makes_it(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"manifest\.json") as caught:
        read_manifest(folder)
    assert "gengov model manifest" in caught.value.hint

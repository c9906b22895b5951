"""The hash of a folder: a second implementation, proofs, and that no other folder has it."""

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism import round_tree

folders = st.dictionaries(st.text(min_size=1, max_size=6), st.binary(min_size=32, max_size=32), min_size=1, max_size=9)


def by_halves(leaves: list[bytes]) -> bytes:
    """The top by recursion: the left half is the largest power of two below the count."""
    if len(leaves) == 1:
        return leaves[0]
    cut = 1 << ((len(leaves) - 1).bit_length() - 1)
    return keccak(b"".join(sorted((by_halves(leaves[:cut]), by_halves(leaves[cut:])))))


@given(folders)
def test_root__any_folder__as_the_second_implementation(files) -> None:
    tag = "gengov/round/v1"
    leaves = [keccak(keccak(encode(["string", "string", "bytes32"], [tag, p, files[p]]))) for p in sorted(files)]
    assert round_tree.root(files) == keccak(
        encode(["string", "uint256", "bytes32"], [tag, len(files), by_halves(leaves)])
    )


@given(folders, st.data())
def test_proof__any_file__leads_to_the_root_and_another_content_does_not(files, data) -> None:
    path = data.draw(st.sampled_from(sorted(files)))
    siblings, root = round_tree.proof(files, path), round_tree.root(files)
    assert round_tree.root_from_proof(path, files[path], siblings, len(files)) == root
    other = keccak(files[path])
    assert round_tree.root_from_proof(path, other, siblings, len(files)) != root
    assert round_tree.root_from_proof(path + "x", files[path], siblings, len(files)) != root
    assert round_tree.root_from_proof(path, files[path], siblings, len(files) + 1) != root


@given(folders, folders)
def test_root__order_does_not_matter_and_content_does(one, other) -> None:
    turned = {path: one[path] for path in reversed(one)}
    assert round_tree.root(turned) == round_tree.root(one)
    assert (round_tree.root(one) == round_tree.root(other)) == (one == other)


def test_nothing__refused() -> None:
    with pytest.raises(BadInput, match="at least one file"):
        round_tree.root({})
    with pytest.raises(BadInput, match="no file of this round"):
        round_tree.proof({"a": bytes(32)}, "b")

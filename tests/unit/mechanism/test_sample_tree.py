"""The sample tree: shape, proofs, what cannot be proven, and hashes with known answers."""

import random

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from oracle.domain.errors import BadInput
from oracle.domain.slot import Opening
from oracle.mechanism.sample_tree import (
    LEAVES,
    SampleTree,
    leaf,
    node,
    root_from_proof,
    samples_root,
    text_hash,
    tokens_hash,
)
from oracle.mechanism.seed import bid_commitment, sample_seed

ADDRESS = "0x" + "12" * 20


def leaves(count: int) -> list[bytes]:
    return [leaf(i, bytes([i]) * 32, bytes(32), bytes(32), i % 3 > 0) for i in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 67, 100, 127, 128])
def test_proof__every_leaf__leads_to_the_root_in_seven_steps(count: int) -> None:
    row = leaves(count)
    tree = SampleTree(row)
    for index in range(count):
        assert len(tree.proof(index)) == 7
        assert root_from_proof(row[index], tree.proof(index)) == tree.root


def test_proof__another_leaf_or_sibling__leads_elsewhere() -> None:
    row = leaves(100)
    tree = SampleTree(row)
    rnd = random.Random(3)
    for _ in range(50):
        i, j = rnd.sample(range(100), 2)
        assert root_from_proof(row[i], tree.proof(j)) != tree.root
        broken = list(tree.proof(i))
        broken[rnd.randrange(7)] = rnd.randbytes(32)
        assert root_from_proof(row[i], broken) != tree.root


def test_root__pairs_and_padding__as_written_by_hand() -> None:
    level = leaves(3) + [bytes(32)] * (LEAVES - 3)
    while len(level) > 1:
        level = [keccak(min(a, b) + max(a, b)) for a, b in zip(level[::2], level[1::2], strict=True)]
    assert SampleTree(leaves(3)).root == level[0]
    assert node(b"\x02" * 32, b"\x01" * 32) == node(b"\x01" * 32, b"\x02" * 32)


def test_leaf__any_part_changed__other_leaf() -> None:
    base = (7, b"\x01" * 32, b"\x02" * 32, b"\x03" * 32, True)
    changed = [(8, *base[1:]), (7, bytes(32), *base[2:]), (*base[:2], bytes(32), *base[3:]), (*base[:4], False)]
    assert len({leaf(*base), *(leaf(*parts) for parts in changed)}) == 5  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 129])
def test_tree__no_room__refused(count: int) -> None:
    with pytest.raises(BadInput, match=f"{count} samples"):
        SampleTree([bytes(32)] * count)


@pytest.mark.parametrize("index", [-1, 100, 127])
def test_proof__index_without_sample__refused(index: int) -> None:
    with pytest.raises(BadInput, match=f"no sample {index}"):
        SampleTree(leaves(100)).proof(index)


def test_hashes__tokens_and_text__big_endian_words_and_utf8() -> None:
    assert tokens_hash([1, 1 << 31]) == keccak(b"\x00\x00\x00\x01\x80\x00\x00\x00")
    assert tokens_hash([]) == keccak(b"")
    assert text_hash("é") == keccak(b"\xc3\xa9")
    for token in (-1, 1 << 32):
        with pytest.raises(BadInput, match="32 bits"):
            tokens_hash([token])


def test_samples_root__another_seed__another_root() -> None:
    root = SampleTree(leaves(100)).root
    assert samples_root(bytes(32), root) != samples_root(b"\x01" * 32, root)
    assert samples_root(bytes(32), root) == keccak(
        encode(("string", "bytes32", "bytes32"), ("gengov/samples/v1", bytes(32), root))
    )


def test_commitment_and_seed__any_part_changed__other_hash() -> None:
    opening = Opening(10**18, b"\x01" * 32, b"\x02" * 32, b"\x03" * 32)
    bids = {
        bid_commitment(1, ADDRESS, 5, ADDRESS, opening),
        bid_commitment(2, ADDRESS, 5, ADDRESS, opening),
        bid_commitment(1, ADDRESS, 6, ADDRESS, opening),
        bid_commitment(1, ADDRESS, 5, "0x" + "13" * 20, opening),
        bid_commitment(1, ADDRESS, 5, ADDRESS, Opening(10**18, b"\x01" * 32, b"\x02" * 32, b"\x04" * 32)),
    }
    hashes = (bytes(32), b"\x01" * 32, b"\x02" * 32)
    seeds = {sample_seed(1, ADDRESS, 5, ADDRESS, *hashes), sample_seed(1, ADDRESS, 5, ADDRESS, *reversed(hashes))}
    assert len(bids) == 5 and len(seeds) == 2


def test_opening__shown__keeps_its_salt_to_itself() -> None:
    assert "0303" not in repr(Opening(1, bytes(32), bytes(32), b"\x03" * 32))

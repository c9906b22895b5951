"""The Kubo RPC store against a fake node that can lie, drip, hang and talk nonsense."""

import gzip
import os
import socket
import time
from collections.abc import Iterator

import pytest

from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.mechanism import data_file
from oracle.ports.store import MAX_DOCUMENT
from oracle.storage.cid import cid_of, digest_of
from oracle.storage.ipfs import KuboStore
from tests.support.fake_kubo import FakeKubo

pytestmark = pytest.mark.filterwarnings("ignore:The 'strict' parameter:FutureWarning")


@pytest.fixture
def node() -> Iterator[FakeKubo]:
    server = FakeKubo()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(node: FakeKubo) -> KuboStore:
    return KuboStore(node.address, timeout=1)


def test_put_asks_for_a_pinned_raw_sha256_block_and_get_returns_it(node: FakeKubo, store: KuboStore) -> None:
    data = os.urandom(300_000)
    stored = store.put(data)
    path, query = node.queries[-1]
    assert path == "/api/v0/block/put"
    assert {k: query[k] for k in ("cid-codec", "mhtype", "pin")} == {
        "cid-codec": ["raw"], "mhtype": ["sha2-256"], "pin": ["true"]
    }  # fmt: skip
    assert stored.cid == cid_of(digest_of(data))
    assert store.get(stored.digest) == data


def test_has_asks_the_node_only_for_its_own_blocks(node: FakeKubo, store: KuboStore) -> None:
    digest = store.put(b"x").digest
    assert store.has(digest)
    assert node.queries[-1][1]["offline"] == ["true"]
    assert not store.has(bytes(32))


def test_block_of_another_content_is_refused(node: FakeKubo, store: KuboStore) -> None:
    stored = store.put(b"the truth")
    node.lie[stored.cid] = b"a lie"
    with pytest.raises(Refused, match="not what its name"):
        store.get(stored.digest)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff{}", "byte 0 is not UTF-8"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "an object"),
    ],
)
def test_document_that_is_what_its_digest_says_but_no_data_file_is_refused(
    store: KuboStore, data: bytes, reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        data_file.loads(store.get(store.put(data).digest))


def test_endless_block_is_cut_at_the_cap(node: FakeKubo, store: KuboStore) -> None:
    stored = store.put(b"small")
    node.lie[stored.cid] = bytes(20 * MAX_DOCUMENT)
    with pytest.raises(Refused, match="1,048,576"):
        store.get(stored.digest)


def test_compressed_bomb_is_cut_at_the_cap(node: FakeKubo, store: KuboStore) -> None:
    stored = store.put(b"small")
    node.lie[stored.cid] = gzip.compress(bytes(200 * MAX_DOCUMENT))
    node.encoding = "gzip"
    with pytest.raises(Refused, match="1,048,576"):
        store.get(stored.digest)


def test_dripping_node_is_cut_at_the_time_limit(node: FakeKubo, store: KuboStore) -> None:
    stored = store.put(bytes(1000))
    node.drip = 0.2
    began = time.monotonic()
    with pytest.raises(Unreachable, match="did not finish within 1 s"):
        store.get(stored.digest)
    assert time.monotonic() - began < 3


def test_hanging_node_is_given_up(node: FakeKubo, store: KuboStore) -> None:
    node.hang = 2.5
    with pytest.raises(Unreachable, match="did not answer within 1 s"):
        store.get(bytes(32))


def test_node_that_files_under_another_cid_is_refused(node: FakeKubo, store: KuboStore) -> None:
    node.old = True
    with pytest.raises(Refused, match="QmOldFormat"):
        store.put(b"x")


def test_page_instead_of_an_answer_is_named(node: FakeKubo, store: KuboStore) -> None:
    node.garbage = True
    with pytest.raises(Unreachable, match="nonsense"):
        store.put(b"x")
    with pytest.raises(Unreachable, match="nonsense"):
        store.has(bytes(32))


def test_missing_block_is_unreachable_with_the_node_s_words(store: KuboStore) -> None:
    with pytest.raises(Unreachable, match="block was not found locally"):
        store.get(bytes(32))


def test_absent_node_is_unreachable_with_a_hint() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unreachable, match=r"store\.kind"):
        KuboStore(f"/ip4/127.0.0.1/tcp/{port}/http", timeout=1).get(bytes(32))


def test_malformed_address_is_named() -> None:
    with pytest.raises(BadInput, match="localhost:5001"):
        KuboStore("localhost:5001")

"""Endpoints that are absent, wrong, slow, or talk nonsense."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from oracle.chain.devnode import free_port
from oracle.chain.rpc import Rpc, RpcError, connect
from oracle.domain.errors import BadInput, Unreachable
from tests.adapters.conftest import Ground


class Endpoint(ThreadingHTTPServer):
    """Answers every request with `status` and `body` after `delay` seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.body, self.delay = 200, b"{}", 0.0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v2/secret-key"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(self.server.delay)
        with contextlib.suppress(OSError):  # who asked may have given up
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    yield server
    server.shutdown()
    server.server_close()


def test_chain_id_is_checked_when_the_endpoint_is_opened(ground: Ground) -> None:
    assert connect(ground.node.url)[1] == ground.node.chain_id
    assert connect(ground.node.url, chain_id=ground.node.chain_id)[1] == ground.node.chain_id
    with pytest.raises(Unreachable, match=f"has chain id {ground.node.chain_id}, expected 1") as caught:
        connect(ground.node.url, chain_id=1)
    assert "deployment file" in caught.value.hint


def test_absent_node_is_unreachable_with_a_hint() -> None:
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        connect(f"http://127.0.0.1:{free_port()}")
    assert "--rpc" in caught.value.hint
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("url", ["", "localhost:8545", "ws://localhost:8545", "http://"])
def test_malformed_address_is_named(url: str) -> None:
    with pytest.raises(BadInput, match="no RPC address"):
        Rpc(url)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, b"<html>", "not JSON-RPC"),
        (200, b"[]", "not JSON-RPC"),
        (200, b"{}", "not JSON-RPC"),
        (200, b"\xff", "not JSON-RPC"),
        (429, b"slow down", "HTTP 429"),
        (500, b"", "HTTP 500"),
    ],
)
def test_nonsense_is_told_from_an_answer(endpoint: Endpoint, status: int, body: bytes, reason: str) -> None:
    endpoint.status, endpoint.body = status, body
    with pytest.raises(Unreachable, match=reason):
        Rpc(endpoint.url).request("eth_chainId")


def test_silent_node_is_given_up_at_the_time_limit(endpoint: Endpoint) -> None:
    endpoint.delay = 1.5
    with pytest.raises(Unreachable, match=r"did not answer eth_chainId within 0\.3 s"):
        Rpc(endpoint.url, timeout=0.3).request("eth_chainId")


def test_node_without_a_chain_id_is_unreachable(endpoint: Endpoint) -> None:
    endpoint.body = json.dumps({"jsonrpc": "2.0", "id": 0, "result": None}).encode()
    with pytest.raises(Unreachable, match="does not tell its chain id"):
        connect(endpoint.url)


@pytest.mark.parametrize(
    "data", ["0xdeadbeef", "Reverted 0xdeadbeef", {"result": "0xdeadbeef"}, {"data": "0xdeadbeef", "message": "x"}]
)
def test_revert_data_is_found_wherever_a_node_puts_it(endpoint: Endpoint, data: object) -> None:
    error = {"code": 3, "message": "execution reverted", "data": data}
    endpoint.body = json.dumps({"jsonrpc": "2.0", "id": 0, "error": error}).encode()
    with pytest.raises(RpcError) as caught:
        Rpc(endpoint.url).request("eth_call")
    assert (caught.value.code, caught.value.data) == (3, bytes.fromhex("deadbeef"))


@pytest.mark.parametrize("data", [None, "words", 7, {}])
def test_refusal_without_revert_data_keeps_its_message(endpoint: Endpoint, data: object) -> None:
    error = {"code": -32000, "message": "nonce too low", "data": data}
    endpoint.body = json.dumps({"jsonrpc": "2.0", "id": 0, "error": error}).encode()
    with pytest.raises(RpcError, match="nonce too low") as caught:
        Rpc(endpoint.url).request("eth_sendRawTransaction")
    assert caught.value.data == b""


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        ({"result": {"number": "0x1"}}, "pending"),
        ({"result": None}, "latest"),
        ({"error": {"code": -32602, "message": "pending is not supported"}}, "latest"),
    ],
)
def test_coming_block_is_asked_for_only_where_it_is_known(endpoint: Endpoint, answer: object, tag: str) -> None:
    endpoint.body = json.dumps({"jsonrpc": "2.0", "id": 0, **answer}).encode()  # type: ignore[dict-item]
    rpc = Rpc(endpoint.url)
    assert rpc.soon == tag
    endpoint.status = 500
    assert rpc.soon == tag


def test_keys_in_the_address_are_never_shown(endpoint: Endpoint) -> None:
    endpoint.status = 403
    rpc = Rpc(endpoint.url)
    with pytest.raises(Unreachable) as caught:
        rpc.request("eth_chainId")
    assert "secret-key" not in str(caught.value) + repr(rpc)

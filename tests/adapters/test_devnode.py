import os
import socket
import time
from pathlib import Path

import pytest

from oracle.chain import devnode
from oracle.chain.devnode import NodeKind, TimeMachine
from oracle.chain.rpc import Rpc, connect
from oracle.domain.errors import BadInput, Refused, Unreachable
from tests.adapters.test_rpc import Endpoint


def test_node_answers_with_its_chain_id_and_is_gone_after_stop() -> None:
    with devnode.start(NodeKind.ANVIL) as node:
        assert connect(node.url)[1] == node.chain_id == 31337
        assert node.port != 8545
    node.stop()
    with pytest.raises(Unreachable):
        connect(node.url)


def test_node_can_be_stopped_by_another_program_by_its_process_id() -> None:
    node = devnode.start(NodeKind.ANVIL)
    assert devnode.stop_process(node.pid)
    node._process.wait(10)
    with pytest.raises(Unreachable):
        connect(node.url)
    # The launcher goes a moment before the chain that it launched.
    end = time.monotonic() + 10
    while devnode.stop_process(node.pid):
        assert time.monotonic() < end


def test_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unreachable, match="ended at once") as caught:
            devnode.start(NodeKind.ANVIL, port=port)
    assert str(port) in caught.value.hint


def test_program_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(devnode, "_PROGRAMS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="anvil is not installed"):
        devnode.start(NodeKind.ANVIL)


def test_output_goes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    with devnode.start(NodeKind.GANACHE, log=log):
        assert b"Starting RPC server" in log.read_bytes()


def test_chain_that_does_not_skip_time_says_so() -> None:
    endpoint = Endpoint()
    endpoint.body = b'{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"method not found"}}'
    with pytest.raises(Refused, match="does not do evm_mine: method not found"):
        TimeMachine(Rpc(endpoint.url)).mine()
    endpoint.shutdown()


def test_program_that_stays_silent_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devnode, "_START_LIMIT", 0.3)
    monkeypatch.setattr(devnode, "_command", lambda kind, port: ["sleep", "60"])
    started = []
    popen = devnode.subprocess.Popen

    def remember(*args: object, **kwargs: object) -> object:
        started.append(popen(*args, **kwargs))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(devnode.subprocess, "Popen", remember)
    with pytest.raises(Unreachable, match="does not answer"):
        devnode.start(NodeKind.ANVIL)
    with pytest.raises(ProcessLookupError):
        os.killpg(started[0].pid, 0)

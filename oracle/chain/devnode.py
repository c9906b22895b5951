"""A local chain as a child process, Anvil or Ganache, whose time can be skipped and whose state can be put back."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from oracle.chain.accounts import DEV_MNEMONIC
from oracle.chain.rpc import Rpc, RpcError, connect
from oracle.domain.errors import BadInput, Refused, Unreachable

_START_LIMIT = 60.0
_STOP_LIMIT = 10.0
ACCOUNTS = 20
_PROGRAMS = Path(__file__).resolve().parents[2] / "node_modules" / ".bin"
"""Where `make setup` puts them, in a checkout."""


class NodeKind(StrEnum):
    """Which program serves the chain."""

    ANVIL = "anvil"
    GANACHE = "ganache"

    @property
    def chain_id(self) -> int:
        """The chain id it is started with."""
        return 31337 if self is NodeKind.ANVIL else 1337


@dataclass(frozen=True, slots=True)
class TimeMachine:
    """Skips time and keeps snapshots on a development node; works on one that someone else started, too."""

    rpc: Rpc

    def now(self) -> int:
        """Timestamp of the latest block."""
        return int(self.rpc.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def mine(self, blocks: int = 1) -> None:
        """Adds empty blocks."""
        for _ in range(blocks):
            self._asked("evm_mine")

    def skip(self, seconds: int) -> int:
        """Mines a block at least `seconds` later than the latest; returns its timestamp."""
        if seconds < 0:
            raise BadInput(f"cannot skip {seconds} seconds: time does not go back")
        return self.skip_to(self.now() + seconds)

    def skip_to(self, timestamp: int) -> int:
        """Mines a block at `timestamp` or just after; returns its timestamp. No change if that is past.

        The two programs count differently: the offset that they add is to their own clock, which may lag behind or
        run ahead of the latest block, so the result is looked at and what is missing is added.
        """
        while (now := self.now()) < timestamp:
            self._asked("evm_increaseTime", timestamp - now)
            self._asked("evm_mine")
        return now

    def snapshot(self) -> str:
        """Remembers the state; the id is good for one `revert`."""
        return str(self._asked("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Puts the state back. Refused if the node does not know the snapshot."""
        if self._asked("evm_revert", snapshot) is not True:
            raise Refused(f"the node knows no snapshot {snapshot}", hint="a snapshot is used up by one revert")

    def _asked(self, method: str, *params: object) -> object:
        try:
            return self.rpc.request(method, *params)
        except RpcError as error:
            raise Refused(
                f"the chain at {self.rpc.place} does not do {method}: {error.message}",
                hint="time is skipped on Anvil and Ganache only",
            ) from error


class DevNode:
    """A running local chain. As a context manager it stops at the end."""

    def __init__(self, kind: NodeKind, port: int, process: subprocess.Popen[bytes]) -> None:
        self.kind, self.port, self._process = kind, port, process
        self.url = f"http://127.0.0.1:{port}"
        self.time = TimeMachine(Rpc(self.url))

    @property
    def chain_id(self) -> int:
        """31337 for Anvil, 1337 for Ganache."""
        return self.kind.chain_id

    @property
    def pid(self) -> int:
        """The process, to be stopped later by `stop_process`."""
        return self._process.pid

    def stop(self) -> None:
        """Ends the process; twice is no error."""
        if self._process.poll() is None:
            stop_process(self.pid)
            try:
                self._process.wait(_STOP_LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()

    def __enter__(self) -> "DevNode":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(kind: NodeKind, *, port: int | None = None, log: Path | None = None) -> DevNode:
    """Starts a chain on `port` (a free one if None) and waits until it answers; its output goes to `log`.

    It has a session of its own and outlives this program unless it is stopped. BadInput if it is not installed,
    Unreachable if it ends or stays silent.
    """
    chosen = free_port() if port is None else port
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("wb")) if log else subprocess.DEVNULL
        process = subprocess.Popen(
            _command(kind, chosen),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    node = DevNode(kind, chosen, process)
    try:
        for _ in _until(_START_LIMIT):
            if process.poll() is not None:
                raise Unreachable(
                    f"{kind} ended at once with status {process.returncode}", hint=f"is port {chosen} taken?"
                )
            with contextlib.suppress(Unreachable):
                connect(node.url, chain_id=kind.chain_id, timeout=2)
                return node
    except BaseException:
        node.stop()
        raise
    node.stop()
    raise Unreachable(f"{kind} does not answer on port {chosen} after {_START_LIMIT:g} s", hint="is the machine busy?")


def stop_process(pid: int) -> bool:
    """Ends a chain that `start` made, by its process id and with its children; False if there is none."""
    try:
        os.killpg(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    return True


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(kind: NodeKind, port: int) -> list[str]:
    local = _PROGRAMS / kind.value
    program = str(local) if local.exists() else shutil.which(kind.value)
    if program is None:
        raise BadInput(f"{kind} is not installed", hint="run `make setup` in the project's folder")
    if kind is NodeKind.ANVIL:
        flags = f"--host 127.0.0.1 --port {port} --chain-id {kind.chain_id} --accounts {ACCOUNTS} --hardfork shanghai"
        return [program, *flags.split(), "--gas-limit", "30000000", "--silent", "--mnemonic", DEV_MNEMONIC]
    flags = (
        f"--server.host 127.0.0.1 --server.port {port} --chain.chainId {kind.chain_id}"
        f" --chain.networkId {kind.chain_id} --chain.hardfork shanghai --logging.quiet"
        f" --wallet.totalAccounts {ACCOUNTS} --miner.blockGasLimit 30000000"
    )
    return [program, *flags.split(), "--wallet.mnemonic", DEV_MNEMONIC, "--wallet.defaultBalance", "10000"]


def _until(limit: float) -> Iterator[None]:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        yield
        time.sleep(0.05)

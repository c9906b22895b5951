"""The contracts inside this process: forge's artifacts deployed in pyrevm, some thousands of calls a second.

    evm = Evm()
    token = evm.deploy("BToken", config)
    token("permissionlessMint", 10**18, cost, deadline, sender=alice)   # returns the result, or raises Revert

A call commits unless it reverts; `evm.now` is the block time in seconds.
"""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyrevm
import rlp
from eth_abi import abi
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "build" / "forge"
CHAIN_ID = 31337
GENESIS = 1_700_000_000


class Revert(Exception):
    """A call that was refused: the custom error's name (or Panic, Error, "" without data) and its arguments."""

    def __init__(self, name: str, args: tuple[Any, ...] = ()) -> None:
        super().__init__(f"{name}{args}")
        self.name = name
        self.arguments = args


@dataclass(frozen=True)
class Function:
    """A function or error of an ABI with its 4-byte selector."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Artifact:
    """What forge made of one contract."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    constructor: tuple[str, ...]
    functions: dict[str, Function]
    errors: dict[bytes, Function]


@cache
def build() -> None:
    """Builds contracts and harnesses once for a run; a lock keeps parallel workers from building into one another."""
    forge = shutil.which("forge", path=str(ROOT / "node_modules" / ".bin"))
    if forge is None:
        raise RuntimeError("forge is missing: run `make setup`")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    command = [forge, "build", "--quiet", "contracts", "tests/contracts/forge/harness"]
    with (ROOT / "build" / ".forge.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"forge build failed:\n{done.stdout}{done.stderr}")


@cache
def artifact(name: str) -> Artifact:
    """The artifact of contract `name`, whose file has the same name."""
    build()
    found = json.loads((ARTIFACTS / f"{name}.sol" / f"{name}.json").read_text())
    functions, errors, constructor = {}, dict(_PANICS), ()
    for entry in found["abi"]:
        inputs = tuple(_kind(item) for item in entry.get("inputs", ()))
        if entry["type"] == "constructor":
            constructor = inputs
        elif entry["type"] in ("function", "error"):
            outputs = tuple(_kind(item) for item in entry.get("outputs", ()))
            described = Function(entry["name"], _selector(entry["name"], inputs), inputs, outputs)
            if entry["type"] == "error":
                errors[described.selector] = described
            else:
                functions[f"{entry['name']}({','.join(inputs)})"] = described
                functions.setdefault(entry["name"], described)
    return Artifact(name, found["abi"], bytes.fromhex(found["bytecode"]["object"][2:]), constructor, functions, errors)


class Evm:
    """One chain in memory, at Shanghai as the contracts are compiled. Every account can pay for gas."""

    def __init__(self, now: int = GENESIS) -> None:
        block = pyrevm.BlockEnv(number=1, timestamp=now, gas_limit=1 << 40)
        environment = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=CHAIN_ID), block=block)
        self.chain = pyrevm.EVM(env=environment, gas_limit=1 << 40, spec_id="SHANGHAI")
        self._now, self._number = now, 1

    @property
    def now(self) -> int:
        """Block time in seconds."""
        return self._now

    @property
    def number(self) -> int:
        """Block number."""
        return self._number

    def warp(self, now: int) -> None:
        """Moves to the next block, at second `now`."""
        self._now, self._number = now, self._number + 1
        self.chain.set_block_env(pyrevm.BlockEnv(number=self._number, timestamp=now, gas_limit=1 << 40))

    def mine(self, blocks: int) -> None:
        """Moves on by some blocks within the same second."""
        self._number += blocks - 1
        self.warp(self._now)

    def skip(self, seconds: int) -> None:
        """Moves to the next block, `seconds` later."""
        self.warp(self._now + seconds)

    def next_address(self, sender: str) -> str:
        """Where `sender` will deploy next: calls do not count in its nonce here."""
        nonce = self.chain.basic(sender).nonce
        return to_checksum_address(keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:])

    def deploy(self, name: str, *arguments: Any, sender: str = "") -> "Contract":
        """Deploys contract `name`; raises Revert if its constructor does."""
        made = artifact(name)
        code = made.bytecode + abi.encode(made.constructor, arguments)
        try:
            address = self.chain.deploy(sender or account(0), code)
        except RuntimeError as failure:
            raise _revert(str(failure), made.errors) from None
        return Contract(self, made, address)


class Contract:
    """A deployed contract: call it with a function's name (or full signature) and arguments."""

    def __init__(self, evm: Evm, made: Artifact, address: str) -> None:
        self.evm, self.artifact, self.address = evm, made, address
        self.errors = dict(made.errors)
        """Those it can name; add those of the contracts that it calls."""

    def calldata(self, function: str, *arguments: Any) -> bytes:
        """Selector and encoded arguments of a call."""
        called = self.artifact.functions[function]
        return called.selector + (_words(called.inputs, arguments) or abi.encode(called.inputs, arguments))

    def __call__(self, function: str, *arguments: Any, sender: str = "") -> Any:
        """The result: None, one value, or a tuple. Raises Revert and leaves no trace if the contract refuses."""
        called, data = self.artifact.functions[function], self.calldata(function, *arguments)
        try:
            output = self.evm.chain.message_call(sender or account(0), self.address, calldata=data)
        except RuntimeError as failure:
            raise _revert(str(failure), self.errors) from None
        if called.outputs == ("uint256",):
            return int.from_bytes(output[:32], "big")
        values = abi.decode(called.outputs, output)
        return values if len(values) > 1 else values[0] if values else None

    def outcome(self, function: str, *arguments: Any, sender: str = "") -> Any:
        """The result, or the error's name instead of raising it: what a twin is compared with."""
        try:
            return self(function, *arguments, sender=sender)
        except Revert as revert:
            return revert.name


def account(number: int) -> str:
    """Address of a made-up account."""
    return "0x" + f"{0xACC00000 + number:040x}"


def _words(kinds: tuple[str, ...], arguments: tuple[Any, ...]) -> bytes:
    """Plain unsigned words at once: the twins make tens of thousands of such calls."""
    if kinds and all(kind == "uint256" for kind in kinds) and len(kinds) == len(arguments):
        return b"".join([argument.to_bytes(32, "big") for argument in arguments])
    return b""


def _kind(item: dict[str, Any]) -> str:
    """Canonical type of an ABI item; structs as tuples."""
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    return f"({','.join(_kind(part) for part in item['components'])}){item['type'][5:]}"


def _selector(name: str, inputs: Sequence[str]) -> bytes:
    return keccak(f"{name}({','.join(inputs)})".encode())[:4]


def _error(name: str, *inputs: str) -> tuple[bytes, Function]:
    selector = _selector(name, inputs)
    return selector, Function(name, selector, inputs, ())


_PANICS = dict([_error("Panic", "uint256"), _error("Error", "string")])


def _revert(message: str, errors: dict[bytes, Function]) -> Revert:
    """Reads pyrevm's message: Revert { gas_used, output: 0x... } or Halt { reason, ... }."""
    if "output: 0x" not in message:
        return Revert("Halt", (message,))
    output = bytes.fromhex(message.split("output: 0x")[1].split(" ")[0].rstrip(",}"))
    error = errors.get(output[:4])
    if error is None:
        return Revert(f"0x{output[:4].hex()}" if output else "")
    return Revert(error.name, tuple(abi.decode(error.inputs, output[4:])))

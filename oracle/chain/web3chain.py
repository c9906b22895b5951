"""The chain behind the port: named contracts of one deployment, read, listened to and written to over JSON-RPC."""

from collections.abc import Mapping
from typing import Any

from eth_abi.exceptions import DecodingError

from oracle.chain import codec, events, explain
from oracle.chain.rpc import Rpc, RpcError
from oracle.chain.sender import Sender
from oracle.domain.errors import BadInput, Unreachable
from oracle.ports.chain import Block, Call, Event, Receipt, SignedCall
from oracle.ports.clock import Clock
from oracle.ports.signer import Signer

GWEI = 10**9
_ABI_OF = {"ReserveToken": "MockUSDC"}
"""Contracts that a deployment names by what they are for rather than by their code."""


class Web3Chain:
    """Implements `oracle.ports.chain.Chain` for the contracts in `addresses` (name to checksummed address)."""

    def __init__(
        self,
        rpc: Rpc,
        chain_id: int,
        addresses: Mapping[str, str],
        clock: Clock,
        *,
        max_fee: int = 500 * GWEI,
        gas_cap: int = 12_000_000,
        patience: float = 120.0,
    ) -> None:
        self._rpc, self._chain_id, self._addresses = rpc, chain_id, dict(addresses)
        self._sender = Sender(rpc, chain_id, clock, max_fee=max_fee, gas_cap=gas_cap, patience=patience)
        self._names = {address: name for name, address in self._addresses.items()}

    @property
    def chain_id(self) -> int:
        """The chain id that was checked when the endpoint was opened."""
        return self._chain_id

    def head(self) -> Block:
        """The latest block."""
        return self._block("latest")

    def block(self, number: int) -> Block:
        """A block by number. Unreachable if the node does not have it."""
        return self._block(hex(number))

    def address(self, contract: str) -> str:
        """Where a contract is. BadInput if the deployment does not have it."""
        try:
            return self._addresses[contract]
        except KeyError:
            known = ", ".join(sorted(self._addresses))
            raise BadInput(f"the deployment has no {contract}", hint=f"it has {known}") from None

    def nonce(self, account: str) -> int:
        """Mined transactions of an account."""
        return int(self._rpc.request("eth_getTransactionCount", account, "latest"), 16)

    def read(self, contract: str, function: str, *args: Any, at: int | None = None) -> Any:
        """A view at block `at`, or at the coming block if None, so that time-dependent views are up to date."""
        address, data = self.address(contract), self.encode(Call(contract, function, args))
        block = self._rpc.soon if at is None else hex(at)
        request = {"to": address, "data": "0x" + data.hex()}
        try:
            answer = self._rpc.request("eth_call", request, block)
        except RpcError as error:
            raise explain.reverted(f"{contract}.{function}", error) from error
        return self._result(contract, function, len(args), bytes.fromhex(answer.removeprefix("0x")))

    def events(
        self, contract: str, name: str, *, first: int, last: int | None = None, where: Mapping[str, Any] | None = None
    ) -> list[Event]:
        """Decoded events of a range of blocks, oldest first."""
        topics = _codec(contract).topics(name, where or {})
        upper = self.head().number if last is None else last
        found = events.logs(self._rpc, [self.address(contract)], topics, first, upper)
        return [event for log in found if (event := self._event(log)) is not None]

    def encode(self, call: Call) -> bytes:
        """The calldata of a call."""
        return _codec(call.contract).encode_call(call.function, call.args)

    def simulate(self, call: Call, sender: str) -> Any:
        """Runs the call without sending it; returns its result or raises Reverted."""
        data = self._sender.simulate(call, self.address(call.contract), self.encode(call), sender)
        return self._result(call.contract, call.function, len(call.args), data)

    def sign(self, call: Call, signer: Signer, *, nonce: int | None = None) -> SignedCall:
        """Simulates, prices and signs; nothing is sent."""
        return self._sender.sign(call, self.address(call.contract), self.encode(call), signer, nonce)

    def broadcast(self, raw: bytes) -> None:
        """Hands a signed transaction to the node."""
        self._sender.broadcast(raw)

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """The receipt once mined. Reverted if it failed."""
        found = self._sender.mined(tx_hash)
        return None if found is None else self._receipt(found)

    def wait(self, tx_hash: bytes) -> Receipt:
        """The receipt, waited for."""
        return self._receipt(self._sender.wait(tx_hash))

    def send(self, call: Call, signer: Signer) -> Receipt:
        """Signs, broadcasts and waits."""
        signed = self.sign(call, signer)
        self.broadcast(signed.raw)
        return self.wait(signed.tx_hash)

    def _block(self, which: str) -> Block:
        found = self._rpc.request("eth_getBlockByNumber", which, False)
        if found is None:
            raise Unreachable(f"the chain at {self._rpc.place} has no block {which}", hint="is the node in sync?")
        return Block(int(found["number"], 16), int(found["timestamp"], 16), _bytes(found["hash"]))

    def _result(self, contract: str, function: str, count: int, data: bytes) -> Any:
        try:
            return _codec(contract).decode_result(function, count, data)
        except DecodingError as error:
            raise BadInput(
                f"{self.address(contract)} does not answer {contract}.{function} as that contract would",
                hint="the deployment file belongs to another chain, or to one that was reset: deploy again",
            ) from error

    def _event(self, log: dict[str, Any]) -> Event | None:
        name = next((n for a, n in self._names.items() if a.lower() == log["address"].lower()), None)
        found = _codec(name).decode_event([_bytes(t) for t in log["topics"]], _bytes(log["data"])) if name else None
        if name is None or found is None:
            return None
        number, index = int(log["blockNumber"], 16), int(log["logIndex"], 16)
        return Event(name, found[0], found[1], number, _bytes(log["blockHash"]), _bytes(log["transactionHash"]), index)

    def _receipt(self, found: dict[str, Any]) -> Receipt:
        decoded = tuple(event for log in found["logs"] if (event := self._event(log)) is not None)
        block = self._block(found["blockNumber"])
        price = int(found.get("effectiveGasPrice") or "0x0", 16)
        return Receipt(_bytes(found["transactionHash"]), block, int(found["gasUsed"], 16), price, decoded)


def abi_name(contract: str) -> str:
    """The ABI behind a name of the deployment."""
    return _ABI_OF.get(contract, contract)


def _codec(contract: str) -> codec.Codec:
    return codec.of(abi_name(contract))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))

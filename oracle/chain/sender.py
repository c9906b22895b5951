"""Writes: simulate, price, sign, broadcast, wait; three separate steps, so that the ledger can stand between them."""

from typing import Any

from eth_utils.crypto import keccak

from oracle.chain import explain, fees
from oracle.chain.rpc import Rpc, RpcError
from oracle.domain.errors import Refused, Unreachable
from oracle.ports.chain import Call, SignedCall
from oracle.ports.clock import Clock
from oracle.ports.signer import Signer

_MARGIN = (5, 4)
"""Gas limit over the estimate: state may change between estimate and block."""


class Sender:
    """Sends transactions of one chain. `max_fee` is wei per gas, `gas_cap` the most gas one call may use."""

    def __init__(self, rpc: Rpc, chain_id: int, clock: Clock, *, max_fee: int, gas_cap: int, patience: float) -> None:
        self._rpc, self._chain_id, self._clock = rpc, chain_id, clock
        self._max_fee, self._gas_cap, self._patience = max_fee, gas_cap, patience

    def simulate(self, call: Call, to: str, data: bytes, sender: str) -> bytes:
        """What the call would return if it were sent now. Reverted with the contract's reason."""
        try:
            answer = self._rpc.request("eth_call", _request(call, to, data, sender), self._rpc.soon)
        except RpcError as error:
            raise explain.reverted(f"{call.contract}.{call.function}", error) from error
        return bytes.fromhex(str(answer).removeprefix("0x"))

    def sign(self, call: Call, to: str, data: bytes, signer: Signer, nonce: int | None = None) -> SignedCall:
        """Simulates, prices and signs; nothing is sent."""
        self.simulate(call, to, data, signer.address)
        what = f"{call.contract}.{call.function}"
        gas = self._gas(what, _request(call, to, data, signer.address))
        price = fees.suggest(self._rpc, self._max_fee)
        self._affordable(what, signer.address, gas * price.max_fee + call.value)
        if nonce is None:
            nonce = int(self._rpc.request("eth_getTransactionCount", signer.address, self._rpc.soon), 16)
        raw, tx_hash = signer.sign_transaction(
            {
                "chainId": self._chain_id,
                "nonce": nonce,
                "to": to,
                "value": call.value,
                "data": data,
                "gas": gas,
                **price.as_transaction(),
            }
        )
        return SignedCall(call, signer.address, nonce, gas, price.max_fee, tx_hash, raw)

    def broadcast(self, raw: bytes) -> None:
        """Hands it to the node. One that the node has already, mined or waiting, is no error."""
        try:
            self._rpc.request("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcError as error:
            if self._rpc.request("eth_getTransactionByHash", "0x" + keccak(raw).hex()) is None:
                raise Refused(
                    f"the node refused the transaction: {error.message}",
                    hint="if its nonce was used meanwhile, another process sends from this account: stop one of them",
                ) from error

    def mined(self, tx_hash: bytes) -> dict[str, Any] | None:
        """The node's receipt, or None while it has none. Reverted if the transaction failed."""
        receipt: dict[str, Any] | None = self._rpc.request("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        if receipt is None or receipt.get("blockNumber") is None:
            return None
        if int(receipt["status"], 16) != 1:
            raise self._failure(tx_hash, receipt)
        return receipt

    def wait(self, tx_hash: bytes) -> dict[str, Any]:
        """The receipt, asked for at growing intervals until the time limit."""
        began, pause = self._clock.monotonic(), 0.02
        while (receipt := self.mined(tx_hash)) is None:
            if self._clock.monotonic() - began > self._patience:
                raise Unreachable(
                    f"transaction 0x{tx_hash.hex()} is not mined after {self._patience:g} s",
                    hint="it may still be: run the command again, it goes on from where it stopped",
                )
            self._clock.sleep(pause)
            pause = min(pause * 1.5, 2.0)
        return receipt

    def _gas(self, what: str, request: dict[str, str]) -> int:
        try:
            estimate = int(self._rpc.request("eth_estimateGas", request), 16)
        except RpcError as error:
            raise explain.reverted(what, error) from error
        if estimate > self._gas_cap:
            raise Refused(
                f"{what} would use {estimate:,} gas, over the cap of {self._gas_cap:,}", hint="raise --gas-cap"
            )
        return min(estimate * _MARGIN[0] // _MARGIN[1], self._gas_cap)

    def _affordable(self, what: str, account: str, cost: int) -> None:
        balance = int(self._rpc.request("eth_getBalance", account, self._rpc.soon), 16)
        if balance < cost:
            raise Refused(
                f"{account} has {balance / 1e18:.6f} ether, {what} may cost up to {cost / 1e18:.6f}",
                hint="send it ether for gas",
            )

    def _failure(self, tx_hash: bytes, receipt: dict[str, Any]) -> Exception:
        """Runs a failed transaction again on the block before its own, to learn why it failed."""
        sent = self._rpc.request("eth_getTransactionByHash", "0x" + tx_hash.hex())
        request = {k: sent[k] for k in ("from", "to", "value", "gas", "input") if sent.get(k) is not None}
        request["data"] = request.pop("input", "0x")
        what = f"transaction 0x{tx_hash.hex()}"
        try:
            self._rpc.request("eth_call", request, hex(int(receipt["blockNumber"], 16) - 1))
        except RpcError as error:
            return explain.reverted(what, error)
        return explain.reverted(what, RpcError(3, "it failed in its block, but succeeds on the block before"))


def _request(call: Call, to: str, data: bytes, sender: str) -> dict[str, str]:
    return {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(call.value)}

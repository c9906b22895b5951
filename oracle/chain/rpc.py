"""JSON-RPC over HTTP: one endpoint, a time limit, and errors that a person can act on."""

from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from oracle.domain.errors import BadInput, Unreachable


class RpcError(Exception):
    """The node understood and refused: JSON-RPC `code`, `message`, and `data` (revert bytes, if any)."""

    def __init__(self, code: int, message: str, data: bytes = b"") -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class Rpc:
    """An endpoint. Its representation and its errors show host and port only: URLs may carry keys."""

    def __init__(self, url: str, *, timeout: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput(f"{url!r} is no RPC address", hint="write it like http://127.0.0.1:8545")
        self.place = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        self._timeout = timeout
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout},
            # A repeated send must be this program's decision, not the transport's.
            exception_retry_configuration=None,
        )

    def __repr__(self) -> str:
        return f"Rpc({self.place})"

    def request(self, method: str, *params: Any) -> Any:
        """The result of a call. RpcError if the node refuses it, Unreachable if no sound answer comes."""
        try:
            answer: Any = self._provider.make_request(RPCEndpoint(method), list(params))
        except requests.Timeout as error:
            raise self._gone(f"did not answer {method} within {self._timeout:g} s") from error
        except requests.HTTPError as error:
            raise self._gone(f"answered {method} with HTTP {error.response.status_code}") from error
        except requests.RequestException as error:
            raise self._gone("cannot be reached") from error
        except (ValueError, Web3Exception) as error:
            raise self._gone(f"answered {method} with something that is not JSON-RPC") from error
        if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
            raise _refusal(answer["error"])
        if not isinstance(answer, dict) or "result" not in answer:
            raise self._gone(f"answered {method} with something that is not JSON-RPC")
        return answer["result"]

    @cached_property
    def soon(self) -> str:
        """The tag of the coming block, `pending`; `latest` at an endpoint that does not know it."""
        try:
            known = self.request("eth_getBlockByNumber", "pending", False)
        except RpcError:
            known = None
        return "pending" if known else "latest"

    def _gone(self, what: str) -> Unreachable:
        return Unreachable(f"the chain at {self.place} {what}", hint="start the node, or give another --rpc")


def connect(url: str, *, chain_id: int | None = None, timeout: float = 20.0) -> tuple[Rpc, int]:
    """Opens an endpoint and returns it with its chain id; Unreachable if that is not the one expected."""
    rpc = Rpc(url, timeout=timeout)
    try:
        found = int(rpc.request("eth_chainId"), 16)
    except (RpcError, TypeError, ValueError) as error:
        raise Unreachable(f"the chain at {rpc.place} does not tell its chain id", hint="is it an RPC port?") from error
    if chain_id is not None and found != chain_id:
        raise Unreachable(
            f"the chain at {rpc.place} has chain id {found}, expected {chain_id}",
            hint="give the --rpc of the right chain, or the deployment file of this one",
        )
    return rpc, found


def _refusal(error: dict[str, Any]) -> RpcError:
    data = error.get("data")
    if isinstance(data, dict):  # Ganache wraps what a transaction returned
        data = data.get("result") or data.get("data")
    raw = b""
    if isinstance(data, str):
        text = data.removeprefix("Reverted ").removeprefix("0x")
        raw = bytes.fromhex(text) if _is_hex(text) else b""
    return RpcError(int(error.get("code", 0)), str(error.get("message", "")), raw)


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and all(c in "0123456789abcdefABCDEF" for c in text)

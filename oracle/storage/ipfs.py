"""A content store behind the Kubo RPC. The node is not trusted: size, time and digest of all it says are checked."""

import contextlib
import io
import json
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ipfshttpclient
from ipfshttpclient import exceptions as rpc
from ipfshttpclient import multipart

from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.ports.store import MAX_DOCUMENT, Stored
from oracle.storage.checks import check_digest, check_size
from oracle.storage.cid import cid_of, digest_of

_PUT = {"cid-codec": "raw", "mhtype": "sha2-256", "mhlen": "32", "pin": "true"}
_CHUNK = 1 << 16

# The client passes urllib3 an argument that does nothing any more; the person at the terminal cannot change that.
warnings.filterwarnings("ignore", message="The 'strict' parameter", category=FutureWarning)


class KuboStore:
    """Raw blocks in an IPFS node, pinned; `timeout` is the limit in seconds for one whole transfer."""

    def __init__(self, address: str, *, timeout: float = 20.0) -> None:
        self._address, self._timeout = address, timeout
        try:
            # `connect()` would refuse every current daemon by its version; the calls used here did not change.
            client = ipfshttpclient.Client(address, timeout=timeout, headers={"Accept-Encoding": "identity"})
        except rpc.AddressError as error:
            raise BadInput(
                f"{address!r} is no address of an IPFS node", hint="write it like /ip4/127.0.0.1/tcp/5001/http"
            ) from error
        # The public calls read a body whole, however large: hence the transport beneath them.
        self._transport = client._client

    def put(self, data: bytes) -> Stored:
        """Stores and pins one raw block, and checks that the node filed it under the right CID."""
        check_size(data)
        digest = digest_of(data)
        cid = cid_of(digest)
        body, headers = multipart.stream_files(io.BytesIO(data), chunk_size=_CHUNK)
        with self._mended(cid):
            filed = self._key(self._transfer("/block/put", cid, _PUT, body, headers))
        if filed != cid:
            raise Refused(
                f"the IPFS node at {self._address} filed the document as {filed}, not {cid}",
                hint="the node ignores cid-codec=raw: use Kubo 0.12 or newer",
            )
        return Stored(digest, cid, f"ipfs://{cid}")

    def get(self, digest: bytes) -> bytes:
        """The block, read up to the size cap and the time limit, its digest checked."""
        cid = cid_of(digest)
        with self._mended(cid):
            data = self._transfer("/block/get", cid, {"arg": cid})
        return check_digest(data, digest, f"{self._address}/{cid}")

    def has(self, digest: bytes) -> bool:
        """Whether the node holds the block itself (it is not asked to look for it in the network)."""
        cid = cid_of(digest)
        try:
            with self._mended(cid):
                return self._key(self._transfer("/block/stat", cid, {"arg": cid, "offline": "true"})) == cid
        except Unreachable as error:
            if isinstance(error.__cause__, rpc.ErrorResponse):
                return False
            raise

    def _transfer(
        self, path: str, cid: str, params: Mapping[str, str], body: Any = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """One RPC call; its answer is read up to the cap, and cut off at the time limit."""
        closables, chunks = self._transport._request(
            "POST", path, list(params.items()), auth=None, data=body, headers=headers, timeout=self._timeout,
            chunk_size=_CHUNK,
        )  # fmt: skip
        cut = threading.Event()

        def cut_off() -> None:
            cut.set()
            with contextlib.suppress(OSError, RuntimeError, ValueError):
                closables[0].raw.shutdown()

        # A read limit restarts with every byte; only a timer for the whole transfer stops a node that drips.
        timer = threading.Timer(self._timeout, cut_off)
        timer.start()
        data = bytearray()
        try:
            for chunk in chunks:
                data += chunk
                if len(data) > MAX_DOCUMENT:
                    raise Refused(
                        f"the IPFS node at {self._address} sends over {MAX_DOCUMENT:,} bytes for {cid}",
                        hint="no document of this organisation is that large: the node lies, use another",
                    )
        except OSError:
            if not cut.is_set():
                raise
        finally:
            timer.cancel()
            for closable in closables:
                closable.close()
        if cut.is_set():
            raise self._gone(cid, f"did not finish within {self._timeout:g} s", "raise store.timeout")
        return bytes(data)

    @staticmethod
    def _key(answer: bytes) -> str:
        return str(json.loads(answer)["Key"])

    @contextmanager
    def _mended(self, cid: str) -> Iterator[None]:
        """Turns the library's errors into sentences."""
        try:
            yield
        except rpc.TimeoutError as error:
            raise self._gone(cid, f"did not answer within {self._timeout:g} s", "raise store.timeout") from error
        except rpc.ConnectionError as error:
            raise self._gone(cid, "cannot be reached", "start it, or set store.kind to folder") from error
        except rpc.ErrorResponse as error:
            raise self._gone(cid, f"refused: {error}", "is the document pinned in a reachable node?") from error
        except (rpc.Error, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._gone(cid, f"answers nonsense ({type(error).__name__})", "is it the RPC port?") from error

    def _gone(self, cid: str, what: str, hint: str) -> Unreachable:
        return Unreachable(f"the IPFS node at {self._address} {what} (document {cid})", hint=hint)

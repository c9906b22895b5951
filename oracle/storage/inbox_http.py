"""Signed verdicts at another oracle's inbox over HTTP (`oracle/web/inbox.py` serves it)."""

import base64
import json
import time

import requests
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from oracle.domain.errors import Refused, Unreachable
from oracle.mechanism.verdict_message import MAX_MESSAGE
from oracle.storage.inbox_folder import MOST_MESSAGES

_LARGEST = MOST_MESSAGES * (MAX_MESSAGE * 4 // 3 + 64)


class HttpInbox:
    """Leaves and fetches messages at `url`. Redirects are not followed.

    `timeout` in seconds: for the first byte, and for the whole answer after it, so that a trickle holds up nobody.
    """

    def __init__(self, url: str, *, timeout: float = 20.0) -> None:
        self._url, self._timeout = url.rstrip("/"), timeout

    @property
    def place(self) -> str:
        """The address."""
        return self._url

    def put(self, proposal_id: int, round_: int, signer: str, message: bytes) -> None:
        """Posts the message."""
        self._ask("PUT", f"/verdicts/{proposal_id}/{round_}/{signer}", message)

    def messages(self, proposal_id: int, round_: int) -> list[bytes]:
        """What lies there; what is not of the agreed form makes the inbox count as silent."""
        body = self._ask("GET", f"/verdicts/{proposal_id}/{round_}")
        try:
            listed = json.loads(body)["messages"]
            return [base64.b64decode(item, validate=True) for item in listed][:MOST_MESSAGES]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unreachable(
                f"what {self._url} answers is no list of verdicts: {error}", hint="is it the address of an inbox?"
            ) from None

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        try:
            with requests.request(
                method, self._url + path, data=body, timeout=self._timeout, allow_redirects=False, stream=True
            ) as answer:
                content = _within(answer.raw, self._timeout)
                status = answer.status_code
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Unreachable(
                f"the inbox at {self._url} does not answer: {type(error).__name__}", hint="is that oracle running?"
            ) from error
        if 400 <= status < 500:
            raise Refused(f"the inbox at {self._url} refuses: {content[:300].decode('utf-8', 'replace')}")
        if status not in (200, 201, 204) or len(content) > _LARGEST:
            raise Unreachable(f"the inbox at {self._url} answers with status {status}", hint="ask who runs it")
        return content


def _within(raw: BaseHTTPResponse, seconds: float) -> bytes:
    """The body, up to the first byte over the limit. Raises TimeoutError (an OSError) if it takes longer."""
    content, ends = bytearray(), time.monotonic() + seconds
    while chunk := raw.read1(1 << 16, decode_content=False):
        content += chunk
        if len(content) > _LARGEST:
            break
        if time.monotonic() > ends:
            raise TimeoutError
    return bytes(content)

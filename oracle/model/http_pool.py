"""Requests to several OpenAI-compatible servers at once: spread, repeated elsewhere when one fails, bounded."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError

from oracle.domain.errors import Refused, Unreachable

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")

_CONNECT, _LARGEST, _PIECE = 10.0, 32 << 20, 1 << 16
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
_RETRY = {408, 409, 425, 429}


class Trouble(Exception):
    """A request failed in a way that another try, or another server, may mend; `pause` seconds are asked for."""

    def __init__(self, what: str, pause: float = 0.0) -> None:
        super().__init__(what)
        self.pause = pause


class _Bearer(AuthBase):
    """Sends the key, and keeps it out of every message."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


@dataclass
class Server:
    """One address, how many requests are under way there, and until when it rests after failures."""

    url: str
    under_way: int = 0
    failures: int = 0
    rests_until: float = 0.0


class Pool:
    """Servers that give the same answers. `pause` and `clock` are replaced in tests.

    A request is tried `attempts` times at most, each time where the fewest are under way and nothing failed of late.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        key: str | None = None,
        parallel: int = 8,
        attempts: int = 4,
        patience: float = 120.0,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.servers = [Server(url) for url in urls]
        self._auth = _Bearer(key) if key else None
        self._parallel, self._attempts, self._patience = parallel, attempts, patience
        self._pause, self._clock = pause, clock
        self._lock, self._local = threading.Lock(), threading.local()

    def ask(self, url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request, without a second try: a JSON object. Trouble if it may be tried again, Refused if not."""
        address = url + path
        try:
            response = self._session().request(
                "GET" if body is None else "POST",
                address,
                json=body,
                auth=self._auth,
                timeout=(min(_CONNECT, self._patience), self._patience),
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = self._read(response)
        except (requests.RequestException, HTTPError) as error:
            raise Trouble(f"{address}: {_kind(error)}") from None
        _check_status(address, response, content)
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            raise Trouble(f"{address}: the answer is not JSON") from None
        if not isinstance(answer, dict):
            raise Trouble(f"{address}: the answer is not a JSON object")
        return answer

    def map(
        self,
        jobs: Sequence[_Job],
        path: str,
        body: Callable[[_Job], dict[str, Any]],
        read: Callable[[_Job, dict[str, Any]], _Result],
        done: Callable[[_Result], None] = lambda result: None,
    ) -> list[_Result]:
        """Runs every job and returns what `read` makes of its answer, in order; `read` raises Trouble to try again.

        `done` is called with each result as it comes, one at a time. Unreachable if a job failed at every try.
        """
        stop = threading.Event()

        def work(job: _Job) -> _Result:
            result = self._try(path, body(job), lambda answer: read(job, answer), stop)
            with self._lock:
                done(result)
            return result

        with ThreadPoolExecutor(max_workers=min(len(jobs), self._parallel * len(self.servers)) or 1) as executor:
            futures: list[Future[_Result]] = [executor.submit(work, job) for job in jobs]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                stop.set()
                executor.shutdown(wait=True, cancel_futures=True)
        failed = [future for future in futures if not future.cancelled() and future.exception() is not None]
        return [future.result() for future in (failed[:1] or futures)]

    def _try(
        self, path: str, body: dict[str, Any], read: Callable[[dict[str, Any]], _Result], stop: threading.Event
    ) -> _Result:
        troubles: list[str] = []
        for attempt in range(self._attempts):
            server = self._take()
            trouble: Trouble | None = None
            try:
                return read(self.ask(server.url, path, body))
            except Trouble as error:
                trouble = error
                troubles.append(str(error))
            finally:
                self._give_back(server, trouble)
            if stop.is_set():
                break
            self._wait(attempt, trouble)
        raise Unreachable(
            f"no server answered after {len(troubles)} tries; the last: {troubles[-1]}",
            hint="are the servers up, and is patience long enough for an answer of this model?",
        )

    def _take(self) -> Server:
        """The server with least to do among those that do not rest; of all, if all rest."""
        with self._lock:
            now = self._clock()
            awake = [server for server in self.servers if server.rests_until <= now]
            server = min(awake or self.servers, key=lambda one: (one.under_way, one.failures))
            server.under_way += 1
            return server

    def _give_back(self, server: Server, trouble: Trouble | None) -> None:
        with self._lock:
            server.under_way -= 1
            if trouble is None:
                server.failures, server.rests_until = 0, 0.0
                return
            server.failures += 1
            rest = max(trouble.pause, _FIRST_PAUSE * 2 ** min(server.failures, 8))
            server.rests_until = self._clock() + min(rest, _LONGEST_PAUSE)

    def _wait(self, attempt: int, trouble: Trouble | None) -> None:
        """Waits before another try only where no other server is free to take it."""
        with self._lock:
            now = self._clock()
            if any(server.rests_until <= now for server in self.servers):
                return
            until = min(server.rests_until for server in self.servers)
        asked = trouble.pause if trouble else 0.0
        self._pause(min(max(until - now, asked, _FIRST_PAUSE * 2**attempt), _LONGEST_PAUSE))

    def _session(self) -> requests.Session:
        """One per thread: a session is not made to be shared."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session

    def _read(self, response: requests.Response) -> bytes:
        """The body, at most 32 MiB and within the patience, however slowly it drips."""
        pieces, size, until = list[bytes](), 0, self._clock() + self._patience
        while piece := response.raw.read1(_PIECE, decode_content=True):  # what has come, without waiting for more
            size += len(piece)
            if size > _LARGEST:
                raise Trouble(f"{response.url}: an answer of more than {_LARGEST >> 20} MiB")
            if self._clock() > until:
                raise Trouble(f"{response.url}: no whole answer within {self._patience:g} s")
            pieces.append(piece)
        return b"".join(pieces)


def _check_status(address: str, response: requests.Response, content: bytes) -> None:
    status = response.status_code
    if status == 200:
        return
    if status in _RETRY or status >= 500:
        raise Trouble(f"{address}: status {status}", _asked_pause(response))
    if status in (401, 403):
        raise Refused(f"{address}: status {status}: the key is refused", hint="name the server's key in key_file")
    raise Refused(
        f"{address}: status {status}: {_reason(content)}",
        hint="is it an OpenAI-compatible server of the pinned version?",
    )


def _asked_pause(response: requests.Response) -> float:
    value = response.headers.get("Retry-After", "")
    return min(float(value), _LONGEST_PAUSE) if value.isdecimal() else 0.0


def _reason(content: bytes) -> str:
    """What the server says in its error, on one line."""
    try:
        answer = json.loads(content)
        detail = answer.get("error", answer)
        text = detail.get("message", "") if isinstance(detail, dict) else str(detail)
    except (ValueError, AttributeError, RecursionError):
        text = content.decode("utf-8", "replace")
    return " ".join(str(text).split())[:300] or "no reason given"


def _kind(error: Exception) -> str:
    """What went wrong, without the library's long text."""
    if isinstance(error, requests.Timeout | TimeoutError | ReadTimeoutError):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__

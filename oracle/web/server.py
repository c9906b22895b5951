"""Serves an application beside the work of a command, and stops with it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from oracle.domain.errors import Unreachable

_START = 10.0
"""Seconds in which a server must have started."""


@contextmanager
def serving(app: ASGIApp, address: str) -> Iterator[str]:
    """Serves at `address` (host:port, port 0 for a free one) while the block runs; gives the URL.

    Raises Unreachable if the port is taken, the host is not this machine's, or it did not start in time.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        listening = socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise Unreachable(f"cannot listen at {address}: {reason}", hint="choose another host:port") from error
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_keep_alive=5, limit_concurrency=64)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    began = time.monotonic()
    while not server.started and thread.is_alive() and time.monotonic() - began < _START:
        time.sleep(0.01)
    try:
        if not server.started:
            raise Unreachable(f"the server at {address} did not start", hint="see the log above; try another host:port")
        yield f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_START)
        listening.close()

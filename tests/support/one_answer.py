"""A fake HTTP server that gives everybody the same answer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def one_answer(body: bytes, status: int = 200, pause: float = 0) -> Iterator[str]:
    """Its address; it stops at the end. With a `pause` (seconds) the answer comes byte by byte."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                for part in [body[i : i + 1] for i in range(len(body))] if pause else [body]:
                    self.wfile.write(part)
                    time.sleep(pause)
            except OSError:
                pass  # who asked has gone

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

"""A fake of the part of the Kubo RPC that the oracle uses, with misbehaviour on demand."""

import contextlib
import email
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

from oracle.storage.cid import cid_of


class FakeKubo(ThreadingHTTPServer):
    """Serves block/put, block/get, block/stat. `lie` maps a CID to other bytes; `drip` is seconds between bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blocks: dict[str, bytes] = {}
        self.queries: list[tuple[str, dict[str, list[str]]]] = []
        self.lie: dict[str, bytes] = {}
        self.drip, self.hang, self.old, self.garbage, self.encoding = 0.0, 0.0, False, False, ""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"/ip4/127.0.0.1/tcp/{self.server_address[1]}/http"


class _Handler(BaseHTTPRequestHandler):
    server: FakeKubo

    def do_POST(self) -> None:
        body = self._body()
        url = urlparse(self.path)
        query = parse_qs(url.query)
        self.server.queries.append((url.path, query))
        time.sleep(self.server.hang)
        if self.server.garbage:
            return self._answer(200, b"<html>not an IPFS node</html>")
        if url.path == "/api/v0/block/put":
            cid = "QmOldFormat" if self.server.old else cid_of(hashlib.sha256(body).digest())
            self.server.blocks[cid] = body
            return self._answer(200, json.dumps({"Key": cid, "Size": len(body)}).encode())
        cid = query["arg"][0]
        data = self.server.lie.get(cid, self.server.blocks.get(cid))
        if data is None:
            return self._answer(500, json.dumps({"Message": "block was not found locally", "Code": 0}).encode())
        if url.path == "/api/v0/block/stat":
            data = json.dumps({"Key": cid, "Size": len(data)}).encode()
        self._answer(200, data)

    def _body(self) -> bytes:
        chunks = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                chunks += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            chunks = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        head = f"Content-Type: {self.headers.get('Content-Type', '')}\n\n"
        message = email.message_from_bytes(head.encode() + chunks)
        part = message.get_payload(0) if message.is_multipart() else message
        return part.get_payload(decode=True)

    def _answer(self, status: int, data: bytes) -> None:
        pieces = [data[i : i + 1] for i in range(len(data))] if self.server.drip else [data]
        with contextlib.suppress(OSError):  # who asked may have given up
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if self.server.encoding:
                self.send_header("Content-Encoding", self.server.encoding)
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(self.server.drip)

    def log_message(self, *_: object) -> None:
        return

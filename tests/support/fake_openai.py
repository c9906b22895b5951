"""A fake OpenAI-compatible server on loopback: with or without our processor, and with misbehaviour on demand."""

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from oracle.model import forcing
from oracle.model.text import ModelText
from tests.support.fake_engine import FakeEngine


class FakeOpenAi(ThreadingHTTPServer):
    """Serves `/v1/models` and `/v1/completions`. `faults` are taken one per completion after the canary.

    A fault is a status, or the name of one: `garbage`, `list`, `hang`, `drop`, `drip`, `short`, `long`, `foreign`,
    `two`, `none`, `other` (a token that the rule does not draw), `silent` (no values beside the tokens).
    """

    daemon_threads = True

    def __init__(self, folder: Path, *, plugin: bool = True, numeric_class: str = "F", name: str = "model") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.plugin, self.name, self.key = plugin, name, ""
        self.text, self.engine = ModelText(folder), FakeEngine(folder, numeric_class)
        self.faults: deque[int | str] = deque()
        self.always: int | str | None = None
        self.answer, self.retry_after, self.processed, self.refuse_arguments = "", "", True, False
        self.grammar = ""
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.hang = 3.0
        self.lock, self.computing = threading.Lock(), threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        """The server dies: connections are refused from now on."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that gave up are no news."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeOpenAi

    def do_GET(self) -> None:
        if self._known():
            self._answer(200, {"object": "list", "data": [{"id": self.server.name, "object": "model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._known():
            return
        order = body.get("vllm_xargs", {}).get(forcing.ARGUMENT)
        canary = order is not None and json.loads(order)["canary"]
        with self.server.lock:
            self.server.bodies.append(body)
            fault = self.server.faults.popleft() if self.server.faults and not canary else None
        if self.server.always is not None and not canary:
            fault = self.server.always
        if isinstance(fault, int):
            return self._answer(fault, {"error": {"message": f"fault {fault}"}})
        if fault == "hang":
            time.sleep(self.server.hang)
        if fault == "drop":
            return self.connection.close()
        if fault in ("garbage", "list"):
            return self._send(200, b"<html>no</html>" if fault == "garbage" else b"[]")
        if order is not None and self.server.refuse_arguments:
            return self._answer(400, {"error": {"message": "extra fields not permitted"}})
        if order is None or not self.server.plugin:
            return self._answer(200, {"choices": [{"text": self._free(body), "finish_reason": "stop"}]})
        if self.server.grammar and json.loads(order)["grammar"] != self.server.grammar:
            return self._answer(400, {"error": {"message": f"{forcing.ARGUMENT}: the request is bound to grammar x"}})
        self._answer(200, self._ordered(body, forcing.loads(order), str(fault or "")), drip=fault == "drip")

    def _free(self, body: dict[str, Any]) -> str:
        return self.server.answer

    def _ordered(self, body: dict[str, Any], order: forcing.Order, fault: str) -> dict[str, Any]:
        with self.server.computing:  # the embedded decoder serves one at a time
            places = list(
                self.server.engine.complete(body["prompt"], order, body["max_tokens"], body.get("stop_token_ids", []))
            )
        tokens = [token for token, _ in places]
        if fault == "short":
            places, tokens = places[:-2], tokens[:-2]
        if fault == "long":
            places, tokens = places * 99, tokens * 99
        if fault == "foreign":
            tokens[0] = 10**6
        if fault == "other":
            tokens[0] = (tokens[0] + 1) % 200
        choice: dict[str, Any] = {"text": "", "token_ids": None if fault == "none" else tokens, "finish_reason": "stop"}
        if body.get("logprobs") and fault != "silent":
            values = [
                {token: value if self.server.processed else -0.5 for token, value in place.items()}
                for _, place in places
            ]
            choice["logprobs"] = {"top_logprobs": [{f"token_id:{t}": v for t, v in place.items()} for place in values]}
        return {"choices": [choice] * (2 if fault == "two" else 1)}

    def _known(self) -> bool:
        self.server.keys.append(self.headers.get("Authorization", ""))
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            self._answer(401, {"error": {"message": "Unauthorized"}})
            return False
        return True

    def _answer(self, status: int, document: dict[str, Any], *, drip: bool = False) -> None:
        self._send(status, json.dumps(document).encode(), drip=drip)

    def _send(self, status: int, content: bytes, *, drip: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if self.server.retry_after and status == 429:
            self.send_header("Retry-After", self.server.retry_after)
        self.end_headers()
        for place in range(0, len(content), 1 if drip else len(content)):
            self.wfile.write(content[place : place + (1 if drip else len(content))])
            if drip:
                self.wfile.flush()
                time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        """Silent."""

"""A server between client and Columna that is slow, or lies."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass
class Answer:
    """What is about to be sent. ``promised`` is the Content-Length told, when it is to differ from the body's."""

    status: int
    headers: dict[str, str]
    body: bytes
    promised: int | None = None


Lie = Callable[[str, Answer], Answer]


@dataclass
class Meddler:
    """Forwards to ``target``; ``lie`` may change any answer, ``pause`` seconds pass between pieces of 64 kB."""

    target: str
    lie: Lie = lambda path, answer: answer
    pause: float = 0.0
    sent: list[tuple[str, int]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    def data_sent(self) -> int:
        """Bytes of files sent so far."""
        return sum(size for path, size in self.sent if "/blobs/" in path)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append((handler.path, dict(handler.headers)))
        answer = self.lie(handler.path, self._forward(handler))
        try:
            handler.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                    handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(answer.body) if answer.promised is None else answer.promised))
            handler.end_headers()
            for start in range(0, len(answer.body), 65536):
                piece = answer.body[start : start + 65536]
                handler.wfile.write(piece)
                self.sent.append((handler.path, len(piece)))
                time.sleep(self.pause)
            if answer.promised is not None and answer.promised > len(answer.body):
                handler.close_connection = True
        except OSError:
            handler.close_connection = True

    def _forward(self, handler: BaseHTTPRequestHandler) -> Answer:
        parts = urlsplit(self.target)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "host"}
        connection.request(handler.command, handler.path, body=b"" if handler.command == "POST" else None, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return Answer(response.status, dict(response.getheaders()), body)

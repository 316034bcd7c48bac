"""The prompts process's HTTP: loopback or a private network, JSON in and out, a secret that only web knows."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import close_old_connections

from config.errors import ColumnaError, Invalid, body
from ml_backend.services.prompt_client import HEADER, prompt_secret
from ml_backend.services.prompt_session import Sessions

logger = logging.getLogger(__name__)
LARGEST_BODY = 1 << 20


class PromptServer(ThreadingHTTPServer):
    """``GET /health``; with the secret ``POST /sessions`` and ``POST /sessions/{id}/points``."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], sessions: Sessions) -> None:
        super().__init__(address, _Handler)
        self.sessions = sessions


class _Handler(BaseHTTPRequestHandler):
    server: PromptServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(200, self.server.sessions.health())
        else:
            self._answer(404, body("missing", "There is no such address."))

    def do_POST(self) -> None:
        if not hmac.compare_digest(self.headers.get(HEADER, ""), prompt_secret()):
            self.close_connection = True
            self._answer(403, body("forbidden", "Only Columna's web process may ask."))
            return
        try:
            self._answer(200, self._work(self._read()))
        except ColumnaError as error:
            self._answer(error.status_code, body(error.code, error.message, error.state))
        except Exception:
            logger.exception("a prompt failed")
            self._answer(500, body("error", "This should not have happened; the log of the prompts process has more."))
        finally:
            close_old_connections()

    def _read(self) -> dict[str, Any]:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            raise Invalid("This is too long for a prompt.")
        try:
            sent = json.loads(self.rfile.read(length))
        except ValueError:
            raise Invalid("A prompt is JSON.") from None
        if not isinstance(sent, dict):
            raise Invalid("A prompt is a JSON object.")
        return sent

    def _work(self, sent: dict[str, Any]) -> dict[str, Any]:
        close_old_connections()
        parts = self.path.strip("/").split("/")
        if parts == ["sessions"]:
            return self.server.sessions.open(stack_id=str(sent["stack"]), category=str(sent.get("category", "")))
        if len(parts) == 3 and parts[0] == "sessions" and parts[2] == "points":
            found = self.server.sessions.prompt(
                session=parts[1],
                kind=str(sent.get("kind", "click")),
                points=sent.get("points") or [],
                positive=bool(sent.get("positive", True)),
                restart=bool(sent.get("restart", False)),
            )
            return {**found, "bits": base64.b64encode(found["bits"]).decode()}
        raise Invalid("There is no such address.", code="missing")

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Say nothing: an address holds a session, and web logs the request already."""

"""Talking to the server: one kept connection per thread, retries, no redirects."""

from __future__ import annotations

import errno
import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from columna.errors import IntegrityError, NetworkError, NotAuthorised, Withdrawn, Withheld

_AGENT = "columna/0.1"
_RETRIED = frozenset({429, 500, 502, 503, 504})
_LOCAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EFBIG, errno.ENOENT, errno.EMFILE})
"""What is wrong with this machine, not with the way to the server: trying again does not help."""
_SMALL = 1 << 20
"""Bytes of an answer that is not a file; more is refused."""


class Session:
    """Requests to one server with one token. Safe to use from several threads."""

    def __init__(self, url: str, token: str, *, retries: int = 5, timeout: float = 60.0) -> None:
        self.url, self._token, self.retries, self.timeout = url, token, retries, timeout
        self._parts = urlsplit(url)
        self._local = threading.local()
        self._all: list[http.client.HTTPConnection] = []

    def json(self, path: str, *, method: str = "GET") -> Any:
        """Return the answer's JSON. Raises :class:`IntegrityError` when it is none or too long."""
        data = self.small(path, method=method)
        try:
            return json.loads(data)
        except ValueError:
            raise IntegrityError(f"{path}: the server did not answer with JSON.") from None

    def small(self, path: str, *, method: str = "GET", limit: int = _SMALL) -> bytes:
        """Return the whole answer, of ``limit`` bytes at most."""
        for attempt in self._attempts(path):
            with attempt, self.open(path, method=method) as response:
                data = response.read(limit + 1)
                if len(data) > limit:
                    raise IntegrityError(f"{path}: the answer is longer than {limit} bytes.")
                return data
        raise AssertionError("unreachable")

    @contextmanager
    def open(self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Iterator[http.client.HTTPResponse]:
        """Send one request and give its answer, once; the connection is kept when the answer was read to its end."""
        connection = self._connection()
        every = {"Authorization": f"Bearer {self._token}", "User-Agent": _AGENT, "Accept-Encoding": "identity", **(headers or {})}
        body = b"" if method == "POST" else None
        whole = False
        try:
            connection.request(method, self._parts.path + quote(path, safe="/?=&"), body=body, headers=every)
            response = connection.getresponse()
            if response.status not in (200, 201, 206):
                _refuse(path, response)
            yield response
            whole = response.isclosed()
        finally:
            if not whole:
                self.close()

    def attempts(self, what: str) -> Iterator[Any]:
        """Yield context managers that swallow a passing failure, up to ``retries`` times, each after a longer pause."""
        return self._attempts(what)

    def _attempts(self, what: str) -> Iterator[Any]:
        state = _Attempts()
        for number in range(self.retries + 1):
            state.failure = None
            yield state
            if state.failure is None:
                return
            self.close()
            if number < self.retries:
                time.sleep(min(8.0, 0.25 * 2**number) * (0.5 + random.random()))
        raise NetworkError(f"{what}: no answer after {self.retries + 1} attempts ({state.failure}). Run the command again to go on.")

    def _connection(self) -> http.client.HTTPConnection:
        found = getattr(self._local, "connection", None)
        if found is None:
            kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            found = self._local.connection = kind(self._parts.netloc, timeout=self.timeout)
            self._all.append(found)
        return found  # type: ignore[no-any-return]

    def close(self) -> None:
        """Drop this thread's connection."""
        found = getattr(self._local, "connection", None)
        if found is not None:
            found.close()
            self._local.connection = None

    def close_all(self) -> None:
        """Drop the connections of all threads; call it when no other thread is using them. The next request opens a new one."""
        self.close()
        while self._all:
            self._all.pop().close()


class _Passing(Exception):
    """The server is busy or ill; it may be well later."""


class _Attempts:
    """One attempt after another; remembers why the last one failed."""

    failure: BaseException | None = None

    def __enter__(self) -> _Attempts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, OSError) and error.errno in _LOCAL:
            return False
        if isinstance(error, OSError | http.client.HTTPException | _Passing):
            self.failure = error
            return True
        return False


def _refuse(path: str, response: http.client.HTTPResponse) -> None:
    status, message, code = response.status, "", ""
    try:
        error = json.loads(response.read(65536))["error"]
        message, code = str(error["message"])[:500], str(error["code"])
    except (ValueError, KeyError, TypeError):
        message = str(response.reason)
    if status in _RETRIED:
        raise _Passing(f"{status} {message}")
    if status == 410:
        raise Withdrawn(message)
    if status == 403 and code == "withheld":
        raise Withheld(message)
    if status in (401, 403, 404):
        raise NotAuthorised(f"{message} ({status}, {path})")
    if 300 <= status < 400:
        raise IntegrityError(
            f"{path}: the server points elsewhere ({status}); this program follows no redirects, its token is for one server."
        )
    raise IntegrityError(f"{path}: {status} {message}")

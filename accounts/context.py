"""What the request in hand carries for the audit trail, without passing it through every service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class RequestContext:
    """The id that logs, audit trail and answer share, and the token that signed the request, if one did."""

    request_id: str = ""
    token_id: str = ""


_current: ContextVar[RequestContext | None] = ContextVar("columna_request_context", default=None)


def request_context() -> RequestContext:
    """Return the context of the request in hand; outside of any request, an empty one."""
    return _current.get() or RequestContext()


@contextmanager
def request_context_of(request_id: str) -> Iterator[RequestContext]:
    """Make a fresh context the current one for as long as the request is handled."""
    context = RequestContext(request_id=request_id)
    reset = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(reset)

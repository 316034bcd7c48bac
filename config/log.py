"""How the log reads: one line or one JSON object per record, and never the text of an exception.

Libraries put the values they choke on into their messages, and those can be a patient's. So an exception is logged by its type and the
places it passed through; that is what finds the fault.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

_Info = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_EXTRA = ("request_id", "method", "path", "status", "milliseconds", "user", "bytes")


def places(error: BaseException) -> str:
    """Return the types and places of an exception and its causes, without their messages."""
    lines = []
    seen: BaseException | None = error
    while seen is not None:
        lines.append(type(seen).__name__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(seen.__traceback__)]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(lines)


class LineFormatter(logging.Formatter):
    """``time level logger message``, then an exception's places."""

    def formatException(self, ei: _Info) -> str:  # noqa: N802 (logging's name)
        return places(ei[1]) if ei[1] is not None else ""


class JsonFormatter(LineFormatter):
    """One JSON object per record, for log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)

"""How the pure parts say no."""

from __future__ import annotations

from typing import Any


class Refused(ValueError):
    """An operation breaks a rule of the reading. ``code`` is stable for programs, ``state`` what the writer needs to go on.

    ``bad`` tells an operation that nobody could ever apply (400) from one that does not fit the reading as it is now (409).
    """

    def __init__(self, code: str, message: str, state: dict[str, Any] | None = None, *, bad: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.state = state or {}
        self.bad = bad

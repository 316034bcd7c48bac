"""Columna's errors and the one place that turns an error into an HTTP answer.

Every error body is ``{"error": {"code", "message", "state"}}``: a stable code for programs, a sentence for people that
says what to do, and the current state where the caller needs it to go on.
"""

from __future__ import annotations

import errno
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response


class ColumnaError(Exception):
    """A rule of Columna was broken. Subclasses name the rule by ``code`` and carry the HTTP status."""

    code = "error"
    status_code: int = status.HTTP_400_BAD_REQUEST

    def __init__(self, message: str, *, code: str | None = None, state: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.state = state or {}


class Invalid(ColumnaError):
    """What was sent cannot be understood or used."""

    code = "invalid"


class Forbidden(ColumnaError):
    """This person or token may not do this."""

    code = "forbidden"
    status_code = status.HTTP_403_FORBIDDEN


class Missing(ColumnaError):
    """There is no such thing, or this person may not know of it."""

    code = "missing"
    status_code = status.HTTP_404_NOT_FOUND


class Conflict(ColumnaError):
    """The thing has changed, or is not in a state that allows this; ``state`` says how it stands now."""

    code = "conflict"
    status_code = status.HTTP_409_CONFLICT


class Gone(ColumnaError):
    """The thing was withdrawn; ``state`` carries the tombstone."""

    code = "gone"
    status_code = status.HTTP_410_GONE


class Unavailable(ColumnaError):
    """A part that this needs does not answer now; trying again later can help."""

    code = "unavailable"
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE


def body(code: str, message: str, state: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "state": state or {}}}


def is_full(error: Exception) -> bool:
    """Whether a disk had no room left: SQLite, PostgreSQL and the system say it each in their own words."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    words = str(error).lower() if isinstance(error, DatabaseError) else ""
    return "database or disk is full" in words or "no space left on device" in words


def to_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error leaves with the same body shape."""
    from rest_framework.views import exception_handler  # late: it loads the authenticators, and models load this file

    if isinstance(error, ColumnaError):
        return Response(body(error.code, error.message, error.state), status=error.status_code)
    if isinstance(error, ValidationError):
        fields = error.message_dict if hasattr(error, "error_dict") else {}
        return Response(body("invalid", "; ".join(error.messages), {"fields": fields}), status=400)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(*error.args)
    if is_full(error):
        message = "The disk of the server is full, so nothing can be kept there now. Nothing that was kept is lost; tell the operator."
        return Response(body("storage_full", message), status=status.HTTP_507_INSUFFICIENT_STORAGE)
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    if isinstance(error, exceptions.ValidationError):
        response.data = body("invalid", "Some fields are not right.", {"fields": error.detail})
    else:
        response.data = body(str(getattr(error.detail, "code", error.default_code)), str(error.detail))
    return response

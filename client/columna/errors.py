"""What can go wrong, and the exit code that says so."""

from __future__ import annotations


class ColumnaError(Exception):
    """Base of all errors of this package. ``exit_code`` is what the command ends with."""

    exit_code = 1


class UsageError(ColumnaError):
    """What was asked for makes no sense; nothing was done."""

    exit_code = 2


class NotAuthorised(ColumnaError):
    """The token is missing, expired or revoked, or does not allow this, or there is no such thing for this person."""

    exit_code = 4


class IntegrityError(ColumnaError):
    """Bytes are not what their digest, size or signature says. Nothing wrong was kept under a final name."""

    exit_code = 5


class NetworkError(ColumnaError):
    """The server could not be reached, after all retries. Run the same command again to go on where it stopped."""

    exit_code = 6


class Withheld(NotAuthorised):
    """This file is not for this person; the rest of the version is."""


class Withdrawn(ColumnaError):
    """This file was withdrawn from every version."""

    exit_code = 3


COMPLETE = 0
COMPLETE_EXCEPT_WITHDRAWN = 3
